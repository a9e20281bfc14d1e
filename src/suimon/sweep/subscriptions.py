"""Asks SNS who hears the alerts, and remembers who did."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from suimon.sweep.plans.subscriptions import Hearing, hearing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sns import SNSClient

    from suimon.ledger.checkpoints import Checkpoints

_CHECKPOINT = "subscriptions"
_PAGES = 10  # of a hundred subscriptions each


def look_who_hears(sns: SNSClient, topics: Sequence[str], checkpoints: Checkpoints, now: datetime) -> Hearing:
    """Return who hears the topics, as compared with what earlier rounds have found."""
    found = hearing([_subscriptions(sns, topic) for topic in topics], _seen(checkpoints), now)
    checkpoints.put(_CHECKPOINT, {"seen": json.dumps({arn: at.isoformat() for arn, at in found.seen.items()})})
    return found


def _subscriptions(sns: SNSClient, topic: str) -> list[str]:
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    return [
        one["SubscriptionArn"] for page, _ in zip(pages, range(_PAGES), strict=False) for one in page["Subscriptions"]
    ]


def _seen(checkpoints: Checkpoints) -> dict[str, datetime]:
    try:
        kept = json.loads(checkpoints.get(_CHECKPOINT)["seen"])
        return {str(arn): datetime.fromisoformat(at) for arn, at in kept.items()}
    except (KeyError, ValueError, TypeError, AttributeError):  # none yet, or not ours: begun again
        return {}
