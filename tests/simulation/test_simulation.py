"""Schedules, 1,000 in two days and 20,000 by night, every failure that was ever found, and the machinery itself."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.marks import marks, watched
from tests.simulation.campaign import PORTION, portion, shortest, story_of
from tests.simulation.choices import Choices
from tests.simulation.plan import HOUR
from tests.simulation.schedule import Schedule, run

SEEDS, SEEDS_BY_NIGHT = 1_000, 20_000
# These came past every mark when they were written down; others are tried, for half a minute, when they do no more.
PAST_EVERY_MARK = (2, 116, 1038, 119, 385, 0, 24, 150, 244, 666, 1145)
# Each of these has a set of another kind opened, or awaited; likewise.
SETS_OF_EVERY_KIND = (3, 12, 20, 45, 72, 95, 115, 127, 138, 186, 485, 576)
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.json"))


@pytest.mark.parametrize(
    "first",
    [
        *range(0, SEEDS, PORTION),
        *(pytest.param(first, marks=pytest.mark.long) for first in range(SEEDS, SEEDS_BY_NIGHT, PORTION)),
    ],
)
def test_every_promise_holds_in_thousands_of_schedules(first: int) -> None:
    failures = portion(first, PORTION).failures
    if failures:
        seed, broken = failures[0]
        taken = shortest(run(seed).taken, broken.promise, tries=500)
        seeds = [seed for seed, _ in failures]
        pytest.fail(f"seeds {seeds} break a promise; the story of {seed}:\n{story_of(taken).text()}")


@pytest.mark.parametrize("file", REGRESSIONS, ids=lambda file: file.stem)
def test_what_once_broke_a_promise_breaks_none(file: Path) -> None:
    taken = dict(json.loads(file.read_text()))
    broken = run(given=taken).broken
    assert not broken, story_of(taken).text()


@pytest.mark.parametrize("seed", range(20))
def test_a_schedule_is_repeated_by_its_choices(seed: int) -> None:
    first = run(seed)
    again = run(given=first.taken)
    assert (again.points, again.faults, again.runs, again.drops) == (
        first.points,
        first.faults,
        first.runs,
        first.drops,
    )
    assert again.taken == first.taken


def test_the_same_seed_is_the_same_schedule() -> None:
    assert run(7) == run(7)


@pytest.mark.parametrize(("spares", "rounds"), [(True, 0), (False, 17)])
def test_rounds_that_can_find_nothing_may_be_spared(spares: bool, rounds: int) -> None:  # noqa: FBT001 a parameter
    schedule = Schedule(Choices(given={}))  # one good file, and nothing goes wrong
    schedule.plan = replace(schedule.plan, heals=4 * HOUR, spares_sweep=spares)
    schedule.live()
    schedule.world.close()
    assert schedule.rested
    assert schedule.sweeping.rounds == rounds


def test_the_schedules_come_past_every_line_that_saves_us() -> None:
    wanted = marks().keys()
    with watched(*wanted) as hit:
        for seed in (*PAST_EVERY_MARK, *range(SEEDS_BY_NIGHT)):
            run(seed)
            if hit == wanted:
                return


def test_sets_of_every_kind_come_whole_or_stay_incomplete() -> None:
    wanted = {
        (kind, reload, state)
        for kind in ("shards", "manifest", "marker")
        for reload in (False, True)
        for state in ("SET_OPENED", "SET_AWAITED")
    }
    for seed in (*SETS_OF_EVERY_KIND, *range(1_000)):
        schedule = Schedule(Choices(seed))
        rule = schedule.plan.contracts.all[0].set_rule
        if rule:
            schedule.live()
            schedule.world.close()
            kind = "shards" if rule.shards else "manifest" if rule.manifest else "marker"
            wanted -= {(kind, rule.reload, one["state"]) for one in schedule.sets.values()}
        if not wanted:
            return
    assert not wanted


def test_a_story_says_who_did_what_when() -> None:
    text = story_of(run(3).taken).text()
    assert "upstream" in text
    assert "intake 1" in text
    assert "dynamodb.update_item VALIDATING" in text
