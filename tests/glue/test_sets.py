"""A set of files becomes one folder of Parquet: every shard by its own dialect, every row once."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from glue import csv_to_parquet as job
from glue import hadoop, reading
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from suimon.drops.drop import Accepted, Drop, DropRecord
from suimon.drops.lake import accepted_name, accepted_prefix
from suimon.drops.match import Match
from suimon.drops.sets import SOURCES, sources_of
from suimon.drops.states import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyspark.sql import SparkSession

COLUMNS = [{"name": "id", "type": "integer"}, {"name": "text", "type": "string"}]


def contract(dialect: FileFormat, columns: list[dict[str, Any]]) -> dict[str, Any]:
    return {**Contract("orders", "1", "orders", file=dialect).to_json(), "columns": columns}


@pytest.fixture
def lay(tmp_path: Path) -> Callable[..., job.Arguments]:
    """Lay shards down as the gate does: each with its contract, and a set that names them."""

    def down(*shards: tuple[bytes, int, dict[str, Any]], rows: int) -> job.Arguments:
        sources = []
        for number, (content, counted, own) in enumerate(shards):
            folder = tmp_path / f"accepted/{number:016}"
            folder.mkdir(parents=True)
            (folder / "data.csv").write_bytes(content)
            (folder / "_contract.json").write_text(json.dumps(own))
            name = f"orders/2026-11-20/part-{number}.csv"
            sources.append({"name": name, "path": f"../{folder.name}/data.csv", "rows": counted})
        whole = tmp_path / "accepted/whole"
        whole.mkdir()
        (whole / "_set.json").write_text(json.dumps({"sources": sources, "rows": rows}))
        (whole / "_contract.json").write_text(json.dumps(contract(FileFormat(), COLUMNS)))
        target = f"{tmp_path}/processed/0123456789abcdef.1/"
        return job.Arguments(str(whole / "_set.json"), str(whole / "_contract.json"), target, rows)

    return down


def convert(spark: SparkSession, arguments: job.Arguments) -> list[tuple[int, str | None]]:
    job.convert(spark, json.loads(hadoop.read_text(spark, arguments.contract_uri)), arguments)
    return sorted((row["id"], row["text"]) for row in pq.read_table(arguments.target_uri).to_pylist())


PLAIN = contract(FileFormat(), COLUMNS)


def test_every_shard_is_read_by_the_dialect_it_was_checked_by(
    spark: SparkSession, lay: Callable[..., job.Arguments]
) -> None:
    packed = contract(FileFormat(compression="gzip", encoding="cp932", delimiter="\t"), COLUMNS)
    with_dashes = contract(FileFormat(null_tokens=("-",)), COLUMNS)
    arguments = lay(
        (b"id,text\n1,a\n2,\n", 2, PLAIN),
        (gzip.compress("id\ttext\n3\t髙島\n".encode("cp932")), 1, packed),
        (b'id,text\n4,-\n5,"x\ny"\n', 2, with_dashes),
        rows=5,
    )

    assert convert(spark, arguments) == [(1, "a"), (2, None), (3, "髙島"), (4, None), (5, "x\ny")]


def test_a_result_is_one_for_the_whole_set_and_nothing_else_is_left(
    spark: SparkSession, lay: Callable[..., job.Arguments], tmp_path: Path
) -> None:
    arguments = lay((b"id,text\n1,a\n", 1, PLAIN), (b"id,text\n2,b\n", 1, PLAIN), rows=2)

    convert(spark, arguments)

    result = json.loads((tmp_path / "processed/0123456789abcdef.1.result.json").read_text())
    assert (result["rows"], result["run"]) == (2, "0123456789abcdef.1")
    left = {path.name for path in (tmp_path / "processed").iterdir() if not path.name.endswith(".crc")}
    assert left == {"0123456789abcdef.1", "0123456789abcdef.1.result.json"}


def test_a_shard_of_other_rows_than_the_gate_counted_is_named(
    spark: SparkSession, lay: Callable[..., job.Arguments]
) -> None:
    arguments = lay((b"id,text\n1,a\n2,b\n", 1, PLAIN), (b"id,text\n", 1, PLAIN), rows=2)

    with pytest.raises(
        reading.RowCountError, match=r"orders/2026-11-20/part-0.csv: The gate counted 1 rows, the job read 2"
    ):
        convert(spark, arguments)


def test_a_bad_cell_is_told_with_its_shard(spark: SparkSession, lay: Callable[..., job.Arguments]) -> None:
    arguments = lay((b"id,text\n1,a\n", 1, PLAIN), (b"id,text\n2,b\nx,c\n", 2, PLAIN), rows=3)

    with pytest.raises(
        reading.ConversionError, match=r"column id, record 2 of orders/2026-11-20/part-1.csv is not int"
    ):
        convert(spark, arguments)


def test_a_shard_that_was_checked_by_other_columns_is_not_read_as_something_else(
    spark: SparkSession, lay: Callable[..., job.Arguments]
) -> None:
    older = contract(FileFormat(), [COLUMNS[0], {"name": "text", "type": "date", "format": "%d/%m/%Y"}])
    arguments = lay((b"id,text\n1,a\n", 1, PLAIN), (b"id,text\n2,01/02/2026\n", 1, older), rows=2)

    with pytest.raises(reading.ContractError, match=r"part-1.csv was checked by a contract of other columns"):
        convert(spark, arguments)


def test_what_the_gate_lays_out_is_what_the_job_reads(spark: SparkSession, tmp_path: Path) -> None:
    columns = (Column("id", "integer"), Column("text", "string"))
    packed = Contract("orders", "1", "orders", file=FileFormat(compression="gzip"), columns=columns)
    set_aside = replace(packed, file=FileFormat(compression="gzip").plain())
    shards = []
    for number, (own, content) in enumerate(
        ((packed, gzip.compress(b"id,text\n1,a\n2,b\n")), (set_aside, b"id,text\n3,c\n"))
    ):
        drop = Drop("raw", f"orders/2026-11-20/part-{number}.csv.gz", f"v{number}", "etag", 1, "01")
        shard = DropRecord(
            drop,
            Match("orders", "2026-11-20"),
            State.ACCEPTED,
            1,
            datetime(2026, 11, 21, tzinfo=UTC),
            datetime(2026, 11, 21, tzinfo=UTC),
            accepted=Accepted(accepted_name(own), rows=2 - number),
        )
        folder = tmp_path / accepted_prefix(shard)
        folder.mkdir(parents=True)
        (folder / accepted_name(own)).write_bytes(content)
        (folder / "_contract.json").write_text(json.dumps(own.to_json()))
        shards.append(shard)
    drop = Drop("raw", "orders/2026-11-20/part-{shard}.csv.gz", "1.ab", "1.ab", 0, "01.0001")
    whole = tmp_path / accepted_prefix(replace(shards[0], drop=drop))
    whole.mkdir(parents=True)
    (whole / SOURCES).write_text(json.dumps(sources_of(shards)))
    (whole / "_contract.json").write_text(json.dumps(packed.to_json()))

    arguments = job.Arguments(
        str(whole / SOURCES), str(whole / "_contract.json"), f"{tmp_path}/processed/0123456789abcdef.1/", 3
    )

    assert convert(spark, arguments) == [(1, "a"), (2, "b"), (3, "c")]


@pytest.mark.parametrize(
    ("shards", "rows"),
    [([b"id,text\n1,a\n", b"id,text\n", b"id,text\n2,b\n"], [(1, "a"), (2, "b")]), ([b"id,text\n"] * 2, [])],
)
def test_shards_without_records_add_no_row(
    spark: SparkSession, lay: Callable[..., job.Arguments], shards: list[bytes], rows: list[tuple[int, str]]
) -> None:
    arguments = lay(*((one, one.count(b"\n") - 1, PLAIN) for one in shards), rows=len(rows))
    assert convert(spark, arguments) == rows
