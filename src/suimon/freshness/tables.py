"""The age of a table's newest row: the question to Redshift, and what is wrong with the answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from suimon.contract.redshift_names import is_plain
from suimon.freshness.observation import Check
from suimon.incidents.kinds import About, IncidentId, Kind
from suimon.incidents.messages.freshness import stale_table, unreadable_table
from suimon.incidents.messages.recoveries import table_can_be_read, table_is_fresh
from suimon.warehouse.data_api import UnfinishedError, Warehouse, run_query

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from suimon.contract.model import Contract, TableFreshness

# A serverless workgroup that sleeps takes its time to wake up.
QUERY_SECONDS = 60
# A date of today in a time zone ahead of UTC is a day in UTC's future; more than that is a wrong date in the table.
AHEAD_DAYS = -1
# A table that is older is stale by any calendar.
MOST_DAYS = 1_000
_AGE_SQL = Path(__file__).with_name("tables_age.sql")


class IdentifierError(ValueError):
    """A table or column name that may not stand in SQL; the message says which."""


class NoTimeError(Exception):
    """A table that was not asked, for lack of time; the message says what took it."""


def judge_age(table: TableFreshness, age_days: int | None, closed_days: int = 0) -> Check:
    """Judge a table by the days since its newest value, without the closed ones; None: it has no value at all."""
    if age_days is None or not AHEAD_DAYS <= age_days - closed_days <= table.max_age_days:
        problem = stale_table(table, age_days, closed_days)
        return Check(problem.id, problem)
    note = table_is_fresh(table, age_days)
    return Check(IncidentId.of(Kind.STALE_TABLE, About(table=table.table)), None, note)


def closed_days(contract: Contract, age_days: int | None, now: datetime) -> int:
    """Return how many of the days since a table's newest value are closed by the calendar of its files."""
    if contract.arrival is None or age_days is None or not 0 < age_days <= MOST_DAYS:
        return 0
    today = now.astimezone(UTC).date()
    return age_days - contract.arrival.calendar.days_between(today - timedelta(days=age_days), today)


def unreadable(table: TableFreshness, warehouse: Warehouse, error: Exception) -> Check:
    """Report a table whose age cannot be asked; the same kind of error again is no news. One that is busy may pass."""
    kind = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    problem = unreadable_table(table, str(warehouse), error, kind)
    return Check(problem.id, problem, may_pass=isinstance(error, UnfinishedError | NoTimeError))


def readable(table: TableFreshness) -> Check:
    """Return that a table's age could be asked."""
    incident_id = IncidentId.of(Kind.UNREADABLE_TABLE, About(table=table.table))
    return Check(incident_id, None, table_can_be_read(table), may_pass=True)


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
    """Return the query for a table's age; IdentifierError unless its names are plain lower-case identifiers."""
    for name in (table.table, table.column):
        if not is_plain(name):
            raise IdentifierError(f"{name!r} needs quotes in Redshift: correct the contract")
    return _AGE_SQL.read_text(encoding="utf-8").format(table=table.table, column=table.column)
