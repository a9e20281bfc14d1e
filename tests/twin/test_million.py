"""A million rows through the twin: the deployed script on Spark, COPY and one transaction, right to the last digit."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.twin.redshift_server import COPY_ROLE, endpoint
from tests.twin.test_glue_endpoint import JOB, Twin, ended, log_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
ROWS = 1_000_000
FOLDER = "s3://lake/processed/orders/2026-11-20/0123456789abcdef.1/"
CONTRACT: Mapping[str, object] = {
    "dataset": "orders",
    "version": "1.0.0",
    "file": {"header": True},
    "columns": [
        {"name": "id", "type": "string"},
        {"name": "day", "type": "date"},
        {"name": "quantity", "type": "integer"},
        {"name": "amount", "type": "decimal", "precision": 14, "scale": 2},
    ],
}
BATCH = (
    "LOCK TABLE orders",
    "CREATE TEMP TABLE staged (LIKE orders)",
    f"COPY staged FROM '{FOLDER}' IAM_ROLE '{COPY_ROLE}' FORMAT AS PARQUET",
    "SELECT COUNT(*) AS n, SUM(quantity) AS quantity, SUM(amount) AS amount FROM staged",
    "DELETE FROM orders WHERE day = '2026-11-20'::date",
    "INSERT INTO orders SELECT id, day, quantity, amount FROM staged",
)


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    twin = Twin(tmp_path / "twin")
    yield twin
    twin.close()


def test_a_million_rows_arrive_to_the_last_digit(twin: Twin, tmp_path: Path) -> None:
    lines = (f"注文{n:07},2026-11-20,{n % 9 + 1},{n % 1000}.{n % 100:02}\n" for n in range(ROWS))
    amount = sum(Decimal(f"{n}.{n % 100:02}") for n in range(1000)) * (ROWS // 1000)
    quantity = sum(n % 9 + 1 for n in range(ROWS))
    twin.s3.objects = {
        "s3://artifacts/job.py": (ROOT / "glue" / "csv_to_parquet.py").read_bytes(),
        "s3://lake/accepted/data.csv": ("id,day,quantity,amount\n" + "".join(lines)).encode(),
        "s3://lake/accepted/_contract.json": json.dumps(CONTRACT).encode(),
    }
    glue = twin.start()
    began = time.process_time()
    arguments = {
        "--source_uri": "s3://lake/accepted/data.csv",
        "--contract_uri": "s3://lake/accepted/_contract.json",
        "--target_uri": FOLDER,
        "--expected_rows": str(ROWS),
    }
    run = ended(glue, glue.start_job_run(JobName=JOB, Arguments=arguments)["JobRunId"])
    assert run["JobRunState"] == "SUCCEEDED", log_of(run)
    result = json.loads(twin.s3.objects[FOLDER.rstrip("/") + ".result.json"])
    assert (result["rows"], result["sums"]) == (ROWS, {"quantity": str(quantity), "amount": f"{amount}"})

    with endpoint(tmp_path / "redshift") as redshift:
        for uri, body in twin.s3.objects.items():
            if uri.startswith(FOLDER):
                path = redshift.bucket / uri.removeprefix("s3://lake/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)
        redshift.run("CREATE TABLE orders (id VARCHAR(20), day DATE, quantity INTEGER, amount DECIMAL(14, 2))")
        for _ in range(2):  # the same load again leaves the same table
            loaded = redshift.run(*BATCH)
            assert loaded["Status"] == "FINISHED", loaded.get("Error")
        figures = redshift.rows(
            "SELECT COUNT(*), COUNT(DISTINCT id), SUM(quantity), SUM(amount), MIN(id), MAX(id) FROM orders"
        )

    assert figures == [[ROWS, ROWS, quantity, f"{amount}", "注文0000000", "注文0999999"]]
    assert time.process_time() - began < 60  # of this process: load, COPY and SQL; Spark has its own
