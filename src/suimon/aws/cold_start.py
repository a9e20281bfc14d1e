"""Imported first by each function: a start makes very many objects, and none of them is garbage.

Looking for garbage among them takes a seventh of a cold start of intake and of freshness (docs/bench-cold.md). It is
looked for later, and seldom: what a check or a round leaves in circles is small.
"""

import gc

# Objects that a start may make before the first look at them; Python's own number is 700 (2,000 from 3.13 on).
gc.set_threshold(100_000)
