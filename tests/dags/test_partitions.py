"""A file of every kind of partition, from the contract to the table: the gate, the Glue job, the load in Redshift.

Each kind has two partitions, such as two stores of a day. What is sent again of one replaces its rows and no others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from glue import csv_to_parquet as job
from suimon.check.engine import check_file
from suimon.contract.model import Contracts
from suimon.contract.odcs.parse import read_contract
from suimon.contract.partition import partition_of
from suimon.dataset.create_table import create_table
from suimon.dataset.folder import datasets_below
from suimon.dataset.golden import as_sent, golden_cases
from suimon.drops.lake import accepted_name
from suimon.warehouse.ddl import statements as with_load_logs
from suimon.warehouse.describe import describe
from suimon_etl import load, parquet, quality, tables
from suimon_etl.quality import Findings
from suimon_etl.request import SCHEMAS, Redshift, RunRequest
from tests.dags.partition_kinds import CONTRACT, KINDS, STAMPED
from tests.dags.redshift_hook import hook
from tests.local_spark import set_up_spark
from tests.twin.redshift_server import COPY_ROLE, Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

    from suimon.contract.model import Contract

pytestmark = pytest.mark.process


EXAMPLES = {one.name: one for one in datasets_below(Path(__file__).resolve().parents[1] / "datasets")}


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Contracts:
    folder, found = tmp_path_factory.mktemp("contracts"), []
    for name, kind in (KINDS | STAMPED).items():
        text = CONTRACT.format(name=name, dag=f"{name}_etl", key=kind.key.replace("g/", f"{name}/"), custom=kind.custom)
        (folder / f"{name}.odcs.yaml").write_text(text, encoding="utf-8")
        found.append(read_contract(folder / f"{name}.odcs.yaml"))
    return Contracts((*found, *(read_contract(one.contract) for one in EXAMPLES.values())))


@pytest.fixture(scope="module")
def described(contracts: Contracts) -> dict[str, tables.Table]:
    raw = describe(contracts, {one.table: create_table(one) for one in contracts.all})
    return {name: tables._table(name, one) for name, one in json.loads(json.dumps(raw)).items()}


@pytest.fixture(scope="module")
def redshift(contracts: Contracts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with endpoint(tmp_path_factory.mktemp("redshift")) as running:
        every = with_load_logs({one.table: create_table(one) for one in contracts.all})
        assert running.run(*every.values())["Status"] == "FINISHED"
        yield running


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    with pytest.MonkeyPatch.context() as patch:
        set_up_spark(patch, tmp_path_factory.mktemp("warehouse"))
        yield job.open_session()  # ended with the process: tests of the job itself may use it too


@dataclass(frozen=True)
class Way:
    """The way of a file of one contract into its table."""

    contract: Contract
    table: tables.Table
    redshift: Endpoint
    spark: SparkSession
    scratch: Path

    def send(self, key: str, cells: str, numbers: range, written: int) -> dict[str, Any]:
        """Bring a file into the table as the gate, the Glue job and the DAG do; return how the load ended."""
        text = "day,hour,store,number\n" + "".join(f"{cells},{number}\n" for number in numbers)
        return self.load(key, text.encode(), len(numbers), written)

    def load(self, key: str, content: bytes, rows: int, written: int) -> dict[str, Any]:
        """Bring the bytes of a file into the table."""
        partition = self.contract.match(key)
        assert partition
        contract = self.contract.at(partition)
        copy = self.redshift.bucket / "accepted" / contract.dataset / f"{written}"
        copy.mkdir(parents=True, exist_ok=True)
        file = copy / accepted_name(contract)
        file.write_bytes(content)
        (copy / "_contract.json").write_text(json.dumps(contract.to_json()))
        verdict = check_file(file, contract, partition, scratch=self.scratch)
        assert verdict.accepted, verdict.bad_cells
        folder = f"processed/{self.contract.dataset}/{partition}/{written:016x}.1/"
        arguments = job.Arguments(str(file), str(copy / "_contract.json"), f"{self.redshift.bucket}/{folder}", rows)
        job.convert(self.spark, contract.to_json(), arguments)
        for crc in (self.redshift.bucket / folder).glob(".*.crc"):  # S3 has none; Hadoop's local files do
            crc.unlink()
        request = RunRequest(
            dataset=self.contract.dataset,
            partition=partition,
            drop_id=f"{written:016x}",
            attempt=1,
            written=f"{self.contract.stamp(key)}{written:032X}.00000000",
            rows=rows,
            source_uri="s3://lake/accepted/data.csv",
            contract_uri="s3://lake/accepted/_contract.json",
            target_uri=f"s3://lake/{folder}",
            glue_job="csv-to-parquet",
            redshift=Redshift(database="analytics", workgroup_name="suimon-local"),
            copy_role_arn=COPY_ROLE,
            event_bus="suimon-events",
            partition_values=partition_of(partition).values,
        )
        result = self.redshift.bucket / f"{folder.rstrip('/')}.result.json"
        sums = json.loads(result.read_text())["sums"]
        s3 = {file.name: file.stat().st_size for file in (self.redshift.bucket / folder).iterdir()}
        report = parquet.Report(**_report(json.loads(result.read_text())))
        assert parquet.problems(request, self.table.at(request.first_day), report, s3) == []
        parameters = {one["name"]: one["value"] for one in load.load_parameters(request, sums)}
        ended = self.redshift.run(*load.statements_of(self.table, request, sums), **parameters)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(quality, "table_named", lambda _name: self.table)
            if ended["Status"] == "FINISHED":
                figures = quality.partition_figures(hook(self.redshift.client()), self.table.name, request)
                assert quality.judge(self.table.name, request, figures) == Findings()
        return ended

    def rows(self) -> list[str]:
        """Return the table without the numbers' column, a line a row, each once with how many there are."""
        found = self.redshift.rows(f"SELECT * FROM {self.table.name}")  # noqa: S608 a name of our own
        lines = ("|".join("NULL" if cell is None else str(cell).replace("\n", "\\n") for cell in row) for row in found)
        return sorted(lines)


