"""The load: one batch, hence one transaction, that replaces a partition; and what its failure means.

    this load                                    another of the same partition, or its own retry
    LOCK TABLE (gets it), fence
    COPY into staging, reconcile                 LOCK TABLE (waits, has no snapshot yet)
    DELETE, INSERT, prove, load log, commit
                                                 (gets it; its snapshot holds what was just committed)
                                                 fence: was what is logged written later? Then it ends here
                                                 COPY, reconcile, DELETE that, INSERT, load log, commit

A worker that dies, a statement sent twice, a retry at any point, an older drop that comes last: the table ends up with
one copy of the partition, that of the latest write.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from suimon_etl.redshift_words import without_values
from suimon_etl.request import ROLE_ARN, S3_FOLDER
from suimon_etl.tables import table_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from suimon_etl.request import RunRequest
    from suimon_etl.tables import Table

SQL = Path(__file__).parents[1] / "sql"
# The statements of the batch, in their order.
BATCH = ("lock", "fence", "stage", "copy", "reconcile", "delete", "insert", "prove", "forget", "log")
FENCE = "fence"
# Where figures must agree, and how the sentence about those that do not begins. One text serves both statements.
SENTENCES = {"reconcile": "staged", "prove": "would hold"}


# How the errors RedshiftDataQueryFailedError and RedshiftDataQueryAbortedError of the provider begin.
_ENDED = re.compile(r"Statement (?P<id>\S+) terminated with status (?P<status>[A-Z]+)")


class UnsafeLiteralError(ValueError):
    """A value that would have to stand in SQL as text is not exactly of the expected form."""


class QuestionError(Exception):
    """A question to Redshift failed; the message has Redshift's words, without values of cells."""


class ControlSumsError(ValueError):
    """The control sums are not those of the columns that the table sums, so the load would prove too little."""


@dataclass(frozen=True)
class Figure:
    """What must agree beside the number of rows: SQL of what there is and of what there must be."""

    name: str
    found: str
    wanted: str


def load_statements(table: str, request: RunRequest, sums: Mapping[str, str]) -> list[str]:
    """Return the statements of the batch, in order; UnsafeLiteralError when a literal could not be quoted safely.

    KeyError when the release loads no such table. `sums` are the control sums of the Parquet, one of each summed
    column: ControlSumsError otherwise.
    """
    return statements_of(table_named(table), request, sums)


def statements_of(described: Table, request: RunRequest, sums: Mapping[str, str]) -> list[str]:
    """Return the statements of the batch for a table, by the version that judges the partition."""
    described, table = described.at(request.first_day), described.name
    if unsummed := {column.name for column in described.summed} ^ sums.keys():
        raise ControlSumsError(f"control sums of {table} are missing or too many: {', '.join(sorted(unsummed))}")
    names = [column.name for column in described.columns]
    beside = [one for one in described.partition if not one.in_file]
    of_all = {
        "table": table,
        "declarations": ",\n    ".join(f"{column.name} {column.sql}" for column in described.columns),
        "distribution": described.distribution,
        "where": described.where,
        "into": ", ".join(names + [one.column for one in beside]),
        "selected": ", ".join(names + [one.value for one in beside]),
        "target_uri": quoted(request.target_uri, S3_FOLDER),
        "copy_role_arn": quoted(request.copy_role_arn, ROLE_ARN),
    }
    own = {
        "reconcile": _agreement(described, SENTENCES["reconcile"], f"{table}_staging"),
        "prove": _agreement(described, SENTENCES["prove"], f"{table}{described.where}"),
    }
    return [_template(name).substitute(of_all | own.get(name, {})) for name in BATCH]


def _template(statement: str) -> Template:
    file = "agree" if statement in SENTENCES else statement
    return Template((SQL / "load" / f"{file}.sql").read_text(encoding="utf-8"))


def _agreement(table: Table, where: str, source: str) -> dict[str, str]:
    """Return the parts of agree.sql for the rows of `source`."""
    every = figures(table, source)
    line = "\n            "
    return {
        "said": where,
        "source": source,
        "agree": "".join(f"{line}AND {figure.found} = {figure.wanted}" for figure in every),
        "told": "".join(f"{line}|| {_told(figure)}" for figure in every),
    }


def _told(figure: Figure) -> str:
    of_both = f"CAST({figure.found} AS VARCHAR) || ' of ' || CAST({figure.wanted} AS VARCHAR)"
    return f"CASE WHEN {figure.found} = {figure.wanted} THEN '' ELSE ', {figure.name} ' || {of_both} END"


def figures(table: Table, source: str) -> list[Figure]:
    """Return what must agree of the rows of `source`: keys, the partition, and the control sums."""
    every = [_distinct(key, source) for key in table.keys]
    if in_file := [one.condition for one in table.partition if one.in_file]:
        of_it = f"count(CASE WHEN {' AND '.join(in_file)} THEN 1 END)"
        every.append(Figure("of the partition", of_it, "count(*)"))
    for column in table.summed:
        wanted = f"CAST(:sum_{column.name} AS DECIMAL(38, {column.scale}))"
        every.append(Figure(f"sum of {column.name}", f"COALESCE(sum({column.name}), 0)", wanted))
    return every


