"""Incidents: reported to people once until they change, and recovered; recorded in the ledger.

the same problem reported every 15 minutes   ->  one e-mail
its fingerprint changes (3 files missing: 4)  ->  one more e-mail
it has recovered                              ->  one e-mail that says so
"""

from __future__ import annotations

import time
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from suimon.incidents.crowds import held, how_to_tell, once_told
from suimon.incidents.email import message, subject_line
from suimon.incidents.incident import Incident, Problem, Recovery, Stage, Told, is_news
from suimon.incidents.kinds import KINDS, NOTHING, About, IncidentId, Kind
from suimon.incidents.messages.crowds import told_together
from suimon.incidents.messages.recoveries import came_back, recovered
from suimon.ledger.batch import read_items
from suimon.ledger.by_state import items_in
from suimon.ledger.checkpoints import Checkpoints
from suimon.ledger.conditional import RefusedError, setting, write_if
from suimon.ledger.items import moment, stamp
from suimon.ledger.unusable import UnreadableItemError, Unusable, read_each, read_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from boto3.dynamodb.conditions import ConditionBase
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_sns import SNSClient

UNREADABLE = 0  # the revision of an incident that cannot be read; others begin with 1
# As many others may change an incident while a report is recorded.
TRIES = 10


class LostIncidentError(Exception):
    """Others change an incident all the time; the caller retries later."""


class IncidentStore:
    """Publishes problems and recoveries to one SNS topic, and records in the ledger what was published.

    Publish first, record after: a crash in between publishes it twice, never not at all.

        one function                 another (a redelivery, the next check)
        get: nothing known
        publish
        -- crash --
                                     get: nothing known
                                     publish (a second time)
                                     put: open                 <- from here on it is silent

    Every write is made only if the incident is as it was read. So nobody overwrites what another has reported, and
    whoever publishes a recovery while the problem comes back makes the problem the last word:

        recover                      report (the problem has come back)
        read: open, revision 1
                                     get: open, revision 1
                                     publish
                                     put: open, revision 2
        publish the recovery
        update if revision is 1      <- refused: the incident is open, and that is published again
    """

    def __init__(
        self,
        table: Table,
        sns: SNSClient,
        topic_arn: str,
        sleep: Callable[[float], None] = time.sleep,
        unusable: Unusable | None = None,
        *,
        stack: str = "",
    ) -> None:
        """Take table, topic, and the stack that commands in e-mails name.

        unusable: where to note an incident that cannot be read, instead of raising.
        """
        self._table = table
        self._sns = sns
        self._topic_arn = topic_arn
        self._sleep = sleep
        self._unusable = unusable
        self._stack = stack

    def report(self, problem: Problem, now: datetime) -> bool:
        """Publish a problem unless people know of it; return whether something was published."""
        known, published = self.known(problem.id), False
        for _ in range(TRIES):
            if not is_news(problem, known):
                return published
            told = Told.ALONE if published else how_to_tell(problem, known, Checkpoints(self._table), now)
            # A recovery may be the last that was published.
            if told is Told.ALONE and (not published or known is None or not known.is_open):
                self._publish(problem.subject, problem.body, problem.id)
                published = True
            if self._put(problem, Stage.OPEN, known, now, told):
                return published
            known = self.known(problem.id)
        raise LostIncidentError(f"the incident {problem.id} changes faster than a report can be recorded")

    def tell_together(self, now: datetime) -> int:
        """Publish what is held, one message a group, and record that it is told; return how many incidents."""
        groups = held(self.open_incidents())
        for group, incidents in groups.items():
            self._publish(*told_together(group.kind, incidents), group)
            for one in incidents:
                self._update(one, {"told": str(once_told(one)), "updated_at": stamp(now)})
        return sum(map(len, groups.values()))

    def report_all(self, problems: Iterable[Problem], recoveries: Iterable[Recovery], now: datetime) -> None:
        """Publish problems, then recoveries; what people know already is not published again.

        One that cannot be published keeps back no other; its error is raised at the end.
        """
        failed: Exception | None = None
        for problem in problems:
            try:
                self.report(problem, now)
            except Exception as error:  # noqa: BLE001 whatever it is, the others are published
                failed = error
        self.recover(list(recoveries), now)
        if failed:
            raise failed

    def has_lasted(self, problem: Problem, now: datetime) -> bool:
        """Return whether a problem has used up the patience with its kind, or is open; else record it as suspected.

        Whoever sees that it has passed calls `dismiss`.
        """
        known = self.known(problem.id)
        if known and known.stage is Stage.SUSPECTED:
            return KINDS[problem.kind].has_lasted(known.opened_at, now)
        if (known is None or not known.is_open) and self._put(problem, Stage.SUSPECTED, known, now):
            return False
        current = self.known(problem.id)
        return current is not None and current.is_open

    def dismiss(self, incident_id: IncidentId, now: datetime) -> None:
        """Forget a problem that was seen and has passed before anybody was alerted."""
        known = self.known(incident_id)
        if known and known.stage is Stage.SUSPECTED:
            self._end(known, now)

    def recover(self, recoveries: Sequence[Recovery], now: datetime) -> list[IncidentId]:
        """Publish which problems have recovered, if they are open; return the ids of those that were."""
        known = {one.id: one for one in self.read([one.incident_id for one in recoveries])}
        return [
            one.incident_id
            for one in recoveries
            if (incident := known.get(one.incident_id))
            and incident.is_open
            and one.revision in {None, incident.revision}
            and self._recover(incident, now, one.note)
        ]

    def _recover(self, incident: Incident, now: datetime, note: str) -> bool:
        if incident.told in {Told.ALONE, Told.AGAIN}:
            self._publish(*recovered(incident, now, note), incident.id)
        if not self._end(incident, now):
            current = self.known(incident.id)
            if current and current.is_open:
                self._publish(*came_back(current), current.id)
        return True

    def lapse(self, incident: Incident, now: datetime) -> bool:
        """Record that an incident has ended by itself, which is no news; return whether it had not changed."""
        return self._end(incident, now)

    def open_incidents(self) -> list[Incident]:
        """List the open incidents, oldest news first; the index may lag by a second."""
        return list(read_each(items_in(self._table, Stage.OPEN), _incident, self._unusable))

    def known(self, incident_id: IncidentId) -> Incident | None:
        """Return what was recorded of a problem, or None: nothing ever.

        What cannot be read counts as recovered, so that the next report of the problem writes over it.
        """
        item = self._table.get_item(Key=_key(incident_id), ConsistentRead=True).get("Item")
        if item is None:
            return None
        try:
            return read_item(item, _incident)
        except UnreadableItemError:
            long_ago = datetime.fromtimestamp(0, UTC)
            return Incident(incident_id.kind, NOTHING, Stage.RECOVERED, "", "", long_ago, long_ago, UNREADABLE)

    def read(self, incident_ids: Sequence[IncidentId]) -> list[Incident]:
        """Return what was recorded of some problems, in no order."""
        keys = [_key(one) for one in dict.fromkeys(incident_ids)]
        return list(read_each(read_items(self._table, keys, self._sleep), _incident, self._unusable))

    def _put(
        self, problem: Problem, stage: Stage, known: Incident | None, now: datetime, told: Told = Told.ALONE
    ) -> bool:
        """Record a problem unless another function has written since `known`; return whether it is recorded."""
        try:
            write_if(_is_still(known), self._table.put_item, Item=_item(problem, stage, known, now, told))
        except RefusedError:
            return False
        return True

    def _end(self, incident: Incident, now: datetime) -> bool:
        """Record that an incident is open no longer, unless it has changed; return whether that is recorded."""
        return self._update(incident, {"state": str(Stage.RECOVERED), "updated_at": stamp(now)})

    def _update(self, incident: Incident, changes: dict[str, Any]) -> bool:
        """Change an incident unless it has changed; return whether that is recorded."""
        try:
            write_if(
                Attr("revision").eq(incident.revision),
                self._table.update_item,
                Key=_key(incident.id),
                **setting(changes | {"revision": incident.revision + 1}),
            )
        except RefusedError:
            return False
        return True

    def _publish(self, subject: str, body: str, incident_id: IncidentId) -> None:
        self._sns.publish(
            TopicArn=self._topic_arn,
            Subject=subject_line(f"[Suimon] {subject}"),
            Message=message(body, str(incident_id), self._stack),
        )


