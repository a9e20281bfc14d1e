"""The publishing port: one SNS publish a notice, for e-mail and machines, with attributes to filter by.

After it go copies: to the topic that chat reads, and to the stack's event bus. A copy that fails is logged, and no
more: people have been told, and a second e-mail would not help the copy.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.incidents.chat import chat_message
from suimon.incidents.recipients import Recipients
from suimon.incidents.rendering import concern_of, concerns_of, rendered
from suimon.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

    from suimon.aws.event_bus import EventBus
    from suimon.incidents.incident import Notice

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Publisher:
    """Publishes to the topic of the stack.

    recipients: who gets what in which language. stack: named in commands. chat_topic_arn: empty without a chat.
    """

    sns: SNSClient
    topic_arn: str
    chat_topic_arn: str = ""
    recipients: Recipients = Recipients()
    stack: str = ""
    bus: EventBus | None = None

    def publish(self, notice: Notice, now: datetime) -> None:
        """Publish a notice; whoever calls records it afterwards."""
        recipient = self.recipients.to(concern_of(notice))
        others = map(self.recipients.to, concerns_of(notice))
        sent = rendered(notice, recipient, self.stack, now, others)
        self.sns.publish(
            TopicArn=self.topic_arn,
            Subject=sent.subject,
            Message=sent.message,
            MessageStructure="json",
            MessageAttributes={name: _attribute(values) for name, values in sent.attributes.items()},
        )
        if self.chat_topic_arn:
            self._chat(chat_message(notice, recipient, self.stack, now))
        if self.bus:
            self.bus.put(f"incident.{notice.event}", json.loads(sent.machine), now)

    def _chat(self, message: str) -> None:
        try:
            self.sns.publish(TopicArn=self.chat_topic_arn, Message=message)
        except (BotoCoreError, ClientError):
            logger.warning("chat message lost", exc_info=True)


def _attribute(values: tuple[str, ...]) -> MessageAttributeValueTypeDef:
    if len(values) == 1:
        return {"DataType": "String", "StringValue": values[0]}
    return {"DataType": "String.Array", "StringValue": json.dumps(values, ensure_ascii=False)}
