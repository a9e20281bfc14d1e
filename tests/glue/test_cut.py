"""A large file is read by all workers, a block each, and is the same table as when the driver reads it alone."""

from __future__ import annotations

import io
import random
from typing import TYPE_CHECKING, Any

import pytest

from glue import casting, cutting, reading
from glue import csv_to_parquet as job
from suimon.contract.file import FileFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql import DataFrame, SparkSession

COLUMNS = [{"name": "id", "type": "string"}, {"name": "text", "type": "string"}]


@pytest.fixture
def cut(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Cut every file that can be cut into blocks of so many bytes."""

    def into(size: int) -> None:
        monkeypatch.setattr(job, "CUT_BYTES", 0)
        spark.conf.set("spark.sql.files.maxPartitionBytes", str(size))

    yield into
    spark.conf.set("spark.sql.files.maxPartitionBytes", job.SETTINGS["spark.sql.files.maxPartitionBytes"])


def rows_of(frame: DataFrame) -> list[tuple[Any, ...]]:
    return sorted(
        ((row["id"], row["text"], int(row[casting.RECORD])) for row in frame.collect()), key=lambda row: row[2]
    )


def dialect(**clauses: Any) -> dict[str, Any]:
    return {"file": FileFormat(**clauses).to_json(), "columns": COLUMNS}


def records(seed: int, encoding: str, ending: str, *, header: bool, last: bool) -> bytes:
    """Return a file of all that makes cutting hard: line ends, delimiters and quotes in cells, empty and long ones."""
    chance = random.Random(seed)  # noqa: S311 no secret
    kinds = [
        "a",
        '"a,b"',
        '"x\ny"',
        '"x\r\n\r\ny"',
        '""',
        "",
        '"say ""hi""\n"',
        "ソ表\u6f22" * 5,
        '"' + "\n" * 40 + '"',
        '"""\n"""',
    ]
    lines = ["id,text"] if header else []
    lines += [f"{number},{chance.choice(kinds)}" for number in range(60)]
    return (ending.join(lines) + (ending if last else "")).encode(encoding)


def blocks_of(content: bytes, size: int) -> list[tuple[bytes, int]]:
    """Return each line with the start of its block, as Hadoop cuts: a block has the lines that begin in it."""
    lines, position = [], 0
    for line in content.split(b"\n")[: None if not content.endswith(b"\n") else -1]:
        # The line that begins exactly where a block does belongs to the block before it.
        lines.append((line, max(0, position - 1) // size * size))
        position += len(line) + 1
    return lines


@pytest.mark.parametrize("seed", range(150))
def test_however_it_is_cut_it_is_the_file(seed: int) -> None:
    encoding, ending = (("utf-8", "\n"), ("cp932", "\r\n"), ("shift_jis", "\n"))[seed % 3]
    header = seed % 2 == 0
    content = records(seed, encoding, ending, header=header, last=seed % 5 > 0)
    shape = reading.Dialect(encoding=encoding, header=header)
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="\n")
    whole = [[str(number), *cells] for number, cells in enumerate(reading.records_of(text, shape, COLUMNS), 1)]
    lines = blocks_of(content, (3, 17, 64, 200, 5000)[seed % 5])

    surveyed = sorted(cutting.survey(lines, b'"'))
    inside = frozenset(cutting.starts_inside(surveyed))
    blocks, rows = cutting.plan_blocks(surveyed, dict(cutting.heads_of(lines, b'"', inside)), header=header)
    read = [line.split(reading.CELL_END) for (line,) in cutting.read_blocks(lines, blocks, shape, 2, [0, 1], {}, "")]

    assert read == whole
    assert rows == len(whole) == 60


@pytest.mark.parametrize(("size", "encoding", "ending"), [(90, "cp932", "\r\n"), (400, "utf-8-sig", "\n")])
def test_spark_cuts_as_it_is_read(
    drop: Callable[..., job.Arguments],
    read: Callable[[job.Arguments], DataFrame],
    cut: Callable[[int], None],
    size: int,
    encoding: str,
    ending: str,
) -> None:
    content = records(size, encoding, ending, header=True, last=size == 90)
    arguments = drop(content, 60, **dialect(encoding=encoding))
    whole = rows_of(read(arguments))

    cut(size)

    frame = read(arguments)
    assert frame.rdd.getNumPartitions() > 2
    assert rows_of(frame) == whole
    assert len(whole) == 60


def test_a_file_that_is_cut_arrives_whole_and_is_counted(
    drop: Callable[..., job.Arguments],
    run: Callable[[job.Arguments], list[job.ParquetFile]],
    cut: Callable[[int], None],
) -> None:
    cut(300)
    arguments = drop(records(1, "utf-8", "\n", header=True, last=True), 60, **dialect())

    assert sum(file.rows for file in run(arguments)) == 60


def test_a_fault_in_a_block_is_told_as_the_driver_would(
    drop: Callable[..., job.Arguments],
    run: Callable[[job.Arguments], list[job.ParquetFile]],
    cut: Callable[[int], None],
) -> None:
    cut(60)
    content = b"id,text\n" + b"".join(b"%d,abcdef\n" % n for n in range(20)) + b"20,secret,more\n"
    with pytest.raises(reading.ConversionError, match=r"^record 21 does not have the 2 fields of the contract$"):
        run(drop(content, 21, **dialect()))
    with pytest.raises(reading.ConversionError, match=r"^a record after 1 holds bytes that are no utf-8$"):
        run(drop(b"id,text\n1,abcdefghijklmnopq\n2,\xff\n", 2, **dialect()))
    with pytest.raises(reading.ConversionError, match=r"^the file ends inside a quoted cell$"):
        run(drop(b'id,text\n1,"abcdefghijklmnopq\n2,\n', 2, **dialect()))


@pytest.mark.parametrize(
    "clauses",
    [
        {"compression": "gzip"},
        {"encoding": "utf-16"},
        {"encoding": "euc-jp"},
        {"escape": "\\"},
        {"comment": "#"},
        {"skip_lines": 1},
        {"trailer": {"match": "E"}},
    ],
)
def test_what_cannot_be_told_apart_from_anywhere_is_left_to_the_driver(clauses: dict[str, Any]) -> None:
    assert not cutting.can_be_cut(reading.Dialect(**clauses))
