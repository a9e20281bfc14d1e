"""The load and its checks, run by the twin's Redshift: transactions, COPY and errors are real, the rows are few."""

from __future__ import annotations

import shutil
import socket
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import uvicorn
from botocore.config import Config

from local.endpoints import Caller
from local.redshift.objects import StoredObject
from local.redshift.server import Place, application
from local.redshift.service import DataApi
from local.redshift.targets import Names
from local.redshift.warehouse import open_warehouse
from suimon.warehouse import ddl
from suimon.warehouse.data_api import Warehouse, run, run_query
from suimon_etl.load import (
    QuestionError,
    failed_statement,
    failure_text,
    is_wrong_data,
    load_parameters,
    load_statements,
    select,
)
from suimon_etl.quality import Findings, judge, partition_figures
from suimon_etl.request import RunRequest
from tests.dags.redshift_hook import hook
from tests.dags.sales_parquet import sums_of_sales, write_sales
from tests.datasets import release
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

TARGET = Warehouse(database="analytics", workgroup_name="suimon")
DAY, DAY_BEFORE = date(2026, 11, 20), date(2026, 11, 19)


@dataclass(frozen=True)
class Lake:
    """The lake bucket as a folder, as COPY reads it and as the Glue job would fill it."""

    root: Path

    def under(self, bucket: str, prefix: str) -> Iterator[StoredObject]:
        for file in sorted(path for path in (self.root / bucket).rglob("*") if path.is_file()):
            key = file.relative_to(self.root / bucket).as_posix()
            if key.startswith(prefix):
                yield StoredObject(key, file.stat().st_size)

    def fetch(self, bucket: str, key: str, path: Path) -> None:
        shutil.copy(self.root / bucket / key, path)

    def write(self, request: RunRequest, *orders: tuple[str, date], name: str = "part-0.snappy.parquet") -> None:
        folder = self.root / request.target_uri.removeprefix("s3://")
        folder.mkdir(parents=True, exist_ok=True)
        write_sales(folder / name, *orders)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("s3"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, lake: Lake) -> Iterator[RedshiftDataAPIServiceClient]:
    """A client of the twin's Redshift with our table in it."""
    folder = tmp_path_factory.mktemp("redshift")
    warehouse = open_warehouse(
        folder / "warehouse.duckdb", folder, "ap-northeast-1", lambda _role: lake, lambda: datetime.now(UTC)
    )
    api = DataApi(Names(database="analytics", workgroup="suimon"), warehouse)
    caller = Caller("arn:aws:iam::000000000000:role/dags", "000000000000", "AROA")
    app = application(api, lambda *_: caller, Place("ap-northeast-1", lambda: "000000000000"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        client = boto3.client(
            "redshift-data",
            region_name="ap-northeast-1",
            endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            # The listener takes connections before the server answers them.
            config=Config(retries={"max_attempts": 1}, read_timeout=PATIENCE),
        )
        ddl.create(client, TARGET, {"sales_fact": release().tables["sales_fact"]})
        yield client
        server.should_exit = True
        thread.join()
        warehouse.close()


@pytest.fixture
def redshift(running: RedshiftDataAPIServiceClient, lake: Lake) -> Iterator[RedshiftDataAPIServiceClient]:
    """The same for every test, emptied behind each."""
    yield running
    for name in ("sales_fact", "sales_fact_loads"):
        run(running, TARGET, f"TRUNCATE {name}")
    shutil.rmtree(lake.root)
    lake.root.mkdir()


@pytest.fixture
def request_(conf: dict[str, Any]) -> RunRequest:
    return RunRequest.from_params(conf)


def start(redshift: RedshiftDataAPIServiceClient, request: RunRequest) -> str:
    return redshift.batch_execute_statement(
        Sqls=load_statements("sales_fact", request, sums_of_sales(request.rows)),
        Parameters=load_parameters(request, sums_of_sales(request.rows)),  # type: ignore[arg-type] # plain dicts, for Airflow's operator
        **TARGET.request(),
    )["Id"]


def end(redshift: RedshiftDataAPIServiceClient, statement_id: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        described = dict(redshift.describe_statement(Id=statement_id, WaitTimeSeconds=10))
        return described if described["Status"] in {"FINISHED", "FAILED", "ABORTED"} else None

    return eventually(ended, f"the end of {statement_id}")


def load(redshift: RedshiftDataAPIServiceClient, request: RunRequest) -> dict[str, Any]:
    return end(redshift, start(redshift, request))


def table(redshift: RedshiftDataAPIServiceClient) -> list[tuple[str, date]]:
    rows = run_query(redshift, TARGET, "SELECT order_id, order_date FROM sales_fact ORDER BY order_date, order_id")
    return [(row["order_id"], row["order_date"]) for row in rows]


def test_a_control_sum_that_is_off_by_a_hundredth_is_refused(
    redshift: RedshiftDataAPIServiceClient, lake: Lake, request_: RunRequest
) -> None:
    lake.write(request_, ("B", DAY), ("C", DAY), ("D", DAY))
    wrong = sums_of_sales(3) | {"amount": "600.01"}
    batch = redshift.batch_execute_statement(
        Sqls=load_statements("sales_fact", request_, wrong),
        Parameters=load_parameters(request_, wrong),  # type: ignore[arg-type] # as above
        **TARGET.request(),
    )

    failed = end(redshift, batch["Id"])

    assert failed_statement(failed) == "reconcile"
    assert is_wrong_data(failed)
    assert "staged 3 rows of 3, sum of amount 600.00 of 600.01\n" in failed["Error"]
    assert not table(redshift)


def given(conf: dict[str, Any], attempt: int, partition: date = DAY, rows: int = 3) -> RunRequest:
    target = f"s3://suimon-lake/processed/sales/{partition}/0123456789abcdef.{attempt}/"
    return RunRequest.from_params(
        conf | {"attempt": attempt, "partition": str(partition), "target_uri": target, "rows": rows}
    )


def test_a_load_replaces_its_partition_and_no_other(
    redshift: RedshiftDataAPIServiceClient, lake: Lake, conf: dict[str, Any]
) -> None:
    before, first, corrected = given(conf, 1, DAY_BEFORE, rows=1), given(conf, 1), given(conf, 2, rows=2)
    lake.write(before, ("A", DAY_BEFORE))
    lake.write(first, ("B", DAY), ("C", DAY), ("D", DAY))
    lake.write(corrected, ("B", DAY), ("E", DAY))

    assert load(redshift, before)["Status"] == "FINISHED"
    assert load(redshift, first)["Status"] == "FINISHED"
    assert table(redshift) == [("A", DAY_BEFORE), ("B", DAY), ("C", DAY), ("D", DAY)]

    assert load(redshift, corrected)["Status"] == "FINISHED"
    assert table(redshift) == [("A", DAY_BEFORE), ("B", DAY), ("E", DAY)]


def test_the_same_load_again_leaves_the_table_as_it_was(
    redshift: RedshiftDataAPIServiceClient, lake: Lake, request_: RunRequest
) -> None:
    lake.write(request_, ("B", DAY), ("C", DAY))
    lake.write(request_, ("D", DAY), name="part-1.snappy.parquet")

    load(redshift, request_)
    loaded = table(redshift)
    assert load(redshift, request_)["Status"] == "FINISHED"
    assert table(redshift) == loaded == [("B", DAY), ("C", DAY), ("D", DAY)]


def test_the_same_load_twice_at_once_leaves_one_copy(
    redshift: RedshiftDataAPIServiceClient, lake: Lake, request_: RunRequest
) -> None:
    lake.write(request_, ("B", DAY), ("C", DAY), ("D", DAY))

    running = [start(redshift, request_) for _ in range(4)]

    assert [end(redshift, statement)["Status"] for statement in running] == ["FINISHED"] * 4
    assert table(redshift) == [("B", DAY), ("C", DAY), ("D", DAY)]


@pytest.mark.parametrize(
    ("orders", "figures"),
    [
        ([("X", DAY), ("Y", DAY)], "staged 2 rows of 3, sum of quantity 4 of 6, sum of unit_price 200.00 of 300.00, "),
        ([("X", DAY), ("Y", DAY), ("Y", DAY)], "staged 3 rows of 3, different order_id 2 of 3\n"),
        ([("X", DAY), ("Y", DAY), ("Y ", DAY)], "staged 3 rows of 3, different order_id 2 of 3\n"),
        ([("X", DAY), ("Y", DAY), ("Z", DAY_BEFORE)], "staged 3 rows of 3, of the partition 2 of 3\n"),
    ],
)
def test_wrong_rows_are_refused_with_their_figures_and_the_table_stays(
    redshift: RedshiftDataAPIServiceClient,
    lake: Lake,
    conf: dict[str, Any],
    orders: list[tuple[str, date]],
    figures: str,
) -> None:
    good, wrong = given(conf, 1), given(conf, 2)
    lake.write(good, ("B", DAY), ("C", DAY), ("D", DAY))
    lake.write(wrong, *orders)
    load(redshift, good)

    failed = load(redshift, wrong)

    assert failed["Status"] == "FAILED"
    assert failed_statement(failed) == "reconcile"
    assert is_wrong_data(failed)
    assert figures in failure_text("sales_fact", wrong, failed)
    assert table(redshift) == [("B", DAY), ("C", DAY), ("D", DAY)]


def test_a_load_without_parquet_is_no_refusal_and_may_be_tried_again(
    redshift: RedshiftDataAPIServiceClient, lake: Lake, request_: RunRequest
) -> None:
    failed = load(redshift, request_)

    assert failed["Status"] == "FAILED"
    assert failed_statement(failed) == "copy"
    assert "copy.sql" in failure_text("sales_fact", request_, failed)

    lake.write(request_, ("B", DAY), ("C", DAY), ("D", DAY))
    assert load(redshift, request_)["Status"] == "FINISHED"


def test_the_quality_check_sees_what_the_table_holds(
    redshift: RedshiftDataAPIServiceClient, lake: Lake, request_: RunRequest
) -> None:
    asked = hook(redshift, TARGET)
    nothing = partition_figures(asked, "sales_fact", request_)
    assert nothing["row_count"] == 0
    assert judge("sales_fact", request_, nothing).problems

    lake.write(request_, ("B", DAY), ("C", DAY), ("D", DAY))
    load(redshift, request_)
    figures = partition_figures(asked, "sales_fact", request_)
    assert figures["row_count"] == 3
    assert judge("sales_fact", request_, figures) == Findings()


def test_a_file_without_records_empties_its_partition_and_no_other(
    redshift: RedshiftDataAPIServiceClient, lake: Lake, conf: dict[str, Any]
) -> None:
    before, first, empty = given(conf, 1, DAY_BEFORE, rows=1), given(conf, 1, rows=1), given(conf, 2, rows=0)
    lake.write(before, ("A", DAY_BEFORE))
    lake.write(first, ("B", DAY))
    lake.write(empty)
    for one in (before, first):
        load(redshift, one)

    assert load(redshift, empty)["Status"] == "FINISHED"
    assert table(redshift) == [("A", DAY_BEFORE)]
    assert load(redshift, empty)["Status"] == "FINISHED"
    assert table(redshift) == [("A", DAY_BEFORE)]


def test_a_question_at_which_a_cell_is_no_number_tells_of_redshift_and_not_of_the_cell(
    redshift: RedshiftDataAPIServiceClient, lake: Lake, request_: RunRequest
) -> None:
    lake.write(request_, ("MRK7731", DAY), ("C", DAY), ("D", DAY))
    assert load(redshift, request_)["Status"] == "FINISHED"
    asked = "SELECT count(*) FROM sales_fact WHERE CAST(order_id AS INTEGER) > 0"
    with pytest.raises(QuestionError, match=r"A question ended as FAILED\. Redshift: ERROR: ") as raised:
        select(hook(redshift, TARGET), asked, request_, [])
    assert "7731" not in str(raised.value)
    assert "MRK7731" in str(raised.value.__context__)  # Redshift did tell it
    assert raised.value.__suppress_context__
