"""The intake queue as the sweep uses it: how much is in it, and the word that a drop must go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.delivery import resume_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient

BATCH = 10  # SendMessageBatch takes no more
_COUNTS: Any = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class NotSentError(Exception):
    """The intake queue refused a message; its drop is in the ledger and is found again by its state."""


class IntakeQueue:
    """The queue of the gate."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def depth(self) -> int:
        """About how many messages wait, are being worked on, or stay hidden until they come again."""
        counts = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=list(_COUNTS))["Attributes"]
        return sum(int(counts[name]) for name in _COUNTS)

    def resume(self, drop_ids: Sequence[str]) -> None:
        """Ask the gate to bring these drops on; NotSentError when the queue refuses one."""
        for start in range(0, len(drop_ids), BATCH):
            entries: Any = [
                {"Id": drop_id, "MessageBody": resume_message(drop_id)} for drop_id in drop_ids[start : start + BATCH]
            ]
            answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
            # A refused entry is no error of the call: it says so in its answer only.
            if refused := answer.get("Failed"):
                raise NotSentError(f"{len(refused)} messages were refused: {refused[0].get('Message', refused[0])}")
