"""The incident desk on DynamoDB and SNS (moto)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.incidents.incident import Problem
from suimon.incidents.store import OPEN, IncidentDesk

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=15)
MISSING = Problem("missing-file:sales:2026-11-20", "sales: no file for 2026-11-20", "Ask the sender.", "never-came")


@pytest.fixture
def desk(table: Table, post: Post) -> IncidentDesk:
    return IncidentDesk(table, post.sns, post.topic_arn)


def test_a_problem_is_told_once_until_it_changes(desk: IncidentDesk, post: Post) -> None:
    assert desk.report(MISSING, NOON)
    assert not desk.report(MISSING, LATER)
    assert post.subjects() == ["[Suimon] sales: no file for 2026-11-20"]
    assert desk.report(replace(MISSING, subject="sales: rejected", fingerprint="rejected"), LATER)
    assert post.subjects() == ["[Suimon] sales: rejected"]


def test_a_recovery_is_told_once(desk: IncidentDesk, post: Post) -> None:
    desk.report(MISSING, NOON)
    assert desk.recover(MISSING.id, LATER)
    assert not desk.recover(MISSING.id, LATER)
    assert post.subjects() == [
        "[Suimon] sales: no file for 2026-11-20",
        "[Suimon] Recovered: sales: no file for 2026-11-20",
    ]


def test_what_never_was_a_problem_does_not_recover(desk: IncidentDesk, post: Post) -> None:
    assert not desk.recover(MISSING.id, NOON)
    assert post.subjects() == []


def test_a_problem_that_comes_back_is_told_again(desk: IncidentDesk, post: Post) -> None:
    desk.report(MISSING, NOON)
    desk.recover(MISSING.id, LATER)
    assert desk.report(MISSING, LATER)
    assert len(post.subjects()) == 3


def test_open_incidents_are_listed_by_prefix_over_every_page(desk: IncidentDesk) -> None:
    # Nine items of 350 kB: more than the 1 MB of one answer.
    for day in range(1, 10):
        desk.report(replace(MISSING, id=f"missing-file:sales:2026-11-0{day}", fingerprint="x" * 350_000), NOON)
    desk.report(replace(MISSING, id="stale-table:sales_fact"), NOON)
    desk.recover("missing-file:sales:2026-11-03", LATER)
    assert len(desk.open_incidents()) == 9
    assert len(desk.open_incidents("missing-file:sales:")) == 8
    assert desk.open_incidents("stale-table:") == ["stale-table:sales_fact"]


def test_a_crash_between_publish_and_mark_tells_it_twice_and_never_loses_it(table: Table, post: Post) -> None:
    class Killed:
        """The ledger as a function sees it that dies before it can write."""

        meta = table.meta

        def get_item(self, **request: Any) -> Any:
            return table.get_item(**request)

        def put_item(self, **request: Any) -> Any:
            raise TimeoutError(str(request))

    killed = IncidentDesk(Killed(), post.sns, post.topic_arn)  # type: ignore[arg-type]  # a table that breaks
    with pytest.raises(TimeoutError):
        killed.report(MISSING, NOON)
    assert IncidentDesk(table, post.sns, post.topic_arn).report(MISSING, LATER)
    assert len(post.subjects()) == 2
    assert not IncidentDesk(table, post.sns, post.topic_arn).report(MISSING, LATER)


def test_a_topic_that_refuses_leaves_the_problem_unmarked(table: Table, post: Post) -> None:
    gone = IncidentDesk(table, post.sns, post.topic_arn + "-gone")
    with pytest.raises(ClientError):
        gone.report(MISSING, NOON)
    assert "Item" not in table.get_item(Key={"pk": f"incident#{MISSING.id}", "sk": "incident"})


def test_a_problem_that_changes_while_it_recovers_stays_open(table: Table, post: Post) -> None:
    desk = IncidentDesk(table, post.sns, post.topic_arn)
    desk.report(MISSING, NOON)

    class Interrupted:
        """Publishes a recovery, and just then another function reports the problem anew."""

        def publish(self, **request: Any) -> Any:
            desk.report(replace(MISSING, fingerprint="other"), LATER)
            return post.sns.publish(**request)

    slow = IncidentDesk(table, Interrupted(), post.topic_arn)  # type: ignore[arg-type]  # SNS, interrupted
    assert slow.recover(MISSING.id, LATER)
    item = table.get_item(Key={"pk": f"incident#{MISSING.id}", "sk": "incident"})["Item"]
    assert (item["state"], item["fingerprint"]) == (OPEN, "other")
