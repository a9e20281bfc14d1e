"""How many examples a test draws: all that it says at night, two in five by day, one in five for `make quick`."""

from __future__ import annotations

NIGHT, DAY, QUICK = 5, 2, 1  # of five
share = DAY


def sample_of(examples: int) -> int:
    """Return how many of the examples are drawn in this run."""
    return max(1, examples * share // NIGHT)
