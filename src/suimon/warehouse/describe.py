"""What the DAGs know of each table: its contract and its CREATE TABLE put together, when a release is made.

A DAG runs where neither this package nor the contracts are. So `suimon warehouse describe` writes `tables.json` into
the DAG folder, and every name in the SQL of a load comes from there: from the release, never from a run's conf.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

import sqlglot
from sqlglot import exp

from suimon.contract.file import ContractError
from suimon.contract.partition import Unit
from suimon.contract.redshift_names import MOST_COLUMNS, is_plain
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from suimon.contract.file import Column, Metric
    from suimon.contract.model import Contract, Contracts

# The last columns of a table whose own columns do not say which partition a row belongs to.
PARTITION_DATE, PARTITION_HOUR = "partition_date", "partition_hour"
MOST_BYTES = 65_535  # of a VARCHAR
# Of a part: as many bytes as its longest value may have.
PART_SQL = "VARCHAR(64)"

# What COPY puts from the Parquet of a type into which columns, without a conversion.
REDSHIFT_TYPES = {
    "string": "VARCHAR",
    "decimal": "DECIMAL",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
# Rules that SQL can say of a loaded column as the gate says them of a file; its regular expressions are others.
RULES = ("required", "allowed", "minimum", "maximum")


def describe(contracts: Contracts, tables: Mapping[str, str], own_dags: Collection[str] = ()) -> dict[str, Any]:
    """Return the content of tables.json: contracts with a DAG, by dataset; ContractError if a table does not fit.

    `tables`: each CREATE TABLE by the table's name; `own_dags`: datasets whose DAG is not made for them.
    """
    return {
        contract.dataset: _table(contract, tables.get(contract.table), own_dag=contract.dataset in own_dags)
        for contract in contracts.all
        if contract.dag_id is not None
    }


def written(described: Mapping[str, Any]) -> str:
    """Return the text of tables.json, the same for the same content."""
    return json.dumps(described, ensure_ascii=False, indent=1) + "\n"


def _table(contract: Contract, create: str | None, *, own_dag: bool) -> dict[str, Any]:
    if problems := list(misfits(contract, create)):
        raise ContractError("\n".join(f"{contract.dataset}: {problem}" for problem in problems))
    tree = _parsed(create or "")
    declared = {column.name: column for column in tree.find_all(exp.ColumnDef)}
    return {
        "dag_id": contract.dag_id,
        "own_dag": own_dag,
        "runs_at_once": contract.runs_at_once,
        "files": contract.key_pattern.text if contract.key_pattern else "",
        "table": contract.table,
        "distribution": _distribution(tree),
        "partition": [asdict(one) for one in partition_columns(contract)],
        **_version(contract, declared),
        "earlier": [_version(one, declared) for one in contract.earlier],
    }


def _version(contract: Contract, declared: Mapping[str, exp.ColumnDef]) -> dict[str, Any]:
    """Return what is of one version of a contract: its columns with their rules, and what the table is asked."""
    return {
        "version": contract.version,
        "effective_from": contract.effective_from.isoformat() if contract.effective_from else "",
        "columns": [_column(column, declared[column.name]) for column in contract.columns],
        "keys": _keys(contract),
        "metrics": [metric.to_json() for metric in contract.metrics if _holds_of_table(contract, metric)],
        # Of a set, whose shards the gate judges one by one, only its run knows how many records it has.
        "rows_of_set": [metric.to_json() for metric in contract.metrics if contract.set_rule and _is_of_set(metric)],
    }


def misfits(contract: Contract, create: str | None) -> Iterator[str]:
    """Yield everything for which a contract's files could not be loaded into the table of its CREATE TABLE."""
    yield from dict.fromkeys(problem for version in contract.versions for problem in _unsound(version))
    yield from _contradictions(contract)
    if create is None:
        yield f"there is no CREATE TABLE of {contract.table}"
        return
    try:
        tree = _parsed(create)
    except sqlglot.errors.SqlglotError as error:
        yield f"its CREATE TABLE cannot be read: {str(error).partition('.')[0]}"
        return
    table = tree.find(exp.Table)
    if table is None or table.name != contract.table:
        yield f"its CREATE TABLE makes {table.name if table else 'none'}, not {contract.table}, as its contract says"
    declared = {column.name: column for column in tree.find_all(exp.ColumnDef)}
    wanted = columns_of_table(contract)
    if list(declared) != wanted:
        yield (
            f"{contract.table} has the columns {', '.join(declared)}; COPY loads by position, so they must be "
            f"{', '.join(wanted)}"
        )
    for column in table_columns(contract):
        if column.name in declared:
            yield from _misfits_of_column(contract, column, declared[column.name])
    for one in written_beside(contract):
        if one.column in declared:
            given = declared[one.column].sql("redshift").removeprefix(one.column).strip()
            if given != one.sql:
                yield f"{one.column} of {contract.table} is {given}, must be {one.sql}"


