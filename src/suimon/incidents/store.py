"""Incidents: reported to people once until they change, and recovered; remembered in the ledger.

the same problem reported every 15 minutes   ->  one e-mail
its fingerprint changes (3 files missing: 4)  ->  one more e-mail
it has recovered                              ->  one e-mail that says so
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from suimon.incidents.email import message, subject_line
from suimon.incidents.incident import Incident, Problem, is_news
from suimon.incidents.kinds import KINDS, About, IncidentId, Kind
from suimon.ledger.batch import read_items
from suimon.ledger.by_state import IncidentState, items_in
from suimon.ledger.conditional import RefusedError, setting, write_if
from suimon.ledger.items import moment, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_sns import SNSClient

OPEN, RECOVERED, SUSPECTED = IncidentState.OPEN, IncidentState.RECOVERED, IncidentState.SUSPECTED


class IncidentStore:
    """Publishes problems and recoveries to one SNS topic, and records in the ledger what was published.

    Publish first, record after: a crash in between publishes it twice, never not at all.

        one function                 another (a redelivery, the next check)
        get: nothing known
        publish
        -- crashes here --
                                     get: nothing known
                                     publish (a second time)
                                     put: open                 <- from here on it is silent

    A recovery is recorded only while the incident is the one that was read:

        recover                      report (the problem came back, otherwise)
        get: open, revision 1
                                     get: open, revision 1
                                     publish
                                     put: open, revision 2
        publish the recovery
        update if revision is 1      <- refused: the incident stays open
    """

    def __init__(
        self, table: Table, sns: SNSClient, topic_arn: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._table = table
        self._sns = sns
        self._topic_arn = topic_arn
        self._sleep = sleep

    def report(self, problem: Problem, now: datetime) -> bool:
        """Publish a problem unless people know of it; return whether something was published."""
        known = self.known(problem.id)
        if not is_news(problem, known):
            return False
        opened_at = known.opened_at if known and known.is_open else now
        self._publish(f"[Suimon] {problem.subject}", problem.body, problem.id)
        self._table.put_item(Item=_item(problem, OPEN, opened_at, now, known))
        return True

    def lasts(self, problem: Problem, now: datetime, at_least: timedelta) -> bool:
        """Return whether a problem was seen so long before, or is open, and so is to be reported; else record it.

        Whoever sees that it has passed calls `dismiss`.
        """
        known = self.known(problem.id)
        if known and known.is_open:
            return True
        if known and known.is_suspected:
            return now - known.opened_at >= at_least
        unless_open = Attr("pk").not_exists() | Attr("state").ne(OPEN)
        try:
            write_if(unless_open, self._table.put_item, Item=_item(problem, SUSPECTED, now, now, known))
        except RefusedError:
            return True  # another round has reported it since we looked
        return False

    def dismiss(self, incident_id: IncidentId, now: datetime) -> None:
        """Forget a problem that was seen and that nobody was alerted of."""
        recovered = setting({"state": str(RECOVERED), "updated_at": stamp(now)})
        with suppress(RefusedError):
            write_if(Attr("state").eq(SUSPECTED), self._table.update_item, Key=_key(incident_id), **recovered)

    def recover(self, incident_id: IncidentId, now: datetime, note: str = "") -> bool:
        """Publish that an open problem has recovered (`note`: how); return whether something was published."""
        known = self.known(incident_id)
        return known is not None and known.is_open and self._recover(known, now, note)

    def recover_all(self, incident_ids: Sequence[IncidentId], now: datetime, note: str = "") -> list[IncidentId]:
        """Publish that those of some problems that are open have recovered, after one read of all; return their ids."""
        items = read_items(self._table, [_key(one) for one in incident_ids], self._sleep)
        found = sorted(map(_incident, items), key=lambda one: incident_ids.index(one.id))
        return [one.id for one in found if one.is_open and self._recover(one, now, note)]

    def _recover(self, known: Incident, now: datetime, note: str) -> bool:
        told = f"Over: {known.subject}\n\nIt was open from {_minute(known.opened_at)} to {_minute(now)}. Nothing to do."
        self._publish(f"[Suimon] Recovered: {known.subject}", f"{note}\n\n{told}" if note else told, known.id)
        times = {"updated_at": stamp(now), "recovered_at": stamp(now)}
        recovered = setting({"state": str(RECOVERED), **times, "revision": known.revision + 1})
        unchanged = Attr("state").eq(OPEN) & Attr("revision").eq(known.revision)
        try:
            write_if(unchanged, self._table.update_item, Key=_key(known.id), **recovered)
        except RefusedError:
            return True  # somebody else recovered it, or it came back: either way the ledger already says so
        return True

    def open_incidents(self) -> list[Incident]:
        """List the open incidents, oldest news first; the index may lag by a second."""
        return list(map(_incident, items_in(self._table, OPEN)))

    def known(self, incident_id: IncidentId) -> Incident | None:
        """Return what was published of a problem, or None: nothing ever."""
        item = self._table.get_item(Key=_key(incident_id), ConsistentRead=True).get("Item")
        return _incident(item) if item else None

    def _publish(self, subject: str, body: str, incident_id: IncidentId) -> None:
        self._sns.publish(
            TopicArn=self._topic_arn, Subject=subject_line(subject), Message=message(body, str(incident_id))
        )


def _incident(item: Mapping[str, Any]) -> Incident:
    return Incident(
        kind=Kind(item["kind"]),
        about=About(**{field.name: str(item.get(field.name, "")) for field in fields(About)}),
        is_open=item["state"] == OPEN,
        fingerprint=str(item["fingerprint"]),
        subject=str(item["subject"]),
        opened_at=moment(item["opened_at"]),
        updated_at=moment(item["updated_at"]),
        is_suspected=item["state"] == SUSPECTED,
        revision=int(item["revision"]),
    )


def _item(
    problem: Problem, state: IncidentState, opened_at: datetime, now: datetime, known: Incident | None
) -> dict[str, Any]:
    return {
        **_key(problem.id),
        **{name: value for name, value in asdict(problem.about).items() if value},
        "incident_id": str(problem.id),
        "kind": str(problem.kind),
        "severity": str(KINDS[problem.kind].severity),
        "state": str(state),
        "fingerprint": problem.fingerprint,
        "subject": problem.subject,
        "opened_at": stamp(opened_at),
        "updated_at": stamp(now),
        "revision": known.revision + 1 if known else 1,
    }


def _key(incident_id: IncidentId) -> dict[str, str]:
    return {"pk": f"incident#{incident_id}", "sk": "incident"}


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M %Z}".rstrip()
