"""What an operator asks of the freshness function."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.drops.states import State
from suimon.incidents.messages.airflow import not_triggered
from suimon.mwaa.not_started import Cause, NotStarted
from suimon.status.answers import ANSWERS
from suimon.status.questions import COMMANDS, QUESTIONS, QUESTIONS_ALIAS
from tests.functional.sweep.swept import DAG, HOUR, NOON, World, key_of
from tests.template.test_template import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.conftest import LambdaContext
from tests.functional.sweep.app.reading import TODAY


def test_a_person_holds_a_dataset_and_releases_it_or_hears_why_not(
    start: Callable[[], Any], context: LambdaContext, world: World
) -> None:
    app = start()
    request = {"dataset": "sales", "reason": "closing", "who": "arn:me", "until": "2026-11-23T00:00Z"}
    held = app.handler({"hold": request}, context)
    assert held == {"dataset": "sales", "since": NOON.isoformat(), "until": "2026-11-23T00:00:00+00:00"}
    assert "suimon release sales --stack prod" in world.post.letters()[0][1]
    assert app.handler({"release": {"dataset": "sales", "who": "arn:me"}}, context) == {"dataset": "sales", "sent": 0}
    assert app.handler({"release": {"dataset": "other0"}}, context) == {
        "refused": {"en": "other0 is not held", "ja": "other0 は保留されていません"},
        "then": "suimon status other0",
    }
    assert "no contract for dataset 'x'" in app.handler({"hold": request | {"dataset": "x"}}, context)["refused"]["en"]


ALIAS = "arn:aws:lambda:ap-northeast-1:123456789012:function:function:questions"


def test_what_may_be_asked_is_what_is_answered() -> None:
    assert {*QUESTIONS, *COMMANDS} == ANSWERS.keys()
    assert not QUESTIONS & COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
@pytest.mark.parametrize("beside", [{}, {"status": {"back": 1, "ahead": 1}}], ids=["alone", "beside a question"])
def test_by_its_alias_for_questions_the_function_changes_nothing(
    start: Callable[[], Any], context: LambdaContext, world: World, name: str, beside: dict[str, Any]
) -> None:
    context = replace(context, invoked_function_arn=ALIAS)
    request = {"dataset": "sales", "reason": "closing", "who": "arn:me"}
    answer = start().handler({**beside, name: request}, context)
    assert answer.keys() == {"refused", "then"} or answer.keys() >= {"expected", "held"}
    assert not world.ledger.holds.of_all(["sales"])
    assert world.post.letters() == []


@pytest.mark.parametrize("event", [{}, {"time": TODAY}, {"reconcile": {}}, {"reconcile": {"walk": {}}}])
def test_by_its_alias_for_questions_the_function_makes_no_round(
    start: Callable[[], Any], context: LambdaContext, event: dict[str, Any]
) -> None:
    context = replace(context, invoked_function_arn=ALIAS)
    assert "questions only" in start().handler(event, context)["refused"]["en"]


WORDS: list[Any] = [
    *([], "status", 7, None, True, "", "\ud800", "x" * 5_000, {}, -1, 1.5, 10**400, {"a": 1}, ["en"]),
]


@pytest.mark.parametrize("event", [[], "status", 7, None, {"time": "never"}, {"source": [], "hold": 7}])
def test_what_is_no_question_at_all_is_refused_and_fails_nothing(
    start: Callable[[], Any], context: LambdaContext, event: Any
) -> None:
    answer = start().handler(event, replace(context, invoked_function_arn=ALIAS))
    assert "questions only" in answer["refused"]["en"]


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_no_question_makes_the_function_fail_whose_alarm_tells_everybody(
    start: Callable[[], Any], context: LambdaContext, name: str
) -> None:
    app, context = start(), replace(context, invoked_function_arn=ALIAS)
    good: dict[str, dict[str, Any]] = {
        "forecast": {"back": 1, "ahead": 1},
        "status": {"back": 1, "ahead": 1},
        "page": {"language": "en"},
        "incident": {"id": "x"},
        "incidents": {"dataset": "sales", "kind": "", "severity": "", "all": False},
    }
    asked: list[Any] = [*WORDS]
    for field in good.get(name, {}):
        asked += [good[name] | {field: word} for word in WORDS]
    refused = 0
    for request in asked:
        answer = app.handler({"time": "never", name: request}, context)
        json.dumps(answer)
        refused += answer.keys() == {"refused", "then"}
    assert refused


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_no_command_makes_the_function_fail_nor_changes_anything_that_is_made_of_nonsense(
    start: Callable[[], Any], context: LambdaContext, world: World, name: str
) -> None:
    app = start()
    good: dict[str, Any] = {"dataset": "sales", "reason": "closing", "who": "arn:me", "verb": "ack", "id": "x"}
    good |= {"drop_id": "0123456789abcdef", "partition": "2026-11-20", "until": "2026-11-23T00:00Z"}
    asked: list[Any] = [*WORDS]
    for field in good:
        asked += [good | {field: word} for word in WORDS if word not in ("status", "", None, True)]
    asked += [good | {"\ud800": "x"}, good | {"x" * 5_000: 7}]
    for request in asked:
        answer = app.handler({name: request}, context)
        json.dumps(answer).encode()
        assert "refused" in answer, request
    assert not world.ledger.holds.of_all(["sales"])
    assert world.post.letters() == []


def no_round(app: Any, event: Any, context: LambdaContext) -> str:
    """Return why an event is refused, by both languages and with a command, as Lambda writes the answer."""
    answer = json.loads(json.dumps(app.handler(event, context), ensure_ascii=False).encode())
    assert answer["refused"]["ja"] != answer["refused"]["en"]
    assert answer["then"].startswith("suimon ")
    return str(answer["refused"]["en"])


@pytest.mark.parametrize(
    "event",
    [
        *([], "status", 7, None, True, [{}], {"hodl": {"dataset": "sales"}}, {"Records": []}, {"source": []}),
        *({"hold": {}, "release": {}}, {"status": {}, "reconcile": {}}, {"\ud800": {}}, {"x" * 5_000: {}}, {"": 1}),
    ],
)
def test_an_event_that_asks_nothing_that_there_is_makes_no_round_and_fails_nothing(
    start: Callable[[], Any], context: LambdaContext, world: World, event: Any
) -> None:
    world.put(key_of())
    assert "an event asks one thing" in no_round(start(), event, context)
    assert world.table.scan()["Items"] == []


@pytest.mark.parametrize(
    "time", ["never", "2026-11-22T12:00:00", "9999-12-31T00:00:00Z", 7, [], {}, "\ud800", "x" * 5_000]
)
@pytest.mark.parametrize("more", [{}, {"reconcile": {}}, {"reconcile": {"walk": {}}}])
def test_no_time_makes_the_function_fail(
    start: Callable[[], Any], context: LambdaContext, world: World, time: Any, more: dict[str, Any]
) -> None:
    why = no_round(start(), {"time": time, **more}, context)
    assert why.startswith("time: ")
    assert len(why) < 300
    assert world.table.scan()["Items"] == []


PLACES: list[Any] = [
    *({word: "x"} for word in ("kye", "\ud800", "x" * 5_000)),
    *({name: word} for name in ("key", "version_id", "began", "complete", "left_out") for word in WORDS if word),
    *({name: word} for name in ("began", "complete") for word in ("2026-11-22T12:00:00", "2999-01-01T00:00Z")),
]


@pytest.mark.parametrize("place", [word for word in WORDS if word != {}] + PLACES)
def test_no_walk_makes_the_function_fail(start: Callable[[], Any], context: LambdaContext, place: Any) -> None:
    if place in ({"key": "status"}, {"version_id": "status"}, {"left_out": "status"}):  # S3 says whether it is one
        assert start().handler({"reconcile": {"walk": place}}, context)["failures"] == []
        return
    assert no_round(start(), {"reconcile": {"walk": place}}, context)


@pytest.mark.parametrize("request_", [word for word in WORDS if word != {}] + [{"walk": {}, "full": True}])
def test_nothing_is_reconciled_but_a_round_or_a_walk(
    start: Callable[[], Any], context: LambdaContext, world: World, request_: Any
) -> None:
    world.put(key_of())
    assert "reconcile takes {}" in no_round(start(), {"reconcile": request_}, context)
    assert world.table.scan()["Items"] == []


def test_a_place_that_s3_refuses_is_refused_and_one_that_it_fails_for_a_moment_fails(
    start: Callable[[], Any], context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, answers = start(), {"Error": {"Code": "InvalidArgument", "Message": "Invalid version id specified"}}
    place = {"reconcile": {"walk": {"key": "a", "version_id": "nonsense"}}}

    def refuse(*_: Any, **__: Any) -> Any:
        raise ClientError(answers, "ListObjectVersions")  # type: ignore[arg-type]

    monkeypatch.setattr("suimon.aws.versions.RawBucket.pages", refuse)
    assert "Invalid version id" in no_round(app, place, context)
    answers["Error"]["Code"] = "SlowDown"
    with pytest.raises(ClientError):
        app.handler(place, context)


def test_questions_are_answered_by_the_alias_too(start: Callable[[], Any], context: LambdaContext) -> None:
    app, context = start(), replace(context, invoked_function_arn=ALIAS)
    asked = {"forecast": {"back": 1, "ahead": 1}, "status": {"back": 1, "ahead": 1}, "page": {"language": "en"}}
    for name in QUESTIONS - {"incident"}:
        assert "refused" not in app.handler({name: asked.get(name, {})}, context)
    assert "there is no incident x" in app.handler({"incident": {"id": "x"}}, context)["refused"]["en"]
    assert app.handler({"datasets": {}}, context) == {"datasets": ["other0", "sales"]}


def test_the_alias_is_that_of_the_template() -> None:
    alias = RESOURCES["QuestionsAlias"]["Properties"]
    assert (alias["Name"], alias["FunctionName"]) == (QUESTIONS_ALIAS, {"Ref": "FreshnessFunction"})


def test_a_check_up_tells_what_airflow_says_of_each_dag_and_refuses(
    start: Callable[[], Any], context: LambdaContext, world: World
) -> None:
    world.mwaa.paused.add(DAG)
    denied = NotStarted(Cause.FORBIDDEN_DAG, "Airflow answers 403")
    record = world.receive(world.put(key_of()), "0A")
    world.incidents.report(not_triggered("env", DAG, record, denied), NOON)
    found = start().handler({"check_up": {}}, context)
    assert found["dags"] == {DAG: {"is_paused": True}, "dag0": {"is_paused": False}}
    assert found["denied"] == [f"forbidden-dag:{DAG}"]
    assert found["version"] == {"error": "not there", "status": 404}


def test_an_operator_s_round_is_the_same_and_returns_what_failed_instead_of_failing(
    start: Callable[[], Any], world: World, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUIMON_RAW_BUCKET", "nowhere")
    answer = start().handler({"time": TODAY, "reconcile": {}}, context)
    assert [failure["part"] for failure in answer["failures"]] == ["recent dates", "whole bucket"]
    assert answer["walk"] is None
    assert world.resumed() == []


def test_an_operator_s_walk_compares_every_version_with_the_ledger_portion_by_portion(
    start: Callable[[], Any], world: World, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suimon.aws.versions.PAGE", 2)
    monkeypatch.setattr("suimon.sweep.round.PORTION_PAGES", 1)
    app = start()
    app.handler({"time": TODAY, "reconcile": {}}, context)
    # Older than anything that the sweep's own walk would look at again: as after a mistake in it, or in the ledger.
    drops = [world.put(f"sales/2024-03-0{day}/sales_data.csv", written=NOON - 90 * 24 * HOUR) for day in (1, 2, 3)]
    assert app.handler({"time": TODAY, "reconcile": {}}, context)["parts"][1]["detected"] == 0
    walk: Any = {}
    portions = []
    while walk is not None:
        answer = json.loads(json.dumps(app.handler({"time": TODAY, "reconcile": {"walk": walk}}, context)))
        walk = answer["walk"]
        portions.append((answer["parts"][0]["checked"], answer["parts"][0]["repaired"]))
    assert portions == [(2, 2), (1, 1)]
    assert set(world.resumed()) == {drop.id for drop in drops}


def test_a_portion_that_finds_more_than_a_round_may_enter_is_continued(
    start: Callable[[], Any], world: World, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suimon.sweep.lost_events.ENTERED_AT_MOST", 2)
    for day in range(1, 6):
        world.put(f"sales/2024-03-0{day}/sales_data.csv")
    walk: Any = {}
    healed, app = [], start()
    while walk is not None:
        answer = app.handler({"time": TODAY, "reconcile": {"walk": walk}}, context)
        walk = answer["walk"]
        healed.append(answer["parts"][0]["repaired"])
        assert answer["unexplained"] == 0
    assert healed == [2, 2, 1]


def test_the_status_has_what_is_open_and_what_is_held_beside_what_is_expected(
    start: Callable[[], Any], context: LambdaContext
) -> None:
    app = start()
    app.handler({"hold": {"dataset": "sales", "reason": "closing", "who": "arn:me"}}, context)
    found = app.handler({"status": {"back": 1, "ahead": 1}}, context)
    assert "sales" in found["datasets"]
    assert [(one["dataset"], one["reason"]) for one in found["held"]] == [("sales", "closing")]
    assert [one["kind"] for one in found["incidents"]] == ["held"]
    assert found["expected"]
    app.handler({"release": {"dataset": "sales", "who": "arn:me"}}, context)
    assert app.handler({"status": {"back": 1, "ahead": 1}}, context)["held"] == []


def test_a_person_takes_a_file_back_or_hears_why_not(
    start: Callable[[], Any], context: LambdaContext, world: World
) -> None:
    app = start()
    record = world.bring(world.triggered(NOON - HOUR), State.LOADED)
    request = {"drop_id": record.id, "reason": "wrong", "who": "arn:me"}
    found = app.handler({"retract": request}, context)
    assert (found["state"], found["how"], found["restores"]) == ("ACCEPTED", "load", "")
    assert world.resumed() == [record.id]
    assert "being retracted already" in app.handler({"retract": request}, context)["refused"]["en"]
