"""As of when a round is made. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from suimon.drops.foreign_text import leading, one_line
from suimon.drops.refusal import RefusalError
from suimon.drops.wording import Bilingual
from suimon.values import dataclass

# The scheduler starts a round within seconds, and Lambda retries one that failed within minutes; clocks differ.
PAST, AHEAD = timedelta(hours=1), timedelta(minutes=5)
# For whoever asks what will be missing, or was. Beyond that lies a slip of the keyboard.
FURTHEST = timedelta(days=366)
_REPEATED = 60  # characters of what was given, that a refusal repeats


class RoundTimeError(RefusalError):
    """A time as of which nothing can be checked; the message says what is wrong with it."""


@dataclass(frozen=True)
class RoundTime:
    """`at`: as of when. `is_now`: whether that is now, so that what is found may be reported and recorded."""

    at: datetime
    is_now: bool


def round_time(given: object, now: datetime, *, scheduled: bool, repairs: bool = False) -> RoundTime:
    """Read the `time` of an event, None: now; RoundTimeError when it has no offset or is out of all reason.

    scheduled: whether it comes from the scheduler, whose event may have waited for hours: then its round is made now.
    repairs: whether a person asks to have repaired what is found: that is done now, or not at all.
    """
    if given is None:
        return RoundTime(now, is_now=True)
    try:
        at = datetime.fromisoformat(str(given))
        is_now = now - PAST <= at <= now + AHEAD
        is_far = abs(at - now) > FURTHEST
    except (ValueError, TypeError, OverflowError) as error:
        raise RoundTimeError(
            Bilingual(
                f"time: {_repeated(given)} is no ISO 8601 time with its offset from UTC, as 2026-11-20T09:00+09:00",
                f"time: {_repeated(given)} は UTC との時差付きの ISO 8601 の日時ではありません。"
                "2026-11-20T09:00+09:00 の形で指定してください",
            ),
            then="suimon forecast",
        ) from error
    if scheduled and not is_now:
        return RoundTime(now, is_now=True)
    if is_far:
        raise RoundTimeError(
            Bilingual(
                f"time: {at.isoformat()} is more than {FURTHEST.days} days from now",
                f"time: {at.isoformat()} は現在から {FURTHEST.days} 日より離れています",
            ),
            then="suimon forecast",
        )
    if repairs and not is_now:
        raise RoundTimeError(
            Bilingual(
                "what is reconciled is repaired now: leave the time away",
                "照合では今の状態を修復します。time を外してください",
            ),
            then="suimon reconcile",
        )
    return RoundTime(at, is_now)


def _repeated(given: object) -> str:
    return leading(one_line(str(given)), _REPEATED)
