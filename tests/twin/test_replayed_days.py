"""300 days replayed on a whole twin, three at once (40 when the file is called by its name): see replay_story.py.

A light DAG does what would take Spark hours, as in test_under_fault.py: real runs in real Airflow, the own SQL of the
project in one transaction through the real Data API, its own closing event.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from local import mailbox
from local.lifecycle import up
from local.progress import Board
from local.supervisor import stop
from suimon.drops.replay_record import Counts
from suimon.drops.states import AT_AN_END, State
from suimon.warehouse.data_api import run_query
from tests.twin.fault_story import BAD, ROOT, ROWS, WAREHOUSE, Story, files, take_the_light_dag
from tests.twin.replay_story import AT_ONCE, NONSENSE, Replayed, tell
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.long
DAYS, DAYS_BY_NIGHT = 40, 300
PER_DAY = "SELECT order_date AS day, COUNT(*) AS orders, SUM(amount) AS amount FROM sales_fact GROUP BY order_date"


@pytest.fixture(scope="module")
def replayed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    twin, _ = up(ROOT, Board(Console()), ROOT / ".suimon" / "replay-twin")
    story = Story(twin, *files(DAYS_BY_NIGHT if request.config.getoption("--long") else DAYS))
    found = Replayed(story, tmp_path_factory.mktemp("replays"), sorted(story.files), dict(story.files))
    try:
        for asking in mailbox.letters(twin.mail):  # one letter a topic
            mailbox.confirm(asking)
        take_the_light_dag(story)
        tell(found)
        yield found
    finally:
        found.kill_what_runs()
        stop(twin)
        (twin.runtime / "twin.json").unlink(missing_ok=True)


def test_what_was_rejected_is_loaded_once_its_contract_was_loosened(replayed: Replayed) -> None:
    loosened, *_ = replayed.records()
    assert replayed.answers["loosened"].code == 0, replayed.answers["loosened"].output
    assert {item["drop_id"] for item in replayed.items(loosened)} == set(replayed.rejected.values())
    assert loosened.counts == Counts(loaded=BAD)
    for drop_id in replayed.rejected.values():
        ends = [(move.attempt, move.state) for move in replayed.moves(drop_id) if move.state in AT_AN_END]
        assert ends[:2] == [(1, State.REJECTED), (2, State.LOADED)]


def test_a_second_replay_of_a_range_is_refused_while_the_first_runs(replayed: Replayed) -> None:
    second = replayed.answers["second"]
    assert second.code == 2, second.output
    assert "no partition runs twice at once" in " ".join(second.output.split())


def test_an_execution_that_was_started_by_hand_over_days_that_run_begins_nothing(replayed: Replayed) -> None:
    overlapping = replayed.ends["overlapping"]
    assert (overlapping["status"], overlapping["error"]) == ("FAILED", "Suimon.PlanFailed")
    assert "no partition runs twice at once" in overlapping["cause"]
    assert len(replayed.records()) == 3


def test_an_execution_that_was_started_by_hand_with_nonsense_says_what_is_wrong(replayed: Replayed) -> None:
    ends = [replayed.ends[f"nonsense {number}"] for number in range(len(NONSENSE))]
    assert [(end["status"], end["error"]) for end in ends] == [("FAILED", "Suimon.PlanFailed")] * len(NONSENSE)
    said = ["is an object", "is an object", "is missing", "no contract for dataset 'slaes'", "is missing"]
    assert [text for text, end in zip(said, ends, strict=True) if text not in end["cause"]] == []


def test_a_replay_that_is_stopped_begins_nothing_more_and_what_runs_comes_to_its_end(replayed: Replayed) -> None:
    _, stopped, resumed = replayed.records()
    told = json.loads(replayed.answers["stop"].output)
    assert replayed.answers["stop"].code == 0
    assert replayed.answers["stopped"].code == 1, replayed.answers["stopped"].output
    assert (stopped.end, told["planned"], told["failed"]) == ("stopped", len(replayed.days), 0)
    assert told["remaining"] > 1
    # What intake was just being asked for when it was stopped may begin after it was counted.
    assert 0 <= len(replayed.begun_by(stopped)) - told["loaded"] - told["running"] <= AT_ONCE
    assert all(began < resumed.began_at for began, _ in replayed.begun_by(stopped).values())


def test_what_was_not_begun_is_resumed_but_not_the_day_of_which_a_new_file_came(replayed: Replayed) -> None:
    _, stopped, resumed = replayed.records()
    assert replayed.answers["resumed"].code == 0, replayed.answers["resumed"].output
    begun = replayed.begun_by(stopped).keys()
    left = {item["drop_id"]: item["partition"] for item in replayed.items(stopped) if item["drop_id"] not in begun}
    items = {item["drop_id"]: item["partition"] for item in replayed.items(resumed)}
    assert left.items() - items.items() == {(drop, day) for drop, day in left.items() if day == str(replayed.days[-1])}
    assert items.items() <= left.items()


def test_a_new_file_takes_the_place_of_one_that_a_replay_has_not_begun(replayed: Replayed) -> None:
    _, _, resumed = replayed.records()
    assert resumed.counts == Counts(loaded=resumed.planned - 1, unneeded=1)
    for day in replayed.renewed:
        newest = replayed.newest(day)
        assert (newest.state, newest.attempt, newest.rows) == (State.LOADED, 1, ROWS + 1), day


def test_no_more_run_at_once_than_asked_and_each_runs_once(replayed: Replayed) -> None:
    for record in replayed.records()[1:]:
        spans = replayed.begun_by(record).values()
        moments = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
        assert max(accumulate(change for _, change in moments)) <= AT_ONCE
    checks = Counter(
        (drop_id, move.attempt)
        for record in replayed.records()
        for drop_id in replayed.begun_by(record)
        for move in set(replayed.moves(drop_id))
        if move.state is State.VALIDATING
    )
    assert {drop_id for (drop_id, _), count in checks.items() if count > 1} == replayed.killed


def test_what_a_killed_function_had_under_check_is_checked_again_and_loaded(replayed: Replayed) -> None:
    assert replayed.killed
    for drop_id in replayed.killed:
        moves = [move for move in replayed.moves(drop_id) if move.attempt > 1]
        states = [State.VALIDATING, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED]
        assert [move.state for move in moves] == states
        killed, took_over, accepted = (move.by for move in moves[:3])
        assert killed != took_over == accepted


def test_the_table_holds_the_newest_file_of_every_day(replayed: Replayed) -> None:
    rows = run_query(replayed.story.twin.session().client("redshift-data"), WAREHOUSE, PER_DAY, {})
    assert {str(row["day"]): row["orders"] for row in rows} == {
        str(day): file.rows for day, file in replayed.files.items()
    }
    amounts = {str(row["day"]): str(row["amount"]) for row in rows}
    bad = replayed.story.bad - set(replayed.renewed)  # their amounts have one cell that the generator does not count
    assert {day: str(file.amount) for day, file in replayed.files.items() if day not in bad} == {
        day: amounts[str(day)] for day in replayed.files if day not in bad
    }


def test_people_hear_how_each_replay_has_ended(replayed: Replayed) -> None:
    records = replayed.records()

    def summaries() -> list[mailbox.Letter]:
        found = [letter for letter in mailbox.letters(replayed.story.twin.mail) if " replayed: " in letter.subject]
        return found if len(found) >= len(records) else []

    letters = eventually(summaries, "a letter about each replay")
    for record in records:
        [letter] = [letter for letter in letters if f"Replay {record.id} of" in letter.body]
        assert f"{record.counts.loaded:,} loaded" in letter.subject
        assert record.told_at
    assert "Reason: the warehouse was rebuilt" in "".join(letter.body for letter in letters)
