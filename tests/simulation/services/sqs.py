"""SQS: standard queues with receive counts, visibility, redrive and retention, at the level of boto3's client."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from tests.simulation.services.errors import Exceptions, only, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 10
LONGEST_VISIBILITY = 43_200  # seconds: twelve hours
LONGEST_DELAY = 900
FOURTEEN_DAYS = 14 * 86_400.0
_OK = {"HTTPStatusCode": 200, "RetryAttempts": 0}


@dataclass
class Message:
    """One message in a queue; `handle` is that of its newest receive, times are Unix seconds."""

    id: str
    body: str
    sent_at: float
    visible_at: float
    receives: int = 0
    first_received_at: float = 0.0
    handle: str = ""


@dataclass
class Queue:
    """One queue. `dead_letters` takes what was received `max_receives` times; seconds everywhere."""

    name: str
    visibility: float = 30.0
    retention: float = FOURTEEN_DAYS
    dead_letters: Queue | None = None
    max_receives: int = 0
    messages: dict[str, Message] = field(default_factory=dict)  # by message id, in the order of sending
    _times: list[tuple[float, str]] = field(default_factory=list)  # a heap of when messages are visible, or were to be
    _oldest: float = 0.0  # no message was sent before

    @property
    def url(self) -> str:
        """What callers name the queue by."""
        return f"https://sqs.ap-northeast-1.amazonaws.com/123456789012/{self.name}"

    @property
    def arn(self) -> str:
        """The queue's ARN."""
        return f"arn:aws:sqs:ap-northeast-1:123456789012:{self.name}"

    def next_visible(self) -> float | None:
        """When there is something to receive, or has been already; None for an empty queue."""
        times = self._times
        while times:
            when, message_id = times[0]
            message = self.messages.get(message_id)
            if message is not None and message.visible_at == when:
                return when
            heappop(times)  # it is gone, or was hidden until another time since
        return None

    def add(self, message: Message) -> None:
        """Take a message, from a sender or from the queue that it died in."""
        self._oldest = min(self._oldest, message.sent_at) if self.messages else message.sent_at
        self.messages[message.id] = message
        self.hide(message, message.visible_at)

    def hide(self, message: Message, until: float) -> None:
        """Show a message to nobody before a time."""
        message.visible_at = until
        heappush(self._times, (until, message.id))

    def expire(self, now: float) -> None:
        """Drop what is older than the queue keeps; as a rule that is nothing, and no message has to be looked at."""
        if self._oldest + self.retention > now:
            return
        kept = {one.id: one for one in self.messages.values() if one.sent_at + self.retention > now}
        self.messages = kept
        self._oldest = min((one.sent_at for one in kept.values()), default=now)


def first(_count: int) -> int:
    """Choose the oldest."""
    return 0


