"""What stands on the page of a stack."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from suimon.contract.partition import Unit
from suimon.freshness.expected import FileState
from suimon.freshness.figures import Share
from suimon.status.overview import COLUMNS, LETTERS, MOST_DATES, days_back, lateness, overview
from tests.unit.status.sample import DATASETS, NOW, dates, expected, of_units, sample

HOUR = timedelta(hours=1)


def test_every_state_has_a_letter_of_its_own() -> None:
    assert LETTERS.keys() == set(FileState)
    assert len(set(LETTERS.values())) == len(FileState)


def test_the_newest_dates_come_first_and_datasets_that_need_somebody_before_the_others() -> None:
    found = sample()
    days = found.columns[Unit.DAY]
    assert list(days) == sorted(days, reverse=True)
    assert len(days) == COLUMNS
    needing = [row.needs_somebody for row in found.rows]
    assert needing == sorted(needing, reverse=True)
    assert [row.dataset for row in found.rows][:2] == ["clicks", "orders"]


def test_weeks_and_months_have_columns_of_their_own_and_hours_stand_beside_their_days() -> None:
    found = overview(of_units(), [], [], ["clicks", "payroll", "stocktake"], [], [], {})
    assert found.columns == {
        Unit.DAY: ("2026-11-20", "2026-11-19", "2026-11-18"),
        Unit.WEEK: ("2026-W47", "2026-W46", "2026-W45", "2026-W44", "2026-W43", "2026-W42"),
        Unit.MONTH: ("2026-11", "2026-10", "2026-09", "2026-08", "2026-07", "2026-06", "2026-05"),
    }
    rows = {row.dataset: row for row in found.rows}
    assert rows["clicks"].dates["2026-11-19"].state is FileState.MISSING  # its worst hour
    assert rows["stocktake"].dates["2026-W46"].state is FileState.REJECTED
    assert [(one.dataset, one.day, len(one.hours)) for one in found.hours] == [
        ("clicks", day, 24) for day in ("2026-11-18", "2026-11-19", "2026-11-20")
    ]
    assert found.wanting == 3


def test_a_dataset_without_a_deadline_is_named_and_is_never_late() -> None:
    assert sample().without_deadline == ("catalogue",)


def test_the_shares_are_those_that_were_measured_and_else_not_known() -> None:
    found = overview(dates(), [], [], list(DATASETS), [], [], {"sales": (Share(9, 10), Share(80, 90))})
    shares = {row.dataset: row.shares for row in found.rows}
    assert shares["sales"] == (Share(9, 10), Share(80, 90))
    assert shares["orders"] == (None, None)


def test_a_dataset_of_which_nothing_was_due_lately_has_a_row_and_a_deadline() -> None:
    found = overview(dates(), [], [], [*DATASETS, "yearly"], ["catalogue"], [], {})
    assert next(row for row in found.rows if row.dataset == "yearly").dates == {}
    assert found.without_deadline == ("catalogue",)


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
    assert overview([fine], [], [], ["sales"], [], [], {}).is_calm
    assert not overview([replace(fine, later="REJECTED")], [], [], ["sales"], [], [], {}).is_calm


@pytest.mark.parametrize(("datasets", "days"), [(0, 35), (1, 35), (85, 35), (86, 34), (500, 6), (5_000, 3)])
def test_a_round_reads_no_more_dates_than_it_may(datasets: int, days: int) -> None:
    assert days_back(datasets) == days
    assert datasets * days <= MOST_DATES or days == 3
