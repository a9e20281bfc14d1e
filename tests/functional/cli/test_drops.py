"""`suimon drops` on DynamoDB (moto): which drops it lists, and in which order."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from suimon.cli import drop_view, drops
from suimon.cli.main import main
from suimon.drops.drop import Accepted, Drop, DropRecord, after
from suimon.drops.hold import Hold
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.ledger import queries
from suimon.ledger.drops import Ledger
from suimon.ledger.items import entry_of

if TYPE_CHECKING:
    from click.testing import Result
    from mypy_boto3_dynamodb.service_resource import Table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = "2026-11-20"
KEY = f"sales/{DAY}/sales_data.csv"


@pytest.fixture
def ledger(table: Table, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    outputs = {"LedgerTable": table.name}
    monkeypatch.setattr(drops, "outputs_of", lambda _, *names: [outputs[name] for name in names])
    monkeypatch.setattr(drops, "ask", answer)
    return Ledger(table, "intake 1")


def answer(stack: str, name: str, _request: object) -> dict[str, list[str]]:
    assert (stack, name) == ("suimon-local", "datasets")
    return {"datasets": ["sales", "inventory"]}


def suimon_drops(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["drops", *arguments], catch_exceptions=False)


def ids(*arguments: str) -> list[str]:
    return [drop["drop_id"] for drop in json.loads(suimon_drops(*arguments, "--json").stdout)]


def dropped(
    ledger: Ledger, number: int, state: State = State.REJECTED, *, key: str = KEY, day: str = DAY
) -> DropRecord:
    """Enter the version of that number and move it on, a minute after the one before."""
    now = NOON + timedelta(minutes=number)
    drop = Drop("raw", key, f"version {number}", "etag", 1_000, f"{number:02}")
    record = ledger.receive(drop, Match("sales", day), now)
    record = ledger.claim(record, now, owner="a", lease=timedelta(minutes=16), attempt=1)
    moved_at = now + timedelta(milliseconds=250)
    if number % 2:
        return ledger.move(record, state, moved_at, accepted=Accepted("data.csv", 12_345))
    return ledger.move(record, state, moved_at)


def test_the_writes_of_a_key_come_newest_first_and_those_not_yet_entered_too(ledger: Ledger, table: Table) -> None:
    first, second = dropped(ledger, 1), dropped(ledger, 2)
    dropped(ledger, 3, key="sales/other.csv")
    third = DropRecord(Drop("raw", KEY, "3", "e", 1, "03"), Match("sales", DAY), State.RECEIVED, 1, NOON, NOON)
    table.put_item(Item=entry_of(third))
    assert ids("--key", f"s3://raw/{KEY}") == [third.id, second.id, first.id]


def test_a_drop_that_has_two_entries_is_listed_once(ledger: Ledger, table: Table) -> None:
    known = dropped(ledger, 2)
    found = Drop("raw", KEY, known.drop.version_id, "etag", 1_000, after("01"))
    table.put_item(Item=entry_of(DropRecord(found, Match("sales", DAY), State.RECEIVED, 1, NOON, NOON)))
    assert ids("--key", f"s3://raw/{KEY}") == [known.id]


def test_a_partition_is_listed_newest_write_first_and_narrowed_by_state(ledger: Ledger) -> None:
    first, second = dropped(ledger, 1, State.DUPLICATE), dropped(ledger, 2)
    dropped(ledger, 3, day="2026-11-21")
    assert ids("--dataset", "sales", "--partition", DAY) == [second.id, first.id]
    assert ids("--dataset", "sales", "--partition", DAY, "--state", "duplicate") == [first.id]


def test_what_came_to_a_state_last_is_listed_first_over_all_pages(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    made = [dropped(ledger, number, key=f"{number}.csv") for number in range(1, 6)]
    dropped(ledger, 6, State.SUPERSEDED)
    assert ids("--state", "REJECTED") == [record.id for record in reversed(made)]
    assert ids("--state", "REJECTED", "--dataset", "inventory") == []


def test_a_long_list_is_cut_and_says_so(ledger: Ledger) -> None:
    first, _, third = [dropped(ledger, number) for number in range(1, 4)]
    cut, whole = (
        suimon_drops("--state", "REJECTED", "--limit", "2"),
        suimon_drops("--state", "REJECTED", "--limit", "3"),
    )
    assert (third.id in cut.output, first.id in cut.output, "--limit" in cut.output) == (True, False, True)
    assert (first.id in whole.output, "--limit" in whole.output) == (True, False)


def test_an_empty_list_exits_with_0(ledger: Ledger) -> None:
    del ledger
    listed = suimon_drops("--state", "FAILED", "--json")
    assert (listed.exit_code, listed.stdout) == (0, "[]\n")
    told = suimon_drops("--state", "FAILED")
    assert (told.exit_code, told.stdout) == (
        0,
        "There is no such drop.\n  suimon status\n",
    )
    assert suimon_drops("--dataset", "sales", "--partition", "20261120").exit_code == 2


def test_a_dataset_that_the_release_does_not_have_is_refused_with_those_it_has(ledger: Ledger) -> None:
    refused = suimon_drops("--dataset", "slaes", "--partition", DAY)
    assert (refused.exit_code, "there are: inventory, sales; did you mean sales?" in refused.output) == (2, True)
    dropped(ledger, 1)
    assert suimon_drops("--dataset", "sales", "--partition", DAY).exit_code == 0


def test_a_ledger_that_cannot_be_read_exits_with_2(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    del ledger
    monkeypatch.setattr(drops, "outputs_of", lambda *_: ["no such table"])
    assert suimon_drops("--state", "FAILED").exit_code == 2


def test_a_held_drop_says_so_in_the_list_and_who_holds_it_in_json(ledger: Ledger) -> None:
    held = dropped(ledger, 1, State.ACCEPTED)
    ledger.holds.put(Hold(dataset="sales", reason="closing", who="arn:me", since=NOON))
    assert f"{KEY} (held)" in suimon_drops("--dataset", "sales", "--partition", DAY).stdout
    [told] = json.loads(suimon_drops("--state", "ACCEPTED", "--json").stdout)
    assert told["drop_id"] == held.id
    assert told["held"] == "by arn:me since 2026-11-22 12:00:00Z, until somebody releases it: closing"


def test_a_drop_that_its_window_holds_says_so_until_that_opens_or_a_person_releases_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = dropped(ledger, 2, State.VALIDATING)
    ledger.move(record, State.ACCEPTED, NOON, opens_at=NOON + timedelta(hours=4))

    def told(hours: float) -> str | None:
        monkeypatch.setattr(drop_view, "utc_now", lambda: NOON + timedelta(hours=hours))
        [found] = json.loads(suimon_drops("--state", "ACCEPTED", "--json").stdout)
        return found["held"]  # type: ignore[no-any-return]

    assert told(3.9) == (
        "by its contract since 2026-11-22 12:02:00Z, until 2026-11-22 16:00:00Z: it came outside its window"
    )
    assert told(4) is None
    ledger.holds.put(Hold(dataset="sales", reason="r", who="w", since=NOON, released_at=NOON + timedelta(hours=1)))
    assert told(3.9) is None
