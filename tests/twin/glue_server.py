"""The twin's Glue on a free port, before an S3 in memory."""

from __future__ import annotations

import io
import json
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import uvicorn
from botocore.exceptions import ClientError

from local.endpoints import AccessDenied, AwsError
from local.glue.endpoint import Glue, application
from local.glue.jobs import job_of
from local.glue.runner import Runner
from local.glue.runs import RunBook
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


def alive(pid: int) -> bool:
    """A zombie is dead: in a container without an init, orphans stay that way."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.strip().startswith("Z")


def pid_in(log: Path) -> int:
    words = log.read_text().split() if log.exists() else []
    return int(words[1]) if len(words) > 1 else 0
