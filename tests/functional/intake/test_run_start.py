"""The start of a run: an Airflow that is away, refuses, is paused, or is faster than the gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.contract.model import Contracts
from suimon.drops.states import State
from suimon.incidents.messages.recoveries import DAG_IS_ACTIVE
from suimon.intake.errors import RetryLaterError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.intake.gate import Gate
    from tests.functional.conftest import Post

from tests.functional.intake.gated import GOOD, KEY, NOON, Clock, FakeMwaa, put


def test_an_airflow_that_is_away_costs_nothing_but_time(gate: Gate, mwaa: FakeMwaa, post: Post, clock: Clock) -> None:
    drop = put(GOOD)
    mwaa.fails = ClientError({"Error": {"Code": "InternalServerException"}}, "InvokeRestApi")
    with pytest.raises(RetryLaterError, match=f"^drop {drop.id} is accepted, its run could not be started: Internal"):
        gate.take(drop)
    assert post.subjects() == []  # not news yet
    clock.now += timedelta(minutes=11)
    with pytest.raises(RetryLaterError):
        gate.take(drop)
    assert post.subjects() == ["[ERROR] MWAA environment env does not answer"]
    mwaa.fails = None
    assert gate.take(drop).state is State.TRIGGERED
    # One run that it took is no proof that it answers: the sweep closes this when no file has waited for long.
    assert post.subjects() == []


@pytest.mark.hits("run-was-faster")
def test_a_run_that_ends_before_its_start_is_recorded_stays_at_its_end(
    gate: Gate, mwaa: FakeMwaa, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop, start = put(GOOD), mwaa.invoke_rest_api

    def ends_at_once(**request: Any) -> dict[str, Any]:
        answer = start(**request)
        if request["Method"] == "POST":
            record = gate.ledger.get(drop.id)
            assert record
            gate.ledger.move(gate.ledger.move(record, State.TRIGGERED, NOON), State.LOADED, NOON)
        return answer

    monkeypatch.setattr(mwaa, "invoke_rest_api", ends_at_once)
    assert gate.take(drop).state is State.LOADED


def test_a_mistake_of_configuration_is_reported_at_once_and_once(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    drop = put(GOOD)
    mwaa.fails = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "InvokeRestApi")
    for _ in range(2):
        with pytest.raises(RetryLaterError):
            gate.take(drop)
    [(_, body)] = post.letters()
    assert "airflow:InvokeRestApi" in body


def test_a_refused_run_of_one_file_is_not_closed_by_another_file(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    refused = {"Error": {"Code": "RestApiClientException"}, "RestApiStatusCode": 400, "RestApiResponse": "conf"}
    mwaa.fails = ClientError(refused, "InvokeRestApi")  # type: ignore[arg-type]  # MWAA's own fields
    with pytest.raises(RetryLaterError):
        gate.take(put(GOOD))
    assert post.subjects() == ["[ERROR] Airflow refuses the run of sales_data.csv"]
    mwaa.fails = None
    other_day = "2026-11-19"
    gate.take(put(GOOD.replace("2026-11-20", other_day), key=KEY.replace("2026-11-20", other_day)))
    assert post.subjects() == []


def test_a_run_that_starts_after_all_closes_what_was_reported_of_it(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    drop = put(GOOD)
    refused = {"Error": {"Code": "RestApiClientException"}, "RestApiStatusCode": 400, "RestApiResponse": "conf"}
    mwaa.fails = ClientError(refused, "InvokeRestApi")  # type: ignore[arg-type]  # MWAA's own fields
    with pytest.raises(RetryLaterError):
        gate.take(drop)
    [reported] = post.subjects()
    mwaa.fails = None
    gate.take(drop)
    [(subject, body)] = post.letters()
    assert subject == reported.replace("[ERROR] ", "[RECOVERED] ")
    assert body.startswith(f"Airflow has taken the run of {KEY}.")


def test_a_file_runs_in_the_dag_that_its_contract_names_by_then(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    mwaa.fails = ClientError({"Error": {"Code": "InternalServerException"}}, "InvokeRestApi")
    with pytest.raises(RetryLaterError):
        gate.take(drop)
    mwaa.fails = None
    moved = replace(gate.contracts.of("sales"), dag_id="another_dag")
    record = replace(gate, contracts=Contracts((moved,))).take(drop)
    assert (record.state, record.opened_dag) == (State.TRIGGERED, "another_dag")


def test_a_paused_dag_is_reported(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    mwaa.paused = True
    assert gate.take(put(GOOD)).state is State.TRIGGERED
    assert post.subjects() == ["[ERROR] DAG daily_sales_etl is paused: files are accepted, nothing is loaded"]


def test_a_dag_that_is_active_again_has_recovered_with_a_word_on_how(
    gate: Gate, mwaa: FakeMwaa, post: Post, clock: Clock
) -> None:
    mwaa.paused = True
    gate.take(put(GOOD))
    [paused] = post.subjects()
    mwaa.paused = False
    clock.now += timedelta(minutes=2)
    other_day = "2026-11-19"
    assert (
        gate.take(put(GOOD.replace("2026-11-20", other_day), KEY.replace("2026-11-20", other_day))).state
        is State.TRIGGERED
    )
    [(subject, body)] = post.letters()
    assert subject == paused.replace("[ERROR] ", "[RECOVERED] ")
    assert DAG_IS_ACTIVE in body


def test_a_crash_between_accepted_and_triggered_leads_to_one_run(gate: Gate, mwaa: FakeMwaa, table: Table) -> None:
    drop = put(GOOD)
    gate.take(drop)
    # The run is there, but the ledger was never told.
    table.update_item(
        Key={"pk": f"drop#{drop.id}", "sk": "drop"},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": "ACCEPTED"},
    )
    assert gate.take(drop).state is State.TRIGGERED
    assert len(mwaa.runs) == 1


def test_a_dag_that_airflow_does_not_know_is_reported_with_what_to_do_once_it_has_lasted(
    gate: Gate, mwaa: FakeMwaa, post: Post, clock: Clock
) -> None:
    unknown = {"Error": {"Code": "RestApiClientException"}, "RestApiStatusCode": 404, "RestApiResponse": {}}
    mwaa.fails = ClientError(unknown, "InvokeRestApi")  # type: ignore[arg-type]  # MWAA's own fields
    drop = put(GOOD)
    for _ in range(2):
        with pytest.raises(RetryLaterError):
            gate.take(drop)
        assert post.letters() == []  # contract and DAG may be deployed together: Airflow parses it in a few minutes
        clock.now += timedelta(minutes=9)
    clock.now += timedelta(minutes=1)
    with pytest.raises(RetryLaterError):
        gate.take(drop)
    [(subject, body)] = post.letters()
    assert subject == "[ERROR] Airflow does not know the DAG daily_sales_etl"
    assert "Put its file into the DAG bucket" in body
