"""As of when a round is made. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from suimon.values import dataclass

# The scheduler starts a round within seconds, and Lambda retries one that failed within minutes; clocks differ.
PAST, AHEAD = timedelta(hours=1), timedelta(minutes=5)
# For whoever asks what will be missing, or was. Beyond that lies a slip of the keyboard.
FURTHEST = timedelta(days=366)


class RoundTimeError(Exception):
    """A time as of which nothing can be checked; the message says what is wrong with it."""


@dataclass(frozen=True)
class RoundTime:
    """`at`: as of when. `is_now`: whether that is now, so that what is found may be reported and recorded."""

    at: datetime
    is_now: bool


def round_time(given: object, now: datetime, *, scheduled: bool) -> RoundTime:
    """Read the `time` of an event, None: now; RoundTimeError when it has no offset or is out of all reason.

    scheduled: whether it comes from the scheduler, whose event may have waited for hours: then its round is made now.
    """
    if given is None:
        return RoundTime(now, is_now=True)
    try:
        at = datetime.fromisoformat(str(given))
        is_now = now - PAST <= at <= now + AHEAD
        is_far = abs(at - now) > FURTHEST
    except (ValueError, TypeError, OverflowError) as error:
        raise RoundTimeError(f"time: {given!r} is no ISO 8601 time with its offset from UTC ({error})") from error
    if scheduled and not is_now:
        return RoundTime(now, is_now=True)
    if is_far:
        raise RoundTimeError(f"time: {given!r} is more than {FURTHEST.days} days from now")
    return RoundTime(at, is_now)
