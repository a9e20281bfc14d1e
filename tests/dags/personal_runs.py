"""Runs of files whose rows hold a person's values and fail where Spark, the load or the check of the table meets them.

The gate accepts no such file; what a gate that lets one pass would cost is tried here.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from glue.spark_errors import innermost
from tests.dags.sales_parquet import sales
from tests.dags.test_sql_errors import detailed, spark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.dags.running_airflow import Running

MARKER = "Mrk7731"
(
    SPARK,
    TOO_LONG,
    NO_CUSTOMER,
    ANOTHER_TYPE,
    KEY_TWICE,
    ANOTHER_DAY,
    CAST,
    CAST_AT_ONCE,
    CHECK,
    LOG,
) = WITH_PERSONS = tuple(f"2026-10-{day:02}" for day in range(1, 11))
BY_DAY = (KEY_TWICE, CAST, CHECK)  # by night all of them
# What may be said of each.
WHY = {
    SPARK: "Spark's CAST_INVALID_INPUT: see the job's log",
    TOO_LONG: "The length of the data column customer_id is longer than the length defined in the table",
    NO_CUSTOMER: "Missing data for not-null field customer_id",
    ANOTHER_TYPE: "has an incompatible Parquet schema for column",
    KEY_TWICE: "staged 3 rows of 3, different order_id 2 of 3",
    ANOTHER_DAY: "staged 3 rows of 3, of the partition 0 of 3",
    CAST: "Redshift: ERROR: Invalid digit, Value '…'",
    CAST_AT_ONCE: "Detail: Key (customer_id)=(…)",
    CHECK: "A question ended as FAILED. Redshift: ERROR: Invalid digit, Value '…'",
    LOG: "Detail: Key (customer_id)=(…)",
}
# What Airflow's triggerer was told of a failed load in Redshift's own words, and keeps (SECURITY.md).
OF_TRIGGERS = re.compile(
    r"table task_instance_history|log .*/task_id=load_redshift/attempt=\d+\.log\.trigger\.\d+\.log"
)
SPARKS_ERROR = innermost(spark(f"[CAST_INVALID_INPUT] The value '{MARKER}' of the type \"STRING\" cannot be cast"))
_DIGIT = detailed("Invalid digit, Value 'M', Pos 0, Type: Integer ", MARKER)
_KEY = f'ERROR: duplicate key value violates unique constraint "k"\n  Detail: Key (customer_id)=({MARKER}) exists.'


def _rows(day: str, customer: str | None = MARKER, of: str | None = None, orders: tuple[int, ...] = (0, 1, 2)) -> Any:
    return sales(*((f"{MARKER}-{number}", date.fromisoformat(of or day)) for number in orders), customer=customer)


def _with_text_for_a_number(rows: pa.Table) -> pa.Table:
    place = rows.schema.get_field_index("quantity")
    return rows.set_column(place, "quantity", pa.array([MARKER] * len(rows)))


# What Spark leaves of a day, where it leaves other rows than it should.
PARQUET = {
    TOO_LONG: _rows(TOO_LONG, MARKER * 30),
    NO_CUSTOMER: _rows(NO_CUSTOMER, None),
    ANOTHER_TYPE: _with_text_for_a_number(_rows(ANOTHER_TYPE)),
    KEY_TWICE: _rows(KEY_TWICE, orders=(0, 0, 1)),
    ANOTHER_DAY: _rows(ANOTHER_DAY, of="2026-10-31"),
    **{day: _rows(day) for day in (CAST, CAST_AT_ONCE, CHECK, LOG)},
}
# Errors of a Redshift that quotes the cell: none was seen to do so when it reads Parquet.
REDSHIFT_ERRORS = {
    (CAST, "BatchExecuteStatement"): _DIGIT,
    (CAST_AT_ONCE, "BatchExecuteStatement"): _KEY,
    (CHECK, "ExecuteStatement"): _DIGIT,
    (LOG, "ExecuteStatement"): _KEY,
}


def written_of_runs(running: Running) -> Iterator[tuple[str, str]]:
    """Yield all that Airflow and the DAGs have written, and where: tables, log files, events, messages, parameters."""
    database = running.site.home / "airflow.db"
    with closing(sqlite3.connect(database)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 Airflow's own names
                yield f"table {table}", " ".join(map(_text, row))
    for path in sorted((running.site.home / "logs").rglob("*")):
        if path.is_file():
            yield f"log {path.relative_to(running.site.home)}", path.read_text(encoding="utf-8", errors="replace")
    for name, told in (("event", running.cloud.events), ("message", running.cloud.messages)):
        for one in told:
            yield name, str(one)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
