"""What persons may do to an incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from suimon.incidents.about import About
from suimon.incidents.ack_snooze_close import LONGEST_SNOOZE, Action, ActionError, Verb, acted
from suimon.incidents.incident import ByPerson, Incident, Stage
from suimon.incidents.kinds import Kind
from tests.unit.incident_values import NOON, incident

OPEN = incident(Kind.PAUSED, About(dag_id="etl"), revision=3)
REQUEST = {"verb": "ack", "id": " paused:etl ", "who": "ann", "reason": "at\n it"}
HOUR = timedelta(hours=1)


def action(verb: Verb, reason: str = "known", until: timedelta | None = None) -> Action:
    return Action(verb, "paused:etl", "ann", reason, NOON + until if until is not None else None)


def test_a_request_is_read_without_line_breaks() -> None:
    assert Action.from_request(REQUEST) == Action(Verb.ACK, "paused:etl", "ann", "at it")
    until = "2026-11-22T21:00:00+09:00"
    found = Action.from_request({**REQUEST, "verb": "snooze", "until": until, "who": "", "reason": "x" * 600})
    assert (found.verb, found.until, found.who, len(found.reason)) == (Verb.SNOOZE, NOON, "a person", 500)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"verb": "delete"}, "cannot be read"),
        ({"id": " "}, "^say which incident$"),
        ({"until": "soon"}, "cannot be read"),
        ({"until": 5}, "cannot be read"),
        ({"until": "2026-11-22T21:00:00"}, "^say until when with a time zone$"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ActionError, match=says):
        Action.from_request({**REQUEST, **changes})


def test_an_acknowledgement_needs_no_reason_and_changes_nothing_else() -> None:
    for reason in ("", "known"):
        after = acted(OPEN, action(Verb.ACK, reason, HOUR), NOON)
        assert after == replace(OPEN, acknowledged=ByPerson("ann", NOON, reason), revision=4)


def test_a_snooze_has_an_end_and_changes_nothing_else() -> None:
    after = acted(OPEN, action(Verb.SNOOZE, until=LONGEST_SNOOZE), NOON)
    assert timedelta(days=30) == LONGEST_SNOOZE
    assert after == replace(OPEN, snoozed=ByPerson("ann", NOON, "known", NOON + LONGEST_SNOOZE), revision=4)


@pytest.mark.parametrize(
    ("until", "says"),
    [
        (None, "^say until when, in the future$"),
        (timedelta(), "^say until when, in the future$"),
        (LONGEST_SNOOZE + timedelta(seconds=1), "^an incident is snoozed for at most 30 days$"),
    ],
)
def test_a_snooze_ends_in_the_future_and_within_thirty_days(until: timedelta | None, says: str) -> None:
    with pytest.raises(ActionError, match=says) as refused:
        acted(OPEN, action(Verb.SNOOZE, until=until), NOON)
    assert refused.value.then == "suimon incidents paused:etl"


def test_what_is_closed_by_a_person_is_open_no_longer_and_says_by_whom() -> None:
    at = NOON + HOUR
    after = acted(OPEN, action(Verb.CLOSE), at)
    assert after == replace(OPEN, stage=Stage.CLOSED, closed=ByPerson("ann", at, "known"), updated_at=at, revision=4)


@pytest.mark.parametrize("verb", [Verb.SNOOZE, Verb.CLOSE])
def test_who_silences_a_problem_says_why(verb: Verb) -> None:
    with pytest.raises(ActionError, match=r"^say why: --reason$"):
        acted(OPEN, action(verb, "", HOUR), NOON)


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("stage", sorted(set(Stage) - {Stage.OPEN}))
def test_only_what_is_open_can_be_changed(verb: Verb, stage: Stage) -> None:
    one: Incident = replace(OPEN, stage=stage)
    with pytest.raises(ActionError, match=f"paused:etl is {one.standing(NOON)}"):
        acted(one, action(verb, until=HOUR), NOON)
