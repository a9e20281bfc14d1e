"""What the table holds of a partition after the commit, against the file and the contract: `quality` and column rules.

The gate has judged the file by the same contract. This asks the table, where people read: a load that went wrong in a
way that nobody thought of, or a table that others write. What SQL would say otherwise than the gate is left to it:
patterns (another dialect of regular expressions), bounds of times, lists of values of anything but texts (the gate
compares what is written: 01 is not 1), and what rows that were set aside can change (suimon.warehouse.describe).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from string import Template
from typing import TYPE_CHECKING, Any

from suimon_etl.load import SQL, select
from suimon_etl.tables import table_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from suimon_etl.request import RunRequest
    from suimon_etl.tables import Column, Table

ROWS = "row_count"
NEVER = {"maximum": "0"}  # the threshold of a rule: no row may break it
TEXT = "string"  # the type of columns whose values SQL compares as they are written
BOUNDED = frozenset({"integer", "decimal", "date"})


@dataclass(frozen=True)
class Check:
    """One figure of the partition: its SQL, the values that it binds, and its threshold as the contract compiles it."""

    name: str
    sql: str
    threshold: Mapping[str, Any]
    values: Mapping[str, str]

    @property
    def warns_only(self) -> bool:
        """Whether the contract wants to be told and nothing else."""
        return self.threshold.get("severity") == "warning"


@dataclass(frozen=True)
class Findings:
    """What is wrong with a partition, and what is only worth a word; each with its figure."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def partition_figures(hook: Any, table: str, request: RunRequest) -> dict[str, int | str | None]:
    """Ask the table itself, after the commit: `row_count`, and `check_<n>` for every check."""
    described = table_named(table).at(request.first_day)
    values = {name: value for check in checks(described) for name, value in check.values.items()}
    known = {"partition": request.partition, **request.partition_values}
    named = {name: known[name] for name in sorted(described.bound)} | values
    bound = [{"name": name, "value": value} for name, value in named.items()]
    (found,) = select(hook, quality_statement(described), request, bound)
    return found


def quality_statement(table: Table) -> str:
    """Return the one query of all figures."""
    figures = {ROWS: "count(*)"} | {f"check_{number}": check.sql for number, check in enumerate(checks(table))}
    return Template((SQL / "quality.sql").read_text(encoding="utf-8")).substitute(
        table=table.name,
        where=table.where,
        figures=",\n    ".join(f"{figure} AS {name}" for name, figure in figures.items()),
    )


def judge(table: str, request: RunRequest, figures: Mapping[str, Any]) -> Findings:
    """Return what is wrong with the partition as it stands in the table; nothing when it is the file, and good."""
    rows = figures[ROWS]
    problems, warnings = list[str](), list[str]()
    if rows != request.rows:
        problems.append(f"the table holds {rows:,} rows of {request.partition}, the file {request.rows:,}")
    described = table_named(table).at(request.first_day)
    for number, check in enumerate([] if request.empties else checks(described)):
        figure = int(figures[f"check_{number}"])
        if not is_kept(check.threshold, figure, rows):
            wanted = check.threshold.get("text") or "none"
            told = f"{check.name}: {figure:,} of {rows:,} rows, allowed: {wanted}"
            (warnings if check.warns_only else problems).append(told)
    return Findings(tuple(problems), tuple(warnings))


def checks(table: Table) -> list[Check]:
    """Return what is asked beside the number of rows."""
    return [*_of_keys(table), *_of_columns(table), *_of_metrics(table)]


def _of_keys(table: Table) -> Iterator[Check]:
    for key in table.keys:
        yield Check(f"repeated {', '.join(key)}", _repeated(table, key), NEVER, {})


def _of_columns(table: Table) -> Iterator[Check]:
    for column in table.columns:
        if column.required:
            yield Check(f"{column.name} missing", _count(f"{column.name} IS NULL"), NEVER, {})
        if column.allowed and column.type == TEXT:
            yield _invalid(f"{column.name} not among its values", column.name, column.allowed, column.name, NEVER)
        yield from _of_bounds(column)


