"""The real Airflow of the twin behind the twin's MWAA: what its callers see of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from local.airflow.site import AirflowError, unpause
from local.supervisor import MARK
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.twin import Twin
    from tests.conformance.real_airflow.environment import Real


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

    logs = [
        path.read_text()
        for folder in (real.twin.logs, real.site.home / "logs")
        for path in folder.rglob("*.log")
        if "dag_id=strict" not in path.parts  # its tasks fail on purpose
    ]

    lines = [line for text in logs for line in text.splitlines()]
    # The amazon provider that MWAA pins asks Airflow in a way that Airflow calls deprecated. One DAG is broken on
    # purpose. A busy machine holds the triggerer up.
    known = ("ProvidersManager.hooks", "broken.py", "Triggerer's async thread was blocked")
    others = [line for line in lines if "warning" in line.lower()]
    assert [line for line in others if not any(one in line for one in known)] == []


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
