"""The timing of rounds, and whose turn it is in each. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

One = TypeVar("One")
ROUND = timedelta(minutes=15)  # from one to the next
LONGEST_RUN = timedelta(minutes=15)  # of the intake function, and of the sweep's
LEAST_SECONDS = 45  # of the function's time: with less than this left, nothing long is started

# Rounds go by the time of their schedule, which may lie an hour behind the one that left a checkpoint; clocks differ.
BELIEVABLE = timedelta(hours=2)


def in_the_past(at: datetime, now: datetime) -> datetime:
    """Return a checkpoint's time; ValueError when it lies ahead: whatever waits for it would wait for good."""
    if at > now + BELIEVABLE:
        raise ValueError(f"{at} lies ahead")
    return at


def in_turn(items: Sequence[One], at_most: int, now: datetime) -> list[One]:
    """Choose as many as a round can look at, each round the next ones: what stays forever hides no others."""
    start = int(now.timestamp() / ROUND.total_seconds()) * at_most % len(items) if items else 0
    return [*items[start:], *items[:start]][:at_most]
