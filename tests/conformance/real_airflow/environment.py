"""The real Airflow of the twin behind the twin's MWAA: one start for all tests that ask it, of four processes."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import uvicorn
from botocore.config import Config

from local.airflow.site import (
    AirflowSite,
    airflow_parts,
    signing_secret,
    site_of,
    unpause,
    write_task_credentials,
)
from local.endpoints import AccessDenied, Caller
from local.mwaa.endpoint import STATUS_FILE, Environment, RequestRate, create_app
from local.mwaa.webserver import WebServer
from local.supervisor import spawn, stop, wait_until_ready
from local.twin import Twin, new_twin
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_mwaa import MWAAClient

ROOT = Path(__file__).parents[3]
# A task that tells which AWS keys it would use.
DAG = """
from airflow.sdk import DAG, task

with DAG({dag_id!r}, schedule=None):

    @task
    def k():
        import boto3
        from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

        hook = AwsBaseHook("aws_default", client_type="s3")
        return [boto3.Session().get_credentials().access_key, hook.conn.meta.endpoint_url]

    k()
"""
# Rows: as many as a file has. 7: the load finds a later write in the table and is skipped. 13: it fails.
STRICT = """
from airflow.sdk import DAG, Param, task
from airflow.sdk.exceptions import AirflowSkipException

with DAG("strict", schedule=None, params={"rows": Param(type="integer", minimum=1)}):

    @task
    def convert():
        pass

    @task
    def load(params):
        if params["rows"] == 7:
            raise AirflowSkipException("a later write is in the table")
        assert params["rows"] != 13

    @task(trigger_rule="all_done")
    def report():
        pass

    @task(trigger_rule="none_failed")
    def loaded():
        pass

    loading = load()
    convert() >> loading >> [report(), loaded()]
"""
DAGS = {"p": DAG.format(dag_id="p"), "resting": DAG.format(dag_id="resting"), "strict": STRICT}


@dataclass
class Real:
    """A running Airflow, and the twin's MWAA in front of it; `role` is the Airflow role that callers have."""

    twin: Twin
    site: AirflowSite
    client: MWAAClient
    role: str = "Op"

    def call(self, method: Any, path: str, **more: Any) -> Any:
        answer = self.client.invoke_rest_api(Name="gate", Path=path, Method=method, **more)
        return answer["RestApiResponse"]

    def trigger(self, dag_id: str, run_id: str, **more: Any) -> Any:
        body = {"logical_date": None, "dag_run_id": run_id, "conf": {"rows": 3}, **more}
        return self.call("POST", f"/dags/{dag_id}/dagRuns", Body=body)

    def state(self, dag_id: str, run_id: str) -> str:
        return str(self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def finish(self, dag_id: str, run_id: str) -> str:
        eventually(lambda: self.state(dag_id, run_id) in {"success", "failed"}, f"the end of {run_id}")
        return self.state(dag_id, run_id)

    def take_away(self, away: bool) -> None:  # noqa: FBT001 the one thing there is to say
        """Show the environment as being updated, as MWAA's are for hours, or as there again."""
        (self.twin.runtime / STATUS_FILE).write_text("UPDATING" if away else "AVAILABLE")


@contextmanager
def real_airflow(folder: Path) -> Iterator[Real]:
    """Start Airflow with DAGS, of which `resting` stays paused; then end it."""
    twin = new_twin(ROOT, folder)
    site = site_of(twin)
    parts = airflow_parts(twin)
    for dag_id, text in DAGS.items():
        (site.dags / f"{dag_id}.py").write_text(text)
    try:
        for part in parts:
            twin = twin.with_(running=(*twin.running, spawn(part, twin)))
        for part, running in zip(parts, twin.running, strict=True):
            wait_until_ready(part, running, twin)
        unpause(site, ["p", "strict"], PATIENCE)
        write_task_credentials(site, "AKIAWRITTENLATER", "secret")
        yield from _behind_mwaa(twin, site)
    finally:
        stop(twin)


def _behind_mwaa(twin: Twin, site: AirflowSite) -> Iterator[Real]:
    environment = Environment(
        "gate", "ap-northeast-1", lambda: "123456789012", "3.3.1", site.url, "dag-bucket", twin.runtime
    )
    web_server = WebServer(site.url, lambda: signing_secret(site.home), time.time)
    seconds = itertools.count()

    def authorize(_headers: Any, _method: str, _target: str, _body: bytes, _action: str, arn: str) -> Caller:
        if not arn.endswith(f"/{behind.role}"):
            raise AccessDenied(f"not {arn}")
        return Caller("arn:aws:iam::123456789012:user/gate", "123456789012", "AIDAEXAMPLE")

    app = create_app(environment, web_server, authorize, RequestRate(10, lambda: next(seconds)))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        eventually(lambda: server.started, "the server's start")
        client = boto3.Session("AKIAEXAMPLE", "secret", region_name="ap-northeast-1").client(
            "mwaa",
            endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}, proxies={}),
        )
        behind = Real(twin, site, client)
        try:
            yield behind
        finally:
            server.should_exit = True
            thread.join(10)
