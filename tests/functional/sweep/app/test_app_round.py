"""A scheduled round of the freshness function: its parts, what fails, its lease and its time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from suimon.sweep.round import SweepError
from tests.functional.sweep.swept import HOUR, NOON, World, key_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.conftest import LambdaContext
from tests.functional.sweep.app.reading import TODAY, beats, measured, pages


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


@pytest.mark.parametrize("time", ["2026-11-22T12:00:00", "1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
@pytest.mark.parametrize("more", [{}, {"reconcile": {}}])
def test_a_time_that_no_round_can_have_is_refused_before_anything_runs(
    start: Callable[[], Any], world: World, context: LambdaContext, time: str, more: dict[str, Any]
) -> None:
    world.put(key_of())
    assert "time: " in start().handler({"time": time, **more}, context)["refused"]["en"]
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
    assert "leave the time away" in app.handler({"time": at.isoformat(), "reconcile": {}}, context)["refused"]["en"]


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
        assert "another round is running" in app.handler(event, context)["refused"]["en"]
        assert (world.table.scan()["Items"], world.post.subjects(), world.resumed()) == (before, [], [])
    assert "refused" not in app.handler(event, context)
