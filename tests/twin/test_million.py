"""A million rows by the project's own means, right to the last digit: contract, Glue script, tables and load of sales.

Spark runs the deployed script; the batch is the DAG's, in the twin's Redshift.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from glue.build import packed
from tests.dags.redshift_hook import hook
from tests.twin.glue_server import FINAL, JOB, Twin, log_of, run_of
from tests.twin.redshift_server import COPY_ROLE, Endpoint, endpoint
from tests.waiting import eventually

sys.path.append(str(Path(__file__).parents[2] / "dags"))  # as Airflow does

from suimon_etl.load import FENCE, failed_statement, load_parameters, load_statements
from suimon_etl.parquet import Report, problems
from suimon_etl.quality import Findings, judge, partition_figures
from suimon_etl.request import Redshift, RunRequest
from suimon_etl.tables import table_of
from tests.datasets import release, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
ROWS = 1_000_000
PRODUCTS = ("緑茶 500ml", "北海道産 じゃがいも 2kg\n(産地直送)", '水筒 "真空", 0.5L', "𠮷野家の牛丼 🍚")
TABLE = table_of("sales")
RUN = RunRequest(
    dataset="sales",
    partition="2026-11-20",
    drop_id="0123456789abcdef",
    attempt=1,
    written=f"{'5' * 32}.00000000",
    rows=ROWS,
    source_uri="s3://lake/accepted/sales/2026-11-20/0123456789abcdef/data.csv",
    contract_uri="s3://lake/accepted/sales/2026-11-20/0123456789abcdef/_contract.json",
    target_uri="s3://lake/processed/sales/2026-11-20/0123456789abcdef.1/",
    glue_job=JOB,
    redshift=Redshift(database="analytics", workgroup_name="suimon-local"),
    copy_role_arn=COPY_ROLE,
    event_bus="suimon",
)
OLDER = replace(RUN, drop_id="fedcba9876543210", written=f"{'4' * 32}.00000000")


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    twin = Twin(tmp_path / "twin")
    yield twin
    twin.close()


@pytest.fixture
def redshift(tmp_path: Path) -> Iterator[Endpoint]:
    with endpoint(tmp_path / "redshift") as running:
        assert running.run(*statements().values())["Status"] == "FINISHED"
        yield running


def test_a_million_rows_arrive_to_the_last_digit_and_stay(twin: Twin, redshift: Endpoint) -> None:
    file, wanted = orders()
    report = convert(twin, file)
    lay_down(twin, redshift)

    for _ in range(2):  # the same load again leaves the same table
        loaded = load(redshift, RUN, report)
        assert loaded["Status"] == "FINISHED", loaded.get("Error")
        assert held(redshift) == wanted
        assert judge(TABLE.name, RUN, partition_figures(hook(redshift.client()), TABLE.name, RUN)) == Findings()

    refused = load(redshift, OLDER, report)
    assert (refused["Status"], failed_statement(refused)) == ("FAILED", FENCE)
    assert held(redshift) == wanted
    assert redshift.rows("SELECT drop_id, attempt, row_count FROM sales_fact_loads") == [[RUN.drop_id, 1, ROWS]]


def convert(twin: Twin, file: bytes) -> Report:
    """Run the deployed script on the file, by the contract; give its report, which the DAG would find right."""
    contract = release().contracts.of("sales")
    twin.s3.objects = {
        "s3://artifacts/job.py": packed().encode(),
        RUN.source_uri: file,
        RUN.contract_uri: json.dumps(contract.to_json()).encode(),
    }
    glue = twin.start()
    arguments = {
        "--source_uri": RUN.source_uri,
        "--contract_uri": RUN.contract_uri,
        "--target_uri": RUN.target_uri,
        "--expected_rows": str(RUN.rows),
    }
    run_id = glue.start_job_run(JobName=JOB, Arguments=arguments)["JobRunId"]
    eventually(lambda: run_of(glue, run_id)["JobRunState"] in FINAL, "the end of the job")
    run = run_of(glue, run_id)
    assert run["JobRunState"] == "SUCCEEDED", log_of(run)
    told = json.loads(twin.s3.objects[f"{RUN.target_uri.rstrip('/')}.result.json"])
    sizes = {part["name"]: part["size"] for part in told["files"]}
    report = Report(told["run"], told["rows"], sizes, told["version"], tuple(told["columns"]), told["sums"])
    found = {uri.removeprefix(RUN.target_uri): len(body) for uri, body in parquet(twin).items()}
    assert problems(RUN, TABLE, report, found) == []
    return report


def parquet(twin: Twin) -> dict[str, bytes]:
    return {uri: body for uri, body in twin.s3.objects.items() if uri.startswith(RUN.target_uri)}


def lay_down(twin: Twin, redshift: Endpoint) -> None:
    """Put the Parquet where COPY reads."""
    for uri, body in parquet(twin).items():
        path = redshift.bucket / uri.removeprefix("s3://lake/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def load(redshift: Endpoint, request: RunRequest, report: Report) -> dict[str, Any]:
    """Send the DAG's batch and give its end, which takes its time on a machine with other work."""
    client = redshift.client()
    statement = client.batch_execute_statement(
        Sqls=load_statements(TABLE.name, request, report.sums),
        Parameters=load_parameters(request, report.sums),  # type: ignore[arg-type] # plain dicts, for Airflow's operator
        Database=request.redshift.database,
        WorkgroupName="suimon-local",
    )
    return redshift.ended(statement["Id"])


def orders() -> tuple[bytes, list[list[Any]]]:
    """Write the file; give it, and of each product: orders, different order ids, and the sums of its numbers."""
    lines = [",".join(column.name for column in TABLE.columns)]
    pieces, prices, amounts = Counter[str](), Counter[str](), Counter[str]()  # money in hundredths
    for n in range(ROWS):
        name, price, quantity = PRODUCTS[n % len(PRODUCTS)], n % 100_000, n % 9 + 1
        pieces[name] += quantity
        prices[name] += price
        amounts[name] += price * quantity
        amount = f"{price * quantity // 100}.{price * quantity % 100:02}"
        quoted = name.replace('"', '""')
        lines.append(f'注文{n:07},{RUN.partition},C-{n % 7_919},"{quoted}",{quantity},{price / 100:.2f},{amount}')
    each = ROWS // len(PRODUCTS)
    told = [
        [name, each, each, pieces[name], *(str(Decimal(money[name]).scaleb(-2)) for money in (prices, amounts))]
        for name in sorted(PRODUCTS)
    ]
    return "\n".join([*lines, ""]).encode(), told


def held(redshift: Endpoint) -> list[list[Any]]:
    """Return the same of what the table holds."""
    rows = redshift.rows(
        "SELECT product_name, COUNT(*), COUNT(DISTINCT order_id), SUM(quantity), SUM(unit_price), SUM(amount) "
        "FROM sales_fact GROUP BY product_name"
    )
    return sorted(rows)
