"""Starting a replay's execution, and following it by the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from suimon.drops.states import State
from suimon.replay import execution
from suimon.replay.execution import LOOKED_UP, Progress, ReplayError, follow, start
from suimon.replay.plan import Item
from tests.unit.drop_records import drop_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suimon.drops.drop import DropRecord

ARN = "arn:aws:states:ap-northeast-1:123456789012:execution:suimon-replay:sales.2026-11-01.2026-11-02.0123"
ITEMS = [Item("a", "2026-11-01", 2), Item("b", "2026-11-02", 2)]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Stepped:
    """Step Functions' status of one execution, and the ledger beside it, a step further at each pause."""

    def __init__(self, *steps: tuple[str, dict[str, DropRecord]], **failure: str) -> None:
        self.steps, self.failure, self.now = steps, failure, 0
        self.asked: list[int] = []

    def pause(self, _seconds: float) -> None:
        self.now += 1

    def describe_execution(self, **_: Any) -> Any:
        status = self.steps[self.now][0]
        return {"status": status, **(self.failure if status == "FAILED" else {})}

    def records(self, drop_ids: Sequence[str]) -> Mapping[str, DropRecord]:
        self.asked.append(len(drop_ids))
        return {drop_id: self.steps[self.now][1][drop_id] for drop_id in drop_ids}

    def follow(self, items: Sequence[Item] = ITEMS, failures: Mapping[str, str] | None = None) -> list[Progress]:
        sfn: Any = self
        return list(follow(sfn, ARN, items, self.records, lambda: failures or {}, self.pause))


def at(a: tuple[State, int], b: tuple[State, int]) -> dict[str, DropRecord]:
    return {name: drop_record(state, attempt=attempt, rows=10) for name, (state, attempt) in (("a", a), ("b", b))}


def test_states_in_between_and_outcomes_come_from_the_ledger() -> None:
    end = at((State.LOADED, 2), (State.FAILED, 2))
    stepped = Stepped(
        ("RUNNING", at((State.LOADED, 1), (State.FAILED, 1))),  # the attempts before: not begun yet
        ("RUNNING", at((State.TRIGGERED, 2), (State.VALIDATING, 2))),
        ("FAILED", end),
        error="Suimon.PartlyLoaded",
        cause="1 loaded, 1 failed",
    )
    seen = stepped.follow(failures={"2026-11-02": "RunFailed: Glue died"})
    assert [[row.state for row in progress.rows] for progress in seen] == [
        ["waiting", "waiting"],
        ["triggered", "validating"],
        ["loaded", "failed"],
    ]
    assert (seen[-1].error, seen[-1].rows[1].error) == ("Suimon.PartlyLoaded", "RunFailed: Glue died")


def test_what_has_ended_is_not_asked_again_until_the_end() -> None:
    half = at((State.LOADED, 2), (State.TRIGGERED, 2))
    stepped = Stepped(("RUNNING", half), ("RUNNING", half), ("SUCCEEDED", half))
    stepped.follow()
    assert stepped.asked == [2, 1, 2]


def test_of_thousands_only_the_front_is_looked_up() -> None:
    items = [Item(str(number), str(number), 2) for number in range(5_000)]
    waits = {item.drop_id: drop_record(State.LOADED) for item in items}
    stepped = Stepped(("RUNNING", waits), ("ABORTED", waits))
    first, last = stepped.follow(items)
    assert stepped.asked == [LOOKED_UP, 5_000]
    assert first.counts.remaining == last.counts.remaining == 5_000


def test_nobody_follows_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "PATIENCE_SECONDS", 1.5)
    waits = at((State.LOADED, 1), (State.LOADED, 1))
    with pytest.raises(ReplayError, match="still runs"):
        Stepped(*[("RUNNING", waits)] * 3).follow()


MACHINE = "arn:aws:states:ap-northeast-1:123456789012:stateMachine:suimon-replay"


class Machine:
    """Step Functions' names: each is taken once."""

    class exceptions:  # noqa: N801 - boto3's name
        """The errors of a client."""

        class ExecutionAlreadyExists(Exception):  # noqa: N818 - as above
            """The name is taken."""

    def __init__(self) -> None:
        self.status: dict[str, str] = {}

    def start_execution(self, **request: Any) -> Any:
        arn = f"{MACHINE.replace('stateMachine', 'execution')}:{request['name']}"
        if arn in self.status:
            raise self.exceptions.ExecutionAlreadyExists
        assert len(request["name"]) <= 80
        self.status[arn] = "RUNNING"
        return {"executionArn": arn}

    def describe_execution(self, **request: Any) -> Any:
        return {"status": self.status[request["executionArn"]]}


def test_a_plan_that_runs_is_joined_and_one_that_ended_is_in_nobodys_way() -> None:
    sfn: Any = Machine()
    wanted = {"dataset": "sales" * 20, "from": "2026-11-01", "to": "2026-11-07", "plan": "0123456789abcdef"}
    first = start(sfn, MACHINE, wanted, NOON)
    assert start(sfn, MACHINE, wanted, NOON) == first
    sfn.status[first] = "FAILED"
    assert start(sfn, MACHINE, wanted, NOON) != first
