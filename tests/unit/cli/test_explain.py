"""What `suimon explain` says of what comes next, and how it writes durations and cells."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from suimon.cli.explain_view import brief, drawn_cells
from suimon.cli.next_command import headline, next_for
from suimon.drops.drop import Drop, DropRecord, Membership, Rejection, Retraction
from suimon.drops.match import Match
from suimon.drops.states import STATES, State

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
RECORD = DropRecord(Drop("raw", "s.csv", "v", "e", 1, "01"), Match("sales", "2026-11-20"), State.LOADED, 1, AT, AT)


@pytest.mark.parametrize("state", list(State))
def test_every_state_says_where_the_file_stands_and_what_comes_next(state: State) -> None:
    record = replace(RECORD, state=state, duplicate_of="d0" if state is State.DUPLICATE else None)
    assert STATES[state].text in headline(record)
    told = next_for(record)
    assert told.text.endswith(".")
    assert told.commands
    assert all(command.startswith("suimon ") for command in told.commands)


def test_a_file_without_a_contract_has_no_dataset_to_run_again() -> None:
    stray = replace(RECORD, match=None, state=State.UNMATCHED)
    assert headline(stray) == "A file without a contract is UNMATCHED: no contract matches its key."
    assert next_for(stray).commands == ("suimon status",)


def test_a_shard_says_whether_it_waits_for_others_or_which_set_it_went_on_with() -> None:
    shard = replace(RECORD, state=State.ACCEPTED, membership=Membership())
    assert "waits for the other shards" in next_for(shard).text
    assert next_for(shard).commands == ("suimon drops --dataset sales --partition 2026-11-20",)
    assert next_for(replace(shard, membership=Membership("0123"))).commands == ("suimon explain 0123",)


@pytest.mark.parametrize(
    ("state", "sequencer", "is_news"),
    [
        (State.REJECTED, "02", True),
        (State.FAILED, "02", True),
        (State.GONE, "02", True),
        (State.REJECTED, "00", False),
        (State.SUPERSEDED, "02", False),
        (State.CLOSED, "02", False),
    ],
)
def test_a_loaded_file_whose_correction_came_to_nothing_is_not_called_done(
    state: State, sequencer: str, *, is_news: bool
) -> None:
    other = replace(RECORD, drop=Drop("raw", "s.csv", "w", "e", 1, sequencer), state=state)
    told = next_for(RECORD, None, [other])
    assert (told.commands == (f"suimon explain {other.id}",)) == is_news
    assert ("a later write" in told.text) == is_news


@pytest.mark.parametrize("state", [State.REJECTED, State.FAILED, State.GONE])
@pytest.mark.parametrize(
    ("later", "sequencer", "key", "counts"),
    [
        (State.LOADED, "02", "s.csv", True),
        (State.TRIGGERED, "02", "s.csv", True),
        (State.REJECTED, "02", "s.csv", True),
        (State.RETRACTED, "02", "s.csv", True),
        (State.LOADED, "00", "s.csv", False),
        (State.SUPERSEDED, "02", "s.csv", False),
        (State.DUPLICATE, "02", "s.csv", False),
        (State.LOADED, "02", "another shard.csv", False),
    ],
)
def test_nobody_is_sent_after_a_file_in_whose_place_another_has_come(
    state: State, later: State, sequencer: str, key: str, *, counts: bool
) -> None:
    other = replace(RECORD, drop=Drop("raw", key, "w", "e", 1, sequencer), state=later)
    told = next_for(replace(RECORD, state=state), None, [other])
    assert (told.commands == (f"suimon explain {other.id}",)) == counts
    assert ("counts instead" in told.text) == counts


def test_a_file_of_a_wrong_date_is_not_asked_for_under_the_same_key() -> None:
    told = next_for(replace(RECORD, state=State.REJECTED, rejection=Rejection(1, "1 fault.", ("type-error",))))
    assert "under the same key" in told.text
    for code, remedy in {"date-out-of-bounds": "its right date", "outside-window": "a time of the day"}.items():
        told = next_for(replace(RECORD, state=State.REJECTED, rejection=Rejection(1, "1 fault.", (code,))))
        assert remedy in told.text
        assert "same key" not in told.text
        assert told.said("ja") != told.text
    ahead = replace(RECORD, state=State.REJECTED, match=Match("sales", "2026-11-20", stamp="20991231000000"))
    assert "the time at which it was made" in next_for(ahead).text


def test_of_a_retracted_file_that_none_preceded_nobody_says_that_its_date_holds_anything() -> None:
    taken_back = replace(RECORD, state=State.RETRACTED, retraction=Retraction("wrong", 2, "01"))
    assert "its partition is empty until a file comes" in next_for(taken_back).text
    assert "holds" not in headline(taken_back)
    before = replace(taken_back, retraction=Retraction("wrong", 2, "01", "0123456789abcdef"))
    assert "holds what was loaded before" in next_for(before).text


@pytest.mark.parametrize(
    ("time", "told"),
    [
        (timedelta(milliseconds=250), "0.2 s"),
        (timedelta(seconds=59.9), "59.9 s"),
        (timedelta(seconds=60), "1 min 0 s"),
        (timedelta(minutes=59, seconds=59), "59 min 59 s"),
        (timedelta(hours=1), "1 h 0 min"),
        (timedelta(hours=23, minutes=59), "23 h 59 min"),
        (timedelta(days=2, hours=3), "2 d 3 h"),
        (timedelta(seconds=-5), "0.0 s"),
    ],
)
def test_durations_have_their_two_largest_units(time: timedelta, told: str) -> None:
    assert brief(time) == told


def test_cells_are_neither_markup_nor_commands_to_the_terminal() -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(drawn_cells([{"line": None, "label": "[red]", "message": "m", "value": "\x1b[2J"}]))
    text = console.file
    assert isinstance(text, io.StringIO)
    assert "[red]" in text.getvalue()
    assert r"\x1b[2J" in text.getvalue()
