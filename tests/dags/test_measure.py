"""A table whose statements Redshift's Data API would refuse is refused before the release, not in every run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from suimon_etl.load import statements_of
from suimon_etl.measure import LIMIT, REQUEST, too_long
from suimon_etl.tables import Column, PartitionColumn, Table, tables

ROOT = Path(__file__).parents[2]


def wide(count: int, name_length: int, *, kind: str = "decimal", required: bool = False) -> Table:
    names = [f"c{number}".ljust(name_length, "_") for number in range(count)]
    sql, scale = ("DECIMAL(18, 6)", 6) if kind == "decimal" else ("VARCHAR(128)", None)
    columns = tuple(Column(name, sql, kind, scale, required) for name in names)
    return Table(
        "meter",
        "meter_etl",
        "1",
        "meter",
        columns,
        "",
        (PartitionColumn("partition_date", "date", "partition", in_file=False),),
        (),
        (),
    )


def test_every_table_of_the_release_can_be_loaded() -> None:
    assert [sentence for table in tables() for sentence in too_long(table)] == []


@pytest.mark.process
def test_the_command_of_make_tables_is_content_with_the_release() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "suimon_etl.measure"], cwd=ROOT / "dags", check=False, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("name_length", "fits", "too_many"), [(20, 220, 260), (58, 120, 160), (6, 300, 340)])
def test_so_many_numbers_that_a_statement_is_too_long_are_refused_with_its_size(
    name_length: int, fits: int, too_many: int
) -> None:
    assert list(too_long(wide(fits, name_length))) == []
    refused = wide(too_many, name_length)
    told = list(too_long(refused))
    assert [sentence.partition(".sql")[0] for sentence in told] == ["meter: reconcile", "meter: prove"]
    longest = max(len(sql) for sql in statements_of(refused, REQUEST, {one.name: "0" for one in refused.columns}))
    assert longest > LIMIT
    assert any(f"would have {longest:,} bytes" in sentence for sentence in told)


def test_rules_on_so_many_columns_that_the_check_after_the_commit_is_too_long_are_refused_too() -> None:
    assert [told.partition(" of ")[0] for told in too_long(wide(1_000, 60, kind="string", required=True))] == [
        "meter: insert.sql",
        "meter: quality.sql",
    ]
    assert list(too_long(wide(500, 60, kind="string", required=True))) == []
