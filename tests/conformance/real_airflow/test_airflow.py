"""MWAA and Airflow, as far as Suimon asks them: the model in memory, and the twin's MWAA before a real Airflow 3.3.1.

Moto knows no InvokeRestApi. The real one is that of test_airflow_real.py, too.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.mwaa.endpoint import RequestRate
from tests.simulation.services.airflow import Dag, Run
from tests.simulation.services.mwaa import REQUESTS_PER_SECOND, Mwaa
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conformance.real_airflow.environment import Real

NUMBERS = itertools.count(1)


@dataclass
class Site:
    """An MWAA environment called `gate`; `away` takes it away and brings it back."""

    client: Any
    away: Callable[[bool], None]

    def ask(self, method: str, path: str, body: Any = None, name: str = "gate") -> tuple[int, Any]:
        """Return Airflow's status and answer, whether MWAA raises it or not."""
        request = {"Name": name, "Path": path, "Method": method} | ({} if body is None else {"Body": body})
        try:
            answer = self.client.invoke_rest_api(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "RestApiClientException":
                raise
            answer = error.response
        return answer["RestApiStatusCode"], answer["RestApiResponse"]

    def trigger(self, dag_id: str, run_id: str, rows: Any = 3, **more: Any) -> tuple[int, Any]:
        body = {"dag_run_id": run_id, "logical_date": None, "conf": {"rows": rows}, **more}
        return self.ask("POST", f"/dags/{dag_id}/dagRuns", body)

    def ended(self, dag_id: str, run_id: str) -> Any:
        """Return a run once it has come to its end."""

        def ended() -> Any:
            status, run = self.ask("GET", f"/dags/{dag_id}/dagRuns/{run_id}")
            assert status == 200
            return run if run["state"] in {"success", "failed"} else None

        return eventually(ended, f"the end of {run_id}", pause=0.3)

    def tasks(self, run_id: str) -> dict[str, str | None]:
        """Return the states of a run's tasks as the sweep asks for them, in the order of their ends."""
        wanted = {"dag_ids": ["strict"], "dag_run_ids": [run_id], "page_limit": 100, "order_by": "end_date"}
        status, listed = self.ask("POST", "/dags/~/dagRuns/~/taskInstances/list", wanted)
        assert (status, listed["total_entries"]) == (200, len(listed["task_instances"]))
        assert {(one["dag_id"], one["dag_run_id"], one["map_index"]) for one in listed["task_instances"]} == {
            ("strict", run_id, -1)
        }
        return {one["task_id"]: one["state"] for one in listed["task_instances"]}


@pytest.fixture(scope="module", params=["memory", "airflow"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    if request.param == "memory":
        yield _in_memory()
        return
    real: Real = request.getfixturevalue("started")
    yield Site(real.client, real.take_away)


def _in_memory() -> Site:
    seconds = itertools.count(1_795_348_800)
    mwaa = Mwaa(lambda: float(next(seconds)), "gate")

    def refuses(conf: dict[str, Any]) -> str | None:
        rows = conf.get("rows")
        return None if type(rows) is int and rows >= 1 else "rows"

    def work(run: Run) -> None:
        load = {7: "skipped", 13: "failed"}.get(run.conf["rows"], "success")
        loaded = "upstream_failed" if load == "failed" else "success"
        run.tasks = {"convert": "success", "load": load, "report": "success", "loaded": loaded}
        mwaa.end(run, "failed" if load == "failed" else "success")

    mwaa.add(Dag("strict", ("convert", "load", "loaded", "report"), refuses=refuses))
    mwaa.add(Dag("resting", ("rest",), is_paused=True))
    mwaa.on_run = work

    def away(is_away: bool) -> None:  # noqa: FBT001 the one thing there is to say
        mwaa.is_away = is_away

    return Site(mwaa, away)


@pytest.fixture
def run_id() -> str:
    return f"{next(NUMBERS):016x}.1"


def test_a_run_is_queued_once_and_found_again(site: Site, run_id: str) -> None:
    status, run = site.trigger("strict", run_id, note="from the gate")
    assert status == 200
    told = {name: run[name] for name in ("dag_id", "dag_run_id", "logical_date", "state", "conf", "run_type")}
    assert told == {
        "dag_id": "strict",
        "dag_run_id": run_id,
        "logical_date": None,
        "state": "queued",
        "conf": {"rows": 3},
        "run_type": "manual",
    }
    assert run["queued_at"].endswith("Z")
    assert site.trigger("strict", run_id)[0] == 409
    status, found = site.ask("GET", f"/dags/strict/dagRuns/{run_id}")
    assert (status, found["dag_run_id"]) == (200, run_id)


def test_a_run_ends_and_its_tasks_say_how(site: Site, run_id: str) -> None:
    site.trigger("strict", run_id)
    run = site.ended("strict", run_id)
    assert run["state"] == "success"
    assert run["start_date"] <= run["end_date"]
    assert site.tasks(run_id) == {"convert": "success", "load": "success", "loaded": "success", "report": "success"}


def test_a_run_with_a_failed_task_is_failed(site: Site, run_id: str) -> None:
    site.trigger("strict", run_id, rows=13)
    assert site.ended("strict", run_id)["state"] == "failed"
    assert site.tasks(run_id) == {
        "convert": "success",
        "load": "failed",
        "loaded": "upstream_failed",
        "report": "success",
    }
    assert list(site.tasks(run_id))[0] == "convert"  # noqa: RUF015 the order is what is asked for


def test_a_run_with_a_skipped_task_is_a_success(site: Site, run_id: str) -> None:
    site.trigger("strict", run_id, rows=7)
    assert site.ended("strict", run_id)["state"] == "success"
    assert site.tasks(run_id)["load"] == "skipped"


def test_two_runs_of_one_logical_date_collide_under_any_id(site: Site, run_id: str) -> None:
    day = f"2026-11-{next(NUMBERS) % 28 + 1:02}T00:00:00Z"
    assert site.trigger("strict", run_id, logical_date=day)[0] == 200
    assert site.trigger("strict", f"{run_id}.other", logical_date=day)[0] == 409
    assert site.ask("GET", f"/dags/strict/dagRuns/{run_id}.other")[0] == 404


def test_a_run_that_is_not_there(site: Site) -> None:
    assert site.ask("GET", "/dags/strict/dagRuns/absent.1")[0] == 404
    assert site.ask("GET", "/dags/absent/dagRuns/absent.1")[0] == 404


def test_a_dag_that_is_not_there(site: Site, run_id: str) -> None:
    assert site.trigger("absent", run_id)[0] == 404
    assert site.ask("GET", "/dags/absent")[0] == 404


@pytest.mark.parametrize("conf", [{"rows": 0}, {"rows": "3"}])
def test_a_conf_that_the_params_do_not_take_opens_no_run(site: Site, run_id: str, conf: dict[str, Any]) -> None:
    assert site.trigger("strict", run_id, conf=conf)[0] == 400
    assert site.ask("GET", f"/dags/strict/dagRuns/{run_id}")[0] == 404


@pytest.mark.parametrize("odd", ["a b", "a/b", "scheduled__2026-11-20", "é"])
def test_a_run_id_that_airflow_does_not_take(site: Site, odd: str) -> None:
    assert site.trigger("strict", odd)[0] == 400


def test_a_body_without_logical_date_or_with_a_field_that_airflow_does_not_know(site: Site, run_id: str) -> None:
    assert site.ask("POST", "/dags/strict/dagRuns", {"dag_run_id": run_id, "conf": {"rows": 3}})[0] == 422
    assert site.trigger("strict", run_id, mood="good")[0] == 422
    assert site.ask("GET", f"/dags/strict/dagRuns/{run_id}")[0] == 404


def test_a_paused_dag_takes_runs_and_does_not_start_them(site: Site, run_id: str) -> None:
    assert site.trigger("resting", run_id, conf={})[1]["state"] == "queued"
    status, dag = site.ask("GET", "/dags/resting")
    assert (status, dag["dag_id"], dag["is_paused"]) == (200, "resting", True)
    assert site.ask("GET", "/dags/strict")[1]["is_paused"] is False
    assert site.ask("GET", f"/dags/resting/dagRuns/{run_id}")[1]["state"] == "queued"


def test_a_path_has_at_most_64_characters(site: Site) -> None:
    path = "/dags/strict/dagRuns/"
    longest = "x" * (64 - len(path))
    assert site.ask("GET", path + longest)[0] == 404
    assert _code(lambda: site.ask("GET", f"{path}{longest}x")) == "ValidationException"


def test_an_environment_of_another_name_is_not_there(site: Site) -> None:
    assert _code(lambda: site.ask("GET", "/dags/strict", name="others")) == "ResourceNotFoundException"


def test_an_environment_that_is_being_updated_answers_nothing_and_then_again(site: Site, run_id: str) -> None:
    site.away(True)  # noqa: FBT003 see Site
    try:
        assert _code(lambda: site.trigger("strict", run_id)) == "InternalServerException"
    finally:
        site.away(False)  # noqa: FBT003 as above
    assert site.trigger("strict", run_id)[0] == 200


def _code(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as raised:
        call()
    return str(raised.value.response["Error"]["Code"])


def test_the_model_lets_through_as_many_requests_a_second_as_the_twin() -> None:
    chance, now = random.Random(4), [0.0]  # noqa: S311 no secret
    twin, model = RequestRate(REQUESTS_PER_SECOND, lambda: now[0]), Mwaa(lambda: now[0], "gate")
    model.add(Dag("strict"))
    admitted = 0
    for _ in range(2_000):
        now[0] += chance.choice([0.0, 0.01, 0.05, 0.1, 0.1, 1.5])
        admits = twin.admits()
        admitted += admits
        if admits:
            model.invoke_rest_api(Name="gate", Path="/dags/strict", Method="GET")
        else:
            refused = _code(lambda: model.invoke_rest_api(Name="gate", Path="/dags/strict", Method="GET"))
            assert refused == "ThrottlingException"
    assert 0 < admitted < 2_000
