"""The age of a table's newest row: how it is asked, and what is wrong with the answer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from suimon.freshness.observation import Check
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import About, IncidentId, Kind
from suimon.incidents.messages.freshness import _AHEAD_DAYS, _days
from suimon.warehouse.data_api import UnfinishedError, Warehouse, run_query

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from suimon.contract.model import TableFreshness

# A serverless workgroup that sleeps takes its time to wake up.
QUERY_SECONDS = 60
_AGE_SQL = Path(__file__).with_name("tables_age.sql")
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")


class IdentifierError(ValueError):
    """A table or column name that may not stand in SQL; the message says which."""


class NoTimeError(Exception):
    """A table that was not asked, for lack of time; the message says who took it."""


def judge_age(table: TableFreshness, age_days: int | None) -> Check:
    """Judge a table by the days since its newest value, worst case first; None: it holds no value at all."""
    about = About(table=table.table)
    name = f"{table.table}.{table.column}"
    if age_days is None:
        subject, what, kind = (
            f"{table.table} is empty",
            f"{name} holds no value: an empty table is never fresh.",
            "empty",
        )
    elif age_days > table.max_age_days:
        subject = f"{table.table} is stale"
        what = f"The newest value of {name} is {_days(age_days)} old, allowed are {_days(table.max_age_days)}."
        kind = "stale"
    elif age_days < _AHEAD_DAYS:
        subject = f"{table.table} holds dates in the future"
        what = (
            f"The newest value of {name} lies {_days(-age_days)} ahead. A wrong date hides how old the table really is."
        )
        kind = "future"
    else:
        return Check(
            IncidentId.of(Kind.STALE_TABLE, about), None, f"The newest value of {name} is {_days(age_days)} old."
        )
    body = f"{what}\n\nWhat to do: see which load of {table.table} is missing or failed, and whether its source sends."
    problem = Problem(Kind.STALE_TABLE, about, subject, body, kind)
    return Check(problem.id, problem)


def unreadable(table: TableFreshness, warehouse: Warehouse, error: Exception) -> Check:
    """Report a table whose age cannot be asked; the same kind of error again is no news. One that is busy may pass."""
    body = (
        f"The age of {table.table} could not be asked in {warehouse}: nobody knows whether it is fresh.\n\n"
        f"{type(error).__name__}: {error}\n\n"
        "What to do: see that Redshift answers, that the table and the column exist and that the freshness function "
        "may read them. If the question was not finished in time, see what holds the table's lock (STV_LOCKS): a load "
        "does while it copies, and readers wait."
    )
    kind = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    problem = Problem(Kind.UNREADABLE_TABLE, About(table=table.table), f"{table.table} cannot be checked", body, kind)
    return Check(problem.id, problem, may_pass=isinstance(error, UnfinishedError | NoTimeError))


def ask_age(
    redshift: RedshiftDataAPIServiceClient,
    warehouse: Warehouse,
    table: TableFreshness,
    now: datetime,
    seconds: float = QUERY_SECONDS,
) -> int | None:
    """Ask how many days, by UTC's midnights, the newest value is old; None for an empty table.

    WarehouseError, ClientError and BotoCoreError when it cannot be asked, IdentifierError when it may not be.
    """
    rows = run_query(
        redshift,
        warehouse,
        age_query(table),
        {"as_of": f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S}"},
        timeout_seconds=seconds,
    )
    age_days: int | None = rows[0]["age_days"]
    return age_days


def age_query(table: TableFreshness) -> str:
    """Give the query for a table's age; IdentifierError unless its names are plain lower-case identifiers."""
    for name in (table.table, table.column):
        if not _IDENTIFIER.fullmatch(name):
            raise IdentifierError(f"{name!r} is no plain identifier ({_IDENTIFIER.pattern}): correct the contract")
    return _AGE_SQL.read_text(encoding="utf-8").format(table=table.table, column=table.column)
