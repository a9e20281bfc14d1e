"""The freshness function as it is deployed: a scheduled round, and what an operator asks of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from suimon.contract.model import Arrival, Contracts
from suimon.drops.states import State
from suimon.freshness.date_facts import DateFacts
from suimon.freshness.figures import Share
from suimon.incidents.messages.airflow import not_triggered
from suimon.mwaa.not_started import Cause, NotStarted
from suimon.sweep.round import SweepError
from tests.functional.freshness.fakes import Redshift
from tests.functional.sweep.swept import DAG, HOUR, NOON, RAW, REPORTS, World, contracts, key_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import LambdaContext, Post

TODAY = "2026-11-22T12:00:00Z"


@pytest.fixture
def world(table: Table, post: Post) -> World:
    stock = contracts("stock/{ds}/stock.csv")
    due = Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=2)
    return World(table, post, Contracts((stock.all[0], replace(stock.all[1], arrival=due))))


@pytest.fixture
def start(
    world: World,
    entry_point: Callable[[str, Contracts], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], Any]:
    """Load the function in the test's own time: its logger writes to where the output goes then."""
    for name, value in {
        "STACK": "prod",
        "LEDGER_TABLE": world.table.name,
        "ALERTS_TOPIC_ARN": world.post.topic_arn,
        "WATCH_TOPIC_ARN": world.post.sns.create_topic(Name="watch")["TopicArn"],
        "EVENT_BUS": "default",
        "REDSHIFT_DATABASE": "analytics",
        "REDSHIFT_WORKGROUP": "main",
        "MWAA_ENVIRONMENT": "env",
        "RAW_BUCKET": RAW,
        "LAKE_BUCKET": "lake",
        "REPORTS_BUCKET": REPORTS,
        "INTAKE_QUEUE": world.queues["intake"],
        "INTAKE_DEAD_LETTER_QUEUE": world.queues["intake-dead"],
        "UNDELIVERED_QUEUE": world.queues["undelivered"],
    }.items():
        monkeypatch.setenv(f"SUIMON_{name}", value)
    client, fakes = boto3.client, {"redshift-data": Redshift(), "mwaa": world.mwaa}
    monkeypatch.setattr(boto3, "client", lambda name, **more: fakes.get(name) or client(name, **more))

    def load() -> ModuleType:
        app = entry_point("freshness", world.contracts)
        monkeypatch.setattr(app, "utc_now", lambda: NOON)
        return app

    return load


def test_a_scheduled_round_checks_deadlines_and_sweeps(
    capsys: pytest.CaptureFixture[str], start: Callable[[], Any], world: World, context: LambdaContext
) -> None:
    drop = world.put(key_of())
    answer = json.loads(json.dumps(start().handler({"time": TODAY, "source": "aws.scheduler"}, context)))
    assert answer["problems"] == ["missing-file:other0:2026-11-21", "missing-file:other0:2026-11-20"]
    assert answer["sweep"]["unexplained"] == 0
    assert world.resumed() == [drop.id]
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert any(line.get("message") == "swept" for line in written)
    assert any(line.get("LostEventRepaired") == [1.0] and line.get("Unexplained") == [0.0] for line in written)
    # Two stacks of an account share the namespace: a metric without its stack's name would be both of theirs.
    metrics = [line for line in written if "_aws" in line]
    assert {line.get("stack") for line in metrics} == {"prod"}
    assert all("stack" in one["Dimensions"][0] for line in metrics for one in line["_aws"]["CloudWatchMetrics"])


