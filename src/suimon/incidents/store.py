"""One problem, from its opening to its recovery, told to people once until it changes.

the same problem reported every 15 minutes   ->  one e-mail
its fingerprint changes (3 files missing: 4)  ->  one more e-mail
it is gone                                    ->  one e-mail that says so
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, Key

from suimon.incidents.email import message, subject_line
from suimon.incidents.incident import Incident, Problem, is_news
from suimon.ledger.batch import read_items
from suimon.ledger.items import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta

    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_sns import SNSClient

# In the ledger's `state` attribute, so that the index of states finds incidents too; no drop has such a state.
OPEN = "INCIDENT_OPEN"
RECOVERED = "INCIDENT_RECOVERED"
# Seen once and not told yet: what may be over by itself.
SUSPECTED = "INCIDENT_SUSPECTED"


class IncidentDesk:
    """Publishes problems and recoveries to one SNS topic; remembers in the ledger what it has said.

    Publish first, mark after: a crash in between says it twice, never not at all.

        desk A                       desk B (a redelivery, the next check)
        get: nothing known
        publish
        -- killed here --
                                     get: nothing known
                                     publish (twice said)
                                     put: open                 <- from here on it is silent

    A recovery is marked only while the incident is the one that was read:

        recover                      report (the problem came back, otherwise)
        get: open, fingerprint 1
                                     get: open, fingerprint 1
                                     publish fingerprint 2
                                     put: open, fingerprint 2
        publish the recovery
        update if fingerprint is 1   <- refused: the incident stays open
    """

    def __init__(
        self, table: Table, sns: SNSClient, topic_arn: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._table = table
        self._sns = sns
        self._topic_arn = topic_arn
        self._sleep = sleep

    def report(self, problem: Problem, now: datetime) -> bool:
        """Tell people of the problem unless they know; True when something was published."""
        known = self.known(problem.id)
        if not is_news(problem, known):
            return False
        opened_at = known.opened_at if known and known.is_open else now
        self._publish(f"[Suimon] {problem.subject}", problem.body, problem.id)
        self._table.put_item(Item=_item(problem, OPEN, opened_at, now))
        return True

    def lasts(self, problem: Problem, now: datetime, at_least: timedelta) -> bool:
        """Whether a problem was seen so long before, or is open, and so is to be told; else note that it was seen.

        Who sees that it is over says so by `dismiss`.
        """
        known = self.known(problem.id)
        if known and known.is_open:
            return True
        if known and known.is_suspected:
            return now - known.opened_at >= at_least
        try:
            self._table.put_item(
                Item=_item(problem, SUSPECTED, now, now),
                ConditionExpression=Attr("pk").not_exists() | Attr("state").ne(OPEN),
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return True  # another round has told it since we looked
        return False

    def dismiss(self, problem_id: str, now: datetime) -> None:
        """Forget that a problem was seen which nobody was told of."""
        with suppress(self._table.meta.client.exceptions.ConditionalCheckFailedException):
            self._table.update_item(
                Key=_key(problem_id),
                UpdateExpression="SET #state = :recovered, updated_at = :now",
                ConditionExpression=Attr("state").eq(SUSPECTED),
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":recovered": RECOVERED, ":now": stamp(now)},
            )

    def recover(self, incident_id: str, now: datetime, note: str = "") -> bool:
        """Tell people that an open problem is gone (`note`: how); True when something was published."""
        known = self.known(incident_id)
        return known is not None and known.is_open and self._recover(known, now, note)

    def recover_all(self, incident_ids: Sequence[str], now: datetime, note: str = "") -> list[str]:
        """Tell that those of some problems that are open are gone, after one look at all; give their ids."""
        items = read_items(self._table, [_key(one) for one in incident_ids], self._sleep)
        found = sorted((_incident(item) for item in items), key=lambda one: incident_ids.index(one.id))
        return [one.id for one in found if one.is_open and self._recover(one, now, note)]

    def _recover(self, known: Incident, now: datetime, note: str) -> bool:
        incident_id = known.id
        told = f"Over: {known.subject}\n\nIt was open from {_minute(known.opened_at)} to {_minute(now)}. Nothing to do."
        self._publish(f"[Suimon] Recovered: {known.subject}", f"{note}\n\n{told}" if note else told, incident_id)
        try:
            self._table.update_item(
                Key=_key(incident_id),
                UpdateExpression="SET #state = :recovered, updated_at = :now, recovered_at = :now",
                ConditionExpression=Attr("state").eq(OPEN) & Attr("fingerprint").eq(known.fingerprint),
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":recovered": RECOVERED, ":now": stamp(now)},
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return True  # somebody else recovered it, or it came back: either way the ledger already says so
        return True

    def open_incidents(self, prefix: str = "") -> list[str]:
        """List the ids of open incidents with this prefix, oldest news first; an index may lag by a second."""
        found: list[str] = []
        page: dict[str, Any] = {}
        while True:
            answer = self._table.query(IndexName="by_state", KeyConditionExpression=Key("state").eq(OPEN), **page)
            ids = (str(item["pk"]).removeprefix("incident#") for item in answer["Items"])
            found += [incident_id for incident_id in ids if incident_id.startswith(prefix)]
            if "LastEvaluatedKey" not in answer:
                return found
            page = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def known(self, incident_id: str) -> Incident | None:
        """What has been said of a problem, or None: nothing ever."""
        item = self._table.get_item(Key=_key(incident_id), ConsistentRead=True).get("Item")
        return _incident(item) if item else None

    def _publish(self, subject: str, body: str, incident_id: str) -> None:
        self._sns.publish(TopicArn=self._topic_arn, Subject=subject_line(subject), Message=message(body, incident_id))


def _incident(item: Mapping[str, Any]) -> Incident:
    return Incident(
        id=str(item["incident_id"]),
        is_open=item["state"] == OPEN,
        fingerprint=str(item["fingerprint"]),
        subject=str(item["subject"]),
        opened_at=datetime.fromisoformat(str(item["opened_at"])),
        is_suspected=item["state"] == SUSPECTED,
    )


def _item(problem: Problem, state: str, opened_at: datetime, now: datetime) -> dict[str, str]:
    return {
        **_key(problem.id),
        "incident_id": problem.id,
        "state": state,
        "fingerprint": problem.fingerprint,
        "subject": problem.subject,
        "opened_at": stamp(opened_at),
        "updated_at": stamp(now),
    }


def _key(incident_id: str) -> dict[str, str]:
    return {"pk": f"incident#{incident_id}", "sk": "incident"}


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}".rstrip()
