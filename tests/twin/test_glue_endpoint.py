from __future__ import annotations

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pyarrow.parquet as pq
import pytest
import uvicorn
from botocore.exceptions import ClientError

from glue.build import packed
from local.endpoints import AccessDenied, AwsError
from local.glue.archive import ClassArchive
from local.glue.endpoint import Glue, application
from local.glue.jobs import job_of
from local.glue.process import Script
from local.glue.runner import Runner
from local.glue.runs import JobRun, RunBook
from local.glue.staging import StagingError, stage, upload
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_glue import GlueClient

ROOT = Path(__file__).parents[2]
JOB = "suimon-csv-to-parquet"
DEFINITION = {
    "Name": JOB,
    "Role": "arn:aws:iam::000000000000:role/glue",
    "GlueVersion": "5.0",
    "WorkerType": "G.1X",
    "NumberOfWorkers": 2,
    "Timeout": 5,
    "ExecutionProperty": {"MaxConcurrentRuns": 2},
    "Command": {"Name": "glueetl", "ScriptLocation": "s3://artifacts/job.py", "PythonVersion": "3"},
    "DefaultArguments": {"--job-language": "python", "--expected_rows": "0"},
}
FINAL = {"STOPPED", "SUCCEEDED", "FAILED", "TIMEOUT", "ERROR"}
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
WAITING_SCRIPT = "import time\nprint('ready', flush=True)\ntime.sleep(600)\n"


