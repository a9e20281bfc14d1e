"""Golden cases: what an upstream system writes, and the rows that people must find in the table, to the last digit.

They lie in `datasets/<name>/golden/`. Between file and rows: the gate, the Glue job on a local Spark, the load and the
quality query of the DAG in the twin's Redshift.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from glue import csv_to_parquet as job
from suimon.check.engine import check_file
from suimon.contract.partition import partition_of
from suimon.dataset.golden import as_sent
from suimon_etl.load import load_parameters, load_statements
from suimon_etl.parquet import Report, problems
from suimon_etl.quality import Findings, judge, partition_figures
from suimon_etl.request import Redshift, RunRequest
from suimon_etl.tables import Table, table_of
from tests.dags.redshift_hook import hook
from tests.datasets import golden_cases, release, statements
from tests.local_spark import set_up_spark
from tests.twin.redshift_server import COPY_ROLE, Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyspark.sql import SparkSession

    from suimon.contract.model import Contract

pytestmark = pytest.mark.process
CASES = golden_cases()


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    with pytest.MonkeyPatch.context() as patch:
        set_up_spark(patch, tmp_path_factory.mktemp("warehouse"))
        yield job.open_session()  # ended with the process: tests of the job itself may use it too


@pytest.fixture(scope="module")
def redshift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with endpoint(tmp_path_factory.mktemp("redshift")) as running:
        assert running.run(*statements().values())["Status"] == "FINISHED"
        yield running


def contract_of(dataset: str) -> Contract:
    return release().contracts.of(dataset)


def sent(contract: Contract) -> bytes:
    """Return the golden file as the upstream system sends it."""
    return as_sent(CASES[contract.dataset].file.read_text(encoding="utf-8"), contract)


def converted(spark: SparkSession, redshift: Endpoint, contract: Contract, rows: int, attempt: int) -> RunRequest:
    """Lay the file down as the gate does and run the Glue job on it; give the request of its load."""
    copy = redshift.bucket / "accepted" / contract.dataset
    copy.mkdir(parents=True, exist_ok=True)
    suffix = ".gz" if contract.file and contract.file.compression == "gzip" else ""
    (copy / f"data.csv{suffix}").write_bytes(sent(contract))
    (copy / "_contract.json").write_text(json.dumps(contract.to_json()))
    folder = f"processed/{contract.dataset}/{CASES[contract.dataset].day}/0123456789abcdef.{attempt}/"
    job.convert(
        spark,
        contract.to_json(),
        job.Arguments(
            str(copy / f"data.csv{suffix}"), str(copy / "_contract.json"), f"{redshift.bucket}/{folder}", rows
        ),
    )
    for crc in (redshift.bucket / folder).glob(".*.crc"):  # S3 has none; Hadoop's local files do
        crc.unlink()
    return RunRequest(
        dataset=contract.dataset,
        partition=CASES[contract.dataset].day,
        drop_id="0123456789abcdef",
        attempt=attempt,
        written=f"{'1' * 32}.00000000",
        rows=rows,
        source_uri=f"s3://lake/accepted/{contract.dataset}/data.csv{suffix}",
        contract_uri=f"s3://lake/accepted/{contract.dataset}/_contract.json",
        target_uri=f"s3://lake/{folder}",
        glue_job="csv-to-parquet",
        redshift=Redshift(database="analytics", workgroup_name="suimon-local"),
        copy_role_arn=COPY_ROLE,
        event_bus="suimon-events",
        partition_values=partition_of(CASES[contract.dataset].day).values,
    )


def report_of(redshift: Endpoint, request: RunRequest) -> Report:
    """Read the result of the job as the DAG does; there it comes from S3."""
    result = redshift.bucket / f"{request.target_uri.removeprefix('s3://lake/').rstrip('/')}.result.json"
    told = json.loads(result.read_text())
    sizes = {file["name"]: file["size"] for file in told["files"]}
    return Report(told["run"], told["rows"], sizes, told["version"], tuple(told["columns"]), told["sums"])


def load(redshift: Endpoint, request: RunRequest, sums: dict[str, str]) -> dict[str, Any]:
    statement = redshift.client().batch_execute_statement(
        Sqls=load_statements(table_of(request.dataset).name, request, sums),
        Parameters=load_parameters(request, sums),  # type: ignore[arg-type] # plain dicts, for Airflow's operator
        Database="analytics",
        WorkgroupName="suimon-local",
    )
    return redshift.ended(statement["Id"])


def rows_of(redshift: Endpoint, dataset: str) -> list[str]:
    """Return the whole table, a line a row: NULL for what is missing, \\n for a line break."""
    rows = redshift.rows(f"SELECT * FROM {table_of(dataset).name}")  # noqa: S608 a name of our own
    lines = ("|".join("NULL" if cell is None else str(cell).replace("\n", "\\n") for cell in row) for row in rows)
    return sorted(lines)


def sums_in(redshift: Endpoint, table: Table) -> dict[str, str]:
    """Return the sum of every number of the whole table."""
    names = [column.name for column in table.summed]
    asked = ", ".join(["count(*)", *(f"sum({name})" for name in names)])  # a table may have no numbers
    [[_, *sums]] = redshift.rows(f"SELECT {asked} FROM {table.name}")  # noqa: S608 as above
    return dict(zip(names, map(str, sums), strict=True))


@pytest.mark.parametrize("dataset", CASES)
def test_what_the_file_says_is_what_the_table_holds(
    spark: SparkSession, redshift: Endpoint, dataset: str, tmp_path: Path
) -> None:
    contract, table = contract_of(dataset), table_of(dataset)
    expected = sorted(CASES[dataset].rows.read_text(encoding="utf-8").splitlines())

    suffix = ".gz" if contract.file and contract.file.compression == "gzip" else ""
    (tmp_path / f"data.csv{suffix}").write_bytes(sent(contract))
    verdict = check_file(tmp_path / f"data.csv{suffix}", contract, CASES[dataset].day, scratch=tmp_path)
    assert (verdict.accepted, verdict.accepted_rows) == (True, len(expected))

    for attempt in (1, 2):  # and once more: nothing changes
        request = converted(spark, redshift, contract, len(expected), attempt)
        report = report_of(redshift, request)
        folder = redshift.bucket / request.target_uri.removeprefix("s3://lake/")
        assert problems(request, table, report, {file.name: file.stat().st_size for file in folder.iterdir()}) == []

        done = load(redshift, request, dict(report.sums))
        assert done["Status"] == "FINISHED", done.get("Error")
        assert rows_of(redshift, dataset) == expected

        figures = partition_figures(hook(redshift.client()), table.name, request)
        assert judge(table.name, request, figures) == Findings()
        assert sums_in(redshift, table) == report.sums  # of the Parquet by Spark, of the table by Redshift
