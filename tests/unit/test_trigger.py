"""The trigger's protocol against a scripted MWAA; what each answer means is decided here, nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from suimon.drop import Drop, DropRecord, State
from suimon.settings import Settings
from suimon.trigger import Airflow, Outcome, conf_for, rewritten_name, start_run
from suimon.warehouse.statements import Warehouse

RECORD = DropRecord(
    Drop("raw", "sales/2026-11-20/sales_data.csv", "v1", "a", 10, "01"),
    "sales",
    "2026-11-20",
    State.ACCEPTED,
    1,
    "2026-11-20T00:00:00+00:00",
    "2026-11-20T00:00:00+00:00",
)
SETTINGS = Settings(
    ledger_table="ledger",
    alerts_topic_arn="",
    lake_bucket="lake",
    reports_bucket="reports",
    mwaa_environment="env",
    glue_job="job",
    copy_role_arn="",
    warehouse=Warehouse(database="analytics", workgroup_name="wg"),
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


def trigger(script: dict[tuple[str, str], Any], dag_id: str = "daily_sales_etl") -> tuple[Any, ScriptedMwaa]:
    mwaa = ScriptedMwaa(script)
    return start_run(Airflow(mwaa, "env"), dag_id, RECORD, {"rows": 1}), mwaa  # type: ignore[arg-type]  # a fake


def test_a_run_is_asked_for_with_its_own_id_and_no_logical_date() -> None:
    result, mwaa = trigger({POST: (200, {}), GET_DAG: (200, {"is_paused": False})})
    assert result.outcome is Outcome.TRIGGERED
    assert mwaa.requests[0]["Body"] == {"dag_run_id": RUN, "logical_date": None, "conf": {"rows": 1}}


def test_a_conflict_is_success_once_the_run_is_found() -> None:
    result, _ = trigger({POST: (409, {}), GET_RUN: (200, {}), GET_DAG: (200, {"is_paused": False})})
    assert result.outcome is Outcome.TRIGGERED


def test_a_conflict_without_our_run_is_no_success() -> None:
    result, _ = trigger({POST: (409, {"detail": "logical date"}), GET_RUN: (404, {})})
    assert result.outcome is Outcome.MISCONFIGURED


def test_a_paused_dag_is_told() -> None:
    result, _ = trigger({POST: (200, {}), GET_DAG: (200, {"is_paused": True})})
    assert (result.outcome, result.paused) == (Outcome.TRIGGERED, True)


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refusal_is_a_mistake_of_configuration(status: int) -> None:
    result, _ = trigger({POST: (status, {"detail": "no"})})
    assert result.outcome is Outcome.MISCONFIGURED
    assert result.reason


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_an_airflow_that_is_busy_or_away_is_tried_later(status: int) -> None:
    result, _ = trigger({POST: (status, {})})
    assert result.outcome is Outcome.TRY_LATER


def test_a_timeout_is_tried_later_since_the_run_may_exist() -> None:
    result, _ = trigger({POST: ReadTimeoutError(endpoint_url="loopback")})
    assert result.outcome is Outcome.TRY_LATER


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("ThrottlingException", Outcome.TRY_LATER),
        ("InternalServerException", Outcome.TRY_LATER),
        ("AccessDeniedException", Outcome.MISCONFIGURED),
        ("ResourceNotFoundException", Outcome.MISCONFIGURED),
    ],
)
def test_mwaa_s_own_errors_are_told_apart(code: str, outcome: Outcome) -> None:
    result, _ = trigger({POST: ClientError({"Error": {"Code": code, "Message": "m"}}, "InvokeRestApi")})
    assert result.outcome is outcome


def test_a_path_longer_than_mwaa_takes_is_refused_before_it_is_sent() -> None:
    result, mwaa = trigger({}, dag_id="d" * 32)
    assert result.outcome is Outcome.MISCONFIGURED
    assert "shorten" in result.reason
    assert not mwaa.requests


@pytest.mark.parametrize(
    ("name", "rewritten"),
    [
        ("sales_data.csv", "sales_data.csv"),
        ("sales_data.csv.gz", "sales_data.csv"),
        ("events.tsv.zst", "events.csv"),
        ("events.zip", "events.csv"),
        ("2026.11.20.csv", "2026.11.20.csv"),
        ("sales", "sales.csv"),
    ],
)
def test_rewritten_rows_are_named_as_plain_csv(name: str, rewritten: str) -> None:
    assert rewritten_name(replace(RECORD, drop=replace(RECORD.drop, key=f"sales/2026-11-20/{name}"))) == rewritten


@pytest.mark.parametrize(("accepted_as", "name"), [("rows.csv", "rows.csv"), ("", "sales_data.csv")])
def test_a_run_reads_the_object_that_was_accepted(accepted_as: str, name: str) -> None:
    conf = conf_for(replace(RECORD, accepted_as=accepted_as), SETTINGS)
    assert conf["source_uri"] == f"s3://lake/accepted/sales/2026-11-20/{RECORD.id}/{name}"
