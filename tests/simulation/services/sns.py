"""SNS: one topic whose letters can be read, as strict about a subject as AWS is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.simulation.services.errors import Exceptions, only, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

SUBJECT_CHARACTERS = 100  # a subject has fewer
MESSAGE_BYTES = 256 * 1024
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True)
class Letter:
    """What the subscribers of a topic got; Unix seconds."""

    at: float
    subject: str
    message: str


class Sns:
    """The client; `letters` is all that was published, oldest first; `on_letter` is called with each and its number."""

    def __init__(self, now: Callable[[], float], topic_arn: str) -> None:
        self.now = now
        self.topic_arn = topic_arn
        self.exceptions = Exceptions()
        self.letters: list[Letter] = []
        self.on_letter: Callable[[int, Letter], None] | None = None

    def publish(self, **request: Any) -> dict[str, Any]:
        """Send a letter to everybody who has subscribed."""
        known = {"TopicArn", "Subject", "Message", "MessageStructure", "MessageAttributes"}
        only("Publish", request, frozenset(known))
        subject, message = request.get("Subject", ""), request["Message"]
        if request["TopicArn"] != self.topic_arn:
            raise refusal("Publish", "NotFound", "Topic does not exist", 404)
        if not message or len(message.encode()) > MESSAGE_BYTES:
            raise refusal("Publish", "InvalidParameter", "Invalid parameter: Message")
        if "Subject" in request and not (
            subject and len(subject) < SUBJECT_CHARACTERS and not _CONTROL.search(subject)
        ):
            raise refusal("Publish", "InvalidParameter", "Invalid parameter: Subject")
        texts = json.loads(message) if request.get("MessageStructure") == "json" else {"default": message}
        if not isinstance(texts.get("default"), str) or any(
            not one.get("StringValue") for one in request.get("MessageAttributes", {}).values()
        ):
            raise refusal("Publish", "InvalidParameter", "Invalid parameter: Message Structure or Attributes")
        self.letters.append(Letter(self.now(), subject, texts.get("email", texts["default"])))
        if self.on_letter:
            self.on_letter(len(self.letters) - 1, self.letters[-1])
        return {
            "MessageId": f"letter-{len(self.letters)}",
            "ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0},
        }
