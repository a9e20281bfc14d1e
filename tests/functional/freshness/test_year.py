"""A year of rounds over three zones: exactly what a table written by hand says is told, and nothing else.

By night; by day some days of that year are lived in `test_year_bugs.py`.
"""

from __future__ import annotations

import pytest

from suimon.freshness.expected import FileState
from suimon.incidents.about import About
from suimon.incidents.incident import Stage
from suimon.incidents.kinds import IncidentId, Kind
from tests.functional.freshness.lived_year import TABLES, Year, by_hand, of_tables, of_volumes

pytestmark = [pytest.mark.large, pytest.mark.long]


@pytest.fixture(scope="module")
def year() -> Year:
    lived = Year()
    lived.live()
    return lived


def told(year: Year, *, of_a_table: bool) -> list[tuple[str, str]]:
    lines = [(f"{when:%m-%d %H:%M}", subject) for when, subject in year.told]
    return sorted(line for line in lines if bool(TABLES & {*line[1].split()}) is of_a_table)


def test_a_year_tells_what_is_missing_or_too_little_when_it_is_and_when_it_is_over_and_nothing_else(year: Year) -> None:
    assert told(year, of_a_table=False) == sorted([*by_hand(), *of_volumes()])


def test_tables_are_warned_of_stale_locked_and_over_when_they_are_and_nothing_else(year: Year) -> None:
    assert told(year, of_a_table=True) == of_tables()


def test_what_its_window_holds_is_held_and_neither_missing_nor_late(year: Year) -> None:
    assert year.held == [FileState.HELD] * 24


def test_the_table_was_stale_for_some_hours_and_nobody_was_told_for_the_missing_files_explain_it(year: Year) -> None:
    known = year.watch.incidents.known(IncidentId.of(Kind.STALE_TABLE, About(table="tokyo_fact")))
    assert known
    assert (known.stage, f"{known.opened_at:%m-%d %H:%M}", f"{known.updated_at:%m-%d %H:%M}") == (
        Stage.RECOVERED,
        "09-17 00:07",
        "09-17 10:07",
    )


def test_a_table_is_asked_some_four_hundred_times_a_year_and_not_in_each_of_8712_rounds(year: Year) -> None:
    asked = [one for one in year.redshift.requests if "tokyo_fact" in one["Sql"]]
    assert len(asked) < 450
