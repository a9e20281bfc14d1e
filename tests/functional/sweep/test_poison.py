"""Nothing that somebody writes stops the rounds: it is left out and reported, and everything else is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.drops.states import State
from suimon.incidents.kinds import Kind
from suimon.incidents.messages.airflow import paused
from suimon.ledger.unreadable_items import UnreadableItemError
from suimon.sweep.lost_events import LOST_EVENT
from tests.functional.conftest import open_ids
from tests.functional.sweep.swept import (
    DAG,
    HOUR,
    MINUTE,
    NOON,
    World,
    accepted_shard,
    contracts,
    key_of,
    know_sets,
)

if TYPE_CHECKING:
    from suimon.sweep.findings import Findings

LEFT_OUT = "[ERROR] The sweep left out what it cannot use"
OVER = f"[RECOVERED] {LEFT_OUT.removeprefix('[ERROR] ')}"
NAIVE, AHEAD = "2026-11-28T16:50:00", "9999-12-31T23:59:59.000+00:00"
BAD_WALKS = [
    {"complete": NAIVE},
    {"complete": AHEAD},
    {"began": NAIVE, "key": "a"},
    {"began": AHEAD},
    {"began": "yesterday"},
    {"complete": "0"},
    {"from": "a", "to": "b"},
]


def poison(world: World, pk: str, sk: str, **attributes: Any) -> None:
    """Change attributes of an item, or make one; None removes the attribute."""
    for name, value in attributes.items():
        update = "REMOVE #n" if value is None else "SET #n = :v"
        values: Any = {} if value is None else {"ExpressionAttributeValues": {":v": value}}
        key = {"pk": pk, "sk": sk}
        world.table.update_item(Key=key, UpdateExpression=update, ExpressionAttributeNames={"#n": name}, **values)


def whole(findings: Findings) -> None:
    assert findings.failures == ()
    assert findings.unexplained == 0


@pytest.mark.parametrize("mark", BAD_WALKS, ids=str)
def test_a_walk_s_mark_that_no_round_has_left_is_ignored_and_reported(world: World, mark: dict[str, str]) -> None:
    world.round(NOON - 30 * MINUTE)
    world.table.put_item(Item={"pk": "checkpoint#walk", "sk": "checkpoint", **mark})
    drop = world.put("odd/place.csv", written=NOON - HOUR)
    whole(world.round())
    assert world.state_of(drop.id) is State.UNMATCHED
    [body] = [body for subject, body in world.post.letters() if subject == LEFT_OUT]
    assert "checkpoint#walk\n    the walk is begun again: " in body
    whole(world.round(NOON + 15 * MINUTE))
    assert world.post.subjects() == [OVER]


@pytest.mark.parametrize("attribute", ["began", "since"])
@pytest.mark.parametrize("value", [NAIVE, AHEAD, "never", None])
def test_the_mark_of_the_search_for_contracts_stops_no_search(world: World, attribute: str, value: str | None) -> None:
    drop = world.receive(world.put("stock/2026-11-21/stock.csv"), "0A")
    world.round()
    poison(world, "checkpoint#contracts", "checkpoint", since="2026-11-22T10:00:00.000+00:00", drop_id="x")
    poison(world, "checkpoint#contracts", "checkpoint", **{attribute: value})
    world.contracts = contracts("stock/{ds}/stock.csv")
    patterns = world.table.get_item(Key={"pk": "checkpoint#contracts", "sk": "checkpoint"})["Item"]["searching"]
    assert patterns
    from suimon.sweep.plans.unmatched_drops import patterns_of  # noqa: PLC0415 of these contracts only

    poison(world, "checkpoint#contracts", "checkpoint", searching=patterns_of(world.contracts))
    whole(world.round())
    if (attribute, value) != ("since", None):
        assert world.state_of(drop.id) is State.RECEIVED
        assert LEFT_OUT in world.post.subjects()


def test_a_place_that_s3_refuses_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = world.put("odd/place.csv")
    world.table.put_item(Item={"pk": "checkpoint#walk", "sk": "checkpoint", "key": "m", "version_id": "no version"})
    listed = world.s3.list_object_versions

    def refuse(**request: Any) -> Any:
        if "VersionIdMarker" in request:
            error: Any = {"Error": {"Code": "InvalidArgument", "Message": "Invalid version id specified"}}
            raise ClientError(error, "ListObjectVersions")
        return listed(**request)

    monkeypatch.setattr(world.s3, "list_object_versions", refuse)
    whole(world.round())
    assert LEFT_OUT in world.post.subjects()
    whole(world.round(NOON + 15 * MINUTE))
    assert world.state_of(drop.id) is State.UNMATCHED


BAD_RECORDS = [
    {"state": "LAUNDERED"},
    {"lease_owner": None},
    {"updated_at": "2026-11-22T10:00:00"},
    {"received_at": "yesterday"},
    {"history": None},
    {"size": "big"},
    {"members": None},
]


@pytest.mark.parametrize("state", [State.RECEIVED, State.VALIDATING, State.TRIGGERED])
@pytest.mark.parametrize("damage", BAD_RECORDS, ids=str)
def test_a_record_that_cannot_be_read_stops_nothing_and_is_reported(
    world: World, state: State, damage: dict[str, Any]
) -> None:
    way = {
        State.RECEIVED: (),
        State.VALIDATING: (State.VALIDATING,),
        State.TRIGGERED: (State.VALIDATING, State.ACCEPTED, State.TRIGGERED),
    }
    at = NOON - 3 * HOUR
    bad, good = (world.put(key_of(f"2026-11-{day}"), written=at) for day in (20, 21))
    for drop in (bad, good):
        world.bring(world.receive(drop, "0A", at), *way[state], at=at)
    world.mwaa.runs = {f"{good.id}.1": "running"}
    poison(world, f"drop#{bad.id}", "drop", **damage)
    lost = world.put("odd/place.csv", written=at)
    findings = world.round()
    whole(findings)
    assert findings.of(LOST_EVENT).repaired == 1
    assert world.state_of(lost.id) is State.UNMATCHED
    if state is State.TRIGGERED:
        assert f"hanging:{DAG}:{good.id}.1" in open_ids(world.incidents)
    else:
        assert world.resumed() == [good.id]
    [body] = [body for subject, body in world.post.letters() if subject == LEFT_OUT]
    assert f"drop#{bad.id}" in body
    whole(world.round(NOON + 15 * MINUTE))
    assert LEFT_OUT not in world.post.subjects()  # nothing new


@pytest.mark.parametrize(
    "damage", [{"kind": "of-another-release"}, {"opened_at": None}, {"revision": "x"}, {"updated_at": "today"}], ids=str
)
def test_an_incident_that_cannot_be_read_stops_nothing_and_is_written_over_by_the_next_report(
    world: World, damage: dict[str, Any]
) -> None:
    world.incidents.report(paused(DAG), NOON - HOUR)
    world.post.letters()
    poison(world, f"incident#paused:{DAG}", "incident", **damage)
    drop = world.put(key_of(), written=NOON - HOUR)
    whole(world.round())
    assert world.resumed() == [drop.id]
    assert world.post.subjects() == [LEFT_OUT]
    assert world.incidents.report(paused(DAG), NOON)
    assert f"paused:{DAG}" in open_ids(world.incidents)
    assert world.post.subjects() == [f"[ERROR] {paused(DAG).subject}"]


def test_a_set_that_cannot_be_read_stops_no_other(world: World) -> None:
    know_sets(world)
    for day in (20, 21):
        accepted_shard(world, day, 1, NOON - 3 * HOUR)
        accepted_shard(world, day, 2, NOON - 3 * HOUR)
    poison(world, "set#orders#2026-11-20", "set", members=None)
    whole(world.round())
    assert len(world.resumed()) == 3  # a part of the other set, and both sets themselves
    assert LEFT_OUT in world.post.subjects()


def test_a_pending_end_that_cannot_be_read_or_recorded_keeps_back_no_other(world: World) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    poison(world, "checkpoint#runs", "checkpoint", unreadable="{}")
    foreign = {
        "drop_id": "0123456789abcdef",
        "attempt": 1,
        "dag_id": DAG,
        "run_id": "0123456789abcdef.1",
        "state": "FAILED",
        "rows": {},
        "failed_task": None,
        "error": None,
        "log_url": None,
        "committed": None,
    }
    poison(world, "checkpoint#runs", "checkpoint", **{"0123456789abcdef.1": json.dumps(foreign)})
    findings = world.round()
    whole(findings)
    assert world.state_of(record.id) is State.FAILED  # Airflow has no such run
    [body] = [body for subject, body in world.post.letters() if subject == LEFT_OUT]
    assert "the end of run unreadable" in body
    assert "the end of run 0123456789abcdef.1" in body


def test_a_version_that_cannot_be_entered_holds_up_no_other_and_is_looked_at_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = (world.put(f"odd/{name}.csv") for name in "ab")
    from suimon.ledger.drops import Ledger  # noqa: PLC0415 what is broken here

    receive = Ledger.receive

    def refuse(self: Ledger, drop: Any, *given: Any, **more: Any) -> Any:
        if drop.key == bad.key:
            error: Any = {"Error": {"Code": "ValidationException", "Message": "no such key"}}
            raise ClientError(error, "PutItem")
        return receive(self, drop, *given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "receive", refuse)
        for minutes in (0, 15):
            whole(world.round(NOON + minutes * MINUTE))
        assert world.state_of(good.id) is State.UNMATCHED
        assert world.ledger.get(bad.id) is None
        assert world.post.subjects().count(LEFT_OUT) == 1
    world.round(NOON + 30 * 24 * HOUR)
    assert world.state_of(bad.id) is State.UNMATCHED


# Control characters are S3's affair: it answers url-encoded, which the emulator of these tests cannot.
ODD_KEYS = ["sales/2026-11-21/\u202ex.csv", "line\nbreak.csv", "a/" + "x" * 1000]


@pytest.mark.parametrize("key", ODD_KEYS, ids=ascii)
def test_no_name_of_an_object_holds_up_the_others(world: World, key: str) -> None:
    odd, good = world.put(key), world.put("zzz/last.csv")
    for minutes in (0, 15):
        whole(world.round(NOON + minutes * MINUTE))
    assert world.state_of(odd.id) is State.UNMATCHED
    assert world.state_of(good.id) is State.UNMATCHED


def test_a_dead_letter_about_another_bucket_is_kept_and_never_entered(world: World) -> None:
    entry = {"key": key_of(), "version-id": "v", "etag": "e", "size": 1, "sequencer": "0A"}
    detail = {"bucket": {"name": "somebody-elses"}, "object": entry}
    world.send("intake-dead", {"detail-type": "Object Created", "detail": detail})
    whole(world.round())
    assert world.messages("intake-dead") == []
    assert list(world.ledger.in_state(State.RECEIVED, NOON)) == []
    assert str(Kind.UNDELIVERABLE) in open_ids(world.incidents)


def test_a_single_record_that_cannot_be_read_is_an_error_for_whoever_asks_for_it(world: World) -> None:
    record = world.receive(world.put(key_of()), "0A")
    poison(world, f"drop#{record.id}", "drop", lease_owner=None)
    with pytest.raises(UnreadableItemError, match=f"drop#{record.id}.*KeyError"):
        world.ledger.get(record.id)