def _of_bounds(column: Column) -> Iterator[Check]:
    for rule, bound, outside in (("minimum", column.minimum, "<"), ("maximum", column.maximum, ">")):
        if bound is not None and column.type in BOUNDED:
            name = f"{column.name}_{rule}"
            # In the column's own type: a wider scale would leave no room for its digits, a narrower one would round.
            condition = f"{column.name} {outside} CAST(:{name} AS {column.sql_type})"
            yield Check(f"{column.name} beyond its {rule} {bound}", _count(condition), NEVER, {name: bound})


def _of_metrics(table: Table) -> Iterator[Check]:
    texts = {column.name for column in table.columns if column.type == TEXT}
    for number, metric in enumerate(table.metrics):
        columns = tuple(metric["columns"])
        name, values = ", ".join(columns), tuple(metric.get("values") or ())
        match metric["name"]:
            case "rowCount":
                yield Check("rows", "count(*)", metric, {})
            case "nullValues":
                yield Check(f"{name} missing", _count(f"{name} IS NULL"), metric, {})
            case "missingValues" if name in texts:
                yield _missing(name, values, f"metric_{number}", metric)
            case "invalidValues" if values and name in texts:
                yield _invalid(f"{name} not among its values", name, values, f"metric_{number}", metric)
            case "duplicateValues":
                yield Check(f"repeated {name}", _repeated(table, columns), metric, {})


def _missing(column: str, values: tuple[str, ...], prefix: str, threshold: Mapping[str, Any]) -> Check:
    bound, conditions = _bound(prefix, values), [f"{column} IS NULL"]
    if "" in values:
        conditions.append(f"LEN({column}) = 0")
    conditions += [f"{column} = :{name}" for name in bound]
    return Check(f"{column} missing", _count(" OR ".join(conditions)), threshold, bound)


def _invalid(name: str, column: str, values: tuple[str, ...], prefix: str, threshold: Mapping[str, Any]) -> Check:
    bound = _bound(prefix, values)
    conditions = [f"{column} NOT IN ({', '.join(f':{name}' for name in bound)})"] if bound else []
    conditions += [f"LEN({column}) > 0"] if "" in values else []
    return Check(name, _count(" AND ".join(conditions)), threshold, bound)


def _bound(prefix: str, values: tuple[str, ...]) -> dict[str, str]:
    """Name the values; not the empty one, which the Data API refuses as a parameter's value (its least length is 1)."""
    return {f"{prefix}_{place}": value for place, value in enumerate(values) if value}


def _repeated(table: Table, key: tuple[str, ...]) -> str:
    names = ", ".join(key)
    if len(key) == 1:
        return f"count({names}) - count(DISTINCT {names})"
    there = " AND ".join(f"{name} IS NOT NULL" for name in key)
    where = " AND ".join([*(one.condition for one in table.partition), there])
    source = f"{table.name} WHERE {where}"
    different = f"(SELECT count(*) FROM (SELECT DISTINCT {names} FROM {source}) AS keys)"  # noqa: S608 names of the release only
    return f"{_count(there)} - {different}"


def _count(condition: str) -> str:
    return f"count(CASE WHEN {condition} THEN 1 END)"


def is_kept(threshold: Mapping[str, Any], figure: int, rows: int) -> bool:
    """Compare a figure with a threshold, as the gate does (suimon.check.tally)."""
    percent = threshold.get("unit") == "percent"
    value = (Decimal(100 * figure) / rows if rows else Decimal(0)) if percent else Decimal(figure)
    inside = True
    if (least := threshold.get("minimum")) is not None:
        inside = value > Decimal(least) if threshold.get("minimum_open") else value >= Decimal(least)
    if (most := threshold.get("maximum")) is not None:
        within = value < Decimal(most) if threshold.get("maximum_open") else value <= Decimal(most)
        inside = inside and within
    return inside is not bool(threshold.get("negated"))