@dataclass(frozen=True, slots=True)
class PartitionColumn:
    """A column by which a load finds the rows of its partition.

    kind: what it is compared with: a `date`, the days of a week or month (`days`), an `integer`, a `text`. parameter:
    what its value is bound as; of `days` the first. in_file: whether the file has it; else the load writes it.
    """

    column: str
    kind: Literal["date", "days", "integer", "text"]
    parameter: str
    in_file: bool

    @property
    def condition(self) -> str:
        """The SQL that is true of a row of the partition, with values bound as names."""
        if self.kind == "days":
            first, last = "CAST(:partition_first AS DATE)", "CAST(:partition_last AS DATE)"
            return f"{self.column} >= {first} AND {self.column} <= {last}"
        as_type = {"date": "DATE", "integer": "INTEGER"}.get(self.kind)
        return f"{self.column} = " + (f"CAST(:{self.parameter} AS {as_type})" if as_type else f":{self.parameter}")

    @property
    def sql(self) -> str:
        """The declaration of a column that the load writes."""
        return f"{ {'date': 'DATE', 'days': 'DATE', 'integer': 'INTEGER', 'text': PART_SQL}[self.kind] } NOT NULL"


def partition_columns(contract: Contract) -> list[PartitionColumn]:
    """Return the columns by which a load finds its partition; none where it replaces the whole table."""
    found: list[PartitionColumn] = []
    plain = contract.unit is Unit.DAY and not contract.parts
    match contract.unit:
        case Unit.DAY | Unit.HOUR:
            day = "partition" if plain else "partition_first"
            found.append(
                _in_file(contract, "ds", "date", day) or PartitionColumn(PARTITION_DATE, "date", day, in_file=False)
            )
        case Unit.WEEK | Unit.MONTH:
            days = _in_file(contract, contract.unit, "days", "partition_first")
            found.append(days or PartitionColumn(PARTITION_DATE, "days", "partition_first", in_file=False))
        case Unit.NONE:
            pass
    if contract.unit is Unit.HOUR:
        hour = _in_file(contract, "hour", "integer", "partition_hour")
        found.append(hour or PartitionColumn(PARTITION_HOUR, "integer", "partition_hour", in_file=False))
    for part in sorted(contract.parts, key=lambda one: one.name):
        bound = f"partition_part_{part.name}"
        found.append(
            _in_file(contract, part.name, "text", bound) or PartitionColumn(bound, "text", bound, in_file=False)
        )
    return found


def written_beside(contract: Contract) -> list[PartitionColumn]:
    """Return the columns that the load writes beside those of the file, in their order in the table."""
    return [one for one in partition_columns(contract) if not one.in_file]


_TYPE_OF = {"date": "date", "days": "date", "integer": "integer", "text": "string"}


def _in_file(
    contract: Contract, role: str, kind: Literal["date", "days", "integer", "text"], parameter: str
) -> PartitionColumn | None:
    """Return the column of the file whose every value says it. A timestamp's date is that of UTC, or of no zone."""
    for column in contract.columns:
        if column.partition == role and column.type == _TYPE_OF[kind] and column.required:
            return PartitionColumn(column.name, kind, parameter, in_file=True)
    return None


def columns_of_table(contract: Contract) -> list[str]:
    """Return the names of the columns that its table must have, in their order."""
    return [column.name for column in table_columns(contract)] + [one.column for one in written_beside(contract)]


def table_columns(contract: Contract) -> list[Column]:
    """Return the columns that the table needs for the files of every version: the newest's, then those it has lost.

    As wide as the widest, and NULL where one version may have no value.
    """
    every: dict[str, list[Column]] = {}
    versions = contract.versions
    for version in versions:
        for column in version.columns:
            every.setdefault(column.name, []).append(column)
    return [
        replace(max(found, key=_width), required=len(found) == len(versions) and all(one.required for one in found))
        for found in every.values()
    ]


def _width(column: Column) -> int:
    return MOST_BYTES if (least := most_bytes(column)) is None else least


def _contradictions(contract: Contract) -> Iterator[str]:
    """Yield where two versions of a contract cannot load one table."""
    types = {column.name: sql_type(column) for column in contract.columns}
    for version in contract.earlier:
        if partition_columns(version) != partition_columns(contract):
            yield f"version {version.version} requires other columns of the partition than {contract.version}"
        for column in version.columns:
            if (given := sql_type(column)) != types.setdefault(column.name, given):
                text = f"{column.name} is {given} in version {version.version}, later {types[column.name]}"
                yield f"{text}; a column of the table has one type: write the wider in both"


def _parsed(create: str) -> exp.Expr:
    return sqlglot.parse_one(create, read="redshift")