def _report(result: dict[str, Any]) -> dict[str, Any]:
    sizes = {file["name"]: file["size"] for file in result["files"]}
    return {name: result[name] for name in ("run", "rows", "version", "columns", "sums")} | {
        "sizes": sizes,
        "columns": tuple(result["columns"]),
    }


@pytest.fixture
def way(
    contracts: Contracts,
    described: dict[str, tables.Table],
    redshift: Endpoint,
    spark: SparkSession,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Way:
    name = request.param
    return Way(contracts.of(name), described[name], redshift, spark, tmp_path)


def key_of(name: str, key: str) -> str:
    return key.replace("g/", f"{name}/")


@pytest.mark.parametrize(("way", "name"), [(name, name) for name in KINDS], indirect=["way"])
def test_a_load_replaces_its_partition_and_no_other(way: Way, name: str) -> None:
    kind = KINDS[name]
    (one, cells), (other, others) = kind.one, kind.other
    one, other = key_of(name, one), key_of(name, other)
    lines = {
        "first": [cells.replace(",", "|") + f"|{n}" + kind.beside[0] for n in range(1, 4)],
        "again": [cells.replace(",", "|") + f"|{n}" + kind.beside[0] for n in range(5, 7)],
        "other": [others.replace(",", "|") + f"|{n}" + kind.beside[1] for n in range(11, 13)],
    }
    ended = way.send(one, cells, range(1, 4), 1)
    assert ended["Status"] == "FINISHED", ended.get("Error")
    assert way.rows() == sorted(lines["first"])
    assert way.send(other, others, range(11, 13), 2)["Status"] == "FINISHED"
    assert way.rows() == sorted(lines["other"] if one == other else lines["first"] + lines["other"])
    # Sent again, with other rows.
    assert way.send(one, cells, range(5, 7), 3)["Status"] == "FINISHED"
    assert way.rows() == sorted(lines["again"] if one == other else lines["again"] + lines["other"])
    # An older write of it comes last: the fence knows, and of this partition alone.
    refused = way.send(one, cells, range(1, 4), 2 if one == other else 1)
    assert load.failed_statement(refused) == load.FENCE
    assert way.rows() == sorted(lines["again"] if one == other else lines["again"] + lines["other"])


@pytest.mark.parametrize("way", STAMPED, indirect=True)
def test_the_fence_refuses_an_older_stamp_whatever_the_order_of_the_writes(way: Way) -> None:
    (older, cells), (newer, _) = STAMPED["stamped"].one, STAMPED["stamped"].other
    newer, older = key_of("stamped", newer), key_of("stamped", older)
    assert way.send(newer, cells, range(5, 7), 1)["Status"] == "FINISHED"
    assert load.failed_statement(way.send(older, cells, range(1, 4), 2)) == load.FENCE
    assert way.rows() == [cells.replace(",", "|") + f"|{number}" for number in (5, 6)]


@pytest.mark.parametrize(("way", "name"), [(name, name) for name in EXAMPLES], indirect=["way"])
def test_the_golden_rows_of_an_example_are_what_its_table_holds(way: Way, name: str) -> None:
    """Of each version one file, all into the one table; and the first of them again, which changes nothing."""
    cases, wanted = golden_cases(EXAMPLES[name]), set[str]()
    pattern = way.contract.key_pattern
    assert pattern
    for number, case in enumerate([*cases, cases[0]], 1):
        content = as_sent(case.file.read_text(encoding="utf-8"), way.contract.at(case.day))
        rows = case.rows.read_text(encoding="utf-8").splitlines()
        key = pattern.key_for(case.day, "part-1", at=datetime(2026, 11, 21, number, tzinfo=UTC))
        ended = way.load(key, content, len(rows), number)
        assert ended["Status"] == "FINISHED", ended.get("Error")
        wanted |= set(rows)
        assert way.rows() == sorted(wanted)


@pytest.mark.parametrize("name", KINDS)
def test_the_gate_refuses_the_records_of_another_partition(contracts: Contracts, name: str, tmp_path: Path) -> None:
    kind, contract = KINDS[name], contracts.of(name)
    partition = contract.match(key_of(name, kind.one[0]))
    (tmp_path / "x.csv").write_text(f"day,hour,store,number\n{kind.other[1]},1\n")
    verdict = check_file(tmp_path / "x.csv", contract, partition, scratch=tmp_path)
    assert verdict.accepted is (name == "whole" or any(kind.beside))


def test_airflow_takes_the_conf_of_every_partition(contracts: Contracts) -> None:
    import jsonschema  # noqa: PLC0415 of this test alone

    for name, kind in KINDS.items():
        for key, _ in (kind.one, kind.other):
            partition = contracts.of(name).match(key_of(name, key))
            jsonschema.validate(partition, SCHEMAS["partition"])
            jsonschema.validate(partition_of(str(partition)).values, SCHEMAS["partition_values"])
    for wrong in ("2026-11-20T1", "2026", "al", "2026-11-20/store", "2026-11-20 /store=a", "2026-11-20/store=a'"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMAS["partition"])


def test_a_run_without_what_its_partition_is_made_of_fails_before_it_deletes(
    described: dict[str, tables.Table], redshift: Endpoint
) -> None:
    request = RunRequest(
        *("hour", "2026-11-20T13", "0" * 16, 1, "1" * 32 + ".00000000", 1, "s3://l/a", "s3://l/b", "s3://lake/none/x/"),
        glue_job="j",
        redshift=Redshift("analytics"),
        copy_role_arn=COPY_ROLE,
        event_bus="e",
    )
    sums = dict.fromkeys((column.name for column in described["hour"].summed), "0")
    parameters = {one["name"]: one["value"] for one in load.load_parameters(request, sums)}
    with pytest.raises(ClientError, match=r"without a value: \[partition_first, partition_hour\]"):
        redshift.run(*load.statements_of(described["hour"], request, sums), **parameters)
