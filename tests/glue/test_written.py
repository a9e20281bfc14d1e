"""Whatever a drawn contract says, the Glue job reads of an accepted file what a slow reading of it finds.

Among the kinds of columns is one for every clause on how a cell may be written.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glue import csv_to_parquet as job
from suimon.check.engine import check_file
from suimon.contract.file import FileFormat
from suimon.contract.model import Contract
from tests.sampling import sample_of
from tests.unit.check.kinds import KINDS
from tests.unit.check.oracle import judge
from tests.unit.check.oracle_cells import typed_value
from tests.unit.check.strategies import Case, cases

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from suimon.contract.file import Column

_NUMBERS = count()


def agrees(spark: SparkSession, folder: Path, case: Case, *, cut: bool) -> bool:
    """Compare the job's Parquet with the slow reading; return whether the gate accepts the file at all."""
    folder = folder / str(next(_NUMBERS))
    folder.mkdir()
    source, contract_file = folder / "data.csv", folder / "_contract.json"
    source.write_bytes(case.contents)
    verdict = check_file(source, case.contract, None, scratch=folder)
    if not verdict.accepted or verdict.set_aside:
        return False
    contract = case.contract.to_json()
    contract_file.write_text(json.dumps(contract), encoding="utf-8")
    arguments = job.Arguments(str(source), str(contract_file), f"{folder}/processed/1/", verdict.accepted_rows)
    with patch.object(job, "CUT_BYTES", 0 if cut else job.CUT_BYTES):
        job.convert(spark, contract, arguments)
    table = pq.read_table(arguments.target_uri)
    found = [tuple(_plain(value) for value in row.values()) for row in table.to_pylist()]
    expected = judge(case.contents, case.contract, None, case.conditions)
    dialect = case.contract.file
    assert dialect

    def value(column: Column, cells: tuple[str, ...]) -> object:
        place = expected.places_of.get(column.name)
        return None if place is None else _value(column, typed_value(column, cells[place], dialect))

    wanted = [tuple(value(column, cells) for column in case.contract.columns) for cells in expected.sound.values()]
    assert sorted(found, key=repr) == sorted(wanted, key=repr)
    return True


def _value(column: Column, value: Any) -> object:
    """Return the oracle's value as Parquet has it: its dates are days, its timestamps microseconds."""
    if value is None:
        return None
    if column.type == "date":
        return date.fromordinal(value)
    if column.type == "timestamp":
        return datetime(1, 1, 1) + timedelta(microseconds=value - 86_400_000_000)  # noqa: DTZ001 - as Parquet has it
    return Decimal(value) if column.type == "decimal" else value


def _plain(value: Any) -> object:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("written")


def _examples(number: int) -> settings:
    checks = list(HealthCheck)
    return settings(max_examples=number, deadline=None, derandomize=True, suppress_health_check=checks, database=None)


@given(case=cases(faults=False), cut=st.booleans())
@_examples(sample_of(12))
def test_gate_and_job_agree_on_drawn_contracts(spark: SparkSession, place: Path, case: Case, *, cut: bool) -> None:
    agrees(spark, place, case, cut=cut)


@pytest.mark.long
@given(case=cases(faults=False), cut=st.booleans())
@_examples(500)
def test_gate_and_job_agree_on_many_drawn_contracts(spark: SparkSession, place: Path, case: Case, *, cut: bool) -> None:
    agrees(spark, place, case, cut=cut)


@pytest.mark.parametrize("cut", [False, True])
def test_gate_and_job_agree_on_every_clause_at_once(spark: SparkSession, place: Path, *, cut: bool) -> None:
    """One file, a column for each way to write cells, and all the texts that keep it."""
    kinds = [kind for kind in KINDS if kind.column.form(".") and not kind.column.unique]
    columns = tuple(replace(kind.column, name=f"c{number}") for number, kind in enumerate(kinds))
    rows = [[kind.good[row % len(kind.good)] for kind in kinds] for row in range(max(len(kind.good) for kind in kinds))]
    with io.StringIO(newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([[column.name for column in columns], *rows])
        contents = out.getvalue().encode()
    contract = Contract("x", "1", "x", file=FileFormat(), columns=columns)
    assert agrees(spark, place, Case(contract, contents, None, {}), cut=cut)
