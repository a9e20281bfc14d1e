"""Sets at the gate, wherever a function crashes or two meet, on the services in memory.

One that crashes does so at every point of the stories below. Of two crashes, and of two functions that meet, by day
there is a sample of points, and a denser one by night.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import combinations, permutations, product
from typing import TYPE_CHECKING

import pytest

from suimon.intake.errors import RetryLaterError
from tests.simulation.services.buckets import Bucket
from tests.simulation.services.s3 import S3
from tests.simulation.services.sns import Sns
from tests.simulation.services.table import Table

from .set_world import LOADED, MANIFEST, MARKER, SUPERSEDED, THREE, KilledError, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from suimon.contract.set_rule import SetRule
    from suimon.drops.drop import Drop


@pytest.fixture
def world() -> Callable[[SetRule], World]:
    def build(rule: SetRule) -> World:
        s3 = S3(lambda: 0.0)
        for bucket in ("raw", "lake", "reports"):
            s3.add(Bucket(bucket))
        return World(Table(), s3, Sns(lambda: 0.0, "topic"), "topic", rule)

    return build


def shards(orders: World, day: str) -> list[Drop]:
    """Three shards, one of them corrected."""
    return [orders.shard(2, "old\n", day), orders.shard(1, "a\n", day), *tail(orders, day)]


def manifest(orders: World, day: str) -> list[Drop]:
    """The same with a manifest before the last one."""
    listed = json.dumps({"files": ["part-1.csv", "part-2.csv", "part-3.csv"]})
    return [*shards(orders, day)[:-1], orders.put("manifest.json", listed, day), orders.shard(3, "c\n", day)]


def marker(orders: World, day: str) -> list[Drop]:
    """The same with a marker, whose event comes before that of the last one."""
    *first, last = shards(orders, day)
    return [*first, orders.put("_SUCCESS", "", day), last]


def tail(orders: World, day: str) -> list[Drop]:
    return [orders.shard(2, "corrected\n", day), orders.shard(3, "c\n", day)]


STORIES = [
    pytest.param(THREE, shards, id="shards"),
    pytest.param(replace(MANIFEST, reload=True), manifest, id="manifest"),
    pytest.param(MARKER, marker, id="marker"),
]


def days() -> Iterator[str]:
    """A partition of its own for every time that a story is told."""
    return ((date(2000, 1, 1) + timedelta(days=number)).isoformat() for number in range(9000))


def kill() -> None:
    raise KilledError


def tell(orders: World, drops: Iterable[Drop]) -> None:
    """Deliver each event once; whoever dies or must come back does so later."""
    for drop in drops:
        with suppress(KilledError, RetryLaterError):
            orders.take(drop)


def must_have_ended_well(orders: World, drops: list[Drop], day: str, story: object) -> None:
    assert (story, sorted(orders.names(orders.last_run(day)))) == (story, ["part-1.csv", "part-2.csv", "part-3.csv"])
    assert (story, orders.sources(orders.last_run(day))["rows"]) == (story, 3)
    states = dict(zip((drop.id for drop in drops), orders.states(*drops), strict=True))
    assert (story, states.pop(drops[0].id)) == (story, SUPERSEDED)
    assert (story, set(states.values())) == (story, {LOADED})
    # At most one run for each set: Airflow would have refused a second of the same id, so count the sets.
    whole = [record for record in orders.ledger.drops_of("orders", day) if record.members]
    assert (story, all(record.state in {LOADED, SUPERSEDED} for record in whole)) == (story, True)


@pytest.mark.hits("has-joined-before", "part-is-behind-its-set")
@pytest.mark.parametrize(("rule", "story"), STORIES)
def test_whoever_crashes_before_or_after_any_call_the_set_is_loaded(
    world: Callable[[SetRule], World], rule: SetRule, story: Callable[[World, str], list[Drop]]
) -> None:
    orders = world(rule)
    for point, day in enumerate(days(), 1):
        drops = story(orders, day)
        orders.points.at, orders.points.passed = {point: kill}, 0
        tell(orders, drops)
        told, orders.points.at = bool(orders.points.at), {}
        orders.until_quiet(*drops)
        orders.end_runs(day)
        must_have_ended_well(orders, drops, day, point)
        if told:
            assert point > 80
            return


@pytest.mark.parametrize(("rule", "story"), STORIES)
def test_whoever_crashes_and_then_crashes_again_the_set_is_loaded(
    world: Callable[[SetRule], World],
    rule: SetRule,
    story: Callable[[World, str], list[Drop]],
    pytestconfig: pytest.Config,
) -> None:
    orders, step = world(rule), 9 if pytestconfig.getoption("--long") else 17
    for (one, two), day in zip(combinations(range(1, 200, step), 2), days(), strict=False):
        drops = story(orders, day)
        orders.points.at, orders.points.passed = {one: kill, two: kill}, 0
        tell(orders, drops)
        tell(orders, reversed(drops))
        orders.points.at = {}
        orders.until_quiet(*drops)
        orders.end_runs(day)
        must_have_ended_well(orders, drops, day, (one, two))


def test_whoever_crashes_while_the_end_of_a_run_is_recorded_the_shards_end_when_it_comes_again(
    world: Callable[[SetRule], World],
) -> None:
    orders = world(THREE)
    for point, day in enumerate(days(), 1):
        drops = [orders.shard(number, day=day) for number in range(3)]
        orders.take(*drops)
        orders.points.at, orders.points.passed = {point: kill}, 0
        with suppress(KilledError):
            orders.end_runs(day)
        told, orders.points.at = bool(orders.points.at), {}
        orders.end_runs(day)
        assert (point, orders.states(*drops)) == (point, [LOADED] * 3)
        if told:
            assert point > 10
            return


@pytest.mark.hits("set-changed-meanwhile")
@pytest.mark.parametrize(("rule", "story"), STORIES)
def test_two_that_are_taken_at_once_open_one_run_wherever_they_meet(
    world: Callable[[SetRule], World],
    rule: SetRule,
    story: Callable[[World, str], list[Drop]],
    pytestconfig: pytest.Config,
) -> None:
    orders, step = world(rule), 4 if pytestconfig.getoption("--long") else 9
    meetings = product(permutations(range(len(story(orders, "1999-12-31"))), 2), range(1, 78, step))
    for (pair, point), day in zip(meetings, days(), strict=False):
        drops = story(orders, day)
        one, other = (drops[place] for place in pair)
        tell(orders, [drop for drop in drops if drop not in {one, other}])
        orders.points.at, orders.points.passed = {point: partial(tell, orders, [other])}, 0
        tell(orders, [one])
        orders.points.at = {}
        orders.until_quiet(*drops)
        orders.end_runs(day)
        must_have_ended_well(orders, drops, day, (pair, point))
