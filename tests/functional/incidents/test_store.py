"""The incident incidents on DynamoDB and SNS (moto)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.incidents.about import About
from suimon.incidents.incident import Problem, Recovery, Stage, of_kind
from suimon.incidents.items import key_of
from suimon.incidents.kinds import IncidentId, Kind, Severity
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore, LostIncidentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.incidents.incident import Incident
    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=15)
ABOUT = About(dataset="sales", partition="2026-11-20")
MISSING = Problem(Kind.MISSING_FILE, ABOUT, "sales: no file for 2026-11-20", "Ask the sender.", "never-came")
OVER = Recovery(MISSING.id, "It has come.")


@pytest.fixture
def incidents(table: Table, post: Post) -> IncidentStore:
    return IncidentStore(table, Publisher(post.sns, post.topic_arn))


def test_a_problem_is_told_once_until_it_changes(incidents: IncidentStore, post: Post) -> None:
    assert incidents.report(MISSING, NOON)
    assert not incidents.report(MISSING, LATER)
    assert post.subjects() == ["[ERROR] sales: no file for 2026-11-20"]
    assert incidents.report(replace(MISSING, subject="sales: rejected", fingerprint="rejected"), LATER)
    assert post.subjects() == ["[ERROR] sales: rejected"]


def test_a_recovery_is_told_once(incidents: IncidentStore, post: Post) -> None:
    incidents.report(MISSING, NOON)
    assert incidents.recover([OVER], LATER) == [MISSING.id]
    assert incidents.recover([OVER], LATER) == []
    assert post.subjects() == [
        "[ERROR] sales: no file for 2026-11-20",
        "[RECOVERED] sales: no file for 2026-11-20",
    ]


def test_what_never_was_a_problem_does_not_recover(incidents: IncidentStore, post: Post) -> None:
    assert incidents.recover([OVER], NOON) == []
    assert post.subjects() == []


def test_a_problem_that_comes_back_is_told_again(incidents: IncidentStore, post: Post) -> None:
    incidents.report(MISSING, NOON)
    incidents.recover([OVER], LATER)
    incidents.report(MISSING, LATER)
    incidents.tell_held(LATER)
    assert post.subjects()[2:] == [f"[ERROR] {MISSING.subject}"]


def test_open_incidents_are_listed_over_every_page(incidents: IncidentStore) -> None:
    # Nine items of 350 kB: more than the 1 MB of one answer.
    days = [f"2026-11-0{day}" for day in range(1, 10)]
    for day in days:
        incidents.report(replace(MISSING, about=replace(ABOUT, partition=day), fingerprint="x" * 350_000), NOON)
    stale = Problem(Kind.STALE_TABLE, About(table="sales_fact"), "sales_fact is stale", "", "stale")
    incidents.report(stale, NOON)
    incidents.recover([Recovery(IncidentId.of(Kind.MISSING_FILE, replace(ABOUT, partition="2026-11-03")))], LATER)
    found = incidents.open_incidents()
    assert [one.about.partition for one in of_kind(found, Kind.MISSING_FILE)] == [*days[:2], *days[3:]]
    assert [one.id for one in of_kind(found, Kind.STALE_TABLE)] == [stale.id]


def test_an_incident_is_read_back_as_it_was_reported(incidents: IncidentStore) -> None:
    about = About(dataset="sales", partition="2026-11-20", key="sales/a:b.csv", drop_id="0123", run_id="0123.1")
    incidents.report(Problem(Kind.REJECTED, about, "rejected", "body", "0123.1"), NOON)
    [found] = incidents.open_incidents()
    assert (found.kind, found.about, found.fingerprint) == (Kind.REJECTED, about, "0123.1")
    assert (found.opened_at, found.updated_at) == (NOON, NOON)


def test_what_was_recorded_and_cannot_be_read_is_reported_as_if_it_had_recovered(
    table: Table, incidents: IncidentStore, post: Post
) -> None:
    incidents.report(MISSING, NOON)
    key = key_of(MISSING.id)
    table.put_item(Item={**table.get_item(Key=key)["Item"], "opened_at": "never"})
    known = incidents.known(MISSING.id)
    assert known
    assert (known.id.kind, known.stage, known.stands) == (MISSING.kind, Stage.RECOVERED, False)
    assert known.opened_at == known.updated_at == datetime(1970, 1, 1, tzinfo=UTC)
    incidents.report(MISSING, LATER)
    incidents.tell_held(LATER)
    assert post.subjects() == [f"[ERROR] {MISSING.subject}"] * 2
    assert [one.opened_at for one in incidents.open_incidents()] == [LATER]


def test_a_crash_between_publish_and_mark_tells_it_twice_and_never_loses_it(table: Table, post: Post) -> None:
    class Killed:
        """The ledger as a function sees it that dies before it can write."""

        meta = table.meta

        def get_item(self, **request: Any) -> Any:
            return table.get_item(**request)

        def put_item(self, **request: Any) -> Any:
            if request["Item"]["sk"] == "checkpoint":
                return table.put_item(**request)
            raise TimeoutError(str(request))

    killed = IncidentStore(Killed(), Publisher(post.sns, post.topic_arn))  # type: ignore[arg-type]  # a table that breaks
    with pytest.raises(TimeoutError):
        killed.report(MISSING, NOON)
    IncidentStore(table, Publisher(post.sns, post.topic_arn)).report(MISSING, LATER)
    IncidentStore(table, Publisher(post.sns, post.topic_arn)).tell_held(LATER)
    assert len(post.subjects()) == 2
    assert not IncidentStore(table, Publisher(post.sns, post.topic_arn)).report(MISSING, LATER)


def test_a_topic_that_refuses_leaves_the_problem_unmarked(table: Table, post: Post) -> None:
    gone = IncidentStore(table, Publisher(post.sns, post.topic_arn + "-gone"))
    with pytest.raises(ClientError):
        gone.report(MISSING, NOON)
    assert "Item" not in table.get_item(Key={"pk": f"incident#{MISSING.id}", "sk": "incident"})


class Interrupted:
    """SNS, with something that happens just before a message is published; once."""

    def __init__(self, post: Post, meanwhile: Callable[[], object]) -> None:
        self._sns = post.sns
        self._meanwhile: Callable[[], object] | None = meanwhile

    def publish(self, **request: Any) -> Any:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile:
            meanwhile()
        return self._sns.publish(**request)


@pytest.fixture
def interrupted(table: Table, post: Post) -> Callable[[Callable[[], object]], IncidentStore]:
    """Return a store that is interrupted while it publishes."""

    def store(meanwhile: Callable[[], object]) -> IncidentStore:
        publisher = Publisher(Interrupted(post, meanwhile), post.topic_arn)  # type: ignore[arg-type]  # a fake
        return IncidentStore(table, publisher)

    return store


def test_the_last_word_on_a_problem_that_changes_while_it_recovers_is_that_it_is_there(
    incidents: IncidentStore, post: Post, interrupted: Callable[[Callable[[], object]], IncidentStore]
) -> None:
    incidents.report(MISSING, NOON)
    other = replace(MISSING, subject="other", fingerprint="other")
    slow = interrupted(lambda: incidents.report(other, LATER))
    assert slow.recover([OVER], LATER) == [MISSING.id]
    known = incidents.known(MISSING.id)
    assert known
    assert (known.stage, known.fingerprint) == (Stage.OPEN, "other")
    assert post.subjects() == [
        f"[ERROR] {MISSING.subject}",
        "[ERROR] other",
        f"[RECOVERED] {MISSING.subject}",
        "[ERROR] other",
    ]


def test_what_two_functions_recover_at_once_stays_recovered(
    incidents: IncidentStore, post: Post, interrupted: Callable[[Callable[[], object]], IncidentStore]
) -> None:
    incidents.report(MISSING, NOON)
    slow = interrupted(lambda: incidents.recover([OVER], LATER))
    slow.recover([OVER], LATER)
    known = incidents.known(MISSING.id)
    assert known
    assert known.stage is Stage.RECOVERED
    assert [subject.startswith("[RECOVERED]") for subject in post.subjects()] == [False, True, True]


def test_a_recovery_that_was_found_of_an_earlier_report_is_none_of_a_later_one(
    incidents: IncidentStore, post: Post
) -> None:
    incidents.report(MISSING, NOON)
    known = incidents.known(MISSING.id)
    assert known
    incidents.report(replace(MISSING, fingerprint="other"), LATER)
    post.letters()
    assert incidents.recover([replace(OVER, revision=known.revision)], LATER) == []
    assert incidents.recover([replace(OVER, revision=known.revision + 1)], LATER) == [MISSING.id]


def test_two_reports_at_once_keep_since_when_it_is_open_and_the_last_one_counts(
    incidents: IncidentStore, post: Post, interrupted: Callable[[Callable[[], object]], IncidentStore]
) -> None:
    other = replace(MISSING, subject="other", fingerprint="other")
    slow = interrupted(lambda: incidents.report(MISSING, NOON))
    assert slow.report(other, LATER)
    known = incidents.known(MISSING.id)
    assert known
    assert (known.opened_at, known.updated_at, known.fingerprint) == (NOON, LATER, "other")
    assert len(post.subjects()) == 2


def test_a_report_during_which_the_problem_recovers_is_published_again(
    incidents: IncidentStore, post: Post, interrupted: Callable[[Callable[[], object]], IncidentStore]
) -> None:
    incidents.report(MISSING, NOON)
    slow = interrupted(lambda: incidents.recover([OVER], LATER))
    assert slow.report(replace(MISSING, subject="other", fingerprint="other"), LATER)
    known = incidents.known(MISSING.id)
    assert known
    assert known.is_open
    # The recovery may have been published after the first of the two.
    assert post.subjects()[2:] == ["[ERROR] other", "[ERROR] other"]


def test_a_report_gives_up_while_others_change_the_incident_all_the_time(table: Table, post: Post) -> None:
    class Busy(IncidentStore):
        def known(self, incident_id: IncidentId) -> Incident | None:
            before = super().known(incident_id)
            fingerprint = f"{before.revision}" if before else "first"
            IncidentStore(table, Publisher(post.sns, post.topic_arn)).report(
                replace(MISSING, fingerprint=fingerprint), NOON
            )
            return before

    with pytest.raises(LostIncidentError, match="missing-file:sales:2026-11-20"):
        Busy(table, Publisher(post.sns, post.topic_arn)).report(replace(MISSING, fingerprint="mine"), NOON)


def test_the_end_of_an_error_that_lapses_is_sent_and_that_of_a_warning_is_no_news(
    incidents: IncidentStore, post: Post
) -> None:
    warning = replace(MISSING, about=About(dataset="stock"), severity=Severity.WARNING)
    for problem in (MISSING, warning):
        incidents.report(problem, NOON)
    post.subjects()
    for known in incidents.open_incidents():
        assert incidents.lapse(known, LATER)
    assert incidents.open_incidents() == []
    assert post.subjects() == [f"[CLOSED] {MISSING.subject}"]


def test_what_is_reported_while_it_lapses_is_said_to_be_open(incidents: IncidentStore, post: Post) -> None:
    incidents.report(MISSING, NOON)
    [known] = incidents.open_incidents()
    incidents.report(replace(MISSING, fingerprint="other"), LATER)
    post.subjects()
    assert not incidents.lapse(known, LATER)
    [(_, _), (_, body)] = post.letters()
    assert body.startswith("This is not over")


def rejected(number: int) -> Problem:
    about = About(dataset="sales", key=f"sales/{number}.csv", drop_id=f"{number:016x}")
    return Problem(Kind.REJECTED, about, f"sales/{number}.csv rejected", "Ask the sender.", f"{number}")


def test_three_hundred_bad_files_are_ten_messages_and_one_about_the_others(
    incidents: IncidentStore, post: Post
) -> None:
    assert [incidents.report(rejected(number), NOON) for number in range(300)] == [True] * 10 + [False] * 290
    assert len(post.subjects()) == 10
    assert incidents.tell_held(LATER) == 290
    (letter,) = post.letters()
    assert letter[0] == "[ERROR] sales: 290 more files rejected"
    assert all(f"sales/{number}.csv rejected" in letter[1] for number in range(10, 300))
    assert incidents.tell_held(LATER) == 0
    assert post.letters() == []


def test_what_was_told_together_recovers_without_a_word_and_what_was_told_alone_with_one(
    incidents: IncidentStore, post: Post
) -> None:
    for number in range(12):
        incidents.report(rejected(number), NOON)
    incidents.tell_held(LATER)
    post.letters()
    ids = [rejected(number).id for number in (0, 11)]
    assert incidents.recover([Recovery(one) for one in ids], LATER) == ids
    assert post.subjects() == ["[RECOVERED] sales/0.csv rejected"]
    assert not {*ids} & {one.id for one in incidents.open_incidents()}


def test_a_sender_who_sends_the_same_bad_file_again_and_again_is_told_of_in_one_message(
    incidents: IncidentStore, post: Post
) -> None:
    for minute in range(19):
        news = replace(rejected(1), fingerprint=f"try {minute}")
        incidents.report(news, NOON + minute * timedelta(seconds=20))
    assert len(post.subjects()) == 5
    assert incidents.tell_held(LATER) == 0  # an hour after the last message about it
    assert incidents.tell_held(LATER + timedelta(hours=1)) == 1
    assert post.subjects() == ["[ERROR] sales/1.csv rejected"]
    assert incidents.recover([Recovery(rejected(1).id)], LATER) == [rejected(1).id]
    assert post.subjects() == ["[RECOVERED] sales/1.csv rejected"]


def test_what_changes_while_it_is_told_together_is_told_again(incidents: IncidentStore, post: Post) -> None:
    for number in range(11):
        incidents.report(rejected(number), NOON)
    post.letters()
    publish = post.sns.publish

    def meanwhile(**request: Any) -> Any:
        incidents.report(replace(rejected(10), fingerprint="another"), LATER)
        return publish(**request)

    post.sns.publish = meanwhile  # type: ignore[method-assign]  # somebody reports between message and mark
    assert incidents.tell_held(LATER) == 1
    post.sns.publish = publish  # type: ignore[method-assign]
    assert incidents.tell_held(LATER) == 1
    assert len(post.subjects()) == 2
