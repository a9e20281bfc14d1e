"""Messages about problems that have recovered: how, and since when they were open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.incidents.email import OF_STACK
from suimon.incidents.messages.freshness import days

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import TableFreshness
    from suimon.drops.drop import DropRecord
    from suimon.incidents.incident import Incident


CONTRACT_MATCHES = "A contract matches these files now."
SET_IS_WHOLE = "The set is whole."
SET_IS_NOT_DUE = "It is not yet due again."
NO_FILE_IS_DUE = "By its contract that date has no file."
FILE_IS_NOT_YET_DUE = "By its contract it is not due yet."
FILE_WILL_NOT_COME = "A person has said that it will not come (suimon expect)."
NOT_WATCHED = "No contract asks about it any longer."
NOTHING_WAITS_FOR_AIRFLOW = "No file waits for its run any longer."
DAG_IS_ACTIVE = "Airflow starts its runs again."
RUN_HAS_ENDED = "The run has come to its end."
QUEUE_MOVES = "None of its runs has waited in the queue for so long now."
AIRFLOW_ANSWERS = "Airflow answers again."
NOTHING_FAILS = "No file of this dataset fails with this error any longer."
NOTHING_IS_STUCK = "No file of this dataset has been stuck for an hour."
NOTHING_IS_ORPHANED = "None of its files waits for a contract any longer."
NOTHING_IS_KEPT = "Nothing is kept there any longer."
SWEEP_WORKS = "This part of the sweep was done."
ALL_CAN_BE_USED = "The sweep can use all that it reads."
ALL_IS_ACCOUNTED_FOR = "Everything in the bucket is accounted for."


def recovered(incident: Incident, now: datetime, note: str) -> tuple[str, str]:
    """Return subject and body of an incident's recovery; `note`: how it has recovered, if that is known."""
    lines = [
        *([note, ""] if note else []),
        f"Over: {incident.subject}",
        "",
        f"It was open from {_minute(incident.opened_at)} to {_minute(now)}. Nothing is left to do about it. What else",
        f"is open has messages of its own, and stands in `suimon incidents{OF_STACK}`.",
    ]
    return f"Recovered: {incident.subject}", "\n".join(lines)


def closed_by_hand(incident: Incident) -> tuple[str, str]:
    """Return subject and body of an incident that a person has closed."""
    by = incident.closed
    lines = [
        f"{by.who if by else 'Somebody'} has closed it: {by.reason if by else ''}",
        "",
        f"Closed: {incident.subject}",
        "",
        "It is reported again only if it gets worse or happens again.",
    ]
    return f"Closed: {incident.subject}", "\n".join(lines)


def came_back(incident: Incident) -> tuple[str, str]:
    """Return subject and body of an incident that was reported while its recovery was published."""
    body = (
        "This is not over: the problem was reported again just when its recovery was. What happened and what to do "
        "stands in the e-mail before that one."
    )
    return incident.subject, body


def file_is_loaded(record: DropRecord) -> str:
    """The file that was rejected or not loaded, or a later one, is in its table."""
    return f"{record.drop.shown_key} is loaded ({record.rows:,} rows)."


def file_has_no_flaw(record: DropRecord) -> str:
    """A file of which records were set aside has come again without any."""
    return f"{record.drop.shown_key} has come again and is as it should be."


def file_has_come(record: DropRecord) -> str:
    """A file that was missing has come."""
    return f"{record.drop.shown_key} has come."


def table_is_fresh(table: TableFreshness, age_days: int) -> str:
    """The newest value of a column is young enough."""
    return f"The newest value of {table.table}.{table.column} is {days(age_days)} old."


def table_can_be_read(table: TableFreshness) -> str:
    """A table's age could be asked."""
    return f"{table.table} can be read again."


def run_was_started(record: DropRecord) -> str:
    """Airflow takes the runs that it did not."""
    return f"Airflow has taken the run of {record.drop.shown_key}."


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}".rstrip()
