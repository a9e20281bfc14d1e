"""The trigger's protocol against a scripted MWAA; what each answer means is decided here, nowhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from suimon.contract.file import FileFormat
from suimon.contract.model import Contract
from suimon.drops.drop import Accepted, Drop, DropRecord
from suimon.drops.lake import accepted_name
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.mwaa.airflow import Airflow, ask_run, ask_tasks
from suimon.mwaa.conf import conf_for
from suimon.mwaa.not_started import Cause, NotStarted
from suimon.mwaa.pace import BusyError
from suimon.mwaa.run_state import CannotAskError, DagState, RunState
from suimon.mwaa.trigger import start_run
from tests.settings import SETTINGS

RECORD = DropRecord(
    Drop("raw", "sales/2026-11-20/sales_data.csv", "v1", "a", 10, "01"),
    Match("sales", "2026-11-20"),
    State.ACCEPTED,
    1,
    datetime(2026, 11, 20, tzinfo=UTC),
    datetime(2026, 11, 20, tzinfo=UTC),
)
RUN = f"{RECORD.id}.1"
POST, GET_RUN, GET_DAG = (
    ("POST", "/dags/daily_sales_etl/dagRuns"),
    ("GET", f"/dags/daily_sales_etl/dagRuns/{RUN}"),
    ("GET", "/dags/daily_sales_etl"),
)


class ScriptedMwaa:
    """Answers each request by its script; an unexpected request is a KeyError."""

    def __init__(self, script: dict[tuple[str, str], Any]) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []

    def invoke_rest_api(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        answer = self.script[request["Method"], request["Path"]]
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        if status < 400:
            return {"RestApiStatusCode": status, "RestApiResponse": body}
        kind = "RestApiClientException" if status < 500 else "RestApiServerException"
        response = {"Error": {"Code": kind}, "RestApiStatusCode": status, "RestApiResponse": body}
        raise ClientError(response, "InvokeRestApi")  # type: ignore[arg-type]  # the two extra fields are MWAA's


def trigger(
    script: dict[tuple[str, str], Any], dag_id: str = "daily_sales_etl"
) -> tuple[NotStarted | None, ScriptedMwaa]:
    mwaa = ScriptedMwaa(script)
    return start_run(airflow(mwaa), dag_id, RECORD, {"rows": 1}), mwaa


def airflow(mwaa: ScriptedMwaa) -> Airflow:
    return Airflow(mwaa, "env", SimpleNamespace(wait=lambda: None))  # type: ignore[arg-type]  # fakes


def test_a_run_is_asked_for_with_its_own_id_and_no_logical_date() -> None:
    why, mwaa = trigger({POST: (200, {})})
    assert why is None
    body = {"dag_run_id": RUN, "logical_date": None, "conf": {"rows": 1}}
    assert mwaa.requests == [{"Name": "env", "Method": POST[0], "Path": POST[1], "Body": body}]


@pytest.mark.hits("conflict-is-looked-up")
def test_a_conflict_is_success_once_the_run_is_found() -> None:
    why, mwaa = trigger({POST: (409, {}), GET_RUN: (200, {})})
    assert why is None
    assert [request["Method"] for request in mwaa.requests] == ["POST", "GET"]


@pytest.mark.parametrize(
    ("post", "get", "cause"),
    [
        (400, None, Cause.REFUSED_CONF),
        (422, None, Cause.REFUSED_CONF),
        (401, None, Cause.FORBIDDEN_DAG),
        (403, None, Cause.FORBIDDEN_DAG),
        (404, None, Cause.UNKNOWN_DAG),
        (429, None, Cause.BUSY),
        (408, None, Cause.AWAY),
        (500, None, Cause.AWAY),
        (502, None, Cause.AWAY),
        (503, None, Cause.AWAY),
        (409, 404, Cause.FOREIGN_RUN),
        (409, 403, Cause.FORBIDDEN_DAG),
        (409, 503, Cause.AWAY),
    ],
)
def test_each_answer_of_airflow_has_its_own_cause(post: int, get: int | None, cause: Cause) -> None:
    why, _ = trigger({POST: (post, {"detail": "no"}), GET_RUN: (get or 200, {})})
    assert why
    assert why.cause is cause
    assert why.reason


def test_a_refusal_is_told_in_airflow_s_own_words() -> None:
    why, _ = trigger({POST: (400, {"detail": "no"})})
    assert why == NotStarted(Cause.REFUSED_CONF, "Airflow answers 400: {'detail': 'no'}")


def test_a_timeout_passes_since_the_run_may_exist() -> None:
    error = ReadTimeoutError(endpoint_url="loopback")
    assert trigger({POST: error})[0] == NotStarted(Cause.AWAY, str(error))


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("ThrottlingException", Cause.BUSY),
        ("InternalServerException", Cause.AWAY),
        ("AccessDeniedException", Cause.DENIED),
        ("ResourceNotFoundException", Cause.MISSING),
        ("ValidationException", Cause.INVALID),
    ],
)
def test_mwaa_s_own_errors_are_told_apart(code: str, cause: Cause) -> None:
    why, _ = trigger({POST: ClientError({"Error": {"Code": code, "Message": "m"}}, "InvokeRestApi")})
    assert why == NotStarted(cause, f"{code}: m")


def test_an_error_without_a_message_is_told_by_its_code() -> None:
    why, _ = trigger({POST: ClientError({"Error": {"Code": "ThrottlingException"}}, "InvokeRestApi")})
    assert why == NotStarted(Cause.BUSY, "ThrottlingException: ")


def test_a_queue_that_is_too_long_is_no_failure() -> None:
    def too_long() -> None:
        raise BusyError("a long queue")

    mwaa = ScriptedMwaa({})
    gate = Airflow(mwaa, "env", SimpleNamespace(wait=too_long))  # type: ignore[arg-type]  # fakes
    why = start_run(gate, "daily_sales_etl", RECORD, {})
    assert (why, mwaa.requests) == (NotStarted(Cause.BUSY, "a long queue"), [])


def test_a_path_longer_than_mwaa_takes_is_refused_before_it_is_sent() -> None:
    why, mwaa = trigger({}, dag_id="d" * 32)
    assert why
    assert why.cause is Cause.LONG_PATH
    assert "64" in why.reason
    assert not mwaa.requests


def test_a_run_that_airflow_does_not_have_has_no_tasks() -> None:
    mwaa = ScriptedMwaa({("POST", "/dags/~/dagRuns/~/taskInstances/list"): (404, {})})
    assert ask_tasks(airflow(mwaa), "dag", RUN) == {}


def test_the_tasks_of_a_run_are_asked_for_in_one_request_by_a_path_that_mwaa_takes() -> None:
    path = "/dags/~/dagRuns/~/taskInstances/list"
    mwaa = ScriptedMwaa({("POST", path): (200, {"task_instances": [{"task_id": "run_glue", "state": "success"}]})})
    assert ask_tasks(airflow(mwaa), "dag", RUN) == {"run_glue": "success"}
    [request] = mwaa.requests
    assert request["Body"] == {"dag_ids": ["dag"], "dag_run_ids": [RUN], "page_limit": 100, "order_by": "end_date"}


@pytest.mark.parametrize(
    ("answer", "of_one_run", "words"),
    [
        (
            (500, {}),
            True,
            "An error occurred (RestApiServerException) when calling the InvokeRestApi operation: Unknown",
        ),
        ((403, {"detail": "no"}), True, f"Airflow answers 403 to GET {GET_RUN[1]}: {{'detail': 'no'}}"),
        (ReadTimeoutError(endpoint_url="loopback"), False, 'Read timeout on endpoint URL: "loopback"'),
    ],
)
def test_who_cannot_be_asked_says_whether_it_is_about_this_run_alone(
    answer: object, words: str, *, of_one_run: bool
) -> None:
    mwaa = ScriptedMwaa({GET_RUN: answer})
    with pytest.raises(CannotAskError) as caught:
        ask_run(airflow(mwaa), "daily_sales_etl", RUN)
    assert caught.value.of_one_run is of_one_run
    assert str(caught.value) == words


def test_a_run_that_airflow_does_not_have_is_none_and_one_at_work_is_asked_for_no_tasks() -> None:
    assert ask_run(airflow(ScriptedMwaa({GET_RUN: (404, {})})), "daily_sales_etl", RUN) is None
    mwaa = ScriptedMwaa({GET_RUN: (200, {"state": "running"})})
    assert ask_run(airflow(mwaa), "daily_sales_etl", RUN) == RunState("running", {})
    assert len(mwaa.requests) == 1


def test_of_a_run_that_has_ended_its_own_tasks_are_asked_for() -> None:
    tasks = ("POST", "/dags/~/dagRuns/~/taskInstances/list")
    ended = {"task_instances": [{"task_id": "load", "state": "success"}]}
    mwaa = ScriptedMwaa({GET_RUN: (200, {"state": "success"}), tasks: (200, ended)})
    assert ask_run(airflow(mwaa), "daily_sales_etl", RUN) == RunState("success", {"load": "success"})
    body = mwaa.requests[-1]["Body"]
    assert (body["dag_ids"], body["dag_run_ids"]) == (["daily_sales_etl"], [RUN])


def test_an_error_without_more_is_about_all_runs() -> None:
    assert not CannotAskError("nobody answers").of_one_run


def test_whether_a_dag_is_paused_is_asked_once_a_minute() -> None:
    mwaa = ScriptedMwaa({GET_DAG: (200, {"is_paused": True})})
    gate, now = airflow(mwaa), datetime(2026, 11, 20, tzinfo=UTC)
    looks = [gate.dag_state("daily_sales_etl", now + timedelta(seconds=seconds)) for seconds in (0, 59, 60)]
    assert looks == [DagState.PAUSED, None, DagState.PAUSED]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((200, {"is_paused": False}), DagState.ACTIVE),
        ((200, {"is_paused": True, "is_stale": True}), DagState.GONE),  # its file is gone
        ((404, {"detail": "not found"}), DagState.GONE),
        ((403, {"detail": "no"}), None),
        ((200, {}), None),
    ],
)
def test_a_dag_that_is_gone_is_not_called_paused(answer: Any, state: DagState | None) -> None:
    gate = airflow(ScriptedMwaa({GET_DAG: answer}))
    assert gate.dag_state("daily_sales_etl", datetime(2026, 11, 20, tzinfo=UTC)) is state


@pytest.mark.parametrize(
    ("compression", "name"), [("none", "data.csv"), ("gzip", "data.csv.gz"), ("zstd", "data.csv.zst")]
)
def test_an_accepted_copy_is_named_by_its_format(compression: Any, name: str) -> None:
    contract = Contract("sales", "1.0.0", "sales_fact", file=FileFormat(compression=compression))
    assert accepted_name(contract) == name


def test_a_run_is_told_what_to_read_and_when_it_was_written() -> None:
    accepted = f"s3://lake/accepted/sales/2026-11-20/{RECORD.id}"
    assert conf_for(replace(RECORD, accepted=Accepted("data.csv", 7)), SETTINGS) == {
        "dataset": "sales",
        "partition": "2026-11-20",
        "drop_id": RECORD.id,
        "attempt": 1,
        "written": "01" + "0" * 30 + ".00000000",
        "rows": 7,
        "source_uri": f"{accepted}/data.csv",
        "contract_uri": f"{accepted}/_contract.json",
        "target_uri": f"s3://lake/processed/sales/2026-11-20/{RUN}/",
        "glue_job": "job",
        "redshift": {
            "database": "analytics",
            "workgroup_name": "wg",
            "cluster_identifier": None,
            "secret_arn": None,
        },
        "copy_role_arn": "arn:aws:iam::123456789012:role/copy",
        "event_bus": "stack",
        "release": "",
        "empties": False,
    }


def test_the_run_of_a_part_is_told_which_values_its_rows_must_have() -> None:
    part = replace(RECORD, match=Match("sales", "2026-11-20/store=S01"), accepted=Accepted("data.csv", 7))
    assert conf_for(part, SETTINGS)["partition_values"] == {
        "partition_first": "2026-11-20",
        "partition_part_store": "S01",
    }
