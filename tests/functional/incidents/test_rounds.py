"""What the sweep does with incidents, and what persons do: on DynamoDB and SNS (moto)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from suimon.contract.owner import Owner
from suimon.drops.wording import in_language
from suimon.incidents.about import About
from suimon.incidents.ack_snooze_close import Action, ActionError, Verb
from suimon.incidents.incident import Problem, Recovery, Stage, Standing, Told
from suimon.incidents.kinds import Kind, Severity
from suimon.incidents.publisher import Publisher
from suimon.incidents.recipients import Recipient, Recipients
from suimon.incidents.store import TOGETHER, IncidentStore
from suimon.ledger.checkpoints import Checkpoints

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.incidents.incident import Incident
    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
PAUSED = Problem(Kind.PAUSED, About(dag_id="etl"), "etl is paused", "Unpause it.", "paused")
REJECTED = Problem(Kind.REJECTED, About(dataset="sales", key="0.csv"), "0.csv rejected", "Ask.", "f")
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
    assert [(one.subject, one.machine["event"]) for one in post.published()] == [
        ("[ERROR] t0 is stale", "opened"),
        ("[ERROR] 2 more tables are stale", "grouped"),
    ]
    assert incidents.tell_held(NOON + QUARTER) == 0
    incidents.recover([Recovery(stale(1).id)], NOON + QUARTER)
    incidents.tell_held(NOON + QUARTER)
    assert post.subjects() == []
    incidents.recover([Recovery(stale(2).id)], NOON + QUARTER)
    incidents.tell_held(NOON + QUARTER)
    incidents.tell_held(NOON + 2 * QUARTER)
    assert post.subjects() == ["[RECOVERED] tables are stale, told together"]


def test_a_group_is_open_as_long_as_one_of_it_is_however_that_one_was_told_since(
    incidents: IncidentStore, post: Post
) -> None:
    for number in range(3):
        incidents.report(stale(number), NOON)
    incidents.tell_held(NOON)
    incidents.recover([Recovery(stale(1).id)], NOON + QUARTER)
    assert not incidents.report(replace(stale(2), fingerprint="older", subject="t2 is older"), NOON + DAY)
    post.subjects()
    assert incidents.tell_held(NOON + DAY) == 1
    assert post.subjects() == ["[ERROR] t2 is older"]  # t2 has a message of its own by now, and is not over
    incidents.recover([Recovery(stale(2).id)], NOON + DAY + QUARTER)
    incidents.tell_held(NOON + DAY + QUARTER)
    [_, (subject, body)] = post.letters()
    assert subject == "[RECOVERED] tables are stale, told together"
    assert "More of this kind are open: 1. `suimon incidents --kind stale-table`" in body


def test_warnings_that_become_errors_together_are_not_said_to_be_over_until_they_are(
    incidents: IncidentStore, post: Post
) -> None:
    queued = [replace(QUEUED, about=About(dag_id=f"etl{number}"), subject=f"etl{number} waits") for number in range(2)]
    for one in queued:
        incidents.report(one, NOON)
    post.subjects()
    assert incidents.tell_held(NOON + DAY) == 2
    assert post.subjects() == ["[ERROR] 2 DAGs have long queues"]
    assert incidents.tell_held(NOON + DAY + QUARTER) == 0
    assert post.subjects() == []
    incidents.recover([Recovery(one.id) for one in queued], NOON + DAY + QUARTER)
    incidents.tell_held(NOON + DAY + 2 * QUARTER)
    assert post.subjects() == [
        "[RECOVERED] etl0 waits",
        "[RECOVERED] etl1 waits",
        "[RECOVERED] DAGs have long queues, told together",
    ]


def test_what_a_person_has_closed_of_a_group_is_not_called_recovered(incidents: IncidentStore, post: Post) -> None:
    for number in range(3):
        incidents.report(stale(number), NOON)
    incidents.tell_held(NOON)
    post.subjects()
    act(incidents, Verb.CLOSE, stale(1))
    incidents.recover([Recovery(stale(2).id)], NOON + QUARTER)
    incidents.tell_held(NOON + QUARTER)
    [(subject, body)] = post.letters()
    assert subject == "[CLOSED] tables are stale, told together"
    assert "Closed by a person, though the cause may stand: 1." in body


def test_the_end_of_a_group_goes_where_its_messages_went(table: Table, post: Post) -> None:
    owners = {name: Recipient("ja", Owner(f"Team {name}", "")) for name in ("sales", "stock", "staff", "sites")}
    incidents = IncidentStore(table, Publisher(post.sns, post.topic_arn, recipients=Recipients(owners)))

    def of(dataset: str, number: int) -> Problem:
        about = About(dataset=dataset, partition=f"2026-11-{number}")
        return Problem(Kind.MISSING_FILE, about, "missing", "Ask.", "f")

    for number in (18, 19, 20):
        incidents.report(of("sales", number), NOON)
    incidents.tell_held(NOON)
    incidents.recover([Recovery(of("sales", number).id) for number in (18, 19, 20)], NOON)
    for dataset in ("stock", "staff", "sites"):
        incidents.report(of(dataset, 20), NOON)
    incidents.tell_held(NOON + QUARTER)
    incidents.recover([Recovery(of(dataset, 20).id) for dataset in owners], NOON + QUARTER)
    incidents.tell_held(NOON + QUARTER)
    groups = [one for one in post.published() if ":2026" not in one.machine["id"]]
    assert [(one.machine["id"], one.machine["state"], one.machine["language"]) for one in groups] == [
        ("missing-file:sales", "open", "ja"),
        ("missing-file:sales", "recovered", "ja"),
        ("missing-file", "open", "en"),
        ("missing-file", "recovered", "en"),
    ]
    chosen = [(one.attributes["dataset"], one.attributes["owner"]) for one in groups]
    many = ('["sites", "staff", "stock"]', '["Team sites", "Team staff", "Team stock"]')
    assert chosen == [("sales", "Team sales"), ("sales", "Team sales"), many, many]


def test_a_checkpoint_of_groups_that_cannot_be_read_loses_no_end(
    incidents: IncidentStore, post: Post, table: Table
) -> None:
    for number in range(3):
        incidents.report(stale(number), NOON)
    incidents.tell_held(NOON)
    for junk in ("told", "[1", '["no-kind", "", []]', '["stale-table", "", [1]]'):
        Checkpoints(table).put(TOGETHER, {"stale-table": junk})
        incidents.tell_held(NOON)
    post.subjects()
    incidents.recover([Recovery(stale(number).id) for number in (1, 2)], NOON)
    incidents.tell_held(NOON)
    assert post.subjects() == ["[RECOVERED] tables are stale, told together"]


def test_causes_that_follow_each_other_mute_for_three_days_and_no_longer(incidents: IncidentStore, post: Post) -> None:
    table = Problem(Kind.STALE_TABLE, About(dataset="sales", table="sales_fact"), "sales is stale", "Look.", "stale")
    for day in range(4):
        at, file = NOON + day * DAY, replace(REJECTED, about=About(dataset="sales", key=f"{day}.csv"))
        incidents.report(file, at)
        incidents.report(table, at)
        if day < 3:
            assert incidents.tell_held(at) == 0
    assert known(incidents, table).muted_by == "rejected:0.csv"
    post.subjects()
    assert incidents.tell_held(NOON + 3 * DAY) == 1
    [(subject, body)] = post.letters()
    assert subject == "[ERROR] sales is stale"
    assert "rejected:0.csv explained it. That is open still" in body


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
    assert not incidents.report(stale(1), NOON + 2 * QUARTER)  # one of many by now
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
    with pytest.raises(ActionError, match=r"no incident paused:elt; did you mean paused:etl\?"):
        act(incidents, Verb.ACK, replace(PAUSED, about=About(dag_id="elt")))
    monkeypatch.setattr(incidents, "_write", lambda _: False)
    with pytest.raises(ActionError, match="has changed just now") as refused:
        act(incidents, Verb.ACK, PAUSED)
    assert in_language(refused.value.why, "ja").endswith("は今しがた更新されました。もう一度確認してください")


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


def test_a_suspicion_of_what_had_recovered_is_one_write_more(incidents: IncidentStore) -> None:
    incidents.report(PAUSED, NOON)
    incidents.recover([Recovery(PAUSED.id)], NOON)
    assert not incidents.has_lasted(PAUSED, NOON + QUARTER)
    assert (known(incidents, PAUSED).stage, known(incidents, PAUSED).revision) == (Stage.SUSPECTED, 3)
