"""One publish a notice, and copies that never cost it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from suimon.aws.event_bus import EventBus
from suimon.drops.wording import Bilingual
from suimon.incidents.about import About
from suimon.incidents.incident import Problem, Recovery
from suimon.incidents.kinds import Kind
from suimon.incidents.publisher import Publisher
from suimon.incidents.recipients import Recipient, Recipients
from suimon.incidents.store import IncidentStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PROBLEM = Problem(
    Kind.MISSING_FILE,
    About(dataset="sales", partition="2026-11-20"),
    Bilingual("sales 2026-11-20: the file never came", "sales 2026-11-20: ファイル未着"),
    Bilingual("It has not come.", "届いていません。"),
    "never-came",
)
JAPANESE = Recipients({"sales": Recipient("ja")})


class Sns:
    """Two topics; that of chat is away."""

    def __init__(self, post: Post) -> None:
        self._sns = post.sns
        self.chats = 0

    def publish(self, **request: Any) -> Any:
        if request["TopicArn"] != "chat":
            return self._sns.publish(**request)
        self.chats += 1
        raise ClientError({"Error": {"Code": "NotFound", "Message": "Topic does not exist"}}, "Publish")


class Events:
    """A bus that keeps what it gets."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 AWS's name
        self.taken += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


def test_people_machines_and_filters_get_the_same_problem_in_its_language(table: Table, post: Post) -> None:
    store = IncidentStore(table, Publisher(post.sns, post.topic_arn, recipients=JAPANESE, stack="prod"))
    store.report(PROBLEM, NOON)
    (sent,) = post.published()
    assert sent.subject == "[ERROR] sales 2026-11-20: ファイル未着"
    assert sent.mail.startswith("届いていません。\n")
    assert sent.mail.endswith("スタック: prod\nIncident: missing-file:sales:2026-11-20\n")
    assert (sent.machine["id"], sent.machine["state"]) == ("missing-file:sales:2026-11-20", "open")
    assert sent.attributes == {
        "severity": "error",
        "state": "open",
        "event": "opened",
        "kind": "missing-file",
        "dataset": "sales",
    }


def test_a_recovery_is_in_the_language_of_its_problem(table: Table, post: Post) -> None:
    store = IncidentStore(table, Publisher(post.sns, post.topic_arn, recipients=JAPANESE))
    store.report(PROBLEM, NOON)
    store.recover([Recovery(PROBLEM.id, Bilingual("It has come.", "届きました。"))], NOON)
    over = post.published()[-1]
    assert over.subject == "[RECOVERED] sales 2026-11-20: ファイル未着"
    assert over.mail.startswith("届きました。\n\n解消: sales 2026-11-20: ファイル未着")
    assert over.attributes["state"] == "recovered"


def test_a_chat_that_is_away_costs_neither_the_e_mail_nor_the_record(table: Table, post: Post) -> None:
    sns, events = Sns(post), Events()
    bus = EventBus(events, "prod-events")  # type: ignore[arg-type]  # a fake
    store = IncidentStore(table, Publisher(sns, post.topic_arn, "chat", bus=bus))  # type: ignore[arg-type]  # a fake
    assert store.report(PROBLEM, NOON)
    assert not store.report(PROBLEM, NOON)
    assert (len(post.published()), sns.chats) == (1, 1)
    assert [(one["DetailType"], json.loads(one["Detail"])["id"]) for one in events.taken] == [
        ("incident.opened", str(PROBLEM.id))
    ]


def test_a_text_that_has_no_japanese_goes_out_as_it_is(table: Table, post: Post) -> None:
    store = IncidentStore(table, Publisher(post.sns, post.topic_arn, recipients=JAPANESE))
    store.report(replace(PROBLEM, subject="plain", body="words"), NOON)
    assert post.published()[0].subject == "[ERROR] plain"
