"""What a script finds on the twin's Glue: what it may import, what its arguments are, and what it leaves in S3."""

from __future__ import annotations

import pytest

from tests.twin.glue_server import JOB, Twin, ended, log_of, run_of, twin
from tests.waiting import eventually

__all__ = ["twin"]

HEAD = """
import os, sys, time
from pyspark.sql import SparkSession
out = sys.argv[sys.argv.index('--out') + 1]
"""
WRITE = (
    HEAD
    + """
spark = SparkSession.builder.getOrCreate()
spark.range(3).write.parquet(out)
"""
)
# The second task ends the job, or waits, once the first one has been committed.
HALF = (
    HEAD
    + """
folder = os.getcwd() + '/s3'  # what the twin mounts
def second(number, rows):
    if number:
        while not any(name.startswith('part-00000') for name in names()):
            time.sleep(0.05)
        print('half', flush=True)
        {then}
    yield from rows
def names():
    return [name for place, _, files in os.walk(folder) if '_temporary' not in place for name in files]
spark = SparkSession.builder.config('spark.task.maxFailures', 1).getOrCreate()
rows = spark.sparkContext.parallelize(range(20), 2).mapPartitionsWithIndex(second)
spark.createDataFrame(rows.map(lambda n: (n,)), 'n int').write.parquet(out)
"""
)


@pytest.mark.parametrize("module", ["suimon", "duckdb", "sqlglot", "starlette", "pytest", "local"])
def test_a_script_finds_nothing_that_only_this_project_has(twin: Twin, module: str) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = f"import {module}\n".encode()
    glue = twin.start()
    run = ended(glue, glue.start_job_run(JobName=JOB)["JobRunId"])
    assert run["JobRunState"] == "FAILED"
    assert f"ModuleNotFoundError: No module named '{module}'" in run["ErrorMessage"]


@pytest.mark.parametrize("module", ["awsglue.context", "pandas", "numpy", "pyarrow"])
def test_what_only_glue_has_is_refused_by_name(twin: Twin, module: str) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = f"import {module}\n".encode()
    glue = twin.start()
    run = ended(glue, glue.start_job_run(JobName=JOB)["JobRunId"])
    assert run["ErrorMessage"].startswith(f"not in the twin: the module {module.partition('.')[0]}.")


def test_a_script_gets_its_uris_as_they_are_and_cannot_open_them_as_files(twin: Twin) -> None:
    script = HEAD + "print('out is', out)\nimport boto3\nopen(out + 'r.json', 'w')\n"
    twin.s3.objects["s3://artifacts/job.py"] = script.encode()
    glue = twin.start()
    run = ended(glue, glue.start_job_run(JobName=JOB, Arguments={"--out": "s3://lake/run/"})["JobRunId"])
    assert run["JobRunState"] == "FAILED"
    assert "FileNotFoundError" in run["ErrorMessage"]
    assert "out is s3://lake/run/" in log_of(run)


def test_a_script_that_fails_leaves_in_s3_what_its_committed_tasks_have_written(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = HALF.format(then="raise ValueError('no more')").encode()
    glue = twin.start()
    run = ended(glue, glue.start_job_run(JobName=JOB, Arguments={"--out": "s3://lake/run/"})["JobRunId"])
    assert run["JobRunState"] == "FAILED", log_of(run)
    _is_half_written(twin)


def test_a_run_that_is_stopped_leaves_what_it_has_written(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = HALF.format(then="time.sleep(600)").encode()
    glue = twin.start()
    run_id = glue.start_job_run(JobName=JOB, Arguments={"--out": "s3://lake/run/"})["JobRunId"]
    eventually(lambda: "half" in log_of(run_of(glue, run_id)))
    glue.batch_stop_job_run(JobName=JOB, JobRunIds=[run_id])
    assert ended(glue, run_id)["JobRunState"] == "STOPPED"
    _is_half_written(twin)


def test_a_second_try_meets_what_the_first_has_left(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = WRITE.encode()
    twin.s3.objects["s3://lake/run/part-00000-of-an-earlier-try.parquet"] = b"half"
    glue = twin.start()
    run = ended(glue, glue.start_job_run(JobName=JOB, Arguments={"--out": "s3://lake/run/"})["JobRunId"])
    assert run["JobRunState"] == "FAILED"
    assert "PATH_ALREADY_EXISTS" in run["ErrorMessage"]


def _is_half_written(twin: Twin) -> None:
    (left,) = [uri for uri in twin.s3.objects if uri.startswith("s3://lake/run/")]
    assert left.startswith("s3://lake/run/part-00000-")
