"""The age of a table's newest value, and how messages write it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.wording import Bilingual
from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.contract.table_freshness import Age

# A date of today in a time zone ahead of UTC is a day in UTC's future; more than that is a wrong date in the table.
_AHEAD_DAYS = -1
# Clocks differ; a time that is further ahead is wrong, or one on the wall of a zone in a column of UTC.
_AHEAD_MINUTES = -10
_HOUR, _MINUTES_OF_DAY = 60, 24 * 60


@dataclass(frozen=True, kw_only=True)
class TableAge:
    """whole: in days, or by the clock in minutes, less than 0 if it lies ahead. counted: without what is closed."""

    whole: int = 0
    counted: int = 0
    by_the_clock: bool = False

    @property
    def is_ahead(self) -> bool:
        """Whether the value lies in the future."""
        return self.whole < (_AHEAD_MINUTES if self.by_the_clock else _AHEAD_DAYS)

    def limit(self, age: Age) -> int:
        """Return a limit in the unit of this age."""
        return age.minutes if self.by_the_clock else age.days

    def written(self, count: int) -> Bilingual:
        """Write so much of an age."""
        if not self.by_the_clock:
            return _days(count)
        return clock_time(count)


def written(age: Age) -> Bilingual:
    """Write a limit as it is declared."""
    match age.unit:
        case "d":
            return _days(age.count)
        case "h":
            return Bilingual(_plural(age.count, "hour"), f"{age.count} 時間")
        case _:
            return Bilingual(_plural(age.count, "minute"), f"{age.count} 分")


def clock_time(minutes: int) -> Bilingual:
    """Write minutes as hours and minutes, and as days from two days on."""
    if minutes >= 2 * _MINUTES_OF_DAY:
        days, rest = divmod(minutes, _MINUTES_OF_DAY)
        hours = rest // _HOUR
        return Bilingual(f"{days} days {hours} h", f"{days} 日 {hours} 時間")
    hours, rest = divmod(minutes, _HOUR)
    if not hours:
        return Bilingual(f"{rest} min", f"{rest} 分")
    return Bilingual(f"{hours} h {rest} min", f"{hours} 時間 {rest} 分")


def _days(count: int) -> Bilingual:
    return Bilingual(_plural(count, "day"), f"{count} 日")


def _plural(count: int, unit: str) -> str:
    return f"{count} {unit}" if abs(count) == 1 else f"{count} {unit}s"