def test_a_round_of_which_a_part_failed_fails_at_its_end_when_all_else_is_done(
    start: Callable[[], Any], world: World, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUIMON_RAW_BUCKET", "nowhere")
    record = world.receive(world.put(key_of()), "0A")
    with pytest.raises(SweepError, match=r"recent dates: NoSuchBucket.*whole bucket"):
        start().handler({"time": TODAY}, context)
    assert "[ERROR] other0 2026-11-20: the file never came" in world.post.subjects()
    assert world.resumed() == [record.id]


def test_deadlines_are_reported_before_the_sweep_begins(
    start: Callable[[], Any], world: World, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[str] = []
    app = start()

    def sweep() -> None:
        published.extend(world.post.subjects())
        raise InterruptedError

    monkeypatch.setattr(app, "sweep", sweep)
    with pytest.raises(InterruptedError):
        app.handler({"time": TODAY}, context)
    assert "[ERROR] other0 2026-11-21: the file never came" in published


def test_deadlines_that_cannot_be_checked_do_not_stop_the_sweep(
    start: Callable[[], Any], world: World, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = world.put(key_of())
    app = start()
    monkeypatch.setattr(app, "check_freshness", lambda _: 1 / 0)
    with pytest.raises(SweepError, match="deadlines and tables: ZeroDivisionError"):
        app.handler({"time": TODAY}, context)
    assert world.resumed() == [drop.id]
    assert "[ERROR] The sweep could not check deadlines and tables" in world.post.subjects()


@pytest.mark.parametrize("part", ["subscriptions", "sources.json", "figures", "pages"])
def test_a_late_part_that_fails_stops_none_behind_it_and_is_reported_until_it_works(
    start: Callable[[], Any],
    world: World,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    part: str,
) -> None:
    app = start()
    of_part = {"subscriptions": "count_deaf", "sources.json": "write_sources", "figures": "measure"}
    with monkeypatch.context() as broken:
        broken.setattr(app, of_part.get(part, "write_pages"), lambda *_: 1 / 0)
        with pytest.raises(SweepError, match=f"^{part}: ZeroDivisionError"):
            app.handler({"time": TODAY}, context)
    assert f"[ERROR] The sweep could not check {part}" in world.post.subjects()
    out = capsys.readouterr().out
    assert ("DeafSubscriptions" in beats(out)) is (part != "subscriptions")
    assert bool(measured(out)) is (part != "figures")
    assert bool(pages(world)) is (part != "pages")
    assert "Heartbeat" in beats(out)  # what must be watched was
    assert "parts of the round failed" in out
    app.handler({"time": TODAY}, context)
    assert f"[RECOVERED] The sweep could not check {part}" in world.post.subjects()


def test_a_late_part_that_still_fails_is_neither_reported_again_nor_over(
    start: Callable[[], Any], world: World, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = start()
    monkeypatch.setattr(app, "write_pages", lambda *_: 1 / 0)
    for _ in range(2):
        with pytest.raises(SweepError):
            app.handler({"time": TODAY}, context)
    app.handler({"time": TODAY, "reconcile": {}}, context)  # a round of the sweep alone
    told = [one for one in world.post.subjects() if "could not check pages" in one]
    assert told == ["[ERROR] The sweep could not check pages"]


def test_a_sweep_with_too_little_time_left_reports_that_instead_of_being_terminated(
    start: Callable[[], Any], world: World, context: LambdaContext
) -> None:
    context.seconds_left = 30
    with pytest.raises(SweepError, match=r"dead letters: no time: .*runs: no time"):
        start().handler({"time": TODAY}, context)
    assert "[ERROR] other0 2026-11-21: the file never came" in world.post.subjects()


def test_a_person_holds_a_dataset_and_releases_it_or_hears_why_not(
    start: Callable[[], Any], context: LambdaContext, world: World
) -> None:
    app = start()
    request = {"dataset": "sales", "reason": "closing", "who": "arn:me", "until": "2026-11-23T00:00Z"}
    held = app.handler({"hold": request}, context)
    assert held == {"dataset": "sales", "since": NOON.isoformat(), "until": "2026-11-23T00:00:00+00:00"}
    assert "suimon release sales --stack prod" in world.post.letters()[0][1]
    assert app.handler({"release": {"dataset": "sales", "who": "arn:me"}}, context) == {"dataset": "sales", "sent": 0}
    assert app.handler({"release": {"dataset": "other0"}}, context) == {"refused": "other0 is not held"}
    assert "no contract of dataset 'x'" in app.handler({"hold": request | {"dataset": "x"}}, context)["refused"]


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


def test_the_link_to_a_run_that_hangs_names_the_environment_s_own_pages(
    start: Callable[[], Any], world: World, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = "running"
    known = {"Environment": {"WebserverUrl": "abc.airflow.example"}}
    monkeypatch.setattr(world.mwaa, "get_environment", lambda **_: known, raising=False)
    start().handler({"time": TODAY, "reconcile": {}}, context)
    [(_, body)] = world.post.letters()
    assert f"https://abc.airflow.example/dags/{DAG}/runs/{record.id}.1" in body


@pytest.mark.parametrize("time", ["2026-11-22T12:00:00", "1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
@pytest.mark.parametrize("more", [{}, {"reconcile": {}}])
def test_a_time_that_no_round_can_have_is_refused_before_anything_runs(
    start: Callable[[], Any], world: World, context: LambdaContext, time: str, more: dict[str, Any]
) -> None:
    world.put(key_of())
    with pytest.raises(Exception, match="time: "):
        start().handler({"time": time, **more}, context)
    assert world.table.scan()["Items"] == []
    assert (world.post.subjects(), world.resumed()) == ([], [])


@pytest.mark.parametrize("days", [-90, 1, 90])
def test_a_round_as_of_another_day_is_a_dry_look(
    start: Callable[[], Any], world: World, context: LambdaContext, days: int
) -> None:
    app = start()
    app.handler({"time": TODAY}, context)
    before, opened = world.table.scan()["Items"], world.post.subjects()
    assert "[ERROR] other0 2026-11-21: the file never came" in opened
    world.put(key_of())
    at = NOON + 24 * days * HOUR
    answer = json.loads(json.dumps(app.handler({"time": at.isoformat()}, context)))
    assert f"missing-file:other0:{(at - 24 * HOUR).date()}" in answer["problems"]
    assert (answer["published"], answer["recovered"]) == ([], [])
    assert world.table.scan()["Items"] == before
    assert (world.post.subjects(), world.resumed()) == ([], [])
    with pytest.raises(Exception, match="leave the time away"):
        app.handler({"time": at.isoformat(), "reconcile": {}}, context)


def beats(out: str) -> dict[str, float]:
    """Read the metrics that the alarms on the watching look at, of the stack alone."""
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return {
        name: line[name][0]
        for line in lines
        if line.get("stack") == "prod"
        for name in ("Heartbeat", "DeafSubscriptions")
        if name in line
    }


def test_a_round_that_comes_to_its_end_beats_and_counts_who_hears(
    capsys: pytest.CaptureFixture[str], start: Callable[[], Any], world: World, context: LambdaContext
) -> None:
    world.post.sns.subscribe(TopicArn=world.post.topic_arn, Protocol="email", Endpoint="ann@example.com")
    start().handler({}, context)
    assert beats(capsys.readouterr().out) == {"Heartbeat": 1, "DeafSubscriptions": 1}  # the other topic has none


def test_a_round_that_could_not_check_deadlines_does_not_beat(
    capsys: pytest.CaptureFixture[str],
    start: Callable[[], Any],
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = start()
    monkeypatch.setattr(app, "check_freshness", lambda _: 1 / 0)
    with pytest.raises(SweepError):
        app.handler({}, context)
    assert "Heartbeat" not in beats(capsys.readouterr().out)


@pytest.mark.parametrize("event", [{}, {"reconcile": {}}])
def test_a_round_beside_another_one_touches_nothing(
    start: Callable[[], Any], world: World, context: LambdaContext, event: dict[str, Any]
) -> None:
    app = start()
    world.put(key_of())
    with app.lease("the other", 840):
        before = world.table.scan()["Items"]
        assert "another round is running" in app.handler(event, context)["refused"]
        assert (world.table.scan()["Items"], world.post.subjects(), world.resumed()) == (before, [], [])
    assert "refused" not in app.handler(event, context)


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


def measured(out: str) -> list[tuple[str, str]]:
    """Read which figure of which dataset was written to metrics, each with its stack."""
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return [(line["dataset"], "Lateness") for line in lines if line.get("stack") == "prod" and "Lateness" in line]


def facts(app: Any, now: datetime) -> DateFacts:
    return DateFacts(app.watch().ledger, app.watch().waivers, now)


def test_a_round_writes_the_figures_of_each_dataset_once_an_hour(
    capsys: pytest.CaptureFixture[str], start: Callable[[], Any]
) -> None:
    app = start()
    app.measure(facts(app, NOON), NOON, lambda: 900.0)
    first = measured(capsys.readouterr().out)
    assert ("other0", "Lateness") in first
    assert len(first) == len(set(first))
    app.measure(facts(app, NOON + HOUR - timedelta(seconds=1)), NOON + HOUR - timedelta(seconds=1), lambda: 900.0)
    assert measured(capsys.readouterr().out) == []
    app.measure(facts(app, NOON + HOUR), NOON + HOUR, lambda: 900.0)
    assert measured(capsys.readouterr().out) == first


def test_figures_are_left_out_when_there_is_no_time_for_them(
    capsys: pytest.CaptureFixture[str], start: Callable[[], Any]
) -> None:
    app = start()
    app.measure(facts(app, NOON), NOON, lambda: 59.0)
    out = capsys.readouterr().out
    assert measured(out) == []
    assert "figures left out" in out


def test_the_page_shows_the_shares_that_the_figures_had_and_not_those_of_long_ago(start: Callable[[], Any]) -> None:
    app = start()
    app.measure(facts(app, NOON), NOON, lambda: 900.0)
    shares = {
        hours: {row.dataset: row.shares for row in app.answers().overview(facts(app, at), at).rows}["other0"]
        for hours in (2, 4)
        for at in [NOON + hours * HOUR]
    }
    assert shares == {2: (Share(0, 30), Share(0, 90)), 4: (None, None)}


def test_a_person_takes_a_file_back_or_hears_why_not(
    start: Callable[[], Any], context: LambdaContext, world: World
) -> None:
    app = start()
    record = world.bring(world.triggered(NOON - HOUR), State.LOADED)
    request = {"drop_id": record.id, "reason": "wrong", "who": "arn:me"}
    found = app.handler({"retract": request}, context)
    assert (found["state"], found["how"], found["restores"]) == ("ACCEPTED", "load", "")
    assert world.resumed() == [record.id]
    assert "being retracted already" in app.handler({"retract": request}, context)["refused"]


def pages(world: World) -> dict[str, str]:
    """Return the stack's pages as they lie in the reports bucket."""
    listed = world.s3.list_objects_v2(Bucket=REPORTS, Prefix="status/").get("Contents", [])
    return {one["Key"]: world.s3.get_object(Bucket=REPORTS, Key=one["Key"])["Body"].read().decode() for one in listed}


def versions(world: World) -> int:
    """Return how often a page was written."""
    world.s3.put_bucket_versioning(Bucket=REPORTS, VersioningConfiguration={"Status": "Enabled"})
    return len(world.s3.list_object_versions(Bucket=REPORTS, Prefix="status/").get("Versions", []))


def test_a_round_writes_the_page_of_the_stack_in_both_languages(
    start: Callable[[], Any], world: World, context: LambdaContext
) -> None:
    start().handler({"time": TODAY}, context)
    found = pages(world)
    assert found.keys() == {"status/index.en.html", "status/index.ja.html"}
    assert "other0 2026-11-21: the file never came" in found["status/index.en.html"]
    assert 'href="index.ja.html"' in found["status/index.en.html"]
    assert '<html lang="ja">' in found["status/index.ja.html"]


def test_a_page_is_written_again_only_when_it_says_something_else(
    start: Callable[[], Any], world: World, context: LambdaContext
) -> None:
    assert versions(world) == 0
    app = start()
    for _ in range(2):
        app.handler({"time": TODAY}, context)
    assert versions(world) == 2
    app.handler({"hold": {"dataset": "sales", "reason": "moved", "until": "", "who": "ann"}}, context)
    app.handler({"time": TODAY}, context)
    assert versions(world) == 4


def test_a_round_with_little_time_left_writes_no_page(
    start: Callable[[], Any], world: World, context: LambdaContext
) -> None:
    context.seconds_left = 100
    start().handler({"time": TODAY}, context)
    assert pages(world) == {}


def test_a_person_gets_the_page_as_it_is_now(start: Callable[[], Any], world: World, context: LambdaContext) -> None:
    app = start()
    found = app.handler({"page": {"language": "ja"}}, context)["html"]
    assert '<html lang="ja">' in found
    assert "other0" in found
    assert pages(world) == {}
