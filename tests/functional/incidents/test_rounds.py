"""What the sweep does with incidents, and what persons do: on DynamoDB and SNS (moto)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from suimon.incidents.actions import Action, ActionError, Verb
from suimon.incidents.incident import Problem, Recovery, Stage, Standing, Told
from suimon.incidents.kinds import About, Kind, Severity
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.incidents.incident import Incident
    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
PAUSED = Problem(Kind.PAUSED, About(dag_id="etl"), "etl is paused", "Unpause it.", "paused")
QUEUED = Problem(Kind.QUEUED, About(dag_id="etl"), "etl has a long queue", "Wait.", "queued")
TOKYO = {"": "Asia/Tokyo"}


@pytest.fixture
def incidents(table: Table, post: Post) -> IncidentStore:
    return IncidentStore(table, Publisher(post.sns, post.topic_arn))


def stale(number: int) -> Problem:
    return Problem(Kind.STALE_TABLE, About(table=f"t{number}"), f"t{number} is stale", "Look.", "stale")


def known(incidents: IncidentStore, problem: Problem) -> Incident:
    found = incidents.known(problem.id)
    assert found
    return found


def act(incidents: IncidentStore, verb: Verb, problem: Problem, now: datetime = NOON, days: int = 1) -> Incident:
    until = now + days * DAY if verb is Verb.SNOOZE else None
    return incidents.act(Action(verb, str(problem.id), "ann", "known", until), now)


def test_one_outage_is_one_message_and_one_that_grows_and_one_that_it_is_over(
    incidents: IncidentStore, post: Post
) -> None:
    for number in range(3):
        incidents.report(stale(number), NOON)
    assert incidents.tell_held(NOON) == 2
    assert post.subjects() == ["[ERROR] t0 is stale", "[ERROR] 2 more: tables are stale"]
    assert incidents.tell_held(NOON + QUARTER) == 0
    incidents.recover([Recovery(stale(1).id)], NOON + QUARTER)
    incidents.tell_held(NOON + QUARTER)
    assert post.subjects() == []
    incidents.recover([Recovery(stale(2).id)], NOON + QUARTER)
    incidents.tell_held(NOON + QUARTER)
    incidents.tell_held(NOON + 2 * QUARTER)
    assert post.subjects() == ["[RECOVERED] tables are stale"]


def test_what_is_muted_is_told_when_its_cause_is_over_and_it_still_stands(incidents: IncidentStore, post: Post) -> None:
    incidents.report(PAUSED, NOON)
    assert not incidents.report(QUEUED, NOON)
    assert (known(incidents, QUEUED).told, known(incidents, QUEUED).muted_by) == (Told.MUTED, "paused:etl")
    assert incidents.tell_held(NOON) == 0
    post.subjects()
    incidents.recover([Recovery(PAUSED.id)], NOON + QUARTER)
    assert incidents.tell_held(NOON + QUARTER) == 1
    [_, (subject, body)] = post.letters()
    assert subject == "[WARNING] etl has a long queue"
    assert "paused:etl explained it. That is over." in body
    incidents.recover([Recovery(QUEUED.id)], NOON + QUARTER)
    assert post.subjects() == ["[RECOVERED] etl has a long queue"]


def test_what_is_muted_and_over_was_never_told(incidents: IncidentStore, post: Post) -> None:
    incidents.report(PAUSED, NOON)
    incidents.report(QUEUED, NOON)
    incidents.recover([Recovery(QUEUED.id)], NOON)
    assert post.subjects() == ["[ERROR] etl is paused"]


def test_a_worsening_is_told_whatever_persons_said(incidents: IncidentStore, post: Post) -> None:
    late = replace(stale(1), severity=Severity.WARNING)
    incidents.report(late, NOON)
    act(incidents, Verb.ACK, late)
    act(incidents, Verb.SNOOZE, late)
    assert not incidents.report(replace(late, fingerprint="other"), NOON + QUARTER)
    post.subjects()
    assert not incidents.report(stale(1), NOON + 2 * QUARTER)  # one of a crowd by now
    incidents.tell_held(NOON + 2 * QUARTER)
    assert post.subjects() == ["[ERROR] t1 is stale"]
    one = known(incidents, stale(1))
    assert (one.standing(NOON), one.severity) == (Standing.OPEN, Severity.ERROR)


def test_a_warning_that_lasts_is_an_error(incidents: IncidentStore, post: Post) -> None:
    incidents.report(QUEUED, NOON)
    assert incidents.tell_held(NOON + DAY - QUARTER) == 0
    post.subjects()
    assert incidents.tell_held(NOON + DAY) == 1
    [(subject, body)] = post.letters()
    assert subject == "[ERROR] etl has a long queue"
    assert "counts as an error now" in body
    assert incidents.tell_held(NOON + DAY + QUARTER) == 0
    assert known(incidents, QUEUED).severity is Severity.ERROR


def test_a_snooze_ends_with_a_message_and_a_recovery_is_sent_in_it(incidents: IncidentStore, post: Post) -> None:
    incidents.report(PAUSED, NOON)
    act(incidents, Verb.SNOOZE, PAUSED)
    post.subjects()
    assert incidents.tell_held(NOON + DAY - QUARTER) == 0
    assert incidents.remind(TOKYO, NOON + DAY - QUARTER) == 0
    assert incidents.tell_held(NOON + DAY) == 1
    [(_, body)] = post.letters()
    assert "Snoozed by ann until now (known); it still stands." in body
    act(incidents, Verb.SNOOZE, PAUSED, NOON + DAY)
    incidents.recover([Recovery(PAUSED.id)], NOON + DAY)
    assert post.subjects() == ["[RECOVERED] etl is paused"]


def test_what_a_person_closed_is_told_again_only_when_it_is_worse_or_happens_again(
    incidents: IncidentStore, post: Post
) -> None:
    incidents.report(PAUSED, NOON)
    assert act(incidents, Verb.CLOSE, PAUSED).standing(NOON) is Standing.CLOSED
    assert post.subjects() == ["[ERROR] etl is paused", "[CLOSED] etl is paused"]
    assert not incidents.report(PAUSED, NOON + QUARTER)
    assert [one.id for one in incidents.standing()] == [PAUSED.id]
    assert incidents.open_incidents() == []
    incidents.recover([Recovery(PAUSED.id)], NOON + QUARTER)
    assert (post.subjects(), incidents.standing()) == ([], [])
    assert incidents.report(PAUSED, NOON + 2 * QUARTER)
    act(incidents, Verb.CLOSE, PAUSED)
    assert incidents.report(replace(PAUSED, fingerprint="another"), NOON + 2 * QUARTER)


def test_what_nobody_heard_of_is_closed_without_a_message(incidents: IncidentStore, post: Post) -> None:
    incidents.report(PAUSED, NOON)
    incidents.report(QUEUED, NOON)
    post.subjects()
    act(incidents, Verb.CLOSE, QUEUED)
    assert post.subjects() == []


def test_who_acts_on_what_has_changed_or_is_not_there_hears_it(
    incidents: IncidentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ActionError, match="no incident paused:etl"):
        act(incidents, Verb.ACK, PAUSED)
    incidents.report(PAUSED, NOON)
    monkeypatch.setattr(incidents, "_write", lambda _: False)
    with pytest.raises(ActionError, match="has changed just now"):
        act(incidents, Verb.ACK, PAUSED)


def test_people_are_reminded_at_nine_once_a_day_in_one_message(incidents: IncidentStore, post: Post) -> None:
    for number in range(3):
        incidents.report(stale(number), NOON - DAY)
    incidents.tell_held(NOON - DAY)
    post.subjects()
    nine = datetime(2026, 11, 22, tzinfo=UTC)
    assert incidents.remind(TOKYO, nine - QUARTER) == 0
    assert incidents.remind(TOKYO, nine) == 3
    assert incidents.remind(TOKYO, nine + QUARTER) == 0
    assert post.subjects() == ["[ERROR] Still open since 2026-11-21: 3 problems, 3 of them errors"]


def test_a_group_that_cannot_be_published_keeps_back_no_other_and_is_told_later(
    incidents: IncidentStore, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        incidents.report(stale(number), NOON)
    orphaned = Problem(Kind.ORPHANED, About(dataset="sales"), "orphans", "Close.", "f")
    for number in range(4):
        incidents.report(replace(orphaned, about=About(dataset=f"s{number}")), NOON)
    post.subjects()
    publish = post.sns.publish

    def refuse(**request: Any) -> Any:
        if "t1" in request["Subject"]:
            raise TimeoutError
        return publish(**request)

    monkeypatch.setattr(post.sns, "publish", refuse)
    with pytest.raises(TimeoutError):
        incidents.tell_held(NOON)
    assert post.subjects() == ["[WARNING] orphans"]
    monkeypatch.setattr(post.sns, "publish", publish)
    assert incidents.tell_held(NOON) == 1
    assert post.subjects() == ["[ERROR] t1 is stale"]


def test_a_suspicion_about_what_a_person_closed_is_none(incidents: IncidentStore) -> None:
    incidents.report(PAUSED, NOON)
    act(incidents, Verb.CLOSE, PAUSED)
    assert incidents.has_lasted(PAUSED, NOON + QUARTER)
    assert known(incidents, PAUSED).stage is Stage.CLOSED
