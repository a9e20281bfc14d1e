"""`suimon incidents`, `ack`, `snooze`, `close`: what they ask the function, and what they say."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from suimon.cli import incidents as command
from suimon.cli.main import main
from suimon.incidents.about import About
from suimon.incidents.incident import ByPerson, Told
from suimon.incidents.kinds import Kind, Severity
from suimon.incidents.overview import as_json, chosen
from tests.unit.incident_values import NOON, incident

BY = ByPerson("ann", NOON, "at it", NOON + timedelta(days=1))
PAUSED = incident(Kind.PAUSED, About(dag_id="etl"), subject="etl is paused", body="Unpause: suimon doctor\ue000")
QUEUED = incident(
    Kind.QUEUED,
    About(dag_id="etl", dataset="sales"),
    subject="a long queue",
    severity=Severity.WARNING,
    told=Told.MUTED,
    snoozed=BY,
)
FOUND = [as_json(one, [PAUSED, QUEUED], NOON) for one in (PAUSED, QUEUED)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    requests: list[Any] = []

    def ask(stack: str, name: str, request: dict[str, Any], **more: object) -> dict[str, Any]:
        requests.append((stack, name, request, more))
        return (
            {"datasets": ["sales"], "incidents": FOUND} if name == "incidents" else FOUND[request["id"] != "paused:etl"]
        )

    monkeypatch.setattr(command, "ask", ask)
    monkeypatch.setattr(command, "utc_now", lambda: NOON)
    return requests


def run(*arguments: str) -> tuple[int, str]:
    shown = CliRunner().invoke(main, arguments)
    return shown.exit_code, shown.output


def test_what_is_open_is_listed_with_what_mutes_it_and_what_to_type(asked: list[Any]) -> None:
    code, output = run("incidents", "--kind", "queued", "--severity", "warning", "--dataset", "sales", "--stack", "s")
    assert code == 1
    assert output.splitlines() == [
        "ERROR    etl is paused",
        "         open since 2026-11-22 12:00 UTC, nobody has been told yet",
        "         paused:etl",
        "WARNING  a long queue",
        "         snoozed until 2026-11-23 12:00 UTC, open since 2026-11-22 12:00 UTC, muted by paused:etl",
        "         queued:etl",
        "  suimon incidents 'paused:etl' --stack s",
    ]
    wanted = {"dataset": "sales", "kind": "queued", "severity": "warning", "all": False}
    assert asked == [("s", "incidents", wanted, {})]


def test_a_list_as_json_is_nothing_else(asked: list[Any]) -> None:
    code, output = run("incidents", "--json", "--all")
    assert (code, json.loads(output)) == (1, FOUND)
    assert asked[0][2]["all"] is True


def test_nothing_open_is_said_and_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ask", lambda *_, **__: {"datasets": ["sales"], "incidents": []})
    assert run("incidents") == (0, "Nothing is open.\n  suimon status\n")


def test_a_long_list_says_how_many_more_there_are() -> None:
    texts = [line.plain for line in command.lines([FOUND[0]] * 60, 50)]
    assert len(texts) == 151
    assert texts[-1] == "and 10 more: suimon incidents --all"
    assert len(list(command.lines([FOUND[0]] * 60, None))) == 180


@pytest.mark.usefixtures("asked")
def test_one_is_shown_with_its_message_and_what_to_type() -> None:
    code, output = run("incidents", "paused:etl", "--stack", "s")
    assert code == 0
    assert output.splitlines() == [
        "etl is paused",
        "incident      paused:etl",
        "severity      ERROR",
        "state         open since 2026-11-22 12:00 UTC",
        "told          nobody yet",
        "over when     Airflow says that it is active",
        "",
        "Unpause: suimon doctor --stack s",
        "  suimon ack 'paused:etl' --stack s",
    ]
    code, output = run("incidents", "queued:etl")
    assert "muted by      paused:etl: a paused DAG starts none of its runs" in output
    assert "snoozed       by ann, 2026-11-22 12:00 UTC: at it" in output
    assert json.loads(run("incidents", "queued:etl", "--json")[1]) == FOUND[1]


def test_what_persons_do_is_asked_in_their_name(asked: list[Any]) -> None:
    assert run("ack", "paused:etl") == (0, "open: etl is paused\n  suimon incidents\n")
    code, output = run("snooze", "queued:etl", "--days", "1", "--reason", "known", "--stack", "s")
    assert (code, output) == (0, "snoozed until 2026-11-23 12:00 UTC: a long queue\n  suimon incidents --stack s\n")
    run("snooze", "queued:etl", "--until", "2026-11-23T09:00+09:00", "--reason", "known")
    run("close", "paused:etl", "--reason", "on purpose")
    assert [(name, request, more) for _, name, request, more in asked] == [
        ("act", {"verb": "ack", "id": "paused:etl", "reason": ""}, {"named": True}),
        (
            "act",
            {"verb": "snooze", "id": "queued:etl", "reason": "known", "until": "2026-11-23T12:00:00+00:00"},
            {"named": True},
        ),
        (
            "act",
            {"verb": "snooze", "id": "queued:etl", "reason": "known", "until": "2026-11-23T09:00+09:00"},
            {"named": True},
        ),
        ("act", {"verb": "close", "id": "paused:etl", "reason": "on purpose"}, {"named": True}),
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("snooze", "paused:etl", "--reason", "known"),
        ("snooze", "paused:etl", "--reason", "known", "--days", "1", "--until", "2026-11-23T09:00Z"),
        ("snooze", "paused:etl", "--reason", "known", "--days", "31"),
        ("snooze", "paused:etl", "--reason", "known", "--days", "0"),
        ("snooze", "paused:etl", "--days", "1"),
        ("close", "paused:etl"),
        ("ack",),
        ("incidents", "--kind", "storm"),
    ],
)
def test_what_is_half_said_is_not_asked(asked: list[Any], arguments: tuple[str, ...]) -> None:
    assert run(*arguments)[0] == 2
    assert asked == []


def test_people_choose_by_dataset_kind_and_severity_and_get_no_messages() -> None:
    standing = [QUEUED, PAUSED]

    def ids(**wanted: object) -> list[str]:
        return [one["id"] for one in chosen(standing, wanted, NOON)]

    assert ids() == ["paused:etl", "queued:etl"]
    assert ids(dataset="sales") == ids()
    assert ids(dataset="stock") == ["paused:etl"]
    assert ids(kind="queued") == ids(severity="warning") == ["queued:etl"]
    assert ids(dataset="", kind="", severity="error") == ["paused:etl"]
    assert {one["body"] for one in chosen(standing, {}, NOON)} == {""}


def test_a_dataset_that_the_release_does_not_have_is_no_all_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ask", lambda *_, **__: {"datasets": ["sales"], "incidents": []})
    code, output = run("incidents", "--dataset", "slaes")
    assert code == 2
    assert "no contract for dataset 'slaes'; there are: sales" in output


def test_what_is_of_no_dataset_may_concern_each_of_them() -> None:
    own = incident(Kind.QUEUED, About(dag_id="a", dataset="stock"))
    found = chosen([PAUSED, QUEUED, own], {"dataset": "sales"}, NOON)
    assert {one["id"] for one in found} == {"paused:etl", "queued:etl"}
