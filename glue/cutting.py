"""A large file read by all workers, a block of 128 MiB each, where its dialect allows it (docs/adr/0014).

A line feed ends a record unless it stands inside quotes. A first pass counts each block's quotes and line feeds, so
that the driver knows whether a block begins inside a cell and which number its first record has; a second pass reads.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 the name that all of PySpark's documentation uses

from glue.hadoop import read_start
from glue.reading import (
    CELL_END,
    MAX_RECORD_CHARACTERS,
    ConversionError,
    Dialect,
    Source,
    cells_of,
    check_rows,
    forms_of,
    places_of,
    reader,
    title,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from suimon.contract.written import CellForm


@dataclass(frozen=True)
class Block:
    """Where a task of a file that is cut begins: `skip` lines belong to the record before, `tail` is of its last one.

    `number` is that of the first record that begins in the block.
    """

    skip: int
    tail: Sequence[bytes]
    number: int


def can_be_cut(dialect: Dialect) -> bool:
    """Whether a line feed after an even number of quotes ends a record, wherever one begins to count.

    The gate accepts quotes around cells and doubled inside them, nowhere else. No character of these encodings has a
    line feed or such a quote as its second byte.
    """
    return (
        dialect.compression == "none"
        and dialect.encoding in {"utf-8", "utf-8-sig", "cp932", "shift_jis"}
        and dialect.quote in {"", '"', "'"}
        and dialect.escape in {"", dialect.quote}
        and not (dialect.skip_lines or dialect.comment or dialect.trailer)
    )


def read_cut(spark: SparkSession, columns: Sequence[Mapping[str, Any]], source: Source) -> tuple[DataFrame, int]:
    """Read one file by as many tasks as it has blocks; return its plain records, one a row, and how many they are."""
    dialect = source.dialect
    # Text passes through as the bytes that it is; a block's lines are those that begin in it.
    text = spark.read.text(source.uri, lineSep="\n")
    lines: Any = text.select(F.col("value").cast("binary"), F.col("_metadata.file_block_start")).rdd
    labels = _labels(spark, source) if dialect.header else [title(column) for column in columns]
    places = places_of(labels, dialect, columns)
    quote = dialect.quote.encode()
    surveyed = sorted(lines.mapPartitions(lambda rows: survey(rows, quote)).collect())
    inside = frozenset(starts_inside(surveyed))
    heads = dict(lines.mapPartitions(lambda rows: heads_of(rows, quote, inside)).collect()) if inside else {}
    blocks, rows = plan_blocks(surveyed, heads, header=dialect.header)
    check_rows(source, rows)
    of, forms = f" of {source.name}" if source.name else "", forms_of(columns, dialect)
    read: Any = lines.mapPartitions(lambda rows: read_blocks(rows, blocks, dialect, len(labels), places, forms, of))
    return spark.createDataFrame(read, "value string", verifySchema=False), rows


def survey(rows: Iterable[Any], quote: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield of each block its start, its quotes modulo 2, and its records' ends if it starts outside or inside."""
    for start, lines in groupby(rows, key=_block_start):
        odd, ends = 0, [0, 0]
        for line, _ in lines:
            odd ^= line.count(quote) & 1 if quote else 0
            ends[odd] += 1
        yield start, odd, ends[0], ends[1]


def starts_inside(surveyed: Iterable[tuple[int, int, int, int]]) -> Iterator[int]:
    """Yield the blocks that start inside a quoted cell; ConversionError when the file ends inside one."""
    odd = 0
    for start, quotes, *_ in surveyed:
        if odd:
            yield start
        odd ^= quotes
    if odd:
        raise ConversionError("the file ends inside a quoted cell")


def heads_of(
    rows: Iterable[Any], quote: bytes, inside: frozenset[int]
) -> Iterator[tuple[int, tuple[list[bytes], bool]]]:
    """Yield of each block that starts inside a cell the lines to the end of that record, and whether it ends there."""
    for start, lines in groupby(rows, key=_block_start):
        if start not in inside:
            continue
        head: list[bytes] = []
        odd, length = 1, 0
        for line, _ in lines:
            head.append(bytes(line))
            odd, length = odd ^ (line.count(quote) & 1), length + len(line)
            if not odd:
                break
            if length > 4 * MAX_RECORD_CHARACTERS:
                raise ConversionError("a record is longer than any that the gate accepts")
        yield start, (head, not odd)


def plan_blocks(
    surveyed: Sequence[tuple[int, int, int, int]], heads: Mapping[int, tuple[list[bytes], bool]], *, header: bool
) -> tuple[dict[int, Block], int]:
    """Return each block's part by its start, and how many records there are beside the header."""
    blocks: dict[int, Block] = {}
    tails: dict[int, list[bytes]] = {}
    number, open_in, odd = 0 if header else 1, 0, 0
    for start, quotes, outside, inside in surveyed:
        head, ended = heads[start] if odd else ([], True)
        if odd:
            tails.setdefault(open_in, []).extend(head)
        # The record that was open ended here; it began, and was counted, before.
        begun = (inside - 1 if odd else outside) + (odd ^ quotes) if ended else 0
        blocks[start] = Block(len(head), tails.setdefault(start, []), number)
        number += begun
        if ended:
            open_in = start
        odd ^= quotes
    return blocks, number - 1


def read_blocks(
    rows: Iterable[Any],
    blocks: Mapping[int, Block],
    dialect: Dialect,
    width: int,
    places: Sequence[int | None],
    forms: Mapping[int, CellForm],
    of: str,
) -> Iterator[tuple[str]]:
    """Yield every record that begins in these blocks as a plain one."""
    encoding = _encoding(dialect)
    for start, lines in groupby(rows, key=_block_start):
        block = blocks[start]
        own = chain((line for line, _ in islice(lines, block.skip, None)), block.tail)
        number = before = block.number - 1
        try:
            text = (line.decode(encoding) + "\n" for line in own)
            for number, cells in enumerate(cells_of(text, dialect, width, places, forms, before), block.number):
                if number:  # the header is record 0
                    yield (f"{number}{of}{CELL_END}{CELL_END.join(cells)}",)
        except UnicodeError as error:
            raise ConversionError(f"a record after {number}{of} holds bytes that are no {dialect.encoding}") from error


def _block_start(row: Any) -> int:
    return int(row[1])


def _labels(spark: SparkSession, source: Source) -> list[str]:
    start = read_start(spark, source.uri, 4 * MAX_RECORD_CHARACTERS).removeprefix(b"\xef\xbb\xbf")
    text = io.StringIO(start.decode(_encoding(source.dialect), "replace"), newline="\n")
    return next(reader(text, source.dialect), [])


def _encoding(dialect: Dialect) -> str:
    # A mark in the middle of the file would be text.
    return "utf-8" if dialect.encoding == "utf-8-sig" else dialect.encoding