def _is_still(known: Incident | None) -> ConditionBase:
    """Return the condition that nobody has written since an incident was read."""
    if known is None:
        return Attr("pk").not_exists()
    return Attr("pk").exists() if known.revision == UNREADABLE else Attr("revision").eq(known.revision)


def _incident(item: Mapping[str, Any]) -> Incident:
    return Incident(
        kind=Kind(item["kind"]),
        about=About(**{field.name: str(item.get(field.name, "")) for field in fields(About)}),
        stage=Stage(item["state"]),
        fingerprint=str(item["fingerprint"]),
        subject=str(item["subject"]),
        opened_at=moment(item["opened_at"]),
        updated_at=moment(item["updated_at"]),
        revision=int(item["revision"]),
        told=Told(item.get("told", Told.ALONE)),
    )


def _item(problem: Problem, stage: Stage, known: Incident | None, now: datetime, told: Told) -> dict[str, str | int]:
    return {
        **_key(problem.id),
        **{name: value for name, value in asdict(problem.about).items() if value},
        "incident_id": str(problem.id),
        "kind": str(problem.kind),
        "severity": str(KINDS[problem.kind].severity),
        "state": str(stage),
        "told": str(told),
        "fingerprint": problem.fingerprint,
        "subject": problem.subject,
        "opened_at": stamp(known.opened_at if known and known.is_open else now),
        "updated_at": stamp(now),
        "revision": known.revision + 1 if known else 1,
    }


def _key(incident_id: IncidentId) -> dict[str, str]:
    return {"pk": f"incident#{incident_id}", "sk": "incident"}
