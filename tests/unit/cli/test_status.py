"""`suimon status`: what needs a person, and what to type next."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from suimon.cli import status as command
from suimon.cli.main import main
from suimon.cli.status import LISTED, lines, needing
from suimon.freshness.expected import FileState
from suimon.freshness.forecast import Expected

MONDAY = date(2026, 11, 30)


def expected(step: int, state: FileState, dataset: str = "sales") -> Expected:
    day = MONDAY + timedelta(days=step)
    due = datetime.fromisoformat(f"{day + timedelta(days=1)}T06:00:00+09:00")
    return Expected(
        dataset=dataset, partition=f"{day}", key="k", deadline=due, time_zone="Asia/Tokyo", state=state, note=""
    )


def shown(monkeypatch: pytest.MonkeyPatch, found: list[Expected], *arguments: str) -> Result:
    def ask(_stack: str, name: str, request: dict[str, int]) -> dict[str, object]:
        assert (name, request["ahead"]) == ("forecast", 1)
        return {"expected": [one.to_json() for one in found], "warnings": []}

    monkeypatch.setattr(command, "ask", ask)
    return CliRunner().invoke(main, ["status", *arguments])


def test_what_needs_a_person_is_told_newest_first_with_the_command_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [expected(0, FileState.REJECTED), expected(1, FileState.LOADED), expected(2, FileState.MISSING)]
    result = shown(monkeypatch, found, "--stack", "prod")
    assert result.exit_code == 1
    assert result.output.splitlines()[-3:] == [
        "sales 2026-12-02 is missing, due Thu 2026-12-03 06:00 Asia/Tokyo",
        "sales 2026-11-30 is arrived and rejected, due Tue 2026-12-01 06:00 Asia/Tokyo",
        "  suimon explain sales 2026-12-02 --stack prod",
    ]


def test_where_no_file_needs_anybody_that_is_said_of_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    result = shown(monkeypatch, [expected(0, FileState.LOADED), expected(1, FileState.NOT_DUE)])
    assert (result.exit_code, result.output.splitlines()[-2:]) == (
        0,
        ["No file that is due needs anybody.", "  suimon forecast"],
    )


def test_one_dataset_is_shown_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [expected(0, FileState.LOADED, "stock"), expected(0, FileState.MISSING)]
    result = shown(monkeypatch, found, "stock", "--json")
    assert result.exit_code == 0
    assert [one["dataset"] for one in json.loads(result.output)["expected"]] == ["stock"]


@pytest.mark.parametrize("state", list(FileState))
def test_what_has_time_is_on_its_way_or_at_an_end_needs_nobody(state: FileState) -> None:
    quiet = {FileState.NOT_DUE, FileState.LOADING, FileState.LOADED, FileState.LOADED_LATE, FileState.WAIVED}
    assert bool(needing([expected(0, state)])) == (state not in quiet)


def test_a_long_list_is_cut_and_says_so() -> None:
    told = [line.plain for line in lines([expected(-step, FileState.MISSING) for step in range(LISTED + 3)])]
    assert len(told) == LISTED + 1
    assert told[-1].startswith("and 3 more")
