"""The table of states and moves, what is derived of it, and the picture that is drawn of it."""

from __future__ import annotations

import pytest

from suimon.drops.run_finished_event import OUTCOMES
from suimon.drops.states import (
    AT_AN_END,
    AT_THE_GATE,
    ENTRIES,
    MOVES,
    REPLAYABLE,
    STATES,
    Awaits,
    MoveError,
    State,
    Why,
    allowed,
    way,
)
from tests.unit.drops.picture import ARCHITECTURE, drawn_into, picture

RUN_OR_SET = (Why.RUN, Why.SET)


def ends_of(state: State | None, *why: Why) -> set[State]:
    return {move.end for move in MOVES if move.start is state and (not why or move.why in why)}


def test_every_state_has_a_meaning_and_can_be_reached() -> None:
    assert STATES.keys() == set(State)
    reached = set(ENTRIES)
    while more := {move.end for move in MOVES if move.start in reached} - reached:
        reached |= more
    assert reached == set(State)


def test_every_move_stands_in_the_table_once() -> None:
    assert len({(move.start, move.end) for move in MOVES}) == len(MOVES)


def test_a_state_that_awaits_something_can_be_left_and_an_end_is_left_by_a_replay_a_retraction_or_a_cleared_run() -> (
    None
):
    for state, meaning in STATES.items():
        if meaning.awaits is Awaits.NOTHING:
            of_a_shard = {State.LOADED: {State.RETRACTED}, State.RETRACTED: {State.LOADED}}  # with its set
            left = of_a_shard.get(state, set())
            assert ends_of(state, Why.CHECK, Why.SET, Why.CONTRACT) == left, state
        else:
            assert ends_of(state, *(why for why in Why if why not in {Why.REPLAY, Why.RETRACTION})) - {state}, state
    assert {state for state in AT_AN_END if ends_of(state, Why.RUN)} == {State.FAILED, State.CLOSED}
    assert {state for state in State if ends_of(state, Why.RETRACTION)} == {State.LOADED, State.FAILED}
    assert ends_of(State.CLOSED) == {State.LOADED, State.RETRACTED}  # the rows of a run that went on stand in the table
    assert ends_of(State.SUPERSEDED) == ends_of(State.DUPLICATE) == set()


def test_an_end_that_can_be_replayed_is_left_for_the_next_attempt_and_no_other_move_counts_the_attempt_up() -> None:
    assert {State.LOADED, State.FAILED, State.REJECTED} == REPLAYABLE
    for state in REPLAYABLE:
        assert allowed(state, State.VALIDATING, 1)
        with pytest.raises(MoveError, match="counted up by 1, not by 0"):
            allowed(state, State.VALIDATING)
    with pytest.raises(MoveError, match="counted up by 0, not by 1"):
        allowed(State.ACCEPTED, State.TRIGGERED, 1)


@pytest.mark.parametrize("start", [None, *State])
@pytest.mark.parametrize("end", State)
def test_only_the_moves_of_the_table_are_allowed(start: State | None, end: State) -> None:
    found = [move for move in MOVES if (move.start, move.end) == (start, end)]
    if found:
        assert [allowed(start, end, found[0].attempts)] == found
    else:
        with pytest.raises(MoveError, match=f"no way leads from {start} to {end}"):
            allowed(start, end)


def test_the_gate_owes_a_step_to_what_waits_for_its_check_or_its_run() -> None:
    assert AT_THE_GATE == (State.RECEIVED, State.VALIDATING, State.ACCEPTED)


def test_a_run_reports_the_ends_that_a_started_drop_can_come_to() -> None:
    # What a retraction has loaded is reported as loaded: the run knows no better.
    assert {*OUTCOMES.values(), State.RETRACTED} == ends_of(State.TRIGGERED, Why.RUN)


@pytest.mark.parametrize("start", State)
@pytest.mark.parametrize("end", State)
def test_a_way_is_made_of_allowed_moves_and_stops_where_it_has_arrived(start: State, end: State) -> None:
    state = start
    for step in way(start, end, *RUN_OR_SET):
        assert allowed(state, step).why in RUN_OR_SET
        state = step
    assert state in {start, end}
    assert not way(end, end, *RUN_OR_SET)


@pytest.mark.parametrize(
    ("start", "end", "states"),
    [
        (State.ACCEPTED, State.TRIGGERED, (State.TRIGGERED,)),
        (State.ACCEPTED, State.LOADED, (State.TRIGGERED, State.LOADED)),
        (State.ACCEPTED, State.SUPERSEDED, (State.SUPERSEDED,)),
        (State.TRIGGERED, State.FAILED, (State.FAILED,)),
        (State.FAILED, State.LOADED, (State.LOADED,)),
        (State.LOADED, State.FAILED, ()),
        (State.REJECTED, State.LOADED, ()),
        (State.RECEIVED, State.LOADED, ()),
        (State.TRIGGERED, State.VALIDATING, ()),
    ],
)
def test_a_part_follows_its_set_the_shortest_way_or_stays(start: State, end: State, states: tuple[State, ...]) -> None:
    assert way(start, end, *RUN_OR_SET) == states


def test_the_end_of_a_run_is_recorded_after_its_start() -> None:
    for end in OUTCOMES.values():
        assert way(State.ACCEPTED, end, Why.RUN) == (State.TRIGGERED, end)


def test_architecture_shows_the_table_as_it_is() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    assert text == drawn_into(text), "draw it again: make states"


def test_the_picture_shows_every_move_and_every_meaning() -> None:
    drawn = picture()
    for move in MOVES:
        assert f"{move.start or '[*]'} --> {move.end} : {move.text} ({move.by})\n" in drawn
        assert not {*":;"} & {*move.text, *move.by}, "Mermaid would read no further"
    for state, meaning in STATES.items():
        assert f"| {state} | {meaning.text} | {meaning.awaits} |" in drawn


def test_whatever_waits_can_be_closed_by_a_person_and_nothing_that_has_ended() -> None:
    assert {move.start for move in MOVES if move.end is State.CLOSED} == set(State) - AT_AN_END
    assert {move.why for move in MOVES if move.end is State.CLOSED} == {Why.PERSON}
    assert State.CLOSED not in REPLAYABLE
