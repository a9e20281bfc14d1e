"""Every schedule of a small world with one fault at most: a sample of them, all of them once a night."""

import pytest

from tests.simulation.exhaustive import SAMPLED, look_through, scenarios, story_of, with_one_fault

PORTION = 24


@pytest.mark.parametrize("first", range(0, len(scenarios()), PORTION))
def test_every_promise_holds_whatever_fault_falls_where(first: int, *, pytestconfig: pytest.Config) -> None:
    every = 1 if pytestconfig.getoption("--long") else SAMPLED
    for number, scenario in enumerate(scenarios()[first : first + PORTION], first):
        for name, given, broken in look_through(scenario, every, first=number).failures:
            pytest.fail(f"{name}, {given}: {broken.what}\n{story_of(name, given).text()}")


def test_scenarios_are_told_apart_by_their_names() -> None:
    names = [one.name for one in scenarios()]
    assert len(set(names)) == len(names)


def test_a_fault_falls_on_every_point_once_and_of_every_kind() -> None:
    records = list(with_one_fault(3))
    assert len(records) == 1 + 3 * 7
    assert {position for record in records for position in record} == {0, 1, 2}
    assert len({tuple(record.items()) for record in records}) == len(records)
