"""Polars: one lazy query over texts, run by its streaming engine; it counts, it names no places."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from bench.check.found import Found
from bench.check.patterns import exact
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract

DISTRIBUTION = "polars"


def check(path: Path, contract: Contract, partition: str) -> Found:
    """Check a file in one query. Every column is read as text, so that a rule sees what stands in the file."""
    dialect = contract.file or FileFormat()
    if dialect.encoding != "utf-8":
        raise ValueError(f"scan_csv reads no {dialect.encoding}")
    lines = pl.scan_csv(
        path,
        separator=dialect.delimiter,
        quote_char=dialect.quote,
        schema={column.name: pl.String for column in contract.columns},
        null_values=list(dialect.null_tokens),
        low_memory=True,
    )
    counts = {
        (code, column.name): cells.alias(f"{code} {column.name}")
        for column in contract.columns
        for code, cells in _rules(column, partition)
    }
    found = lines.select(pl.len(), *counts.values()).collect(engine="streaming").row(0)
    broken: list[tuple[str, str | None, int]] = [
        (code, name, int(cells)) for (code, name), cells in zip(counts, found[1:], strict=True) if cells
    ]
    return Found(accepted=not broken, rows=found[0], counts=broken)


def _rules(column: Column, partition: str) -> Iterator[tuple[str, pl.Expr]]:
    """Yield each rule of a column, and how many cells break it."""
    text = pl.col(column.name)
    if column.required:
        yield "required-error", text.null_count()
    if column.unique:
        yield "unique-error", text.count() - text.drop_nulls().n_unique()
    if column.max_length is not None:
        yield "max-length-error", (text.str.len_chars() > column.max_length).sum()
    form = exact(column)
    if form is None:
        return
    value = _value(column)
    yield "type-error", (text.is_not_null() & ~(text.str.contains(form) & value.is_not_null())).sum()
    if column.minimum is not None:
        yield "minimum-error", (value < int(column.minimum)).sum()
    if column.partition:
        yield "partition-error", (value != pl.lit(partition).str.to_date()).sum()


def _value(column: Column) -> pl.Expr:
    """Return a column's value, which is null where the text is none."""
    text = pl.col(column.name)
    match column.type:
        case "integer":
            return text.str.to_integer(dtype=pl.Int32 if column.bits == 32 else pl.Int64, strict=False)  # noqa: PLR2004
        case "decimal":
            return text.cast(pl.Decimal(column.precision, column.scale), strict=False)
        case "date":
            return text.str.to_date(column.format, strict=False)
        case _:
            return text.str.to_datetime(column.format, strict=False)