def _unsound(contract: Contract) -> Iterator[str]:
    """Yield what a load could not do with any table."""
    own = [column.name for column in table_columns(contract)]
    for name in (one.column for one in written_beside(contract) if one.column in own):
        yield f"the load writes a column {name} beside those of the file: call the file's column otherwise"
    for name in (contract.table, *own):
        if not is_plain(name):
            yield (
                f"{name!r} needs quotes in Redshift; give it a name of small letters, digits and _ "
                "that is no reserved word (the header may still call a column otherwise: label)"
            )
    if (number := len(columns_of_table(contract))) > MOST_COLUMNS:
        yield f"{number:,} columns; a table of Redshift has {MOST_COLUMNS:,} at most: split it"
    if not any(_says_the_least(metric) for metric in contract.metrics):
        yield (
            "nothing says whether a file without records is right, which would empty its partition; its quality must "
            "have the metric rowCount with mustBeGreaterOrEqualTo: 1 or more, or 0 where such a file is right"
        )


def _says_the_least(metric: Metric) -> bool:
    at_all = metric.name == "rowCount" and metric.severity == "error" and not metric.negated
    return at_all and metric.minimum is not None


def _is_of_set(metric: Metric) -> bool:
    return metric.name == "rowCount" and metric.severity == "error"


def _holds_of_table(contract: Contract, metric: Metric) -> bool:
    """Whether a metric that every file keeps is kept by their rows in the table too; the others are the gate's alone.

    Rows that were set aside are missing there: that can only lower a count of bad ones, but lowers the number of rows
    and changes any percentage. The shards of a set stand there together: that can only raise a count, leaves a
    percentage between those of the shards, and makes repeated values of some that each shard has once. The number of
    rows is held against the rows that the gate has accepted, with or without a metric.
    """
    rows = metric.unit == "rows"
    moved_by_tolerance = metric.name == "rowCount" or not rows or metric.minimum is not None or metric.negated
    moved_by_set = metric.name == "duplicateValues" or (rows and metric.maximum is not None) or metric.negated
    return not (contract.tolerance and moved_by_tolerance) and not (contract.set_rule and moved_by_set)


def _keys(contract: Contract) -> list[list[str]]:
    """Return the columns, or combinations of them, of which no value may stand in a file twice."""
    keys = [[column.name] for column in contract.columns if column.unique]
    whole = list(contract.primary_key)
    return keys if not whole or whole in keys else [whole, *keys]


def _column(column: Column, declared: exp.ColumnDef) -> Mapping[str, Any]:
    """Return name and declaration of a column, with its scale when it is summed, and its rules.

    A personal column is not: of a file with one record the sum is the value, in the job's result, XCom and SQL.
    """
    scale = None if column.personal else {"integer": 0, "decimal": column.scale or 0}.get(column.type)
    rules = {rule: value for rule in RULES if (value := getattr(column, rule))}
    return {
        "name": column.name,
        "sql": declared.sql("redshift").removeprefix(column.name).strip(),
        "type": column.type,
        **({} if scale is None else {"scale": scale}),
        **rules,
    }


def _distribution(tree: exp.Expr) -> str:
    """Return how the rows are spread, for a staging table that lies the same way: moving them costs no network then."""
    spread = tree.find_all(exp.DistStyleProperty, exp.DistKeyProperty)
    return " ".join(part.sql("redshift") for part in spread)


def sql_type(column: Column) -> str:
    """Return the type that a column of the table must have; of a text without its length."""
    if column.type == "decimal":
        return f"DECIMAL({column.precision}, {column.scale or 0})"
    return REDSHIFT_TYPES.get(column.type) or ("BIGINT" if column.bits == 64 else "INTEGER")  # noqa: PLR2004 the one other width


def most_bytes(column: Column) -> int | None:
    """Return what the longest text of a column takes; None if nothing says how long that is."""
    if column.allowed:
        return max(len(value.encode()) for value in column.allowed)
    # Four bytes are what one character takes at most.
    return None if column.max_length is None else 4 * column.max_length


def _misfits_of_column(contract: Contract, column: Column, declared: exp.ColumnDef) -> Iterator[str]:
    where = f"{column.name} of {contract.table}"
    kind = declared.kind
    if kind is None:
        yield f"{where} has no type"
        return
    given = kind.sql("redshift")
    wanted = sql_type(column)
    if column.type == "string":
        size = int(kind.expressions[0].name) if kind.expressions else 0
        least = most_bytes(column)
        if least is None:
            yield (
                f"{column.name} has no maxLength, and {given} of {contract.table} holds no more than {size // 4} "
                f"characters of any kind; longer ones fail at COPY: write maxLength: {size // 4}"
            )
        fits = kind.this == exp.DType.VARCHAR and (least is None or size >= least)
        wanted = given if fits else f"VARCHAR({least or size}) or more"
    if given != wanted:
        yield f"{where} is {given}, must be {wanted}"
    optional = not any(isinstance(one.kind, exp.NotNullColumnConstraint) for one in declared.constraints)
    if optional is column.required:
        yield f"{where} must be {'NOT NULL' if column.required else 'NULL'}, as in the contract"
