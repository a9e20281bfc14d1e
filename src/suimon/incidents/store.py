"""Incidents: reported to people once until they change, and recovered; recorded in the ledger.

the same problem reported every 15 minutes   ->  one e-mail
its fingerprint changes (3 files missing: 4)  ->  one more e-mail
it has recovered                              ->  one e-mail that says so
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from suimon.drops.refusal import meant
from suimon.drops.wording import Bilingual
from suimon.incidents import lifecycle
from suimon.incidents.about import NOTHING, About
from suimon.incidents.ack_snooze_close import Action, ActionError, acted, look_at
from suimon.incidents.grouping import Group, ToldGroup, groups_standing, held, how_to_tell, once_told
from suimon.incidents.incident import TOLD_ALONE, Event, Incident, Notice, Problem, Recovery, Stage, Told
from suimon.incidents.inhibition import MUTABLE, inhibition_of
from suimon.incidents.items import incident_of, item_of, key_of
from suimon.incidents.kinds import KINDS, IncidentId, Severity
from suimon.incidents.lifecycle import news_of, notice_about, notice_of
from suimon.incidents.messages.groups import all_over, told_alone, told_together
from suimon.incidents.messages.recoveries import came_back, closed_by_hand, ended_by_itself, recovered
from suimon.incidents.messages.reminders import still_open
from suimon.incidents.reminders import due_reminders
from suimon.ledger.batch import read_items
from suimon.ledger.by_state import items_in
from suimon.ledger.checkpoints import Checkpoints
from suimon.ledger.conditional import RefusedError, write_if
from suimon.ledger.unreadable_items import UnreadableItemError, Unusable, read_each, read_item

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from boto3.dynamodb.conditions import ConditionBase
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.incidents.publisher import Publisher

UNREADABLE = 0  # the revision of an incident that cannot be read; others begin with 1
# As many others may change an incident while a report is recorded.
TRIES = 10
# The checkpoint that keeps the groups that were told and are not over.
TOGETHER = "told-together"


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
        publisher: Publisher,
        sleep: Callable[[float], None] = time.sleep,
        unusable: Unusable | None = None,
    ) -> None:
        """Take table and publisher. unusable: where to note an incident that cannot be read, instead of raising."""
        self._table = table
        self._publisher = publisher
        self._sleep = sleep
        self._unusable = unusable

    def report(self, problem: Problem, now: datetime) -> bool:
        """Publish a problem unless people know of it; return whether something was published."""
        known, published = self.known(problem.id), False
        for _ in range(TRIES):
            event = news_of(problem, known)
            if event is None:
                return published
            told, muted_by = (Told.ALONE, "") if published else self._how_to_tell(problem, known, event, now)
            # A recovery may be the last that was published.
            if told is Told.ALONE and (not published or known is None or not known.is_open):
                self._publish(replace(notice_of(problem, event), incidents=_before(known)), now)
                published = True
            if self._put(lifecycle.reported(problem, known, told, now, muted_by), known):
                return published
            known = self.known(problem.id)
        raise LostIncidentError(f"the incident {problem.id} changes faster than a report can be recorded")

    def _how_to_tell(self, problem: Problem, known: Incident | None, event: Event, now: datetime) -> tuple[Told, str]:
        """Return how news is told; if something that is open explains it, by its id."""
        if problem.kind in MUTABLE and (event is Event.OPENED or (known and known.told is Told.MUTED)):
            found = inhibition_of(problem.kind, problem.about, self.open_incidents(), now)
            if found:
                return Told.MUTED, str(found[1].id)
        return how_to_tell(problem, known, event, Checkpoints(self._table), now), ""

    def tell_held(self, now: datetime) -> int:
        """Publish what is held, one message a group, and record that it is told; return how many incidents.

        Warnings that have lasted too long become errors first, and are told with the others. One that cannot be
        published keeps back no other; its error is raised at the end.
        """
        for worse in lifecycle.escalated(self.open_incidents(), now):
            self._write(worse)
        opened = self.open_incidents()
        groups = held(opened, now)
        standing = self._end_groups(groups, opened, now)
        return self._publish_each([(_notice_of_group(one, opened, now), one) for one in groups], standing, now)

    def _publish_each(
        self, notices: Sequence[tuple[Notice, Group]], standing: Collection[ToldGroup], now: datetime
    ) -> int:
        failed: Exception | None = None
        for notice, group in notices:
            try:
                self._publish(notice, now)
                for one in group.incidents:
                    self._write(once_told(one, group, standing, now))
            except Exception as error:  # noqa: BLE001 whatever it is, the others are published
                failed = error
        if failed:
            raise failed
        return sum(len(group.incidents) for _, group in notices)

    def _end_groups(self, groups: Sequence[Group], opened: Sequence[Incident], now: datetime) -> Collection[ToldGroup]:
        """Publish which groups are over; record and return those that are not.

        Before the groups themselves: a crash in between must not lose the message that ends them.
        """
        checkpoints = Checkpoints(self._table)
        texts = checkpoints.get(TOGETHER)
        kept = [group for name in sorted(texts) if (group := ToldGroup.from_text(texts[name]))]
        standing = groups_standing(kept, groups, opened)
        ended = [group for group in kept if group.id not in standing]
        closed = self._closed() if ended else []
        for group in ended:
            by_hand = sum(1 for one in closed if group.has(one))
            others = sum(1 for one in opened if one.kind is group.kind and group.dataset in {"", one.about.dataset})
            self._publish(all_over(group, closed=by_hand, others=others), now)
        if (now_kept := {str(name): group.to_text() for name, group in standing.items()}) != texts:
            checkpoints.put(TOGETHER, now_kept)
        return standing.values()

    def remind(self, zones: Mapping[str, str], now: datetime) -> int:
        """Publish what has been open for long, once a day or week, at nine in each zone; return how many incidents.

        zones: that of each dataset; under "", of all else.
        """
        reminders = due_reminders(self.open_incidents(), zones, now)
        for zone, incidents in reminders.items():
            self._publish(still_open(incidents, zone), now)
            for one in incidents:
                self._write(replace(one, told_at=now, revision=one.revision + 1))
        return sum(map(len, reminders.values()))

    def find(self, incident_id: str) -> Incident:
        """Return the incident of an id; ActionError when there is none."""
        item = self._table.get_item(Key=key_of(incident_id), ConsistentRead=True).get("Item")
        if item is None:
            raise self._no_incident(incident_id)
        return read_item(item, incident_of)

    def _no_incident(self, incident_id: str) -> ActionError:
        like = meant(incident_id, (str(one.id) for one in self.standing()))
        en, ja = (f"; did you mean {like}?", f"。もしかして: {like}") if like else ("", "")
        why = Bilingual(f"there is no incident {incident_id}{en}", f"インシデント {incident_id} はありません{ja}")
        return ActionError(why, then=look_at(like) if like else "suimon incidents")

    def act(self, action: Action, now: datetime) -> Incident:
        """Do to an incident what a person asks; ActionError when that cannot be, or when it has changed meanwhile."""
        known = self.find(action.incident_id)
        changed = acted(known, action, now)
        if changed.stage is Stage.CLOSED and known.told in TOLD_ALONE:
            self._publish(notice_about(changed, Event.CLOSED, *closed_by_hand(changed)), now)
        if not self._write(changed):
            why = Bilingual(
                f"incident {action.incident_id} has changed just now: look at it again",
                f"インシデント {action.incident_id} は今しがた更新されました。もう一度確認してください",
            )
            raise ActionError(why, then=look_at(action.incident_id))
        return changed

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
        if (known is None or not known.stands) and self._put(lifecycle.suspected(problem, known, now), known):
            return False
        current = self.known(problem.id)
        return current is not None and current.stands

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
            and incident.stands
            and one.revision in {None, incident.revision}
            and self._recover(incident, now, one.note)
        ]

    def _recover(self, incident: Incident, now: datetime, note: str) -> bool:
        if incident.is_open and incident.told in TOLD_ALONE:
            self._publish(notice_about(incident, Event.RECOVERED, *recovered(incident, now, note)), now)
        self._end_told(incident, now)
        return True

    def lapse(self, incident: Incident, now: datetime) -> bool:
        """Record that an incident has ended by itself; return whether it had not changed.

        Of an error people hear, for a pager keeps it red until then; the end of a warning is no news.
        """
        if incident.is_open and incident.severity is Severity.ERROR and incident.told in TOLD_ALONE:
            self._publish(notice_about(incident, Event.CLOSED, *ended_by_itself(incident)), now)
            return self._end_told(incident, now)
        return self._end(incident, now)

    def _end_told(self, incident: Incident, now: datetime) -> bool:
        """Record that what people may have just heard the end of has ended; say so if it is open all the same."""
        if self._end(incident, now):
            return True
        current = self.known(incident.id)
        if current and current.is_open:
            self._publish(notice_about(current, Event.REOPENED, *came_back(current)), now)
        return False

    def open_incidents(self) -> list[Incident]:
        """List the open incidents, oldest news first; the index may lag by a second."""
        return list(read_each(items_in(self._table, Stage.OPEN), incident_of, self._unusable))

    def standing(self) -> list[Incident]:
        """List what has not recovered: what is open, and what a person has closed though its cause may stand."""
        return [*self.open_incidents(), *self._closed()]

    def _closed(self) -> list[Incident]:
        return list(read_each(items_in(self._table, Stage.CLOSED), incident_of, self._unusable))

    def known(self, incident_id: IncidentId) -> Incident | None:
        """Return what was recorded of a problem, or None: nothing ever.

        What cannot be read counts as recovered, so that the next report of the problem writes over it.
        """
        item = self._table.get_item(Key=key_of(incident_id), ConsistentRead=True).get("Item")
        if item is None:
            return None
        try:
            return read_item(item, incident_of)
        except UnreadableItemError:
            long_ago = datetime.fromtimestamp(0, UTC)
            return Incident(incident_id.kind, NOTHING, Stage.RECOVERED, "", "", long_ago, long_ago, UNREADABLE)

    def read(self, incident_ids: Sequence[IncidentId]) -> list[Incident]:
        """Return what was recorded of some problems, in no order."""
        keys = [key_of(one) for one in dict.fromkeys(incident_ids)]
        return list(read_each(read_items(self._table, keys, self._sleep), incident_of, self._unusable))

    def _end(self, incident: Incident, now: datetime) -> bool:
        """Record that an incident has recovered, unless it has changed; return whether that is recorded."""
        return self._write(lifecycle.recovered(incident, now))

    def _write(self, incident: Incident) -> bool:
        """Record an incident as it is now, unless another function has written since; return whether it is."""
        return self._put(incident, replace(incident, revision=incident.revision - 1))

    def _put(self, incident: Incident, known: Incident | None) -> bool:
        """Record an incident unless another function has written since `known`; return whether it is recorded."""
        try:
            write_if(_is_still(known), self._table.put_item, Item=item_of(incident))
        except RefusedError:
            return False
        return True

    def _publish(self, notice: Notice, now: datetime) -> None:
        self._publisher.publish(notice, now)


def _before(known: Incident | None) -> tuple[Incident, ...]:
    """Return what was open of a problem when it was reported: it says since when."""
    return (known,) if known and known.is_open else ()


def _notice_of_group(group: Group, opened: Sequence[Incident], now: datetime) -> Notice:
    first, kind = group.incidents[0], group.id.kind
    if len(group.incidents) == 1:
        is_explained = any(str(one.id) == first.muted_by for one in opened)
        return notice_about(first, group.event, *told_alone(first, now, is_explained=is_explained))
    in_all = sum(1 for one in opened if one.kind is kind)
    subject, body = told_together(kind, group.incidents, in_all)
    about = About(dataset=group.dataset)
    return Notice(group.event, group.id, kind, group.severity, about, subject, body, group.incidents)


def _is_still(known: Incident | None) -> ConditionBase:
    """Return the condition that nobody has written since an incident was read."""
    if known is None:
        return Attr("pk").not_exists()
    return Attr("pk").exists() if known.revision == UNREADABLE else Attr("revision").eq(known.revision)
