"""How old the newest value of a warehouse table may be. Standard library only."""

from collections.abc import Mapping
from datetime import time
from typing import Any, Literal

from suimon.contract.calendar import Calendar
from suimon.values import dataclass

AgeUnit = Literal["min", "h", "d"]
MINUTES: Mapping[AgeUnit, int] = {"min": 1, "h": 60, "d": 24 * 60}


@dataclass(frozen=True, slots=True)
class Age:
    """An age in minutes, hours or days. Days are counted from midnight to midnight, the others by the clock."""

    count: int
    unit: AgeUnit = "d"

    @property
    def by_the_clock(self) -> bool:
        """Whether it is counted in minutes."""
        return self.unit != "d"

    @property
    def minutes(self) -> int:
        """How many minutes it has."""
        return self.count * MINUTES[self.unit]

    @property
    def days(self) -> int:
        """How many days it has, the last one perhaps begun only."""
        return -(-self.minutes // MINUTES["d"])


@dataclass(frozen=True, slots=True)
class OpenHours:
    """The hours of an open day that count, on the wall of a zone: from `first` up to `until`, or to midnight."""

    time_zone: str
    first: time = time()
    until: time | None = None


@dataclass(frozen=True, slots=True)
class TableFreshness:
    """How old the newest value of a table's column may be.

    table: perhaps with its schema. where: a condition in Redshift's SQL on the rows that count, compiled from the
    contract's own grammar; empty: all do. hours: which hours count of an age by the clock; None: every hour, and days
    begin at midnight in UTC. calendar: which days are open, if not those of the dataset's files.
    """

    table: str
    column: str
    error_after: Age
    warn_after: Age | None = None
    where: str = ""
    hours: OpenHours | None = None
    calendar: Calendar | None = None

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "TableFreshness":
        """Read the compiled form."""
        return cls(
            table=raw["table"],
            column=raw["column"],
            error_after=Age(**raw["error_after"]),
            warn_after=Age(**raw["warn_after"]) if raw.get("warn_after") else None,
            where=raw.get("where", ""),
            hours=_hours(raw["hours"]) if raw.get("hours") else None,
            calendar=Calendar.from_json(raw["calendar"]) if raw.get("calendar") else None,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the compiled form, without what is not declared."""
        declared: dict[str, Any] = {
            "table": self.table,
            "column": self.column,
            "error_after": _age(self.error_after),
            "warn_after": _age(self.warn_after) if self.warn_after else None,
            "where": self.where,
            "hours": _hours_json(self.hours) if self.hours else None,
            "calendar": self.calendar.to_json() if self.calendar else None,
        }
        return {name: value for name, value in declared.items() if value}


def _age(age: Age) -> dict[str, Any]:
    return {"count": age.count, "unit": age.unit}


def _hours(raw: Mapping[str, str | None]) -> OpenHours:
    until = raw["until"]
    return OpenHours(
        str(raw["time_zone"]), time.fromisoformat(str(raw["first"])), time.fromisoformat(until) if until else None
    )


def _hours_json(hours: OpenHours) -> dict[str, str | None]:
    until = hours.until.isoformat("minutes") if hours.until else None
    return {"time_zone": hours.time_zone, "first": hours.first.isoformat("minutes"), "until": until}
