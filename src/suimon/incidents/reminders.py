"""What has been open for long: who is reminded of it when. Pure.

At nine on the wall of the dataset's zone, an error each day and a warning each week; so an error that was reported in
the night waits for the next morning, and one of the morning is not repeated at nine. All that is due in one zone is one
message.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from suimon.incidents.grouping import worst_first
from suimon.incidents.incident import HELD_BACK, Incident
from suimon.incidents.kinds import KINDS, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NINE = time(9)
# Between the last message and nine o'clock: for errors half a day, so that a day passes between two; for warnings, and
# for what somebody is at, a week less half a day.
DAILY, WEEKLY = timedelta(hours=12), timedelta(days=6, hours=12)


def due_reminders(
    opened: Iterable[Incident], zones: Mapping[str, str], now: datetime
) -> dict[str, tuple[Incident, ...]]:
    """Return what to remind people of by zone, the worst first; `zones`: that of each dataset, under "" of all else."""
    due = defaultdict[str, list[Incident]](list)
    for one in opened:
        zone = zones.get(one.about.dataset) or zones.get("") or "UTC"
        if is_due(one, zone, now):
            due[zone].append(one)
    return {zone: worst_first(incidents) for zone, incidents in sorted(due.items())}


def is_due(one: Incident, zone: str, now: datetime) -> bool:
    """Whether people are reminded of an incident now; never of a remark, which ends by itself."""
    if not one.is_open or one.is_snoozed(now) or one.told in HELD_BACK or KINDS[one.kind].lapses:
        return False
    daily = one.severity is Severity.ERROR and not one.acknowledged
    last = one.told_at or one.updated_at
    return nine_before(zone, now) - last >= (DAILY if daily else WEEKLY)


def nine_before(zone: str, now: datetime) -> datetime:
    """Return the last time that it was nine on the wall of a zone."""
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    nine = datetime.combine(today, NINE, place).astimezone(UTC)
    return nine if nine <= now else datetime.combine(today - timedelta(days=1), NINE, place).astimezone(UTC)
