"""The figures of many datasets: each is measured once an hour, however little time a round has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.freshness.expected import Facts
from suimon.freshness.hourly_figures import KEPT_FOR, LEAST_SECONDS, HourlyFigures
from tests.unit.freshness.test_figures import ARRIVAL

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR, ROUND = timedelta(hours=1), timedelta(minutes=15)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FOUR = Contracts(
    tuple(Contract(name, "1", name, key_pattern=KeyPattern(f"{name}/{{ds}}.csv"), arrival=ARRIVAL) for name in "abcd")
)


class Kept:
    """A checkpoint in memory."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, str]] = {}

    def get(self, name: str) -> dict[str, str]:
        return self.values.get(name, {})

    def put(self, name: str, values: dict[str, str]) -> None:
        self.values[name] = dict(values)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def figures(kept: Kept) -> HourlyFigures:
    return HourlyFigures(kept)  # type: ignore[arg-type]  # a fake


def nothing(_dataset: str, _day: str) -> Facts:
    return Facts()


def time_for(datasets: int) -> Callable[[], float]:
    left = iter([float(LEAST_SECONDS)] * datasets)
    return lambda: next(left, LEAST_SECONDS - 1.0)


def measured(
    figures: HourlyFigures, now: datetime, time_left: Callable[[], float], facts: Callable[[str, str], Facts] = nothing
) -> tuple[list[str], list[str]]:
    """Return which datasets were measured, and which were left out."""
    found = list(figures.measure(FOUR, facts, {}, now, time_left))
    return [name for name, one in found if one], [name for name, one in found if not one]


def test_the_next_round_of_the_hour_measures_what_the_last_one_had_no_time_for(figures: HourlyFigures) -> None:
    assert measured(figures, NOON, time_for(2)) == (["a", "b"], ["c", "d"])
    assert measured(figures, NOON + ROUND, time_for(1)) == (["c"], ["d"])
    assert measured(figures, NOON + 2 * ROUND, time_for(4)) == (["d"], [])
    assert measured(figures, NOON + 3 * ROUND, time_for(4)) == ([], [])


def test_the_next_hour_begins_with_what_was_measured_longest_ago(figures: HourlyFigures) -> None:
    order = [measured(figures, NOON + number * HOUR, time_for(3))[0] for number in range(4)]
    assert order == [["a", "b", "c"], ["d", "a", "b"], ["c", "a", "b"], ["d", "a", "b"]]


def test_what_was_left_out_keeps_its_shares_until_they_are_too_old(figures: HourlyFigures) -> None:
    measured(figures, NOON, time_for(4))
    measured(figures, NOON + KEPT_FOR, time_for(2))
    assert figures.shares(NOON + KEPT_FOR).keys() == {"a", "b", "c", "d"}
    assert figures.shares(NOON + KEPT_FOR + ROUND).keys() == {"a", "b"}


def test_a_round_that_is_left_by_its_reader_keeps_what_it_has_measured(figures: HourlyFigures) -> None:
    round_of_one = figures.measure(FOUR, nothing, {}, NOON, time_for(4))
    next(round_of_one)
    round_of_one.close()  # type: ignore[attr-defined]  # a generator
    assert measured(figures, NOON + ROUND, time_for(4))[0] == ["b", "c", "d"]


def test_a_dataset_whose_figures_fail_keeps_no_other_back_and_is_tried_again_in_the_next_hour(
    figures: HourlyFigures,
) -> None:
    def spoilt(dataset: str, _day: str) -> Facts:
        if dataset == "b":
            raise ValueError("spoilt")
        return Facts()

    with pytest.raises(ValueError, match="spoilt"):
        measured(figures, NOON, time_for(4), spoilt)
    assert measured(figures, NOON + ROUND, time_for(4), spoilt) == (["c", "d"], [])
    assert figures.shares(NOON).keys() == {"a", "c", "d"}
    assert measured(figures, NOON + HOUR, time_for(4))[0] == ["a", "b", "c", "d"]


def test_a_dataset_that_no_contract_knows_is_kept_no_longer(figures: HourlyFigures) -> None:
    measured(figures, NOON, time_for(4))
    list(figures.measure(Contracts(FOUR.all[:1]), nothing, {}, NOON + HOUR, time_for(4)))
    assert figures.shares(NOON + HOUR).keys() == {"a"}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"a": 1}', '{"a": ["", "no time", []]}', '{"a": ["", "2026-11-22T12:00:00", []]}', '{"a": []}'],
)
def test_a_checkpoint_that_is_not_ours_is_no_figure_and_is_written_anew(
    figures: HourlyFigures, kept: Kept, text: str
) -> None:
    kept.put("figures", {"datasets": text})
    assert figures.shares(NOON) == {}
    assert measured(figures, NOON, time_for(4)) == (["a", "b", "c", "d"], [])


def test_an_hour_in_which_all_is_measured_writes_its_checkpoint_once(figures: HourlyFigures, kept: Kept) -> None:
    measured(figures, NOON, time_for(4))
    kept.values["figures"]["untouched"] = "yes"
    measured(figures, NOON + ROUND, time_for(4))
    assert kept.values["figures"]["untouched"] == "yes"
