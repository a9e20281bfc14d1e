"""Messages of the freshness checks: missing files, incomplete sets, stale tables."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from suimon.drops.foreign_text import shown
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import About, Kind

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contract, TableFreshness


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


def stale_table(table: TableFreshness, age_days: int | None, closed_days: int) -> Problem:
    """A table that is empty (`age_days` is None), too old, or has dates in the future (a negative age).

    closed_days: how many of the days of its age its calendar does not count.
    """
    name = f"{table.table}.{table.column}"
    if age_days is None:
        subject, fingerprint = f"{table.table} is empty", "empty"
        what = f"{name} holds no value: an empty table is never fresh."
    elif age_days < 0:
        subject, fingerprint = f"{table.table} holds dates in the future", "future"
        what = f"The newest value of {name} is {days(-age_days)} ahead. A wrong date hides how old the table really is."
    else:
        subject, fingerprint = f"{table.table} is stale", "stale"
        counted = f"{days(age_days)} old"
        if closed_days:
            counted += f" ({days(age_days - closed_days)} without those that its calendar closes)"
        what = f"The newest value of {name} is {counted}, allowed are {days(table.max_age_days)}."
    body = f"{what}\n\nWhat to do: see which load of {table.table} is missing or failed, and whether its source sends."
    return Problem(Kind.STALE_TABLE, About(table=table.table), subject, body, fingerprint)


def unreadable_table(table: TableFreshness, warehouse: str, error: Exception, fingerprint: str) -> Problem:
    """A table whose age could not be asked."""
    body = (
        f"The age of {table.table} could not be asked in {warehouse}: nobody knows whether it is fresh.\n\n"
        f"{type(error).__name__}: {shown(str(error))}\n\n"
        "What to do: see that Redshift answers, that the table and the column exist and that the freshness function "
        "may read them. If the question was not finished in time, see what holds the table's lock (STV_LOCKS): a load "
        "does while it copies, and readers wait."
    )
    about = About(table=table.table)
    return Problem(Kind.UNREADABLE_TABLE, about, f"{table.table} cannot be checked", body, fingerprint)


def days(count: int) -> str:
    """Write a number of days."""
    return f"{count} day" if abs(count) == 1 else f"{count} days"
