"""`suimon tail` on DynamoDB (moto): what has happened, once, in its order."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from click.testing import CliRunner

from suimon.cli import tail
from suimon.cli.main import main
from suimon.drops.drop import Accepted, Drop, Rejection
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.incidents.incident import Recovery
from suimon.incidents.messages import files
from suimon.incidents.messages.recoveries import volume_is_usual
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.ledger.drops import Ledger

if TYPE_CHECKING:
    from click.testing import Result
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import DropRecord
    from tests.functional.conftest import Post

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SCHEMA = json.loads((Path(__file__).parents[3] / "docs/tail.schema.json").read_text(encoding="utf-8"))


class World:
    """A ledger, a clock that the command asks, and what happens between its looks."""

    def __init__(self, table: Table) -> None:
        self.ledger = Ledger(table, "intake 1")
        self.now = NOW
        self.between: list[Any] = []

    def sleep(self, seconds: float) -> None:
        """Move the clock on and do the next thing; when nothing is left, the person presses Ctrl-C."""
        self.now += timedelta(seconds=seconds)
        if not self.between:
            raise KeyboardInterrupt
        self.between.pop(0)()

    def dropped(self, number: int, at: datetime, dataset: str = "sales") -> DropRecord:
        drop = Drop("raw", f"{dataset}.csv", f"v{number}", "etag", 1, f"0{number}")
        return self.ledger.receive(drop, Match(dataset, "2026-11-20"), at)


@pytest.fixture
def world(table: Table, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(table)
    monkeypatch.setattr(tail, "outputs_of", lambda *_: [table.name])
    monkeypatch.setattr(tail, "refuse_unknown", lambda *_: None)
    monkeypatch.setattr(tail, "utc_now", lambda: made.now)
    # The command's alone: Spark's threads of other tests sleep, too.
    monkeypatch.setattr(tail, "time", SimpleNamespace(sleep=made.sleep))
    return made


def suimon_tail(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["tail", *arguments], catch_exceptions=False)


def events(*arguments: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in suimon_tail("--json", *arguments).stdout.splitlines()]
    for one in found:
        jsonschema.validate(one, SCHEMA)
    return found


def test_every_move_of_a_drop_is_shown_in_its_order_with_run_and_rows(world: World) -> None:
    record = world.dropped(1, NOW - 9 * SECOND)
    record = world.ledger.claim(record, NOW - 8 * SECOND, owner="a", lease=SECOND, attempt=1)
    record = world.ledger.move(record, State.ACCEPTED, NOW - 7 * SECOND, accepted=Accepted("a.csv", 3))
    record = world.ledger.move(record, State.TRIGGERED, NOW - 6 * SECOND)
    world.ledger.move(record, State.LOADED, NOW - 5 * SECOND)
    found = events("--once")
    assert [one["state"] for one in found] == ["RECEIVED", "VALIDATING", "ACCEPTED", "TRIGGERED", "LOADED"]
    assert [one["run_id"] for one in found if one["run_id"]] == [f"{record.id}.1"]
    assert [one["rows"] for one in found if one["rows"]] == [3]
    shown = suimon_tail("--once", "--stack", "prod")
    assert "11:59:55Z  LOADED" in shown.stdout
    assert "3 rows" in shown.stdout
    assert shown.stdout.rstrip().endswith("suimon status --stack prod")
    assert shown.exit_code == 0


def test_what_happens_later_is_shown_once_until_ctrl_c(world: World) -> None:
    record = world.dropped(1, NOW - 9 * SECOND)

    def rejected() -> None:
        claimed = world.ledger.claim(record, world.now, owner="a", lease=SECOND, attempt=1)
        reason = Rejection(1, "1 fault.", ("type-error",), "")
        world.ledger.move(claimed, State.REJECTED, world.now, rejection=reason)

    world.between = [rejected, lambda: None, lambda: world.dropped(2, world.now - 3 * SECOND, "stock")]
    result = suimon_tail()
    assert result.exit_code == 130
    lines = [line.split()[1] for line in result.stdout.splitlines()]
    assert lines == ["RECEIVED", "VALIDATING", "REJECTED", "RECEIVED"]
    assert "1 fault." in result.stdout


def test_an_incident_is_shown_when_it_opens_and_when_it_recovers(world: World, table: Table, post: Post) -> None:
    store, record = IncidentStore(table, Publisher(post.sns, post.topic_arn)), world.dropped(1, NOW - 9 * SECOND)
    problem = files.unusual_volume(record, "much")

    def recovers() -> None:
        store.recover([Recovery(files.volume_id(record), volume_is_usual(record))], world.now)

    store.report(problem, NOW - SECOND)
    world.between = [recovers]
    found = [one for one in events() if one["what"] == "incident"]
    assert [(one["state"], one["dataset"]) for one in found] == [("OPEN", "sales"), ("RECOVERED", "sales")]


def test_only_what_is_asked_for_is_shown(world: World) -> None:
    world.dropped(1, NOW - 9 * SECOND, "sales")
    world.dropped(2, NOW - 9 * SECOND, "stock")
    world.dropped(3, NOW - timedelta(minutes=20), "stock")
    assert [one["dataset"] for one in events("stock", "--once")] == ["stock"]
    assert len(events("stock", "--once", "--back", "30")) == 2


def test_what_was_shown_is_forgotten_once_nobody_looks_so_far_back() -> None:
    seen = tail.Seen(NOW)
    event = {"what": "drop", "id": "a", "state": "LOADED", "at": (NOW + SECOND).isoformat(), "attempt": 1}
    assert seen.news([event, event]) == [event]
    assert seen.news([event]) == []
    seen.look_from(NOW + 2 * SECOND)
    assert not seen._known
    seen.look_from(NOW)
    assert seen.after == NOW + 2 * SECOND
