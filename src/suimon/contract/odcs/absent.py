"""Columns that may be absent from a file: only those that no rule needs to be there."""

from collections.abc import Iterable

from suimon.contract.file import Column, Condition, FileFormat, Metric
from suimon.contract.odcs.clauses import Clause
from suimon.contract.odcs.reader import Reader


def refuse_needed(
    schema: Clause,
    dialect: FileFormat,
    columns: Iterable[Column],
    conditions: Iterable[Condition],
    metrics: Iterable[Metric],
    reader: Reader,
) -> None:
    """Refuse `mayBeAbsent` of a column that the header, a rule or a figure needs."""
    reads = {name: f"the condition {one.name}" for one in conditions for name in one.columns}
    reads |= {name: f"the metric {one.name}" for one in metrics for name in one.columns}
    reads |= {name: "a total of the trailer" for name, _ in (dialect.trailer.sums if dialect.trailer else ())}
    for clause, column in zip(schema["properties"] or (), columns, strict=True):
        if not column.may_be_absent:
            continue
        if not dialect.header:
            why = "needs header: true; without one nobody could tell which column is absent"
        elif dialect.extra_columns == "ignore":
            why = (
                "contradicts extraColumns: ignore: a label that is misspelt would be passed over, and its column empty"
            )
        elif column.required:
            why = "contradicts required or primaryKey: an absent column has no values"
        elif column.partition:
            why = "contradicts partition: the column holds the partition of every record"
        elif column.name in reads:
            why = f"is of no use: {reads[column.name]} reads the column"
        else:
            continue
        reader.refuse(clause, f"mayBeAbsent {why}")
