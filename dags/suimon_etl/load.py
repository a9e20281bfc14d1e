"""The load: one batch, hence one transaction, that replaces a partition; and what its failure means.

    this attempt                                 another attempt at the same partition, or its own retry
    LOCK TABLE (gets it)
    COPY into staging, reconcile                 LOCK TABLE (waits, has no snapshot yet)
    DELETE, INSERT, commit
                                                 (gets it; its snapshot holds what was just committed)
                                                 COPY, reconcile, DELETE that, INSERT, commit

A worker that dies, a statement sent twice, a retry at any point: the table ends up with one copy of the partition.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from suimon_etl.request import ROLE_ARN, S3_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suimon_etl.request import RunRequest

SQL = Path(__file__).parents[1] / "sql"
RECONCILE = "4_reconcile"


class UnsafeLiteralError(ValueError):
    """A value that would have to stand in SQL as text is not exactly of the expected form."""


def load_statements(table: str, request: RunRequest) -> list[str]:
    """Give the statements of the batch, in order; UnsafeLiteralError when a literal could not be quoted safely."""
    literals = {
        "target_uri": quoted(request.target_uri, S3_FOLDER),
        "copy_role_arn": quoted(request.copy_role_arn, ROLE_ARN),
    }
    return [Template(file.read_text()).substitute(literals) for file in _load_files(table)]


def quoted(value: str, form: str) -> str:
    """Give `value` as an SQL literal, provided that the whole of it matches `form`, which admits no quote."""
    if not re.fullmatch(form, value) or "'" in value:
        raise UnsafeLiteralError(f"{value!r} may not stand in SQL; it must match {form}")
    return f"'{value}'"


def load_parameters(request: RunRequest) -> list[dict[str, str]]:
    """Give the named parameters of the batch; the service takes text only, the SQL casts."""
    return [{"name": "partition", "value": request.partition}, {"name": "rows", "value": str(request.rows)}]


def was_refused(table: str, description: Mapping[str, Any]) -> bool:
    """Say whether the reconciliation ended the batch: wrong data, which no retry mends.

    Decided by the place of the failed statement in the batch, as DescribeStatement lists it, not by the error's text.
    """
    names = [file.stem for file in _load_files(table)]
    states = [statement["Status"] for statement in description.get("SubStatements", ())]
    return "FAILED" in states and names[states.index("FAILED")] == RECONCILE


def failure_text(table: str, request: RunRequest, description: Mapping[str, Any]) -> str:
    """Say what DescribeStatement says of a failed batch, for whoever gets the e-mail."""
    names = [file.stem for file in _load_files(table)]
    statements: Sequence[Mapping[str, Any]] = description.get("SubStatements", ())
    failed = next((place for place, part in enumerate(statements) if part["Status"] == "FAILED"), None)
    reason = description.get("Error") or (statements[failed].get("Error") if failed is not None else None)
    reason = reason or "Redshift gave no reason"
    if was_refused(table, description):
        return (
            f"What COPY read from {request.target_uri} does not agree with the file's {request.rows:,} rows "
            f"of {request.partition}. {table} is unchanged. Redshift: {reason}"
        )
    where = f" at {names[failed]}.sql" if failed is not None else ""
    return f"Loading {table} ended as {description['Status']}{where}; it is unchanged. Redshift: {reason}"


def partition_figures(hook: Any, table: str, request: RunRequest) -> dict[str, int | str | None]:
    """Ask the table itself, after the commit: row_count, order_ids, total_amount (decimal as text) of the partition."""
    statement_id = hook.execute_query(
        sql=(SQL / table / "quality.sql").read_text(),
        parameters=[{"name": "partition", "value": request.partition}],
        poll_interval=1,
        **asdict(request.redshift),
    ).statement_id
    result = hook.conn.get_statement_result(Id=statement_id)
    (record,) = result["Records"]
    return {
        column["name"]: None if field.get("isNull") else next(iter(field.values()))
        for column, field in zip(result["ColumnMetadata"], record, strict=True)
    }


def quality_problems(request: RunRequest, figures: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the partition as it stands in the table; empty when it is the file."""
    rows, order_ids = figures["row_count"], figures["order_ids"]
    told = []
    if rows != request.rows:
        told.append(f"the table holds {rows:,} rows of {request.partition}, the file {request.rows:,}")
    if order_ids != rows:
        told.append(f"order ids are not unique: {order_ids:,} in {rows:,} rows")
    return told


def _load_files(table: str) -> list[Path]:
    return sorted((SQL / table / "load").glob("*.sql"))
