"""SQS and SNS, as far as Suimon uses them: receive counts, visibility, redrive; letters."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation.services.sns import Sns
from tests.simulation.services.sqs import Queue, Sqs

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3

    Refused = Callable[[Callable[[], Any]], str]

NUMBERS = itertools.count()
TOPIC = "arn:aws:sns:ap-northeast-1:123456789012:alerts"


@dataclass
class Post:
    """A queue that hides what was received for a second, and buries it at the third receive."""

    sqs: Any
    url: str
    dead: str
    moments: list[float] = field(default_factory=lambda: [1_795_348_800.0])

    def receive(self, **more: Any) -> list[Any]:
        found: list[Any] = self.sqs.receive_message(
            QueueUrl=self.url, MessageSystemAttributeNames=["ApproximateReceiveCount"], **more
        ).get("Messages", [])
        return found

    def show(self, message: Any) -> None:
        self.sqs.change_message_visibility(
            QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )

    def wait(self, seconds: float) -> None:
        self.moments[0] += seconds
        if not isinstance(self.sqs, Sqs):
            time.sleep(seconds)


@pytest.fixture
def post(kind: str, request: pytest.FixtureRequest) -> Post:
    if kind == "memory":
        moments = [1_795_348_800.0]
        sqs = Sqs(lambda: moments[0])
        dead = sqs.add(Queue("dead"))
        queue = sqs.add(Queue("queue", visibility=1, dead_letters=dead, max_receives=2))
        return Post(sqs, queue.url, dead.url, moments)
    session: boto3.Session = request.getfixturevalue("session")
    client = session.client("sqs")
    dead_url = client.create_queue(QueueName=f"dead-{next(NUMBERS)}")["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    attributes: Any = {"RedrivePolicy": redrive, "VisibilityTimeout": "1"}
    url = client.create_queue(QueueName=f"queue-{next(NUMBERS)}", Attributes=attributes)["QueueUrl"]
    return Post(client, url, dead_url)


def test_a_message_comes_with_its_count_and_is_hidden_then(post: Post) -> None:
    sent = post.sqs.send_message(QueueUrl=post.url, MessageBody="見本")
    (message,) = post.receive(MaxNumberOfMessages=10)
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "見本")
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert post.receive() == []


def test_a_hidden_message_comes_again_under_another_handle(post: Post) -> None:
    post.sqs.send_message(QueueUrl=post.url, MessageBody="x")
    (first,) = post.receive()
    post.wait(1.1)
    (second,) = post.receive()
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"


def test_the_time_it_stays_hidden_can_be_changed(post: Post) -> None:
    post.sqs.send_message(QueueUrl=post.url, MessageBody="x")
    (message,) = post.receive(VisibilityTimeout=900)
    post.show(message)
    assert len(post.receive()) == 1


def test_a_deleted_message_never_comes_again_and_deleting_it_once_more_is_no_error(post: Post) -> None:
    post.sqs.send_message(QueueUrl=post.url, MessageBody="x")
    (message,) = post.receive()
    for _ in range(2):
        post.sqs.delete_message(QueueUrl=post.url, ReceiptHandle=message["ReceiptHandle"])
    post.wait(1.1)
    assert post.receive() == []


def test_after_so_many_receives_a_message_lies_among_the_dead(post: Post) -> None:
    sent = post.sqs.send_message(QueueUrl=post.url, MessageBody="poison")
    for _ in range(2):
        (message,) = post.receive()
        post.show(message)
    assert post.receive() == []
    (dead,) = post.sqs.receive_message(QueueUrl=post.dead)["Messages"]
    assert (dead["Body"], dead["MessageId"]) == ("poison", sent["MessageId"])


def test_a_delayed_message_comes_later(post: Post) -> None:
    post.sqs.send_message(QueueUrl=post.url, MessageBody="x", DelaySeconds=1)
    assert post.receive() == []
    post.wait(1.1)
    assert len(post.receive()) == 1


def test_at_most_ten_at_once(post: Post, refused: Refused) -> None:
    entries = [{"Id": str(number), "MessageBody": f"{number}"} for number in range(10)]
    answer = post.sqs.send_message_batch(QueueUrl=post.url, Entries=entries)
    assert [one["Id"] for one in answer["Successful"]] == [str(number) for number in range(10)]
    post.sqs.send_message(QueueUrl=post.url, MessageBody="10")
    received = post.receive(MaxNumberOfMessages=10)
    assert len({one["Body"] for one in received}) == 10
    assert len(post.receive(MaxNumberOfMessages=10)) == 1
    assert refused(lambda: post.receive(MaxNumberOfMessages=11)) == "InvalidParameterValue"


def test_batches_are_of_one_to_ten_entries_of_different_ids(post: Post, refused: Refused) -> None:
    def send(*ids: int) -> Any:
        entries = [{"Id": str(number), "MessageBody": "x"} for number in ids]
        return post.sqs.send_message_batch(QueueUrl=post.url, Entries=entries)

    assert refused(lambda: send(*range(11))).endswith("TooManyEntriesInBatchRequest")
    assert refused(lambda: send(1, 1)).endswith("BatchEntryIdsNotDistinct")
    assert refused(send).endswith("EmptyBatchRequest")


def test_a_batch_deletes(post: Post) -> None:
    for number in range(2):
        post.sqs.send_message(QueueUrl=post.url, MessageBody=f"{number}")
    received = post.receive(MaxNumberOfMessages=10)
    entries = [{"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(received)]
    assert len(post.sqs.delete_message_batch(QueueUrl=post.url, Entries=entries)["Successful"]) == 2
    post.wait(1.1)
    assert post.receive() == []


def test_a_queue_counts_what_waits_what_is_hidden_and_what_is_delayed(post: Post) -> None:
    for delay in (0, 0, 0, 900):
        post.sqs.send_message(QueueUrl=post.url, MessageBody="x", DelaySeconds=delay)
    post.receive()
    names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
    answer = post.sqs.get_queue_attributes(QueueUrl=post.url, AttributeNames=names)
    assert [answer["Attributes"][name] for name in names] == ["2", "1", "1"]


@pytest.mark.untrue("answers ReceiptHandleIsInvalid")
@pytest.mark.untrue_twin("as moto")
def test_the_visibility_of_a_message_that_is_gone_cannot_be_changed(post: Post, refused: Refused) -> None:
    post.sqs.send_message(QueueUrl=post.url, MessageBody="x")
    (message,) = post.receive()
    post.sqs.delete_message(QueueUrl=post.url, ReceiptHandle=message["ReceiptHandle"])
    assert refused(lambda: post.show(message)) == "InvalidParameterValue"


@pytest.mark.untrue("takes any handle that it ever gave")
@pytest.mark.untrue_twin("answers ReceiptHandleIsInvalid; AWS says that it succeeds and deletes nothing")
def test_an_old_handle_deletes_nothing(post: Post) -> None:
    post.sqs.send_message(QueueUrl=post.url, MessageBody="x")
    (old,) = post.receive()
    post.show(old)
    post.receive()
    post.sqs.delete_message(QueueUrl=post.url, ReceiptHandle=old["ReceiptHandle"])
    post.wait(1.1)
    # The third receive, so it is buried, and not gone.
    assert post.receive() == []
    assert len(post.sqs.receive_message(QueueUrl=post.dead)["Messages"]) == 1


def test_a_queue_that_is_not_there(post: Post, refused: Refused) -> None:
    gone = f"{post.url}-gone"
    assert refused(lambda: post.sqs.send_message(QueueUrl=gone, MessageBody="x")).endswith(
        ("QueueDoesNotExist", "NonExistentQueue")
    )


# ---------------------------------------------------------------- letters


@pytest.fixture
def topic(kind: str, request: pytest.FixtureRequest) -> tuple[Any, str]:
    if kind == "memory":
        return Sns(lambda: 1_795_348_800.0, TOPIC), TOPIC
    session: boto3.Session = request.getfixturevalue("session")
    client = session.client("sns")
    return client, client.create_topic(Name=f"alerts-{next(NUMBERS)}")["TopicArn"]


def test_a_letter_has_a_subject_of_fewer_than_100_characters(topic: tuple[Any, str], refused: Refused) -> None:
    sns, arn = topic
    assert sns.publish(TopicArn=arn, Subject="水" * 99, Message="x")["MessageId"]
    assert refused(lambda: sns.publish(TopicArn=arn, Subject="x" * 101, Message="x")) == "InvalidParameter"


@pytest.mark.untrue("moto checks the length only")
@pytest.mark.parametrize("subject", ["two\nlines", "a bell \a", "x" * 100])
def test_a_subject_that_sns_refuses(topic: tuple[Any, str], refused: Refused, subject: str) -> None:
    sns, arn = topic
    assert refused(lambda: sns.publish(TopicArn=arn, Subject=subject, Message="x")) == "InvalidParameter"


@pytest.mark.untrue("counts characters, not bytes")
def test_a_letter_holds_at_most_256_kib(topic: tuple[Any, str], refused: Refused) -> None:
    sns, arn = topic
    assert refused(lambda: sns.publish(TopicArn=arn, Message="水" * 87_382)) == "InvalidParameter"


def test_a_topic_that_is_not_there(topic: tuple[Any, str], refused: Refused) -> None:
    sns, arn = topic
    assert refused(lambda: sns.publish(TopicArn=f"{arn}-gone", Message="x")) in {"NotFound", "NotFoundException"}
