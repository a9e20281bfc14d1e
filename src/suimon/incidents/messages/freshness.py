"""Messages of the freshness checks: missing files, incomplete sets, stale tables."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from suimon.incidents.incident import Problem
from suimon.incidents.kinds import About, Kind

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contract


def file_never_came(contract: Contract, partition: str, deadline: datetime | None) -> Problem:
    """A file that was due by `deadline` and of which nothing is in the ledger."""
    return Problem(
        kind=Kind.MISSING_FILE,
        about=About(dataset=contract.dataset, partition=partition),
        subject=f"{contract.dataset} {partition}: the file never came",
        body=f"{_due(contract, partition, deadline)}\n\n{_NEVER_CAME}",
        fingerprint="never-came",
    )


def _due(contract: Contract, partition: str, deadline: datetime | None) -> str:
    """Which file it is about, and by when it was due, on the wall of the contract's zone."""
    lines = [f"Dataset {contract.dataset}, business date {partition}."]
    if contract.key_pattern:
        lines.append(f"Expected: {contract.key_pattern.key_for(partition)}")
    if contract.arrival and deadline:
        zone = contract.arrival.time_zone
        lines.append(f"Due: {deadline.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}")
    return "\n".join(lines)


_NEVER_CAME = (
    "No object of this key is in the ledger.\n\n"
    "What to do: ask whoever sends it. When the file comes, it is loaded by itself, however late."
)


# A date of today in a time zone ahead of UTC is a day in UTC's future; more than that is a wrong date in the table.
_AHEAD_DAYS = -1


def _days(count: int) -> str:
    return f"{count} day" if abs(count) == 1 else f"{count} days"
