"""Messages of the freshness checks: missing files, incomplete sets, stale tables."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from suimon.drops.foreign_text import shown
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import About, Kind, Severity
from suimon.warehouse.table_state import TableState

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contract, TableFreshness


def file_never_came(contract: Contract, partition: str, deadline: datetime | None) -> Problem:
    """A file that was due by `deadline` and of which nothing is in the ledger."""
    return Problem(
        kind=Kind.MISSING_FILE,
        about=About(dataset=contract.dataset, partition=partition),
        subject=f"{contract.dataset} {partition}: the file never came",
        body=f"{_due(contract, partition, deadline)}\n\n{_never_came(contract.dataset, partition)}",
        fingerprint="never-came",
    )


def file_is_late(contract: Contract, partition: str, deadline: datetime | None) -> Problem:
    """A file that was due by `deadline`, and may still come within the grace that its contract gives it."""
    grace = contract.arrival.grace_minutes if contract.arrival else 0
    waits = f"No object of this key is in the ledger. It counts as missing {grace} minutes after its deadline."
    return Problem(
        kind=Kind.MISSING_FILE,
        about=About(dataset=contract.dataset, partition=partition),
        subject=f"{contract.dataset} {partition}: the file is late",
        body=f"{_due(contract, partition, deadline)}\n\n{waits}\n\n{_ASK}",
        fingerprint="late",
        severity=Severity.WARNING,
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


_ASK = "What to do: ask whoever sends it. When the file comes, it is loaded by itself, however late."


def _never_came(dataset: str, partition: str) -> str:
    never = f"If it never will: suimon expect {dataset} {partition} --cancel --reason …"
    return f"No object of this key is in the ledger.\n\n{_ASK} {never}"


def stale_table(table: TableFreshness, state: TableState, age_days: int, closed_days: int) -> Problem:
    """A table that is not fresh.

    age_days: of its newest value, less than 0 if that lies ahead. closed_days: how many of them its calendar does not
    count.
    """
    name = f"{table.table}.{table.column}"
    match state:
        case TableState.EMPTY:
            subject = f"{table.table} is empty"
            what = f"{table.table} has no rows: an empty table is never fresh."
        case TableState.NO_VALUE:
            subject = f"{table.table} has no times"
            what = f"{name} is NULL in every row: nobody knows how old the table is."
        case TableState.FUTURE:
            subject = f"{table.table} holds dates in the future"
            what = f"The newest value of {name} is {days(-age_days)} ahead, which hides how old the table really is."
        case TableState.BEHIND:
            subject = f"{table.table} is behind"
            what = (
                f"The newest value of {name} is {days(age_days)} old, and yet no file is loaded that was due within "
                f"the {days(table.max_age_days)} that are allowed: older dates were loaded again."
            )
        case _:
            subject = f"{table.table} is stale"
            counted = f"{days(age_days)} old"
            if closed_days:
                counted += f" ({days(age_days - closed_days)} without those that its calendar closes)"
            what = f"The newest value of {name} is {counted}, allowed are {days(table.max_age_days)}."
    body = f"{what}\n\nWhat to do: see which load of {table.table} is missing or failed, and whether its source sends."
    return Problem(Kind.STALE_TABLE, About(table=table.table), subject, body, str(state))


def unreadable_table(table: TableFreshness, warehouse: str, error: str, text: str) -> Problem:
    """A table whose newest value could not be asked; the same `error`, by its name, is no news."""
    body = (
        f"The newest value of {table.table} could not be asked in {warehouse}: nobody knows whether it is fresh.\n\n"
        f"{error}: {shown(text)}\n\n"
        "What to do: see that Redshift answers, that the table and the column exist and that the freshness function "
        "may read them. If the question was not finished in time, see what holds the table's lock (STV_LOCKS): a load "
        "does while it copies, and readers wait."
    )
    about = About(table=table.table)
    return Problem(Kind.UNREADABLE_TABLE, about, f"{table.table} cannot be checked", body, error)


def days(count: int) -> str:
    """Write a number of days."""
    return f"{count} day" if abs(count) == 1 else f"{count} days"
