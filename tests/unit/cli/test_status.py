"""`suimon status`: what needs a person, and what to type next."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from suimon.cli import status as command
from suimon.cli.main import main
from suimon.cli.status import LISTED, needing
from suimon.freshness.expected import FileState
from suimon.freshness.forecast import Expected
from suimon.incidents.about import About
from suimon.incidents.incident import ByPerson, Stage
from suimon.incidents.kinds import Kind, Severity
from suimon.incidents.overview import chosen
from tests.unit.incident_values import NOON, incident

if TYPE_CHECKING:
    from suimon.incidents.incident import Incident

MONDAY = date(2026, 11, 30)
SCHEMA = json.loads((Path(__file__).parents[3] / "docs/status.schema.json").read_text(encoding="utf-8"))
CALM = "Nothing needs anybody: no incident is open, nothing is held, every file that is due is there."
HOLD = {"dataset": "sales", "since": "2026-11-20T09:00:00+00:00", "until": None, "who": "ann", "reason": "a rebuild"}


def expected(step: int, state: FileState, dataset: str = "sales") -> Expected:
    day = MONDAY + timedelta(days=step)
    due = datetime.fromisoformat(f"{day + timedelta(days=1)}T06:00:00+09:00")
    return Expected(
        dataset=dataset, partition=f"{day}", key="k", deadline=due, time_zone="Asia/Tokyo", state=state, note=""
    )


def shown(
    monkeypatch: pytest.MonkeyPatch,
    found: list[Expected],
    *arguments: str,
    standing: tuple[Incident, ...] = (),
    held: tuple[dict[str, Any], ...] = (),
    name: tuple[str, ...] = ("status",),
) -> Result:
    def ask(_stack: str, name: str, request: dict[str, int]) -> dict[str, object]:
        assert (name, request["ahead"]) == ("status", 1)
        return {
            "datasets": ["sales", "stock"],
            "expected": [one.to_json() for one in found],
            "warnings": [],
            "incidents": chosen(standing, {"all": True}, NOON),
            "held": list(held),
        }

    monkeypatch.setattr(command, "ask", ask)
    return CliRunner().invoke(main, [*name, *arguments])


def test_what_needs_a_person_is_told_newest_first_with_the_command_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [expected(0, FileState.REJECTED), expected(1, FileState.LOADED), expected(2, FileState.MISSING)]
    result = shown(monkeypatch, found, "--stack", "prod")
    assert result.exit_code == 1
    assert result.output.splitlines()[-3:] == [
        "sales 2026-12-02 is missing, due Thu 2026-12-03 06:00 Asia/Tokyo",
        "sales 2026-11-30 is arrived and rejected, due Tue 2026-12-01 06:00 Asia/Tokyo",
        "  suimon explain sales 2026-12-02 --stack prod",
    ]


def test_all_is_well_is_said_where_no_incident_is_open_and_nothing_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    result = shown(monkeypatch, [expected(0, FileState.LOADED), expected(1, FileState.NOT_DUE)])
    assert (result.exit_code, result.output.splitlines()[-2:]) == (0, [CALM, "  suimon forecast"])


@pytest.mark.parametrize("kind", list(Kind))
def test_an_open_incident_of_any_kind_is_shown_though_every_file_is_loaded(
    monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    problem = incident(kind, About(dataset="sales", partition="2026-11-30", dag_id="etl"), subject="it is wrong")
    result = shown(monkeypatch, [expected(0, FileState.LOADED)], standing=(problem,))
    assert result.exit_code == 1
    assert "it is wrong" in result.output
    assert CALM not in result.output
    assert result.output.splitlines()[-1] == f"  suimon incidents '{problem.id}'"


def test_the_worst_incident_has_the_command_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    mild = incident(Kind.IMPERFECT, About(drop_id="d"), subject="mild", severity=Severity.WARNING)
    bad = incident(Kind.RUN_FAILED, About(dataset="sales", partition="2026-11-30"), subject="bad")
    result = shown(monkeypatch, [], standing=(mild, bad))
    assert result.output.splitlines()[-1] == f"  suimon incidents '{bad.id}'"


def test_a_held_dataset_is_shown_with_who_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    result = shown(monkeypatch, [expected(0, FileState.LOADED)], held=(HOLD,))
    assert result.exit_code == 1
    assert result.output.splitlines()[-2:] == [
        "sales is held by ann until somebody releases it: a rebuild",
        "  suimon release sales",
    ]


def test_a_loaded_date_whose_correction_was_rejected_needs_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    result = shown(monkeypatch, [replace(expected(0, FileState.LOADED), later="REJECTED")])
    assert result.exit_code == 1
    assert "sales 2026-11-30 is loaded, but a later file is REJECTED" in result.output


def test_what_a_person_closed_is_counted_and_needs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = replace(incident(Kind.PAUSED, About(dag_id="etl")), stage=Stage.CLOSED, closed=ByPerson("ann", NOON))
    result = shown(monkeypatch, [expected(0, FileState.LOADED)], standing=(closed,))
    assert result.exit_code == 0
    assert "Closed by a person though the cause may be there: 1 (suimon incidents --all)" in result.output


def test_one_dataset_is_shown_with_what_is_of_no_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [expected(0, FileState.LOADED, "stock"), expected(0, FileState.MISSING)]
    of_sales = incident(Kind.RUN_FAILED, About(dataset="sales", partition="2026-11-30"))
    paused = incident(Kind.PAUSED, About(dag_id="etl"))
    result = shown(monkeypatch, found, "stock", "--json", standing=(of_sales, paused), held=(HOLD,))
    told = json.loads(result.output)
    assert result.exit_code == 1
    assert [one["dataset"] for one in told["expected"]] == ["stock"]
    assert [one["id"] for one in told["incidents"]] == [str(paused.id)]
    assert (told["held"], told["needs_somebody"]) == ([], [])


def test_a_dataset_that_the_release_does_not_have_is_no_all_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    result = shown(monkeypatch, [], "slaes")
    assert result.exit_code == 2
    assert "no contract for dataset 'slaes'; there are: sales, stock" in result.output


def test_the_json_is_as_its_schema_says(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = replace(incident(Kind.PAUSED, About(dag_id="etl")), stage=Stage.CLOSED, closed=ByPerson("ann", NOON))
    failed = incident(Kind.RUN_FAILED, About(dataset="sales", partition="2026-11-30"))
    late = replace(expected(0, FileState.LOADED), later="FAILED")
    result = shown(monkeypatch, [late], "--json", standing=(closed, failed), held=(HOLD,))
    told = json.loads(result.output)
    Draft202012Validator(SCHEMA).validate(told)
    assert told["calm"] is False
    assert all(told[name] for name in ("incidents", "closed_by_hand", "held", "needs_somebody", "expected"))


def test_the_command_alone_shows_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    result = shown(monkeypatch, [expected(0, FileState.MISSING)], name=())
    assert result.exit_code == 1
    assert "sales 2026-11-30 is missing" in result.output


@pytest.mark.parametrize("state", list(FileState))
def test_what_has_time_is_on_its_way_or_at_an_end_needs_nobody(state: FileState) -> None:
    quiet = {FileState.NOT_DUE, FileState.LOADING, FileState.LOADED, FileState.LOADED_LATE, FileState.WAIVED}
    assert bool(needing([expected(0, state)])) == (state not in quiet)


def test_a_long_list_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    states = (FileState.MISSING, FileState.REJECTED)
    result = shown(monkeypatch, [expected(-step, states[step % 2]) for step in range(LISTED + 3)])
    assert len(re.findall(r" is (missing|arrived and rejected), due ", result.output)) == LISTED
    assert "and 3 more: suimon status --json lists them all" in result.output


OUTAGE = [
    *[expected(-step, FileState.MISSING) for step in range(60) if step % 7 > 1],
    *[expected(-step, FileState.LOADED) for step in range(60, 64)],
    *[expected(-step, FileState.MISSING) for step in (64, 65)],
    *[expected(-step, FileState.MISSING, "stock") for step in range(3)],
]


def test_a_long_outage_is_a_line_with_its_first_and_last_date(monkeypatch: pytest.MonkeyPatch) -> None:
    result = shown(monkeypatch, OUTAGE, "--back", "70")
    assert result.output.splitlines()[-5:] == [
        "stock 2026-11-28 to 2026-11-30: 3 files missing, the last due Tue 2026-12-01 06:00 Asia/Tokyo",
        "sales 2026-10-02 to 2026-11-28: 42 files missing, the last due Sun 2026-11-29 06:00 Asia/Tokyo",
        "sales 2026-09-27 is missing, due Mon 2026-09-28 06:00 Asia/Tokyo",
        "sales 2026-09-26 is missing, due Sun 2026-09-27 06:00 Asia/Tokyo",
        "  suimon explain stock 2026-11-30",
    ]
    told = shown(monkeypatch, OUTAGE, "--back", "70", "--lang", "ja").output
    assert "sales 2026-10-02 から 2026-11-28 まで 42 件: 未着" in told


def test_a_date_of_another_state_ends_a_run_and_so_does_another_part(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [expected(-step, FileState.MISSING) for step in range(6)]
    found[2] = replace(found[2], state=FileState.REJECTED)
    parts = [replace(one, partition=f"{one.partition}/store={part}") for part in ("kobe", "nara") for one in found]
    result = shown(monkeypatch, parts)
    assert [line.partition(":")[0] for line in result.output.splitlines() if " files missing" in line] == [
        "sales 2026-11-25/store=nara to 2026-11-27/store=nara",
        "sales 2026-11-25/store=kobe to 2026-11-27/store=kobe",
    ]


def test_incidents_that_differ_in_their_date_alone_are_one_with_how_to_list_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    days = [About(dataset="sales", partition=f"2026-11-{day:02}") for day in range(1, 31)]
    missing = [incident(Kind.MISSING_FILE, about, subject=f"missing {about.partition}") for about in days]
    paused = [incident(Kind.PAUSED, About(dag_id=name), subject=name) for name in ("etl", "other", "third")]
    output = shown(monkeypatch, [], "--stack", "prod", standing=(*missing, *paused)).output
    listed = "suimon incidents --kind missing-file --dataset sales --stack prod"
    assert [line for line in output.splitlines() if "missing 2026" in line or "more" in line] == [
        "ERROR    missing 2026-11-30",
        f"         and 29 more like it: {listed}",
    ]
    assert "Open incidents: 33" in output
    assert all(name in output for name in ("etl", "other", "third"))


def test_the_page_is_written_to_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[str, str, dict[str, str]]] = []

    def ask(stack: str, name: str, request: dict[str, str]) -> dict[str, str]:
        asked.append((stack, name, request))
        return {"html": "<!doctype html>状態"}

    monkeypatch.setattr(command, "ask", ask)
    file = tmp_path / "status.html"
    result = CliRunner().invoke(main, ["status", "--html", str(file), "--lang", "ja", "--stack", "prod"])
    assert (result.exit_code, result.output) == (0, f"書き出しました: {file}\n")
    assert asked == [("prod", "page", {"language": "ja"})]
    assert file.read_text(encoding="utf-8") == "<!doctype html>状態"
    monkeypatch.setattr("suimon.cli.words.can_show", lambda _text: False)  # of the terminal, which shows no page
    CliRunner().invoke(main, ["status", "--html", str(file), "--lang", "ja"])
    assert asked[-1] == ("suimon-local", "page", {"language": "ja"})


def test_a_page_that_cannot_be_written_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "ask", lambda *_: {"html": "x"})
    file = tmp_path / "nowhere" / "status.html"
    result = CliRunner().invoke(main, ["status", "--html", str(file)])
    assert (result.exit_code, result.output) == (2, f"Error: {file}: No such file or directory\n")


@pytest.mark.parametrize("more", [["sales"], ["--json"]])
def test_the_page_is_of_the_whole_stack(more: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["status", "--html", str(tmp_path / "p"), *more])
    assert result.exit_code == 2
    assert "whole stack" in result.output
