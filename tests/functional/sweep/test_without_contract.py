"""Drops whose contract is gone: each ends by itself, is adopted when a contract comes, or is closed by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from suimon.contract.model import Contracts
from suimon.drops.drop import Replay
from suimon.drops.states import AT_AN_END, State
from suimon.incidents.messages.airflow import not_triggered
from suimon.mwaa.not_started import Cause, NotStarted
from suimon.sweep.closing import CloseError, Closing, close
from suimon.sweep.plans.stuck_drops import STUCK
from tests.functional.conftest import open_ids
from tests.functional.sweep.swept import DAG, HOUR, MINUTE, NOON, World, accepted_shard, contracts, key_of, know_sets

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord

AT = NOON - 3 * HOUR
WAYS: dict[State, tuple[State, ...]] = {
    State.RECEIVED: (),
    State.VALIDATING: (State.VALIDATING,),
    State.ACCEPTED: (State.VALIDATING, State.ACCEPTED),
    State.TRIGGERED: (State.VALIDATING, State.ACCEPTED, State.TRIGGERED),
}


def drop_in(world: World, state: State) -> DropRecord:
    record = world.receive(world.put(key_of(), written=AT), "0A", AT)
    return world.bring(record, *WAYS[state], at=AT)


def forget_contracts(world: World) -> None:
    world.contracts = Contracts(())


def close_it(world: World, drop_id: str, reason: str = "given up") -> DropRecord:
    return close(world.ledger, world.sfn, Closing(drop_id, reason, "arn:me"), NOON)  # type: ignore[arg-type]  # a fake


def test_accepted_drops_of_a_dataset_without_a_contract_get_no_messages_and_are_reported_once(world: World) -> None:
    record = drop_in(world, State.ACCEPTED)
    forget_contracts(world)
    for number in range(8):
        findings = world.round(NOON + number * 15 * MINUTE)
        assert (findings.failures, findings.unexplained, findings.of(STUCK).reported) == ((), 0, 1)
    assert world.depth("intake") == 0
    [(subject, body)] = world.post.letters()
    assert subject == "[WARNING] sales: files wait, and no contract knows them any more"
    assert f"suimon drops close {record.id} --reason" in body


def test_they_are_adopted_when_the_contract_comes_again(world: World) -> None:
    record = drop_in(world, State.ACCEPTED)
    forget_contracts(world)
    world.round()
    world.contracts = contracts()
    world.round(NOON + 15 * MINUTE)
    assert world.resumed() == [record.id]
    assert world.post.subjects()[1:] == ["[RECOVERED] sales: files wait, and no contract knows them any more"]


def test_a_run_whose_contract_is_gone_is_asked_about_by_its_own_dag(world: World) -> None:
    record = drop_in(world, State.ACCEPTED)
    record = world.ledger.touch(record, opened_dag="another_dag")
    world.bring(record, State.TRIGGERED, at=AT)
    world.mwaa.runs[f"{record.id}.1"] = "success"
    forget_contracts(world)
    world.round()
    assert world.state_of(record.id) is State.LOADED
    assert f"/dags/another_dag/dagRuns/{record.id}.1" in world.mwaa.paths


def test_a_drop_that_waits_for_a_contract_keeps_no_incident_of_airflow_open(world: World) -> None:
    record = drop_in(world, State.ACCEPTED)
    world.incidents.report(not_triggered("env", DAG, record, NotStarted(Cause.AWAY, "no answer")), AT)
    forget_contracts(world)
    world.round()
    assert open_ids(world.incidents) == ["orphaned:sales"]


@pytest.mark.parametrize("state", WAYS)
def test_whatever_waits_can_be_closed_and_stays_so(world: World, state: State) -> None:
    record = drop_in(world, state)
    closed = close_it(world, record.id, "the shop has closed")
    assert (closed.state, closed.closed) == (State.CLOSED, "the shop has closed (arn:me)")
    forget_contracts(world)
    for number in range(3):
        assert world.round(NOON + number * HOUR).unexplained == 0
    world.contracts = contracts()
    world.round(NOON + 4 * HOUR)
    assert world.state_of(record.id) is State.CLOSED
    assert (world.resumed(), world.post.subjects()) == ([], [])


@pytest.mark.parametrize("state", sorted(AT_AN_END - {State.CLOSED}))
def test_what_has_ended_cannot_be_closed(world: World, state: State) -> None:
    record = drop_in(world, State.RECEIVED)
    world.table.update_item(
        Key={"pk": f"drop#{record.id}", "sk": "drop"},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": str(state)},
    )
    with pytest.raises(CloseError, match="has ended already"):
        close_it(world, record.id)


def test_what_is_being_checked_or_is_not_there_cannot_be_closed(world: World) -> None:
    record = world.receive(world.put(key_of()), "0A")
    world.bring(record, State.VALIDATING, at=NOON)
    with pytest.raises(CloseError, match="being checked right now"):
        close_it(world, record.id)
    with pytest.raises(CloseError, match="knows no drop"):
        close_it(world, "0123456789abcdef")
    for request in ({}, {"drop_id": record.id}, {"drop_id": record.id, "reason": " "}):
        with pytest.raises(CloseError, match="say which drop, and why"):
            Closing.from_request(request)


def test_a_set_is_closed_with_its_shards_and_a_replay_gets_its_answer(world: World) -> None:
    know_sets(world)
    shards = [accepted_shard(world, 20, number, AT) for number in (1, 2)]
    [whole] = world.ledger.in_state(State.RECEIVED, NOON)
    world.ledger.touch(whole, replay=Replay("execution", "token"))
    close_it(world, whole.id)
    assert {world.state_of(one.id) for one in (whole, *shards)} == {State.CLOSED}
    assert world.sfn.answered == ["token"]


def test_the_command_asks_the_stack_and_says_what_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    import io  # noqa: PLC0415 for what Lambda answers
    import json  # noqa: PLC0415 likewise

    from suimon.cli import asking as module  # noqa: PLC0415 the command line, for this test alone
    from suimon.cli.main import main  # noqa: PLC0415 likewise

    asked: list[Any] = []

    class Client:
        def __init__(self, answer: dict[str, Any]) -> None:
            self.answer = answer

        def get_caller_identity(self) -> dict[str, str]:
            return {"Arn": "arn:me"}

        def invoke(self, **request: Any) -> dict[str, Any]:
            asked.append(json.loads(request["Payload"]))
            return {"Payload": io.BytesIO(json.dumps(self.answer).encode())}

    monkeypatch.setattr(module, "outputs_of", lambda _stack, *_names: ["freshness"])
    ended = {"en": "drop d is LOADED: it has ended already", "ja": "ドロップ d は LOADED で、すでに終わっています"}
    answers: list[dict[str, Any]] = [{"drop_id": "d", "state": "CLOSED"}, {"refused": ended}]
    monkeypatch.setattr("boto3.client", lambda _name, **_: Client(answers[len(asked)]))
    done = CliRunner().invoke(main, ["drops", "close", "d.1", "--reason", "given up"])
    assert (done.exit_code, done.output) == (0, "drop d is CLOSED\n  suimon explain d\n")
    assert asked == [{"close": {"drop_id": "d", "reason": "given up", "who": "arn:me"}}]
    refused = CliRunner().invoke(main, ["drops", "close", "d", "--reason", "given up"])
    assert (refused.exit_code, "it has ended already" in refused.output) == (1, True)
    assert CliRunner().invoke(main, ["drops", "close", "d"]).exit_code == 2
