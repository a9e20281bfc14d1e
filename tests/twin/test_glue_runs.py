"""What a run makes of its script: Spark's own work, and each way to fail."""

from __future__ import annotations

import io
import json

import pyarrow.parquet as pq
import pytest

from glue.build import packed
from tests.twin.glue_server import (
    JOB,
    Twin,
    ended,
    log_of,
    twin,
)

__all__ = ["twin"]
# Writes what `--out` names through Hadoop, as Spark does.
WRITING_SCRIPT = b"""
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
path = spark._jvm.org.apache.hadoop.fs.Path(sys.argv[sys.argv.index('--out') + 1])
stream = path.getFileSystem(spark._jsc.hadoopConfiguration()).create(path)
stream.write(bytearray(b'x'))
stream.close()
"""


def test_the_deployed_job_runs_on_real_spark_and_its_parquet_reaches_s3(twin: Twin) -> None:
    folder = "s3://lake/processed/sales/2026-11-20/0123456789abcdef.1/"
    columns = [
        {"name": "order_id", "type": "string"},
        {"name": "amount", "type": "decimal", "precision": 14, "scale": 2},
    ]
    dialect = {"encoding": "utf-8", "delimiter": ",", "quote": '"', "escape": '"', "header": True, "null_tokens": [""]}
    contract = {"dataset": "sales", "version": "1.0.0", "file": dialect, "columns": columns}
    twin.s3.objects = {
        "s3://artifacts/job.py": packed().encode(),
        "s3://lake/accepted/sales/sales_data.csv": 'order_id,amount\n"茶\n1",0.10\nA2,999999999999.99\n'.encode(),
        "s3://lake/accepted/sales/_contract.json": json.dumps(contract).encode(),
        f"{folder}part-of-an-earlier-run.parquet": b"old",
    }
    glue = twin.start()

    run_id = glue.start_job_run(
        JobName=JOB,
        Arguments={
            "--source_uri": "s3://lake/accepted/sales/sales_data.csv",
            "--contract_uri": "s3://lake/accepted/sales/_contract.json",
            "--target_uri": folder,
            "--expected_rows": "2",
            "--conf": "spark.sql.shuffle.partitions=1 --conf spark.app.name=seen",
        },
    )["JobRunId"]
    run = ended(glue, run_id)

    assert run["JobRunState"] == "SUCCEEDED", log_of(run)
    assert run["ExecutionTime"] > 0
    assert run["CompletedOn"] >= run["StartedOn"]
    written = {uri.removeprefix(folder): body for uri, body in twin.s3.objects.items() if uri.startswith(folder)}
    ((name, parquet),) = written.items()
    assert pq.read_table(io.BytesIO(parquet)).num_rows == 2
    result = json.loads(twin.s3.objects[folder.rstrip("/") + ".result.json"])
    assert result["files"] == [{"name": name, "size": len(parquet), "rows": 2}]
    assert result["run"] == "0123456789abcdef.1"
    assert twin.s3.calls[-1] == ("PutObject", folder.rstrip("/") + ".result.json")
    assert not (twin.runtime / "glue" / "work" / run_id).exists()


def test_spark_that_is_killed_is_a_failed_run_and_leaves_s3_as_it_was(twin: Twin) -> None:
    twin.s3.objects = {
        "s3://artifacts/job.py": b"from pyspark.sql import SparkSession\n"
        b"spark = SparkSession.builder.getOrCreate()\n"
        b"spark.sparkContext._gateway.proc.kill()\n"
        b"spark.range(10).count()\n"
    }
    glue = twin.start()

    run = ended(glue, glue.start_job_run(JobName=JOB)["JobRunId"])

    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith("Error Category: UNCLASSIFIED_ERROR; Failed Line Number: 4; ")
    assert list(twin.s3.objects) == ["s3://artifacts/job.py"]


