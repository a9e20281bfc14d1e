"""Events and messages as somebody forges them: each ends at once, used or kept whole, and none comes again for ever."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from suimon.drops.states import State
from suimon.mwaa.run_state import BEFORE_LOAD, LOAD
from suimon.sweep.dead_letters import DEAD_LETTER
from tests.functional.sweep.swept import DAG, HOUR, NOON, REPORTS, World, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LOADED = dict.fromkeys((*BEFORE_LOAD, LOAD, "check_quality"), "success")
DEEP = "of many levels"
ODD: tuple[Any, ...] = (
    *(None, True, False, 0.5, 1.0, -1, 10**40, -(10**40), 1e308, float("inf"), float("nan")),
    *("", " ", "x" * 20_000, "\ud800", "a\0b", "1e3", "½", "-1", "Infinity", "9" * 40),
    *([], [1], {}, {"a": 1}, {"S": "text"}, [["file", 0.5]], DEEP),
)
LEVELS = "[" * 60_000 + "]" * 60_000


def created(key: str) -> dict[str, Any]:
    entry = {"key": key, "version-id": "v", "etag": "e", "size": 1, "sequencer": "0A"}
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "raw"}, "object": entry},
    }


def finished(drop_id: str) -> dict[str, Any]:
    rows = {"file": 1, "parquet": 1, "table": 1}
    named = {"drop_id": drop_id, "attempt": 1, "dag_id": DAG, "run_id": f"{drop_id}.1", "outcome": "loaded"}
    texts = {"failed_task": None, "error": None, "log_url": None, "committed": True}
    return {"source": "suimon.dag", "detail-type": "Run Finished", "detail": {**named, "rows": rows, **texts}}


def places_of(message: Any) -> Iterator[tuple[str, ...]]:
    """Yield the way to every field of a message, however deep it lies."""
    for name, value in message.items() if isinstance(message, dict) else ():
        yield (name,)
        yield from ((name, *rest) for rest in places_of(value))


def changed(message: dict[str, Any], place: tuple[str, ...], value: Any) -> str:
    """Return the message with another value in one place, as text."""
    forged = copy.deepcopy(message)
    holder = forged
    for name in place[:-1]:
        holder = holder[name]
    holder[place[-1]] = value
    return json.dumps(forged).replace(json.dumps(DEEP), LEVELS)


def kept(world: World) -> int:
    return len(world.s3.list_objects_v2(Bucket=REPORTS, Prefix="undeliverable/").get("Contents", []))


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
def test_no_value_in_any_field_of_a_forged_event_comes_again(world: World, value: Any) -> None:
    record = world.triggered(NOON - HOUR)
    world.mwaa.runs = {record.run_id: ("running", LOADED)}
    messages = [created(key_of("2026-11-20")), finished(record.id), {"resume": record.id, "turn": 0, "key": "k"}]
    sent = [changed(message, place, value) for message in messages for place in places_of(message)]
    for body in sent:
        world.send("undelivered", body)
    finding = world.find(DEAD_LETTER)
    assert finding.unexplained == 0, finding.examples
    assert (finding.detected, finding.repaired + finding.reported) == (len(sent), len(sent))
    assert kept(world) == finding.reported
    assert world.depth("undelivered") == 0
    assert world.post.subjects().count("[ERROR] Messages that cannot be used") == (finding.reported > 0)
    assert world.state_of(record.id) in {State.TRIGGERED, State.LOADED}


def test_what_is_kept_names_the_field_and_repeats_little_of_it(world: World) -> None:
    world.send("undelivered", changed(finished("0123456789abcdef"), ("detail", "attempt"), "x" * 20_000))
    world.round()
    [one] = world.s3.list_objects_v2(Bucket=REPORTS, Prefix="undeliverable/")["Contents"]
    said = json.loads(world.s3.get_object(Bucket=REPORTS, Key=one["Key"])["Body"].read())["reason"]
    assert said.startswith("not a Run Finished event: attempt is 'xxx")
    assert said.endswith(", no whole number from 1 to 1000000")
    assert len(said) < 200


@pytest.mark.parametrize("body", ["", "no JSON", "[1]", "7", '"text"', "null", LEVELS, "{}", '{"requestPayload": 7}'])
def test_a_message_that_is_no_event_is_kept(world: World, body: str) -> None:
    world.send("undelivered", body or " ")  # SQS takes no empty one
    finding = world.find(DEAD_LETTER)
    assert (finding.reported, finding.unexplained, world.depth("undelivered")) == (1, 0, 0)


def test_many_forged_messages_in_an_hour_are_one_e_mail(world: World) -> None:
    for minutes in range(3):
        world.send("undelivered", f"no JSON {minutes}")
        world.round(NOON + minutes * HOUR / 60)
    assert (kept(world), world.post.subjects()) == (3, ["[ERROR] Messages that cannot be used"])
    world.send("undelivered", "another")
    world.round(NOON + HOUR)
    assert len(world.post.subjects()) == 1


def test_a_counted_row_more_or_less_is_no_reason_to_disbelieve_a_run(world: World) -> None:
    """Rows that were never counted are None; of other names nothing is kept."""
    record = world.triggered(NOON - HOUR)
    world.mwaa.runs = {record.run_id: ("running", LOADED)}
    event = finished(record.id)
    event["detail"]["rows"] = {"file": 0, "table": None, **{f"x{number}": 0.5 for number in range(1_000)}}
    world.send("undelivered", event)
    assert world.find(DEAD_LETTER).repaired == 1
    item: Any = world.table.get_item(Key={"pk": f"drop#{record.id}", "sk": "drop"})["Item"]
    assert item["finished"]["rows"] == {"file": 0, "table": None}
    assert replace(record, state=State.LOADED).state is world.state_of(record.id)