class FakeS3:
    """A bucket store with the four calls that staging makes; `denied` operations answer as a policy would."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = dict(objects)
        self.denied: set[str] = set()
        self.calls: list[tuple[str, str]] = []

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 boto3's names
        uri = self._seen("GetObject", Bucket, Key)
        if uri not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "The key does not exist."}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[uri])}

    def put_object(self, *, Bucket: str, Key: str, Body: io.BufferedReader) -> None:  # noqa: N803
        self.objects[self._seen("PutObject", Bucket, Key)] = Body.read()

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803
        self.objects.pop(self._seen("DeleteObject", Bucket, Key), None)

    def get_paginator(self, _: str) -> FakeS3:
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        start = f"s3://{Bucket}/{Prefix}"
        keys = [uri.removeprefix(f"s3://{Bucket}/") for uri in sorted(self.objects) if uri.startswith(start)]
        return [{"Contents": [{"Key": key}]} for key in keys] or [{}]

    def _seen(self, operation: str, bucket: str, key: str) -> str:
        uri = f"s3://{bucket}/{key}"
        if operation in self.denied and key != "job.py":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": f"not authorized: {uri}"}}, operation)
        self.calls.append((operation, uri))
        return uri


class RoleSession:
    """What local.endpoints.role_session gives, with S3 faked."""

    def __init__(self, s3: FakeS3) -> None:
        self.s3 = s3

    def client(self, _: str, **__: Any) -> FakeS3:
        return self.s3

    def get_credentials(self) -> None:
        return None


class Twin:
    """The endpoint under test on a free port, and what stands around it."""

    def __init__(self, runtime: Path) -> None:
        self.runtime = runtime
        self.s3 = FakeS3()
        self.definition: dict[str, Any] = dict(DEFINITION)
        self.allowed: Callable[[str, str], bool] = lambda _action, _arn: True
        (runtime / "logs").mkdir(parents=True)
        self.book = RunBook(runtime / "runs", time.time)
        self.minute_seconds = 60.0
        self.server: uvicorn.Server | None = None

    def start(self) -> GlueClient:
        runner = Runner(
            self.book,
            self.runtime,
            "http://127.0.0.1:9",
            self._session,
            minute_seconds=self.minute_seconds,
        )
        glue = Glue(self._job, self.book, runner, self.runtime / "logs", time.time)
        web = application(glue, self._authorize, lambda name: f"arn:aws:glue:ap-northeast-1:000000000000:job/{name}")
        self.server = uvicorn.Server(uvicorn.Config(web, host="127.0.0.1", port=0, log_level="warning"))
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        eventually(lambda: self.server is not None and self.server.started)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"
        return boto3.client(
            "glue",
            endpoint_url=self.url,
            region_name="ap-northeast-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )

    def close(self) -> None:
        if self.server:
            self.server.should_exit = True
            self.thread.join(20)
            assert not self.thread.is_alive()

    def _job(self, name: str) -> Any:
        if name != JOB:
            raise AwsError("EntityNotFoundException", f"Job with name: [{name}] not found.")
        return job_of(self.definition)

    def _session(self, role: str) -> Any:
        if role != DEFINITION["Role"]:
            raise AccessDenied("no trust")
        return RoleSession(self.s3)

    def _authorize(
        self,
        request_headers: Mapping[str, str],
        method: str,
        raw_path_and_query: str,
        body: bytes,
        action: str,
        resource_arn: str,
    ) -> None:
        assert (method, raw_path_and_query) == ("POST", "/")
        assert "authorization" in request_headers
        assert json.loads(body)["JobName"] == resource_arn.rsplit("/", 1)[-1]
        if not self.allowed(action, resource_arn):
            raise AccessDenied(f"not authorized to perform: {action} on resource: {resource_arn}")


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    twin = Twin(tmp_path / "twin")
    yield twin
    twin.close()


def run_of(glue: GlueClient, run_id: str) -> Mapping[str, Any]:
    return glue.get_job_run(JobName=JOB, RunId=run_id)["JobRun"]


def ended(glue: GlueClient, run_id: str) -> Mapping[str, Any]:
    run: Mapping[str, Any] = eventually(
        lambda: run if (run := run_of(glue, run_id))["JobRunState"] in FINAL else None, "the end of the run"
    )
    return run


def log_of(run: Mapping[str, Any]) -> str:
    return Path(run["StateDetail"].removeprefix("Log: ")).read_text()


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


def test_a_run_answers_what_the_job_and_the_call_asked_for(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = b""
    glue = twin.start()

    run_id = glue.start_job_run(JobName=JOB, Timeout=9, NumberOfWorkers=4)["JobRunId"]
    run = ended(glue, run_id)

    assert run_id.startswith("jr_")
    assert len(run_id) == 3 + 64
    expected = {"Id": run_id, "JobName": JOB, "Timeout": 9, "NumberOfWorkers": 4, "WorkerType": "G.1X",
                "GlueVersion": "5.0", "JobRunState": "SUCCEEDED", "LogGroupName": "/aws-glue/jobs", "MaxCapacity": 4.0,
                "ExecutionClass": "STANDARD"}  # fmt: skip
    assert expected.items() <= run.items()


def test_a_stopped_run_ends_its_script_and_says_so(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = (
        b"import os\nprint('pid', os.getpid(), flush=True)\n" + WAITING_SCRIPT.encode()
    )
    glue = twin.start()
    run_id = glue.start_job_run(JobName=JOB)["JobRunId"]
    eventually(lambda: "ready" in log_of(run_of(glue, run_id)))
    assert run_of(glue, run_id)["JobRunState"] == "RUNNING"
    pid = int(log_of(run_of(glue, run_id)).split()[1])

    answer = glue.batch_stop_job_run(JobName=JOB, JobRunIds=[run_id, "jr_none"])

    assert [one["JobRunId"] for one in answer["SuccessfulSubmissions"]] == [run_id]
    assert [one["ErrorDetail"]["ErrorCode"] for one in answer["Errors"]] == ["EntityNotFoundException"]
    stopped = ended(glue, run_id)
    assert stopped["JobRunState"] == "STOPPED"
    assert "ErrorMessage" not in stopped
    assert stopped["StartedOn"] <= stopped["CompletedOn"] <= stopped["LastModifiedOn"]
    eventually(lambda: not alive(pid))
    again = glue.batch_stop_job_run(JobName=JOB, JobRunIds=[run_id])
    assert [one["ErrorDetail"]["ErrorCode"] for one in again["Errors"]] == ["InvalidInputException"]


def test_a_run_that_still_waits_for_its_turn_can_be_stopped(twin: Twin) -> None:
    twin.definition["ExecutionProperty"] = {"MaxConcurrentRuns": 10}
    twin.s3.objects["s3://artifacts/job.py"] = WAITING_SCRIPT.encode()
    glue = twin.start()
    busy = [glue.start_job_run(JobName=JOB)["JobRunId"] for _ in range(2)]
    eventually(lambda: all(run_of(glue, run_id)["JobRunState"] == "RUNNING" for run_id in busy))
    waiting = glue.start_job_run(JobName=JOB)["JobRunId"]

    glue.batch_stop_job_run(JobName=JOB, JobRunIds=[waiting])

    assert run_of(glue, waiting)["JobRunState"] == "STOPPED"


def test_more_runs_at_once_than_the_job_allows_are_refused(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = WAITING_SCRIPT.encode()
    glue = twin.start()
    for _ in range(2):
        glue.start_job_run(JobName=JOB)

    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException, match=f"Concurrent runs exceeded for {JOB}"):
        glue.start_job_run(JobName=JOB)


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        ({"MaxCapacity": 2.0, "WorkerType": "G.1X"}, "InvalidInputException", "Max Capacity"),
        ({"JobRunQueuingEnabled": True}, "InvalidInputException", "does not do JobRunQueuingEnabled"),
        (
            {"WorkerType": "G.1X", "NumberOfWorkers": 1},
            "InvalidInputException",
            "minimum allowed value of Number of Wo",
        ),
        ({"NumberOfWorkers": 1}, "InvalidInputException", "minimum allowed value of Number of Workers is 2"),
        ({"WorkerType": "G.99X", "NumberOfWorkers": 2}, "InvalidInputException", "G.99X is none of"),
        ({"WorkerType": "G.1X"}, "InvalidInputException", "set both Worker Type and Number of Workers"),
        ({"Timeout": 10081}, "InvalidInputException", "at most 10080 minutes"),
    ],
)
def test_a_start_that_cannot_be_is_refused_and_leaves_no_run(
    twin: Twin, asked: dict[str, Any], code: str, told: str
) -> None:
    glue = twin.start()

    with pytest.raises(ClientError, match=told) as refused:
        glue.start_job_run(JobName=JOB, **asked)

    assert refused.value.response["Error"]["Code"] == code
    assert glue.get_job_runs(JobName=JOB)["JobRuns"] == []


def test_a_run_past_its_timeout_is_ended(twin: Twin) -> None:
    twin.minute_seconds = 0.5
    twin.s3.objects["s3://artifacts/job.py"] = WAITING_SCRIPT.encode()
    glue = twin.start()

    run = ended(glue, glue.start_job_run(JobName=JOB, Timeout=1)["JobRunId"])

    assert run["JobRunState"] == "TIMEOUT"
    assert run["Timeout"] == 1
    assert run["CompletedOn"] > run["StartedOn"]
    assert "timeout of 1 minutes" in run["ErrorMessage"]


def test_unknown_jobs_and_runs_are_entity_not_found(twin: Twin) -> None:
    glue = twin.start()

    for call in (
        lambda: glue.get_job(JobName="none"),
        lambda: glue.start_job_run(JobName="none"),
        lambda: glue.get_job_runs(JobName="none"),
        lambda: glue.get_job_run(JobName=JOB, RunId="jr_none"),
    ):
        with pytest.raises(glue.exceptions.EntityNotFoundException):
            call()


def test_the_deployed_definition_is_answered_as_it_is(twin: Twin) -> None:
    job = twin.start().get_job(JobName=JOB)["Job"]

    assert job["Command"]["ScriptLocation"] == "s3://artifacts/job.py"
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 2}


def test_runs_are_listed_from_the_newest_and_page_by_page(twin: Twin) -> None:
    twin.definition["ExecutionProperty"] = {"MaxConcurrentRuns": 10}
    twin.s3.objects["s3://artifacts/job.py"] = b""
    glue = twin.start()
    started = [glue.start_job_run(JobName=JOB)["JobRunId"] for _ in range(5)]

    pages = list(glue.get_paginator("get_job_runs").paginate(JobName=JOB, PaginationConfig={"PageSize": 2}))

    assert [len(page["JobRuns"]) for page in pages] == [2, 2, 1]
    assert [run["Id"] for page in pages for run in page["JobRuns"]] == started[::-1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Command": {"Name": "pythonshell", "ScriptLocation": "s3://artifacts/job.py"}}, "pythonshell"),
        ({"GlueVersion": "4.0"}, "Glue 4.0"),
        ({"DefaultArguments": {"--extra-py-files": "s3://artifacts/more.zip"}}, "--extra-py-files"),
        ({"DefaultArguments": {"--job-bookmark-option": "job-bookmark-enable"}}, "--job-bookmark-option"),
        ({"DefaultArguments": {"--enable-glue-datacatalog": "true"}}, "--enable-glue-datacatalog"),
        ({"DefaultArguments": {"--datalake-formats": "iceberg"}}, "--datalake-formats"),
        ({"MaxRetries": 1}, "MaxRetries"),
    ],
)
def test_what_this_twin_could_only_pretend_to_run_is_refused(twin: Twin, change: dict[str, Any], told: str) -> None:
    twin.definition.update(change)
    glue = twin.start()

    with pytest.raises(glue.exceptions.InvalidInputException, match=told):
        glue.start_job_run(JobName=JOB)


def test_other_operations_of_glue_are_refused_by_name(twin: Twin) -> None:
    glue = twin.start()

    with pytest.raises(ClientError, match="does not do CreateJob") as refused:
        glue.create_job(Name="x", Role="r", Command={})
    assert refused.value.response["Error"]["Code"] == "UnknownOperationException"


def test_the_callers_policies_decide(twin: Twin) -> None:
    arn = f"arn:aws:glue:ap-northeast-1:000000000000:job/{JOB}"
    twin.allowed = lambda action, resource: (action, resource) == ("glue:GetJob", arn)
    glue = twin.start()

    assert glue.get_job(JobName=JOB)["Job"]["Name"] == JOB
    with pytest.raises(ClientError, match="glue:StartJobRun") as refused:
        glue.start_job_run(JobName=JOB)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_health_needs_no_signature(twin: Twin) -> None:
    twin.start()

    assert httpx.get(f"{twin.url}/_health", trust_env=False).text == "ok"


def test_an_endpoint_that_is_stopped_ends_its_runs_and_never_calls_them_succeeded(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = (
        b"import os\nprint('pid', os.getpid(), flush=True)\n" + WAITING_SCRIPT.encode()
    )
    glue = twin.start()
    run_id = glue.start_job_run(JobName=JOB)["JobRunId"]
    eventually(lambda: "ready" in log_of(run_of(glue, run_id)))
    pid = int(log_of(run_of(glue, run_id)).split()[1])

    twin.close()

    assert twin.book.get(JOB, run_id).state == "ERROR"
    eventually(lambda: not alive(pid))


def test_a_run_that_a_killed_endpoint_left_behind_is_an_error_after_the_restart(tmp_path: Path) -> None:
    before = RunBook(tmp_path, time.time)
    run = JobRun("jr_1", JOB, "STARTING", {}, 5, 1.0, 1.0, str(tmp_path / "log"))
    before.add(run, 1)
    before.running("jr_1")

    after = RunBook(tmp_path, time.time)

    found = after.get(JOB, "jr_1")
    assert found.state == "ERROR"
    assert "ended while this run was going on" in (found.error_message or "")
    after.add(JobRun("jr_2", JOB, "STARTING", {}, 5, 2.0, 2.0, ""), 1)


def test_a_script_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text("import os\nprint('pid', os.getpid(), flush=True)\n" + WAITING_SCRIPT)
    starter = (
        "import os, sys; from pathlib import Path; from local.glue.process import Script; "
        f"Script([sys.executable, {str(script)!r}], dict(os.environ), Path({str(tmp_path)!r}), "
        f"Path({str(tmp_path / 'log')!r})).wait(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", starter], cwd=ROOT)
    pid = eventually(lambda: pid_in(tmp_path / "log"))
    assert alive(pid)

    owner.send_signal(signal.SIGKILL)
    owner.wait()

    eventually(lambda: not alive(pid))


def test_what_a_script_leaves_running_ends_with_it(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    child = f"[{sys.executable!r}, '-c', 'import time; time.sleep(600)']"
    script.write_text(f"import subprocess\nprint('pid', subprocess.Popen({child}).pid, flush=True)\n")

    code = Script([sys.executable, str(script)], os.environ, tmp_path, tmp_path / "log").wait(30)

    assert code == 0
    eventually(lambda: not alive(pid_in(tmp_path / "log")))


def test_a_key_that_would_leave_the_staging_folder_is_refused(tmp_path: Path) -> None:
    for uri in ("s3://lake/../../etc/passwd", "s3://lake/a//b", "s3://lake/"):
        with pytest.raises(StagingError):
            stage(FakeS3(), {"--x": uri}, tmp_path)  # type: ignore[arg-type] # a fake with the calls it makes


def test_an_input_that_the_script_left_alone_is_not_written_back(tmp_path: Path) -> None:
    s3: Any = FakeS3()
    s3.objects = {"s3://lake/in.csv": b"1", "s3://lake/folder/a": b"a", "s3://lake/folder/b": b"b"}
    staged = stage(s3, {"--in": "s3://lake/in.csv", "--folder": "s3://lake/folder/"}, tmp_path / "s3")
    folder = staged.buckets()["lake"] / "folder"
    Path(folder, "a").unlink()
    Path(folder, "c").write_text("c")
    Path(folder, ".c.crc").write_text("checksum")

    changed = upload(s3, staged)

    assert (changed.written, changed.deleted) == (("s3://lake/folder/c",), ("s3://lake/folder/a",))
    assert set(s3.objects) == {"s3://lake/in.csv", "s3://lake/folder/b", "s3://lake/folder/c"}


def test_what_a_set_names_is_laid_down_with_it(tmp_path: Path) -> None:
    s3: Any = FakeS3()
    sources = {"sources": [{"path": "../one/data.csv"}, {"path": "../two/data.csv"}]}
    s3.objects = {f"s3://lake/accepted/{name}/data.csv": b"1" for name in ("one", "two", "other")}
    s3.objects |= {"s3://lake/accepted/one/_contract.json": b"{}"}
    s3.objects |= {"s3://lake/accepted/whole/_set.json": json.dumps(sources).encode()}

    staged = stage(s3, {"--source_uri": "s3://lake/accepted/whole/_set.json"}, tmp_path / "s3")

    laid = {path.relative_to(tmp_path / "s3/lake/accepted").as_posix() for path in staged.before}
    assert laid == {"whole/_set.json", "one/data.csv", "one/_contract.json", "two/data.csv"}


def test_a_set_that_names_what_lies_outside_is_refused(tmp_path: Path) -> None:
    s3: Any = FakeS3()
    s3.objects = {"s3://lake/_set.json": json.dumps({"sources": [{"path": "../../../../etc/passwd"}]}).encode()}
    with pytest.raises(StagingError, match="outside"):
        stage(s3, {"--source_uri": "s3://lake/_set.json"}, tmp_path / "s3")


def test_the_class_archive_is_used_once_it_is_whole_and_wherever_the_clone_lies(tmp_path: Path) -> None:
    archive = ClassArchive(tmp_path / "My Projects")
    assert archive.java_options() == ""

    archive._folder.mkdir(parents=True)
    archive._ready.touch()

    (option,) = shlex.split(archive.java_options())
    assert option == f"-XX:SharedArchiveFile={archive._java}:{archive._spark}"


def alive(pid: int) -> bool:
    """A zombie is dead: in a container without an init, orphans stay that way."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.strip().startswith("Z")


def pid_in(log: Path) -> int:
    words = log.read_text().split() if log.exists() else []
    return int(words[1]) if len(words) > 1 else 0
