"""The Glue job makes of each example's golden file the rows that stand beside it."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from glue import csv_to_parquet as job
from suimon.check.engine import check_file
from suimon.contract.odcs.parse import read_contract
from suimon.dataset.folder import DatasetFolder, datasets_below
from suimon.dataset.golden import GoldenCase, as_sent, golden_cases
from suimon.warehouse.describe import table_columns

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EXAMPLES = datasets_below(Path(__file__).resolve().parents[1] / "datasets")
CASES = [
    pytest.param(folder, case, id=f"{folder.name}-{case.day}") for folder in EXAMPLES for case in golden_cases(folder)
]


@pytest.mark.parametrize(("folder", "case"), CASES)
def test_the_job_writes_the_golden_rows(
    spark: SparkSession, tmp_path: Path, folder: DatasetFolder, case: GoldenCase
) -> None:
    whole = read_contract(folder.contract)
    contract = whole.at(case.day)
    source, beside = tmp_path / "data.csv", tmp_path / "_contract.json"
    source.write_bytes(as_sent(case.file.read_text(encoding="utf-8"), contract))
    verdict = check_file(source, contract, case.day, scratch=tmp_path)
    assert verdict.accepted
    beside.write_text(json.dumps(contract.to_json()), encoding="utf-8")
    arguments = job.Arguments(str(source), str(beside), f"{tmp_path}/processed/1/", verdict.rows)
    job.convert(spark, contract.to_json(), arguments)
    names = [column.name for column in table_columns(whole)]
    rows = [
        "|".join(written(row.get(name)) for name in names) for row in pq.read_table(arguments.target_uri).to_pylist()
    ]
    golden = case.rows.read_text(encoding="utf-8").splitlines()
    assert sorted(rows) == sorted("|".join(line.split("|")[: len(names)]) for line in golden)


def written(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    return value.isoformat() if isinstance(value, date) else str(value)
