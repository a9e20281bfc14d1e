"""When a file is due, and what is wrong when it has not come. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from suimon.freshness.observation import Check
from suimon.incidents.kinds import About, IncidentId, Kind
from suimon.incidents.messages.freshness import file_never_came
from suimon.incidents.messages.sets import incomplete_id, overdue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.contract.model import Arrival, Contract
    from suimon.drops.drop import DropRecord
    from suimon.drops.sets import DropSet


def due_partitions(arrival: Arrival, now: datetime) -> list[str]:
    """Give the business dates of the last `lookback_days` days whose deadline has come, oldest first, as YYYY-MM-DD.

    The deadline is a time on the wall in the contract's zone. One that the change to summer time skips falls as much
    later as the clock jumps; one that comes twice in autumn counts the first time.
    """
    zone = ZoneInfo(arrival.time_zone)
    today = now.astimezone(zone).date()
    days = (today - timedelta(days=back) for back in range(arrival.lookback_days, -1, -1))
    return [day.isoformat() for day in days if deadline_of(arrival, day) <= now]


def deadline_of(arrival: Arrival, day: date) -> datetime:
    """Give the moment, in UTC, by which the file of a business date has to be there."""
    wall = datetime.combine(day + timedelta(days=arrival.days_after), arrival.deadline, ZoneInfo(arrival.time_zone))
    return wall.astimezone(UTC)


def judge_arrival(contract: Contract, partition: str, drops: Sequence[DropRecord]) -> Check:
    """Judge a partition whose deadline has come by its drops.

    A file that came and was rejected, or could not be loaded, is not missing: it has an incident of its own. So has a
    set of which something has come.
    """
    incident_id = IncidentId.of(Kind.MISSING_FILE, About(dataset=contract.dataset, partition=partition))
    if drops:
        return Check(incident_id, None, f"{drops[-1].drop.key} has come.")
    deadline = deadline_of(contract.arrival, date.fromisoformat(partition)) if contract.arrival else None
    return Check(incident_id, file_never_came(contract, partition, deadline))


def judge_set(contract: Contract, whole: DropSet, now: datetime) -> Check:
    """Judge a set that is awaited by the time its contract gives it, and by the deadline of its day."""
    arrival = contract.arrival
    deadline = deadline_of(arrival, date.fromisoformat(whole.partition)) if arrival else None
    note = "It is not yet due again." if whole.waiting_since else "The set is whole."
    return Check(incomplete_id(whole), overdue(whole, contract, deadline, now), note)
