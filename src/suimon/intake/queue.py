"""The intake queue: how much is in it, what a message asks for, and when a message comes again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from suimon.drops import event_fields as fields
from suimon.drops.drop import Drop, EventError
from suimon.drops.event_fields import FieldError
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient

    from suimon.drops.drop import DropRecord

_LONGEST_ID, _LONGEST_KEY = 250, 1_024

BATCH = 10  # SendMessageBatch takes no more
FIRST_DELAY, LONGEST_DELAY = 5, 900  # seconds until a message that failed comes again
# After some three hours of waiting the sweep, which reads the ledger, takes over from the queue, whose messages would
# end among the dead letters at the thirtieth receive.
HANDED_OVER = 20
_COUNTS: Any = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class Resume:
    """Asks the gate to resume a drop of the ledger; the key is for the log."""

    drop_id: str
    turn: int = 0
    key: str = ""


class NotSentError(Exception):
    """The intake queue refused a message; its drop is in the ledger and is found again by its state."""


class IntakeQueue:
    """The queue of the gate, as the sweep uses it."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def depth(self) -> int:
        """Return about how many messages wait, are being worked on, or are hidden until they come again."""
        counts = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=list(_COUNTS))["Attributes"]
        return sum(int(counts[name]) for name in _COUNTS)

    def resume(self, records: Sequence[DropRecord]) -> None:
        """Ask the gate to resume these drops; NotSentError when the queue refuses one."""
        for start in range(0, len(records), BATCH):
            entries: Any = [
                {"Id": record.id, "MessageBody": resume_message(record)} for record in records[start : start + BATCH]
            ]
            answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
            # A refused entry is no error of the call; only the answer says so.
            if refused := answer.get("Failed"):
                raise NotSentError(f"{len(refused)} messages were refused: {refused[0].get('Message', refused[0])}")


def resume_message(record: DropRecord) -> str:
    """Return the message that resumes a drop of the ledger; the key is for the log."""
    return json.dumps({"resume": record.id, "turn": record.turn, "key": record.drop.key})


def request_of(body: str) -> Drop | Resume:
    """Return what a message asks of the gate; EventError when it asks nothing that the gate could do."""
    try:
        message = fields.parsed(body)
        if "resume" not in message:
            return Drop.from_event(message)
        return Resume(
            drop_id=fields.text(message, "resume", _LONGEST_ID),
            turn=fields.whole(message, "turn") if "turn" in message else 0,
            key=fields.text(message, "key", _LONGEST_KEY) if message.get("key") else "",
        )
    except FieldError as error:
        raise EventError(f"not a message of the gate: {error}") from error


def delay_for(receives: int) -> int:
    """Return in how many seconds a message comes again that has been received so many times."""
    delay: int = FIRST_DELAY * 2 ** min(receives - 1, 10)
    return min(LONGEST_DELAY, delay)
