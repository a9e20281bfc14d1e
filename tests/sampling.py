"""How many examples a test draws: all that it says at night, one in five by day, one in 25 for `make quick`."""

from __future__ import annotations

NIGHT, DAY, QUICK = 25, 5, 1  # of 25
share = DAY


def sample_of(examples: int) -> int:
    """Return how many of the examples are drawn in this run."""
    return max(1, examples * share // NIGHT)
