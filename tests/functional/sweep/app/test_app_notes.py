"""What a person gives as a reason, a name or a time writes no e-mail, no line of the log and no attribute."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from suimon.aws.log_line import log_line
from suimon.incidents.messages.airflow import paused
from tests.functional.conftest import FUNCTIONS
from tests.functional.sweep.swept import DAG, NOON, World, key_of
from tests.unit.incidents.foreign_texts import HOSTILE
from tests.unit.incidents.test_hostile_texts import assert_is_ours

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.conftest import LambdaContext, Post

TEXTS = {name: text.replace("\ud800", "") for name, text in HOSTILE.items()} | {
    "a line of the log": '", "level": "ERROR"}\n{"level": "CRITICAL", "message": "down"}',
    "a header": "x\r\nSubject: over\r\nBcc: evil@evil.example\r\n\r\n",
    "a command for CloudWatch": "x\rREPORT RequestId: 0 Duration: 1 ms\nEND RequestId: 0",
    "most": "y" * 500,
}


# The subject of each e-mail, and how many lines it has.
MAILS = {
    "[WARNING] sales is held: no run starts until 2026-11-23 09:00 Asia/Tokyo": 13,
    "[WARNING] sales is held: no run starts until somebody releases it": 13,
    "[RECOVERED] sales is held: no run starts until somebody releases it": 9,
    "[ERROR] other0 2026-11-20: the file never came": 15,
    "[CLOSED] DAG daily_sales_etl is paused: files are accepted, nothing is loaded": 8,
}


def asked(text: str, drops: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return every command that takes a reason and a name, in an order in which each is done."""
    note = {"reason": text, "who": text}
    incident = {"id": f"paused:{DAG}", **note}
    return [
        ("hold", {"dataset": "sales", **note, "until": "2026-11-23T00:00Z"}),
        ("hold", {"dataset": "sales", **note}),
        ("release", {"dataset": "sales", **note}),
        ("expect", {"dataset": "other0", "partition": "2026-11-20", **note}),
        ("expect", {"dataset": "other0", "partition": "2026-11-20", "undo": True, **note}),
        ("act", {"verb": "ack", **incident}),
        ("act", {"verb": "snooze", **incident, "until": "2026-11-25T12:00+00:00"}),
        ("act", {"verb": "close", **incident}),
        ("close", {"drop_id": drops[0], **note}),
        ("retract", {"drop_id": drops[1], **note}),
    ]


@pytest.fixture
def told(
    start: Callable[[], Any], context: LambdaContext, world: World, post: Post, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[list[Any], list[str]]]:
    """Return what is published and logged once every command was given with a note."""

    def run(text: str) -> tuple[list[Any], list[str]]:
        app = start()
        world.incidents.report(paused(DAG), NOON)
        drops = [world.receive(world.put(key_of(day)), "0A").id for day in ("2026-11-18", "2026-11-17")]
        post.published()
        capsys.readouterr()
        for name, request in asked(text, drops):
            answer = app.handler({name: request}, context)
            assert "refused" not in answer, (name, answer)
            json.dumps(answer)
        return post.published(), capsys.readouterr().out.splitlines()

    return run


@pytest.mark.parametrize("name", TEXTS)
def test_a_note_is_a_text_in_what_is_published_and_in_the_log(
    name: str, told: Callable[[str], tuple[list[Any], list[str]]]
) -> None:
    published, lines = told(TEXTS[name])
    assert {one.subject: one.mail.count("\n") for one in published} == MAILS
    for one in published:
        assert_is_ours(one.subject, one.mail, one.subject, one.mail)
        assert json.dumps(one.attributes, ensure_ascii=False).isprintable()
        assert not {"reason", "who"} & one.attributes.keys()
    assert [json.loads(line).get("level", "INFO") for line in lines] == ["INFO"] * len(lines)
    assert sum(json.loads(line).get("message") == "a person asked" for line in lines) == len(asked("", ["", ""]))


TIMES = (
    "2026-11-23T00:00Z\n2026-11-24",
    "2026-11-23T00:00Z; DROP",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T12:00Z",
    "0001-01-01T00:00+23:59",
    "２０２６-11-23T00:00Z",
    "2026-11-23T00:00+99:99",
    "2026-W48-1",
    "1e9",
    "-1",
    "today",
    "\u202e2026-11-23",
)


@pytest.mark.parametrize("until", TIMES)
@pytest.mark.parametrize("name", ["hold", "act"])
def test_no_time_makes_the_function_or_a_later_round_fail(
    start: Callable[[], Any], context: LambdaContext, world: World, name: str, until: str
) -> None:
    app = start()
    world.incidents.report(paused(DAG), NOON)
    request = {"dataset": "sales", "verb": "snooze", "id": f"paused:{DAG}", "reason": "x", "who": "me"}
    json.dumps(app.handler({name: request | {"until": until}}, context))
    json.dumps(app.handler({"status": {"back": 1, "ahead": 1}}, context))
    json.dumps(app.handler({"page": {"language": "ja"}}, context))
    json.dumps(app.handler({"incidents": {"all": True}}, context))
    assert "hold" not in str(app.handler({"reconcile": {}}, context).get("failures"))


def test_a_line_of_a_log_turns_hides_and_commands_nothing_and_says_the_same() -> None:
    told = {"key": "a\x9b31m\x85b\u2028c\u202ed\ud800", "wide": "売上\u3000", "letters": "\u05d0", "when": NOON}
    line = log_line(told)
    assert line.replace("\u3000", "").isprintable()
    assert "\u05d0" not in line
    assert json.loads(line) == told | {"when": str(NOON)}


def test_every_function_writes_its_log_so() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in FUNCTIONS.glob("*/app.py")}
    made = [line for text in texts.values() for line in text.splitlines() if "= Logger(" in line]
    assert len(made) == len(texts)
    assert all("json_serializer=log_line" in line for line in made)
