"""How many examples a test draws: all that it says at night, one in five by day."""

from __future__ import annotations

NIGHT, DAY = 5, 1  # of five
share = DAY


def sample_of(examples: int) -> int:
    """Return how many of the examples are drawn in this run."""
    return max(1, examples * share // NIGHT)
