"""Whether anybody hears the alerts: how many subscriptions are deaf. Pure.

SNS takes a publish to a topic that nobody is subscribed to, and every e-mail carries a link that ends its
subscription, which mail scanners open.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Long enough for an alarm to be heard and looked into; one that was ended on purpose is no fault for ever.
REMEMBERED = timedelta(days=7)
MOST_REMEMBERED = 100
PENDING = "PendingConfirmation"  # SNS's words in place of an ARN


@dataclass(frozen=True)
class Hearing:
    """What was found. deaf: unconfirmed, vanished, and topics without any. seen: each confirmed one, and when last."""

    confirmed: int
    pending: int
    vanished: int
    empty_topics: int
    seen: Mapping[str, datetime]

    @property
    def deaf(self) -> int:
        """How many ears there should be that are not."""
        return self.pending + self.vanished + self.empty_topics


def hearing(topics: Iterable[Iterable[str]], seen: Mapping[str, datetime], now: datetime) -> Hearing:
    """Judge the subscriptions of each topic. seen: the confirmed ones of earlier rounds."""
    listed = [list(topic) for topic in topics]
    arns = [arn for topic in listed for arn in topic]
    confirmed = {arn for arn in arns if arn.startswith("arn:")}
    remembered = {arn: at for arn, at in seen.items() if now - at < REMEMBERED and arn not in confirmed}
    kept = dict(sorted(remembered.items(), key=lambda one: one[1])[-MOST_REMEMBERED:])
    return Hearing(
        confirmed=len(confirmed),
        pending=arns.count(PENDING),
        vanished=len(kept),
        empty_topics=sum(confirmed.isdisjoint(topic) and PENDING not in topic for topic in listed),
        seen=kept | dict.fromkeys(confirmed, now),
    )
