from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from glue import casting, reading
from glue import csv_to_parquet as job
from suimon.contract.file import FileFormat
from suimon.contract.model import Contract
from tests.local_spark import set_up_spark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyspark.sql import DataFrame, SparkSession

CONTRACT: dict[str, Any] = {
    **Contract("sales", "1.0.0", "sales_fact", file=FileFormat()).to_json(),
    "columns": [
        {"name": "order_id", "type": "string", "required": True},
        {"name": "order_date", "type": "date", "format": "%Y-%m-%d"},
        {"name": "product_name", "type": "string"},
        {"name": "quantity", "type": "integer"},
        {"name": "amount", "type": "decimal", "precision": 14, "scale": 2},
    ],
}
HEADER = ["order_id", "order_date", "product_name", "quantity", "amount"]
GOOD = ["A1", "2026-11-20", "茶", "1", "10.00"]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One Spark for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        set_up_spark(patch, tmp_path_factory.mktemp("warehouse"))
        session = job.open_session()
        yield session
        session.stop()


@pytest.fixture
def drop(tmp_path: Path) -> Callable[..., job.Arguments]:
    """Lay a file and its contract down as the gate does."""

    def lay(content: bytes | Sequence[Sequence[str]], expected_rows: int, **contract: Any) -> job.Arguments:
        source = tmp_path / "sales_data.csv"
        if isinstance(content, bytes):
            source.write_bytes(content)
        else:
            with source.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([HEADER, *content])
        (tmp_path / "_contract.json").write_text(json.dumps({**CONTRACT, **contract}, indent=1))
        target = f"{tmp_path}{os.sep}processed/0123456789abcdef.1/"
        return job.Arguments(str(source), str(tmp_path / "_contract.json"), target, expected_rows)

    return lay


@pytest.fixture
def run(spark: SparkSession) -> Callable[[job.Arguments], list[job.ParquetFile]]:
    """Convert as main() does."""

    def convert(arguments: job.Arguments) -> list[job.ParquetFile]:
        contract = json.loads(Path(arguments.contract_uri).read_text())
        return job.convert(spark, contract, arguments)

    return convert


@pytest.fixture
def read(spark: SparkSession) -> Callable[[job.Arguments], DataFrame]:
    """Read every cell as text, as the job does before it casts them."""

    def rows(arguments: job.Arguments) -> DataFrame:
        contract = json.loads(Path(arguments.contract_uri).read_text())
        records = arguments.target_uri.rstrip("/") + ".records"
        source = reading.Source(arguments.source_uri, reading.dialect_of(contract))
        (cells,) = job.read_group(spark, contract, [source], records)
        return casting.named(cells.cells, contract, source.dialect)

    return rows
