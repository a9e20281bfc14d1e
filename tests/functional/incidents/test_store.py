"""The incident incidents on DynamoDB and SNS (moto)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.incidents.incident import Problem, of_kind
from suimon.incidents.kinds import About, IncidentId, Kind
from suimon.incidents.store import OPEN, IncidentStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=15)
ABOUT = About(dataset="sales", partition="2026-11-20")
MISSING = Problem(Kind.MISSING_FILE, ABOUT, "sales: no file for 2026-11-20", "Ask the sender.", "never-came")


@pytest.fixture
def incidents(table: Table, post: Post) -> IncidentStore:
    return IncidentStore(table, post.sns, post.topic_arn)


def test_a_problem_is_told_once_until_it_changes(incidents: IncidentStore, post: Post) -> None:
    assert incidents.report(MISSING, NOON)
    assert not incidents.report(MISSING, LATER)
    assert post.subjects() == ["[Suimon] sales: no file for 2026-11-20"]
    assert incidents.report(replace(MISSING, subject="sales: rejected", fingerprint="rejected"), LATER)
    assert post.subjects() == ["[Suimon] sales: rejected"]


def test_a_recovery_is_told_once(incidents: IncidentStore, post: Post) -> None:
    incidents.report(MISSING, NOON)
    assert incidents.recover(MISSING.id, LATER)
    assert not incidents.recover(MISSING.id, LATER)
    assert post.subjects() == [
        "[Suimon] sales: no file for 2026-11-20",
        "[Suimon] Recovered: sales: no file for 2026-11-20",
    ]


def test_what_never_was_a_problem_does_not_recover(incidents: IncidentStore, post: Post) -> None:
    assert not incidents.recover(MISSING.id, NOON)
    assert post.subjects() == []


def test_a_problem_that_comes_back_is_told_again(incidents: IncidentStore, post: Post) -> None:
    incidents.report(MISSING, NOON)
    incidents.recover(MISSING.id, LATER)
    assert incidents.report(MISSING, LATER)
    assert len(post.subjects()) == 3


def test_open_incidents_are_listed_over_every_page(incidents: IncidentStore) -> None:
    # Nine items of 350 kB: more than the 1 MB of one answer.
    days = [f"2026-11-0{day}" for day in range(1, 10)]
    for day in days:
        incidents.report(replace(MISSING, about=replace(ABOUT, partition=day), fingerprint="x" * 350_000), NOON)
    stale = Problem(Kind.STALE_TABLE, About(table="sales_fact"), "sales_fact is stale", "", "stale")
    incidents.report(stale, NOON)
    incidents.recover(IncidentId.of(Kind.MISSING_FILE, replace(ABOUT, partition="2026-11-03")), LATER)
    found = incidents.open_incidents()
    assert [one.about.partition for one in of_kind(found, Kind.MISSING_FILE)] == [*days[:2], *days[3:]]
    assert [one.id for one in of_kind(found, Kind.STALE_TABLE)] == [stale.id]


def test_an_incident_is_read_back_as_it_was_reported(incidents: IncidentStore) -> None:
    about = About(dataset="sales", partition="2026-11-20", key="sales/a:b.csv", drop_id="0123", run_id="0123.1")
    incidents.report(Problem(Kind.REJECTED, about, "rejected", "body", "0123.1"), NOON)
    [found] = incidents.open_incidents()
    assert (found.kind, found.about, found.fingerprint) == (Kind.REJECTED, about, "0123.1")
    assert (found.opened_at, found.updated_at) == (NOON, NOON)


def test_a_crash_between_publish_and_mark_tells_it_twice_and_never_loses_it(table: Table, post: Post) -> None:
    class Killed:
        """The ledger as a function sees it that dies before it can write."""

        meta = table.meta

        def get_item(self, **request: Any) -> Any:
            return table.get_item(**request)

        def put_item(self, **request: Any) -> Any:
            raise TimeoutError(str(request))

    killed = IncidentStore(Killed(), post.sns, post.topic_arn)  # type: ignore[arg-type]  # a table that breaks
    with pytest.raises(TimeoutError):
        killed.report(MISSING, NOON)
    assert IncidentStore(table, post.sns, post.topic_arn).report(MISSING, LATER)
    assert len(post.subjects()) == 2
    assert not IncidentStore(table, post.sns, post.topic_arn).report(MISSING, LATER)


def test_a_topic_that_refuses_leaves_the_problem_unmarked(table: Table, post: Post) -> None:
    gone = IncidentStore(table, post.sns, post.topic_arn + "-gone")
    with pytest.raises(ClientError):
        gone.report(MISSING, NOON)
    assert "Item" not in table.get_item(Key={"pk": f"incident#{MISSING.id}", "sk": "incident"})


def test_a_problem_that_changes_while_it_recovers_stays_open(table: Table, post: Post) -> None:
    incidents = IncidentStore(table, post.sns, post.topic_arn)
    incidents.report(MISSING, NOON)

    class Interrupted:
        """Publishes a recovery, and just then another function reports the problem anew."""

        def publish(self, **request: Any) -> Any:
            incidents.report(replace(MISSING, fingerprint="other"), LATER)
            return post.sns.publish(**request)

    slow = IncidentStore(table, Interrupted(), post.topic_arn)  # type: ignore[arg-type]  # SNS, interrupted
    assert slow.recover(MISSING.id, LATER)
    item = table.get_item(Key={"pk": f"incident#{MISSING.id}", "sk": "incident"})["Item"]
    assert (item["state"], item["fingerprint"]) == (OPEN, "other")
