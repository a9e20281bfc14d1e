"""The states of a watched table."""

from enum import StrEnum


class TableState(StrEnum):
    """How a table is; the text is what people read."""

    FRESH = "fresh"
    AGING = "aging"
    STALE = "stale"
    BEHIND = "behind"
    FUTURE = "future"
    NO_VALUE = "no value"
    EMPTY = "empty"
    FAILED = "failed"
    LOCKED = "locked"
    SLOW = "slow"
    QUEUED = "queued"
    UNASKED = "unasked"
