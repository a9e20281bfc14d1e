"""The load: one batch, hence one transaction, that replaces a partition; and what its failure means.

    this load                                    another of the same partition, or its own retry
    LOCK TABLE (gets it), fence
    COPY into staging, reconcile                 LOCK TABLE (waits, has no snapshot yet)
    DELETE, INSERT, load log, commit
                                                 (gets it; its snapshot holds what was just committed)
                                                 fence: was what is logged written later? Then it ends here
                                                 COPY, reconcile, DELETE that, INSERT, load log, commit

A worker that dies, a statement sent twice, a retry at any point, an older drop that comes last: the table ends up with
one copy of the partition, that of the latest write.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from suimon_etl.request import ROLE_ARN, S3_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suimon_etl.request import RunRequest

SQL = Path(__file__).parents[1] / "sql"
FENCE, RECONCILE = "2_fence", "5_reconcile"


class UnsafeLiteralError(ValueError):
    """A value that would have to stand in SQL as text is not exactly of the expected form."""


def load_statements(table: str, request: RunRequest) -> list[str]:
    """Give the statements of the batch, in order; UnsafeLiteralError when a literal could not be quoted safely.

    `table` is a constant of the DAG. What every load does alike stands in sql/load/, what names the columns of the
    table in sql/<table>/load/; the numbers in the files' names give one order to both.
    """
    names = {
        "table": table,
        "target_uri": quoted(request.target_uri, S3_FOLDER),
        "copy_role_arn": quoted(request.copy_role_arn, ROLE_ARN),
    }
    return [Template(file.read_text()).substitute(names) for file in _load_files(table)]


def quoted(value: str, form: str) -> str:
    """Give `value` as an SQL literal, provided that the whole of it matches `form`, which admits no quote."""
    if not re.fullmatch(form, value) or "'" in value:
        raise UnsafeLiteralError(f"{value!r} may not stand in SQL; it must match {form}")
    return f"'{value}'"


def load_parameters(request: RunRequest) -> list[dict[str, str]]:
    """Give the named parameters of the batch; the service takes text only, the SQL casts."""
    return [*_identity(request), {"name": "rows", "value": str(request.rows)}]


def failed_file(table: str, description: Mapping[str, Any]) -> str | None:
    """Name the statement that ended the batch, by its file; None when no statement did.

    By its place in the batch, as DescribeStatement lists it, not by the error's text. At RECONCILE it is wrong data,
    which no retry mends. At FENCE it is a later load, or something that kept Redshift from looking: `newer_load` tells.
    """
    states = [statement["Status"] for statement in description.get("SubStatements", ())]
    return _load_files(table)[states.index("FAILED")].stem if "FAILED" in states else None


def failure_text(table: str, request: RunRequest, description: Mapping[str, Any]) -> str:
    """Say what DescribeStatement says of a failed batch, for whoever gets the e-mail."""
    failed = failed_file(table, description)
    told = (part.get("Error") for part in description.get("SubStatements", ()) if part["Status"] == "FAILED")
    reason = description.get("Error") or next(told, None) or "Redshift gave no reason"
    if failed == RECONCILE:
        return (
            f"What COPY read from {request.target_uri} does not agree with the file's {request.rows:,} rows "
            f"of {request.partition}. {table} is unchanged. Redshift: {reason}"
        )
    where = f" at {failed}.sql" if failed else ""
    return f"Loading {table} ended as {description['Status']}{where}; it is unchanged. Redshift: {reason}"


def newer_load(hook: Any, table: str, request: RunRequest) -> str | None:
    """Give the run whose load of a later write, or later attempt, stands in the partition; None when none does."""
    rows = _select(hook, Template((SQL / "newer.sql").read_text()).substitute(table=table), request, _identity(request))
    return f"{rows[0]['drop_id']}.{rows[0]['attempt']}" if rows else None


def partition_figures(hook: Any, table: str, request: RunRequest) -> dict[str, int | str | None]:
    """Ask the table itself, after the commit: row_count, order_ids, total_amount (decimal as text) of the partition."""
    partition = [{"name": "partition", "value": request.partition}]
    (figures,) = _select(hook, (SQL / table / "quality.sql").read_text(), request, partition)
    return figures


def quality_problems(request: RunRequest, figures: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the partition as it stands in the table; empty when it is the file."""
    rows, order_ids = figures["row_count"], figures["order_ids"]
    told = []
    if rows != request.rows:
        told.append(f"the table holds {rows:,} rows of {request.partition}, the file {request.rows:,}")
    if order_ids != rows:
        told.append(f"order ids are not unique: {order_ids:,} in {rows:,} rows")
    return told


def _identity(request: RunRequest) -> list[dict[str, str]]:
    """Give what tells one load from another, and which of two is later."""
    named = {
        "partition": request.partition,
        "written": request.written,
        "drop_id": request.drop_id,
        "attempt": str(request.attempt),
    }
    return [{"name": name, "value": value} for name, value in named.items()]


def _select(
    hook: Any, sql: str, request: RunRequest, parameters: list[dict[str, str]]
) -> list[dict[str, int | str | None]]:
    """Run one SELECT of a few rows to its end, and give them by the names of their columns."""
    statement_id = hook.execute_query(
        sql=sql, parameters=parameters, poll_interval=1, **asdict(request.redshift)
    ).statement_id
    result = hook.conn.get_statement_result(Id=statement_id)
    names = [column["name"] for column in result["ColumnMetadata"]]
    return [
        {
            name: None if field.get("isNull") else next(iter(field.values()))
            for name, field in zip(names, record, strict=True)
        }
        for record in result["Records"]
    ]


def _load_files(table: str) -> list[Path]:
    """Give the files of the batch in their order; FileNotFoundError when the table has none of its own."""
    own = [file for file in (SQL / table / "load").iterdir() if file.suffix == ".sql"]
    return sorted([*(SQL / "load").glob("*.sql"), *own], key=lambda file: file.name)
