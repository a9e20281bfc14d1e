"""The real Airflow of the twin behind the twin's MWAA. One start for all tests here: about 15 s, of four processes."""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import psutil
import pytest
import uvicorn
from botocore.config import Config

from local.airflow.site import (
    AirflowError,
    AirflowSite,
    airflow_parts,
    signing_secret,
    site_of,
    unpause,
    write_task_credentials,
)
from local.endpoints import AccessDenied, Caller
from local.mwaa.endpoint import Environment, RequestRate, create_app
from local.mwaa.webserver import WebServer
from local.supervisor import MARK, spawn, stop, wait_until_ready
from local.twin import Twin, new_twin
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from mypy_boto3_mwaa import MWAAClient

ROOT = Path(__file__).parents[2]
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


@dataclass
class Real:
    """A running Airflow, and the twin's MWAA in front of it; `role` is the Airflow role that callers have."""

    twin: Twin
    site: AirflowSite
    client: "MWAAClient"
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


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    twin = new_twin(ROOT, tmp_path_factory.mktemp("twin"))
    site = site_of(twin)
    parts = airflow_parts(twin)
    for dag_id in ("p", "resting"):
        (site.dags / f"{dag_id}.py").write_text(DAG.format(dag_id=dag_id))
    try:
        for part in parts:
            twin = twin.with_(running=(*twin.running, spawn(part, twin)))
        for part, running in zip(parts, twin.running, strict=True):
            wait_until_ready(part, running, twin)
        unpause(site, ["p"], PATIENCE)
        write_task_credentials(site, "AKIAWRITTENLATER", "secret")
        yield from _behind_mwaa(twin, site)
    finally:
        stop(twin)


@pytest.fixture
def real(started: Real) -> Real:
    started.role = "Op"
    return started


def test_a_run_with_a_null_logical_date_is_queued_runs_and_exists_only_once(real: Real) -> None:
    run = real.trigger("p", "once.1")
    assert (run["state"], run["logical_date"], run["triggering_user_name"]) == ("queued", None, "user/gate")

    with pytest.raises(real.client.exceptions.RestApiClientException) as raised:
        real.trigger("p", "once.1")
    assert raised.value.response["RestApiStatusCode"] == 409  # type: ignore[typeddict-item] # modelled by the service

    assert real.finish("p", "once.1") == "success"


def test_runs_that_are_asked_for_at_once_do_not_stop_the_server(real: Real) -> None:
    # On SQLite, Airflow's audit log once held all of these up until MWAA's ten seconds were over.
    with ThreadPoolExecutor(max_workers=4) as pool:
        runs = list(pool.map(lambda number: real.trigger("resting", f"together.{number}"), range(4)))
    assert [run["state"] for run in runs] == ["queued"] * 4


def test_an_unknown_dag_is_airflows_404(real: Real) -> None:
    assert status_of(real, lambda: real.trigger("no_such_dag", "x.1")) == 404


def test_a_run_without_the_key_logical_date_is_airflows_422(real: Real) -> None:
    def trigger() -> Any:
        return real.call("POST", "/dags/p/dagRuns", Body={"dag_run_id": "x.1"})

    assert status_of(real, trigger) == 422


def test_a_new_dag_is_paused_takes_runs_and_never_starts_them(real: Real) -> None:
    assert real.call("GET", "/dags/resting")["is_paused"] is True

    real.trigger("resting", "waits.1")
    real.trigger("p", "overtakes.1")

    assert real.finish("p", "overtakes.1") == "success"
    assert real.state("resting", "waits.1") == "queued"


def test_a_viewer_may_look_and_not_trigger(real: Real) -> None:
    real.role = "Viewer"

    assert real.call("GET", "/dags/p")["dag_id"] == "p"
    assert status_of(real, lambda: real.trigger("p", "forbidden.1")) == 403


def test_public_may_do_nothing(real: Real) -> None:
    real.role = "Public"

    assert status_of(real, lambda: real.call("GET", "/dags/p")) == 403


def test_tasks_use_the_credentials_that_were_written_after_airflow_had_started(real: Real) -> None:
    real.trigger("p", "keys.1")

    assert real.finish("p", "keys.1") == "success"
    value = real.call("GET", "/dags/p/dagRuns/keys.1/taskInstances/k/xcomEntries/return_value")
    assert value["value"] == ["AKIAWRITTENLATER", real.twin.endpoint()]


def test_a_dag_that_never_comes_is_told_with_the_import_errors(real: Real) -> None:
    broken = real.site.dags / "broken.py"
    broken.write_text("from airflow.sdk import DAG\nimport no_such_module_of_anybody\n")
    try:
        eventually(lambda: real.call("GET", "/importErrors")["total_entries"] == 1, "the import error")
        with pytest.raises(AirflowError, match="no_such_module_of_anybody"):
            unpause(real.site, ["broken"], timeout=0)
    finally:
        broken.unlink()


def test_airflow_listens_on_loopback_only(real: Real) -> None:
    listening = [
        connection.laddr
        for process in processes(real.twin)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]

    assert [(address.ip, address.port) for address in listening] == [("127.0.0.1", real.site.port)]


def test_airflow_warns_of_nothing_that_we_set_up(real: Real) -> None:
    real.trigger("p", "quiet.1")
    real.finish("p", "quiet.1")

    logs = [path.read_text() for path in (real.twin.logs, real.site.home / "logs") for path in path.rglob("*.log")]

    lines = [line for text in logs for line in text.splitlines()]
    # The amazon provider that MWAA pins asks Airflow in a way that Airflow calls deprecated.
    others = [line for line in lines if "warning" in line.lower() and "ProvidersManager.hooks" not in line]
    assert [line for line in others if "broken.py" not in line] == []


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


def status_of(real: Real, call: Callable[[], Any]) -> int:
    with pytest.raises(real.client.exceptions.RestApiClientException) as raised:
        call()
    return int(raised.value.response["RestApiStatusCode"])  # type: ignore[typeddict-item] # modelled by the service


def processes(twin: Twin) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == twin.mark:
                found.append(process)
        except psutil.Error:
            continue
    return found
