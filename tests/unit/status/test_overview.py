"""What stands on the page of a stack."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from suimon.freshness.expected import FileState
from suimon.status.overview import COLUMNS, LETTERS, MOST_DATES, MOST_INCIDENTS, days_back, lateness, overview, share
from tests.unit.status.sample import NOW, dates, expected, incidents, sample

HOUR = timedelta(hours=1)


def test_every_state_has_a_letter_of_its_own() -> None:
    assert LETTERS.keys() == set(FileState)
    assert len(set(LETTERS.values())) == len(FileState)


def test_the_newest_dates_come_first_and_datasets_that_need_somebody_before_the_others() -> None:
    found = sample()
    assert list(found.days) == sorted(found.days, reverse=True)
    assert len(found.days) == COLUMNS
    needing = [row.needs_somebody for row in found.rows]
    assert needing == sorted(needing, reverse=True)
    assert [row.dataset for row in found.rows][:2] == ["orders", "payments"]


def test_a_dataset_without_a_deadline_is_named_and_is_never_late() -> None:
    assert sample().without_deadline == ("catalogue",)


def test_the_share_counts_what_was_due_and_neither_what_is_not_nor_what_will_not_come() -> None:
    states = ["LOADED", "LOADED_LATE", "LATE", "MISSING", "REJECTED", "NOT_LOADED", "HELD", "LOADING"]
    left_out = ["NOT_DUE", "WAIVED"]
    found = [expected("sales", step + 2, FileState[name], 1) for step, name in enumerate([*states, *left_out])]
    counted = share(found, 30, NOW)
    assert (counted.in_time, counted.due, counted.percent) == (1, 8, "12.5 %")


def test_what_is_on_its_way_before_its_deadline_is_not_counted_yet() -> None:
    one = expected("sales", 1, FileState.LOADING, 1)
    assert share([replace(one, deadline=NOW + HOUR)], 30, NOW).due == 0
    assert share([replace(one, deadline=NOW - HOUR)], 30, NOW).due == 1


def test_the_share_ends_at_its_span() -> None:
    one = expected("sales", 1, FileState.LOADED, 1)
    at_the_edge, beyond = (replace(one, deadline=NOW - timedelta(days=30) - late) for late in (0 * HOUR, HOUR))
    assert share([at_the_edge, beyond], 30, NOW).due == 1


def test_nearly_always_is_not_written_as_always() -> None:
    found = [expected("sales", step, FileState.LOADED, 1) for step in range(2, 91)]
    assert share(found, 100, NOW).percent == "100 %"
    assert share([*found, expected("sales", 91, FileState.MISSING, 1)], 100, NOW).percent == "98.8 %"
    assert share([], 30, NOW).percent == ""


def test_a_share_of_days_that_were_not_read_is_not_known() -> None:
    found = overview(dates(), [], [], [], [], NOW, back=60)
    assert all(row.shares[0] and row.shares[1] is None for row in found.rows)


@pytest.mark.parametrize(
    ("state", "late"),
    [
        (FileState.LOADED, timedelta()),
        (FileState.LOADED_LATE, 3 * HOUR),
        (FileState.MISSING, timedelta(hours=3, minutes=30)),
        (FileState.LOADING, timedelta(hours=3, minutes=30)),
        (FileState.WAIVED, timedelta()),
    ],
)
def test_lateness_ends_with_the_load_or_now(state: FileState, late: timedelta) -> None:
    assert lateness(expected("sales", 1, state, 1), NOW) == late


def test_a_calm_stack_is_calm_and_a_load_without_its_correction_is_not() -> None:
    fine = expected("sales", 1, FileState.LOADED, 1)
    assert overview([fine], [], [], ["sales"], [], NOW, back=90).is_calm
    assert not overview([replace(fine, later="REJECTED")], [], [], ["sales"], [], NOW, back=90).is_calm


def test_what_is_too_much_for_a_page_is_counted() -> None:
    found = overview(dates(), incidents() * MOST_INCIDENTS, [], [], [], NOW, back=90)
    assert len(found.incidents) == MOST_INCIDENTS
    assert found.more_incidents == 3 * MOST_INCIDENTS


@pytest.mark.parametrize(("datasets", "days"), [(0, 90), (1, 90), (33, 90), (34, 88), (500, 6), (5_000, 3)])
def test_a_round_reads_no_more_dates_than_it_may(datasets: int, days: int) -> None:
    assert days_back(datasets) == days
    assert datasets * days <= MOST_DATES or days == 3