def _distinct(key: tuple[str, ...], source: str) -> Figure:
    names = ", ".join(key)
    if len(key) == 1:
        return Figure(f"different {names}", f"count(DISTINCT {names})", f"count({names})")
    # Redshift's count(DISTINCT) takes one expression.
    counted = f"(SELECT count(*) FROM (SELECT DISTINCT {names} FROM {source}) AS keys)"  # noqa: S608 names of the release only
    return Figure(f"different {names}", counted, "count(*)")


def quoted(value: str, form: str) -> str:
    """Return `value` as an SQL literal, provided that the whole of it matches `form`, which admits no quote."""
    if not re.fullmatch(form, value) or "'" in value:
        raise UnsafeLiteralError(f"{value!r} may not stand in SQL; it must match {form}")
    return f"'{value}'"


def load_parameters(request: RunRequest, sums: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the named parameters of the batch; the service takes text only, the SQL casts."""
    summed = [{"name": f"sum_{column}", "value": value} for column, value in sums.items()]
    held = [{"name": name, "value": value} for name, value in request.partition_values.items()]
    return [*_identity(request), {"name": "rows", "value": str(request.rows)}, *held, *summed]


def failed_statement(description: Mapping[str, Any]) -> str | None:
    """Name the statement that ended the batch, as in BATCH; None when no statement did.

    By its place in the batch, as DescribeStatement lists it, not by the error's text. At FENCE it is a later load, or
    something that kept Redshift from looking: `newer_load` tells.
    """
    states = [statement["Status"] for statement in description.get("SubStatements", ())]
    return BATCH[states.index("FAILED")] if "FAILED" in states else None


def is_wrong_data(description: Mapping[str, Any]) -> bool:
    """Whether figures did not agree, which no retry mends.

    The two statements that compare scan everything, so a cancel (a rule of WLM, a user, a full disk) hits just them:
    only an error that quotes our own sentence is about the data.
    """
    sentence = SENTENCES.get(failed_statement(description) or "")
    return bool(sentence and re.search(rf"\b{sentence} \d+ rows of \d+", " ".join(_errors(description))))


def failure_text(table: str, request: RunRequest, description: Mapping[str, Any]) -> str:
    """Return what DescribeStatement reports of a failed batch, for the reader of the e-mail."""
    failed = failed_statement(description)
    reason = without_values(next(_errors(description), "Redshift gave no reason"))
    if is_wrong_data(description):
        wrong = (
            f"What COPY read from {request.target_uri} does"
            if failed == "reconcile"
            else f"COPY read the file, but the rows that {table} would hold do"
        )
        return (
            f"{wrong} not agree with the file's {request.rows:,} rows of {request.partition}. "
            f"{table} is unchanged. Redshift: {reason}"
        )
    where = f" at {failed}.sql" if failed else ""
    return f"Loading {table} ended as {description['Status']}{where}; it is unchanged. Redshift: {reason}"


def _errors(description: Mapping[str, Any]) -> Iterator[str]:
    yield from filter(None, [description.get("Error")])
    for statement in description.get("SubStatements", ()):
        if statement["Status"] == "FAILED" and statement.get("Error"):
            yield statement["Error"]


def newer_load(hook: Any, table: str, request: RunRequest) -> str | None:
    """Return the run whose load of a later write, or later attempt, stands in the partition; None when none does."""
    rows = select(hook, Template((SQL / "newer.sql").read_text()).substitute(table=table), request, _identity(request))
    return f"{rows[0]['drop_id']}.{rows[0]['attempt']}" if rows else None


def _identity(request: RunRequest) -> list[dict[str, str]]:
    """Return what tells one load from another, and which of two is later."""
    named = {
        "partition": request.partition,
        "written": request.written,
        "drop_id": request.drop_id,
        "attempt": str(request.attempt),
    }
    return [{"name": name, "value": value} for name, value in named.items()]


def select(
    hook: Any, sql: str, request: RunRequest, parameters: list[dict[str, str]]
) -> list[dict[str, int | str | None]]:
    """Run one SELECT of a few rows to its end, and return them by the names of their columns.

    QuestionError when it fails: the provider's error holds the whole answer, quoted cells and all.
    """
    try:
        statement_id = hook.execute_query(
            # The service refuses a list of no parameters.
            sql=sql,
            parameters=parameters or None,
            poll_interval=1,
            **asdict(request.redshift),
        ).statement_id
    except ValueError as error:
        if not (found := _ENDED.match(str(error))):
            raise
        description = hook.conn.describe_statement(Id=found["id"])
        reason = without_values(next(_errors(description), "Redshift gave no reason"))
        raise QuestionError(f"A question ended as {found['status']}. Redshift: {reason}") from None
    result = hook.conn.get_statement_result(Id=statement_id)
    names = [column["name"] for column in result["ColumnMetadata"]]
    return [
        {
            name: None if field.get("isNull") else next(iter(field.values()))
            for name, field in zip(names, record, strict=True)
        }
        for record in result["Records"]
    ]