def test_a_failing_script_shows_its_last_line_and_its_own_line_number(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = b"def work():\n    raise ValueError('no such\\ncolumn')\n\nwork()\n"
    glue = twin.start()

    run = ended(glue, glue.start_job_run(JobName=JOB)["JobRunId"])

    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == "Error Category: INVALID_ARGUMENT_ERROR; Failed Line Number: 2; ValueError: no such"
    assert "Traceback" in log_of(run)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (b"x = 1\nif x\n", "Error Category: SYNTAX_ERROR; SyntaxError: expected ':' (job.py, line 2)"),
        (b"def f():\nreturn 1\n", "Error Category: SYNTAX_ERROR; IndentationError: expected an indented block"),
        (
            b"import no_such_module\n",
            "Error Category: IMPORT_ERROR; Failed Line Number: 1; ModuleNotFoundError: No module named 'no_such",
        ),
        (b"raise KeyError('x')\n", "Error Category: UNCLASSIFIED_ERROR; Failed Line Number: 1; KeyError: 'x'"),
    ],
)
def test_a_bad_script_is_failed_under_the_category_that_glue_gives_it(twin: Twin, script: bytes, told: str) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = script
    glue = twin.start()

    run = ended(glue, glue.start_job_run(JobName=JOB)["JobRunId"])

    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith(told)


def test_a_script_that_exits_with_an_error_of_its_own_is_failed(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = b"import sys\nsys.exit(3)\n"
    glue = twin.start()

    run = ended(glue, glue.start_job_run(JobName=JOB)["JobRunId"])

    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "Command failed with exit code 3")


def test_a_script_that_was_never_deployed_is_a_failed_run(twin: Twin) -> None:
    glue = twin.start()

    run = ended(glue, glue.start_job_run(JobName=JOB)["JobRunId"])

    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith(
        "LAUNCH ERROR | Error downloading from S3 for bucket: artifacts, key: job.py. The key does not exist."
    )


def test_a_role_that_glue_may_not_assume_is_a_failed_run(twin: Twin) -> None:
    twin.definition["Role"] = "arn:aws:iam::000000000000:role/stranger"
    glue = twin.start()

    run = ended(glue, glue.start_job_run(JobName=JOB)["JobRunId"])

    assert run["JobRunState"] == "FAILED"
    assert "should be given assume role permissions for Glue Service" in run["ErrorMessage"]


def test_what_the_role_may_not_read_or_write_fails_the_run(twin: Twin) -> None:
    twin.s3.objects = {
        "s3://artifacts/job.py": WRITING_SCRIPT,
        "s3://secret/in.csv": b"1",
    }
    glue = twin.start()

    twin.s3.denied = {"GetObject"}
    reading = ended(glue, glue.start_job_run(JobName=JOB, Arguments={"--in": "s3://secret/in.csv"})["JobRunId"])
    twin.s3.denied = {"PutObject"}
    writing = ended(glue, glue.start_job_run(JobName=JOB, Arguments={"--out": "s3://secret/out.csv"})["JobRunId"])

    assert (reading["JobRunState"], writing["JobRunState"]) == ("FAILED", "FAILED")
    assert "Reading" in reading["ErrorMessage"]
    assert "AccessDenied" in reading["ErrorMessage"]
    assert "Writing" in writing["ErrorMessage"]


def test_arguments_of_the_run_override_the_jobs_and_reach_the_script_with_glues_own(twin: Twin) -> None:
    twin.definition["NonOverridableArguments"] = {"--fixed": "f"}
    twin.s3.objects["s3://artifacts/job.py"] = b"import sys\nprint(sys.argv[1:])\n"
    glue = twin.start()

    run_id = glue.start_job_run(
        JobName=JOB, Arguments={"--expected_rows": "7", "--unknown": "", "--fixed": "no", "--TempDir": "s3://t/x/"}
    )["JobRunId"]
    run = ended(glue, run_id)

    seen = eval(log_of(run).splitlines()[-1], {})  # noqa: S307 what our own script printed
    assert dict(zip(seen[::2], seen[1::2], strict=True)) == {
        "--job-language": "python",
        "--expected_rows": "7",
        "--unknown": "",
        "--fixed": "f",
        "--TempDir": "s3://t/x/",
        "--JOB_NAME": JOB,
        "--JOB_RUN_ID": run_id,
    }
    assert run["Arguments"]["--expected_rows"] == "7"
