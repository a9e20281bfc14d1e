"""The figures and the pages that a round of the freshness function writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from suimon.freshness.date_facts import DateFacts
from suimon.freshness.figures import Share
from tests.functional.sweep.swept import DAG, HOUR, NOON, World

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.functional.conftest import LambdaContext
from tests.functional.sweep.app.reading import TODAY, measured, pages, versions


def facts(app: Any, now: datetime) -> DateFacts:
    return DateFacts(app.watch().ledger, app.watch().waivers, now)


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


def test_figures_for_which_there_is_no_time_are_left_to_the_next_round_of_the_hour(
    capsys: pytest.CaptureFixture[str], start: Callable[[], Any]
) -> None:
    app = start()
    app.measure(facts(app, NOON), NOON, lambda: 59.0)
    out = capsys.readouterr().out
    assert measured(out) == []
    assert '"datasets":["sales","other0"]' in out
    app.measure(facts(app, NOON), NOON + timedelta(minutes=15), lambda: 900.0)
    assert ("other0", "Lateness") in measured(capsys.readouterr().out)


def test_the_page_shows_the_shares_that_the_figures_had_and_not_those_of_long_ago(start: Callable[[], Any]) -> None:
    app = start()
    app.measure(facts(app, NOON), NOON, lambda: 900.0)
    shares = {
        hours: {row.dataset: row.shares for row in app.answers().overview(facts(app, at), at).rows}["other0"]
        for hours in (2, 4)
        for at in [NOON + hours * HOUR]
    }
    assert shares == {2: (Share(0, 30), Share(0, 90)), 4: (None, None)}


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
