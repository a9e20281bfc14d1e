"""The one clock; only entry points read it, everything else is handed the time, or how much of it is left."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)