class Sqs:
    """The client. `choose(n)` says which of n visible messages is received next: a standard queue keeps no order."""

    def __init__(self, now: Callable[[], float], choose: Callable[[int], int] = first) -> None:
        self.now = now
        self.choose = choose
        self.exceptions = Exceptions()
        self.queues: dict[str, Queue] = {}
        self._count = 0

    def add(self, queue: Queue) -> Queue:
        """Bring a queue into being."""
        self.queues[queue.url] = queue
        return queue

    # ------------------------------------------------------------ what boto3 offers

    def send_message(self, **request: Any) -> dict[str, Any]:
        """Send one message."""
        only("SendMessage", request, frozenset({"QueueUrl", "MessageBody", "DelaySeconds"}))
        queue = self._queue(request, "SendMessage")
        message_id = self._send(queue, request["MessageBody"], request.get("DelaySeconds", 0))
        return {"MessageId": message_id, "MD5OfMessageBody": _md5(request["MessageBody"]), "ResponseMetadata": _OK}

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        """Send up to ten messages."""
        only("SendMessageBatch", request, frozenset({"QueueUrl", "Entries"}))
        queue = self._queue(request, "SendMessageBatch")
        _check_batch(request["Entries"], "SendMessageBatch")
        sent = [
            {"Id": entry["Id"], "MessageId": self._send(queue, entry["MessageBody"], entry.get("DelaySeconds", 0))}
            for entry in request["Entries"]
        ]
        return {"Successful": sent, "ResponseMetadata": _OK}

    def receive_message(self, **request: Any) -> dict[str, Any]:
        """Receive up to ten visible messages and hide them; waiting is the caller's affair."""
        only("ReceiveMessage", request, _RECEIVE)
        queue, now = self._queue(request, "ReceiveMessage"), self.now()
        wanted = request.get("MaxNumberOfMessages", 1)
        if not 1 <= wanted <= BATCH:
            raise _invalid("ReceiveMessage", f"Value {wanted} for parameter MaxNumberOfMessages is invalid")
        hidden = _visibility(request.get("VisibilityTimeout", queue.visibility), "ReceiveMessage")
        queue.expire(now)
        visible = [message for message in queue.messages.values() if message.visible_at <= now]
        received: list[dict[str, Any]] = []
        while visible and len(received) < wanted:
            message = visible.pop(self.choose(len(visible)) if len(visible) > 1 else 0)
            if queue.dead_letters is not None and message.receives >= queue.max_receives:
                _bury(queue, queue.dead_letters, message)
                continue
            self._count += 1
            message.receives += 1
            message.first_received_at = message.first_received_at or now
            message.handle = f"{message.id}#{self._count}"
            queue.hide(message, now + hidden)
            received.append(_told(message))
        return {"Messages": received, "ResponseMetadata": _OK} if received else {"ResponseMetadata": _OK}

    def delete_message(self, **request: Any) -> dict[str, Any]:
        """Delete by the newest receipt handle; by an older one, or once more, nothing happens, and it is no error."""
        only("DeleteMessage", request, frozenset({"QueueUrl", "ReceiptHandle"}))
        self._delete(self._queue(request, "DeleteMessage"), request["ReceiptHandle"], "DeleteMessage")
        return {"ResponseMetadata": _OK}

    def delete_message_batch(self, **request: Any) -> dict[str, Any]:
        """Delete up to ten messages."""
        only("DeleteMessageBatch", request, frozenset({"QueueUrl", "Entries"}))
        queue = self._queue(request, "DeleteMessageBatch")
        _check_batch(request["Entries"], "DeleteMessageBatch")
        for entry in request["Entries"]:
            self._delete(queue, entry["ReceiptHandle"], "DeleteMessageBatch")
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]], "ResponseMetadata": _OK}

    def change_message_visibility(self, **request: Any) -> dict[str, Any]:
        """Hide a received message for so long from now."""
        operation = "ChangeMessageVisibility"
        only(operation, request, frozenset({"QueueUrl", "ReceiptHandle", "VisibilityTimeout"}))
        queue, now = self._queue(request, operation), self.now()
        hidden = _visibility(request["VisibilityTimeout"], operation)
        message = _by_handle(queue, request["ReceiptHandle"], operation)
        if message is None:
            raise _invalid(operation, "Message does not exist or is not available for visibility timeout change.")
        if message.visible_at <= now:
            raise refusal(operation, "MessageNotInflight", "The specified message isn't in flight.")
        queue.hide(message, now + hidden)
        return {"ResponseMetadata": _OK}

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:
        """Count a queue's messages, and name it."""
        only("GetQueueAttributes", request, frozenset({"QueueUrl", "AttributeNames"}))
        queue, now = self._queue(request, "GetQueueAttributes"), self.now()
        queue.expire(now)
        hidden = [message for message in queue.messages.values() if message.visible_at > now]
        delayed = sum(1 for message in hidden if not message.receives)
        attributes = {
            "QueueArn": queue.arn,
            "VisibilityTimeout": str(int(queue.visibility)),
            "ApproximateNumberOfMessages": str(len(queue.messages) - len(hidden)),
            "ApproximateNumberOfMessagesNotVisible": str(len(hidden) - delayed),
            "ApproximateNumberOfMessagesDelayed": str(delayed),
        }
        wanted = request.get("AttributeNames", [])
        if "All" not in wanted:
            attributes = {name: attributes[name] for name in wanted}
        return {"Attributes": attributes, "ResponseMetadata": _OK}

    def get_queue_url(self, **request: Any) -> dict[str, Any]:
        """Return the URL of a queue's name."""
        only("GetQueueUrl", request, frozenset({"QueueName"}))
        found = next((queue for queue in self.queues.values() if queue.name == request["QueueName"]), None)
        if found is None:
            raise refusal("GetQueueUrl", "QueueDoesNotExist", "The specified queue does not exist.")
        return {"QueueUrl": found.url, "ResponseMetadata": _OK}

    # ------------------------------------------------------------ within

    def _queue(self, request: dict[str, Any], operation: str) -> Queue:
        queue = self.queues.get(request["QueueUrl"])
        if queue is None:
            raise refusal(operation, "QueueDoesNotExist", "The specified queue does not exist.")
        return queue

    def _send(self, queue: Queue, body: str, delay: float) -> str:
        if not body:
            raise refusal("SendMessage", "MissingParameter", "The request must contain the parameter MessageBody.")
        if not 0 <= delay <= LONGEST_DELAY:
            raise _invalid("SendMessage", f"Value {delay} for parameter DelaySeconds is invalid")
        self._count += 1
        now, message_id = self.now(), f"message-{self._count}"
        queue.add(Message(message_id, body, sent_at=now, visible_at=now + delay))
        return message_id

    def _delete(self, queue: Queue, handle: str, operation: str) -> None:
        message = _by_handle(queue, handle, operation)
        if message is not None and message.handle == handle:
            del queue.messages[message.id]


_RECEIVE = frozenset(
    {
        *("QueueUrl", "MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds"),
        *("AttributeNames", "MessageSystemAttributeNames", "MessageAttributeNames"),
    }
)


def _bury(queue: Queue, dead: Queue, message: Message) -> None:
    """Move a message to the dead-letter queue; it keeps the time it was sent at, and so expires no later."""
    del queue.messages[message.id]
    dead.add(Message(message.id, message.body, message.sent_at, visible_at=message.visible_at))


def _told(message: Message) -> dict[str, Any]:
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.handle,
        "Body": message.body,
        "MD5OfBody": _md5(message.body),
        "Attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(int(message.sent_at * 1_000)),
            "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1_000)),
        },
    }


def _by_handle(queue: Queue, handle: str, operation: str) -> Message | None:
    message_id, mark, _ = handle.partition("#")
    if not mark:
        raise refusal(operation, "ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not valid.')
    return queue.messages.get(message_id)


def _check_batch(entries: list[dict[str, Any]], operation: str) -> None:
    if not entries:
        raise refusal(operation, "EmptyBatchRequest", "There should be at least one entry in the request.")
    if len(entries) > BATCH:
        raise refusal(operation, "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10.")
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise refusal(operation, "BatchEntryIdsNotDistinct", "Two entries have the same Id.")


def _visibility(seconds: float, operation: str) -> float:
    if not 0 <= seconds <= LONGEST_VISIBILITY:
        raise _invalid(operation, f"Value {seconds} for parameter VisibilityTimeout is invalid.")
    return seconds


def _invalid(operation: str, message: str) -> Exception:
    return refusal(operation, "InvalidParameterValue", message)


def _md5(body: str) -> str:
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
