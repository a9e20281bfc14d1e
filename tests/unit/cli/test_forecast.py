"""The picture and the table of `suimon forecast`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from click.testing import CliRunner

from suimon.cli import forecast as command
from suimon.cli.forecast import LETTERS, picture, table
from suimon.cli.main import main
from suimon.freshness.expected import FileState
from suimon.freshness.forecast import Expected

MONDAY = date(2026, 11, 30)


def expected(dataset: str, step: int, state: FileState, note: str = "") -> Expected:
    day = MONDAY + timedelta(days=step)
    return Expected(
        dataset=dataset,
        partition=day.isoformat(),
        key=f"{dataset}/{day}.csv",
        deadline=datetime.fromisoformat(f"{day + timedelta(days=1)}T06:00:00+09:00"),
        time_zone="Asia/Tokyo",
        state=state,
        note=note,
    )


def test_a_picture_has_a_letter_a_date_and_says_what_the_letters_mean() -> None:
    rows = [expected("sales", step, state) for step, state in enumerate(FileState)]
    rows += [expected("a_dataset_with_a_long_name", 8, FileState.NOT_DUE)]
    assert [line.plain.rstrip() for line in picture(rows)] == [
        "                     2026-12",
        "                    30     7",
        "sales               olMRFH>+tw",
        "a_dataset_with_a_…  ........o.",
        "o not yet due   l late   M missing   R arrived and rejected",
        "F arrived and not loaded   H held   > loading   + loaded",
        "t loaded late   w waived   . no file",
        "",
    ]


def test_a_file_an_hour_has_a_letter_an_hour_for_the_last_days_that_are_due() -> None:
    states = {4: FileState.LOADED, 5: FileState.MISSING, 23: FileState.LOADED_LATE}
    rows = [expected("sales", 0, FileState.LOADED)]
    for step in range(5):
        day = MONDAY + timedelta(days=step)
        state = FileState.NOT_DUE if step == 4 else FileState.LOADED
        rows += [
            replace(
                expected("logs", step, states.get(hour, state) if step == 3 else state), partition=f"{day}T{hour:02}"
            )
            for hour in range(24)
        ]
    shown = [line.plain.rstrip() for line in picture(rows)]
    assert shown[4:8] == [
        "                    hour        0     6     12    18",
        "logs                2026-12-01  ++++++++++++++++++++++++",
        "logs                2026-12-02  ++++++++++++++++++++++++",
        "logs                2026-12-03  +++++M+++++++++++++++++t",
    ]
    assert shown[2:4] == ["sales               +....", "logs                +++Mo"]
    assert max(map(len, shown)) <= 80


def test_every_state_has_a_letter_of_its_own() -> None:
    assert set(LETTERS) == set(FileState)
    assert len({letter for letter, _ in LETTERS.values()}) == len(FileState)


@pytest.mark.parametrize("days", [1, 60, 61, 184])
def test_no_line_is_longer_than_80_columns(days: int) -> None:
    rows = [expected("x" * 40, step, FileState.NOT_DUE) for step in range(days)]
    lines = [line.plain for line in picture(rows)]
    assert max(map(len, lines)) <= 80
    assert sum(line.count("o") for line in lines if line.startswith("x")) == days


def test_a_table_has_the_deadlines_on_the_wall_and_why_a_file_will_not_come() -> None:
    rows = [expected("sales", 0, FileState.LOADED), expected("sales", 1, FileState.WAIVED, "a strike")]
    assert [line.plain for line in table([*rows, expected("z", 0, FileState.MISSING)])] == [
        "sales: deadlines in Asia/Tokyo",
        "  2026-11-30  due Tue 2026-12-01 06:00  loaded",
        "  2026-12-01  due Wed 2026-12-02 06:00  waived: a strike",
        "z: deadlines in Asia/Tokyo",
        "  2026-11-30  due Tue 2026-12-01 06:00  missing",
    ]


def test_the_command_shows_what_the_function_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {
        "datasets": ["sales", "z"],
        "expected": [expected(name, 0, FileState.MISSING).to_json() for name in ("sales", "z")],
        "warnings": ["holidays end"],
    }
    asked: list[object] = []

    def ask(*request: object) -> dict[str, object]:
        asked.append(request)
        return {**answer}

    monkeypatch.setattr(command, "ask", ask)
    shown = CliRunner().invoke(main, ["forecast", "--days", "5", "--dataset", "z", "--stack", "s"])
    assert shown.exit_code == 0
    assert asked == [("s", "forecast", {"back": 7, "ahead": 5, "dataset": "z"})]
    assert "sales" not in shown.output
    assert shown.output.endswith(
        "  2026-11-30  due Tue 2026-12-01 06:00  missing\nWarning: holidays end\n  suimon status --stack s\n"
    )
    as_json = CliRunner().invoke(main, ["forecast", "--json"])
    assert '"state": "missing"' in as_json.output


def test_nothing_is_due_is_said() -> None:
    assert [line.plain for line in picture([])] == ["No file is due in these days."]


def test_a_dataset_that_the_release_does_not_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ask", lambda *_: {"datasets": ["sales"], "expected": [], "warnings": []})
    shown = CliRunner().invoke(main, ["forecast", "--dataset", "slaes"])
    assert (shown.exit_code, "there are: sales" in shown.output) == (2, True)


def test_a_loaded_date_whose_correction_came_to_nothing_has_a_letter_of_its_own() -> None:
    rows = [expected("sales", 0, FileState.LOADED), replace(expected("sales", 1, FileState.LOADED), later="REJECTED")]
    drawn = [line.plain.rstrip() for line in picture(rows)]
    assert drawn[2] == "sales               +!"
    assert "! loaded, a later file is not" in drawn[3]
    assert [line.plain for line in table(rows)][2].endswith("loaded, but a later file is REJECTED")
