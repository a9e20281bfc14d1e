"""PyArrow: its streaming CSV reader and compute functions, batch by batch; it counts, it names no places."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from bench.check.found import Found
from bench.check.patterns import exact
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract

DISTRIBUTION = "pyarrow"
_BLOCK = 4 * 1024 * 1024


def check(path: Path, contract: Contract, partition: str) -> Found:
    """Check a file batch by batch, every column as text; values that are to be unique are kept until the end."""
    dialect = contract.file or FileFormat()
    names = [column.name for column in contract.columns]
    reader = csv.open_csv(
        pa.input_stream(str(path), compression="detect"),
        csv.ReadOptions(block_size=_BLOCK, encoding=dialect.encoding),
        csv.ParseOptions(delimiter=dialect.delimiter, quote_char=dialect.quote, newlines_in_values=True),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=list(dialect.null_tokens),
            strings_can_be_null=True,
        ),
    )
    counts, rows = Counter[tuple[str, str | None]](), 0
    kept: dict[str, list[pa.Array]] = {column.name: [] for column in contract.columns if column.unique}
    for batch in reader:
        rows += batch.num_rows
        for column in contract.columns:
            texts = batch.column(column.name)
            for code, cells in _rules(column, texts, partition):
                counts[code, column.name] += cells
            if column.unique:
                kept[column.name].append(texts)
    for name, chunks in kept.items():
        values = pa.chunked_array(chunks, pa.string())
        counts["unique-error", name] += len(values) - values.null_count - pc.count_distinct(values).as_py()
    broken = [(code, column, cells) for (code, column), cells in counts.items() if cells]
    return Found(accepted=not broken, rows=rows, counts=broken)


def _rules(column: Column, texts: pa.Array, partition: str) -> Iterator[tuple[str, int]]:
    """Yield each rule of a column, and how many cells of a batch break it."""
    if column.required:
        yield "required-error", texts.null_count
    if column.max_length is not None:
        yield "max-length-error", _true(pc.greater(pc.utf8_length(texts), column.max_length))
    form = exact(column)
    if form is None:
        return
    if column.format:
        yield from _dates(column, column.format, texts, partition)
        return
    formed = pc.match_substring_regex(texts, form)
    numbers = pc.cast(pc.if_else(formed, texts, None), pa.float64())
    formed = pc.fill_null(formed, fill_value=True)
    wrong = len(texts) - _true(formed)
    if column.type == "integer":
        half = 2.0 ** ((column.bits or 32) - 1)
        inside = pc.and_(pc.greater_equal(numbers, -half), pc.less(numbers, half))
        wrong += _true(pc.invert(inside))
        numbers = pc.if_else(inside, numbers, None)
    yield "type-error", wrong
    if column.minimum is not None:
        yield "minimum-error", _true(pc.less(numbers, float(column.minimum)))


def _dates(column: Column, form: str, texts: pa.Array, partition: str) -> Iterator[tuple[str, int]]:
    """Its own `strptime` takes the 30th of February: each text is looked at once, by Python's."""
    pattern, wrong, other = exact(column) or "", 0, 0
    counted = pc.value_counts(pc.drop_null(texts))
    formed = pc.match_substring_regex(counted.field("values"), pattern)
    for text, cells, shapely in zip(
        counted.field("values").to_pylist(), counted.field("counts").to_pylist(), formed.to_pylist(), strict=True
    ):
        try:
            moment = datetime.strptime(text, form) if shapely else None  # noqa: DTZ007 the file has no zones
        except ValueError:
            moment = None
        wrong += 0 if moment else cells
        other += cells if moment and moment.date().isoformat() != partition else 0
    yield "type-error", wrong
    if column.partition:
        yield "partition-error", other


def _true(cells: pa.Array) -> int:
    return int(pc.sum(cells).as_py() or 0)
