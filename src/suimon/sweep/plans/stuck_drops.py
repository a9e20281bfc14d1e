"""Which waiting drops are sent to the gate again, and which of them people hear of. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from suimon.drops.hold import hold_on, is_held, waits_since
from suimon.drops.sets import is_open, is_whole
from suimon.drops.states import State
from suimon.incidents.incident import EXAMPLES, gone, of_kind
from suimon.incidents.kinds import Kind
from suimon.incidents.messages.failing import failing, failing_by_error, is_due
from suimon.incidents.messages.recoveries import NOTHING_FAILS, NOTHING_IS_ORPHANED, NOTHING_IS_STUCK
from suimon.incidents.messages.sweep import orphaned_drops, stuck_drops
from suimon.sweep.findings import Finding
from suimon.sweep.plans.set_parts import contract_of, is_orphan, may_wait
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from suimon.contract.model import Contract, Contracts
    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold
    from suimon.drops.sets import DropSet
    from suimon.incidents.incident import Incident, Problem, Recovery

STUCK = "stuck drop"
# Resumed several times by then: something blocks the drop that needs a person.
LATE = timedelta(hours=1)
# The gate takes seconds; a message that failed comes again within 15 minutes.
IDLE = timedelta(minutes=10)
# Sent in a round: MWAA's pace lets some 4,000 runs through until the next one. A queue that holds a message for each
# waiting drop holds, as a rule, theirs: when they wait for Airflow, more would help nobody. A few are sent anyway.
QUEUE_HOLDS, SENT_AT_LEAST = 3_000, 20
SETS_AT_MOST = 1_000  # some five milliseconds each

# A set's dataset and partition.
SetName = tuple[str, str]


@dataclass(frozen=True)
class Seen:
    """What a round has read.

    waiting: drops at the gate. all_read: whether there can be no others. sets: those whose parts are among the idle
    ones, as far as `sets_to_read` asked for them. backlog: messages in the intake queue. opened: the open incidents.
    holds: the last hold of each dataset that ever had one; `hold_on` returns the one that counts for a drop.
    """

    waiting: Sequence[DropRecord]
    sets: Mapping[SetName, DropSet]
    all_read: bool
    backlog: int
    opened: Sequence[Incident]
    holds: Mapping[str, Hold] = field(default_factory=dict)

    def hold_on(self, record: DropRecord, contracts: Contracts) -> Hold | None:
        """Return the hold that applies to a drop: its dataset's or its window's."""
        hold = self.holds.get(record.match.dataset) if record.match else None
        return hold_on(record, contract_of(record, contracts), hold)

    def without_held(self, contracts: Contracts, now: datetime) -> Seen:
        """Return this without the drops that wait for the end of a hold; parts of sets join their sets all the same."""
        waiting = [
            one
            for one in self.waiting
            if may_wait(one, contracts) or not is_held(one, self.hold_on(one, contracts), now)
        ]
        return replace(self, waiting=waiting)


@dataclass(frozen=True)
class Plan:
    """resume: the drops to send to the gate, those that have waited longest first."""

    resume: tuple[DropRecord, ...]
    problems: tuple[Problem, ...]
    recoveries: tuple[Recovery, ...]
    finding: Finding


def plan(seen: Seen, contracts: Contracts, now: datetime) -> Plan:
    """Choose what to resume, and report, one incident a dataset, what has not moved for an hour in spite of that.

    An accepted part of a set may wait for the others; that its set stays incomplete is reported elsewhere.
    """
    seen = seen.without_held(contracts, now)
    orphans = _orphans(seen, contracts)
    idle = [record for record in seen.waiting if is_idle(record, now) and not is_orphan(record, contracts)]
    parts = [record for record in idle if may_wait(record, contracts)]
    stuck = sorted((record for record in idle if not may_wait(record, contracts)), key=_since)
    wanted = sorted([*stuck, *parts_to_resume(parts, seen.sets, contracts)], key=_since)
    resume = wanted[: max(SENT_AT_LEAST, min(QUEUE_HOLDS, len(wanted)) - seen.backlog)]
    adopted = {one.about.dataset for one in of_kind(seen.opened, Kind.ORPHANED)}  # nobody has resumed them before
    late = [one for one in stuck if is_late(one, now, seen.hold_on(one, contracts))]
    late = [one for one in late if not one.failing and one.dataset not in adopted]
    due = [record for record in seen.waiting if is_due(record, now)]
    problems = [stuck_drops(dataset, records) for dataset, records in sorted(_by_dataset(late).items())]
    problems += [failing(*name, records) for name, records in sorted(failing_by_error(due).items())]
    problems += [orphaned_drops(dataset, records) for dataset, records in sorted(orphans.items())]
    reported = {record.id for record in [*late, *due]}
    reported |= {record.id for records in orphans.values() for record in records}
    repaired = len({record.id for record in resume} - reported - {record.id for record in parts})
    return Plan(
        tuple(resume),
        tuple(problems),
        tuple(_recoveries(seen, contracts, now)) if seen.all_read else (),
        Finding(
            STUCK,
            checked=len(idle),
            detected=repaired + len(reported),
            repaired=repaired,
            reported=len(reported),
            examples=tuple(f"{record.drop.key} ({record.state})" for record in stuck[:EXAMPLES]),
        ),
    )


def _recoveries(seen: Seen, contracts: Contracts, now: datetime) -> list[Recovery]:
    """Return what has recovered; a drop that is looked at just now is neither stuck nor through the gate."""
    orphans = [orphaned_drops(dataset, records) for dataset, records in _orphans(seen, contracts).items()]
    late = [one for one in seen.waiting if not may_wait(one, contracts)]
    late = [one for one in late if is_late(one, now, seen.hold_on(one, contracts))]
    late = [one for one in late if not is_orphan(one, contracts)]
    stuck = [stuck_drops(dataset, records) for dataset, records in _by_dataset(late).items()]
    fail = [failing(*name, records) for name, records in failing_by_error(seen.waiting).items()]
    return [
        *gone(seen.opened, Kind.STUCK, NOTHING_IS_STUCK, still=stuck),
        *gone(seen.opened, Kind.FAILING, NOTHING_FAILS, still=fail),
        *gone(seen.opened, Kind.ORPHANED, NOTHING_IS_ORPHANED, still=orphans),
    ]


def _orphans(seen: Seen, contracts: Contracts) -> dict[str, list[DropRecord]]:
    return _by_dataset(record for record in seen.waiting if is_orphan(record, contracts))


def _by_dataset(records: Iterable[DropRecord]) -> dict[str, list[DropRecord]]:
    found = defaultdict(list)
    for record in records:
        found[record.dataset].append(record)
    return found


def sets_to_read(idle: Iterable[DropRecord], contracts: Contracts) -> list[SetName]:
    """Choose the sets to look at, newest part first: those that were given up had their turn when they were new."""
    parts = [record for record in idle if may_wait(record, contracts)]
    newest_first = dict.fromkeys((part.dataset, part.partition) for part in sorted(parts, key=_since, reverse=True))
    return list(newest_first)[:SETS_AT_MOST]


def parts_to_resume(
    parts: Iterable[DropRecord], sets: Mapping[SetName, DropSet], contracts: Contracts
) -> list[DropRecord]:
    """Choose, of accepted parts of sets, those with which the gate can do something.

    A part that has not joined its set: the function that should have let it join has crashed. One that failed and then
    joined: only another try finds that it fails no longer. Of a set that may be whole, one part: it takes the set to
    its run, and all others follow. The others wait for files that have not come.
    """
    by_set = defaultdict(list)
    for part in sorted(parts, key=_since, reverse=True):
        by_set[part.dataset, part.partition].append(part)
    chosen = []
    for name, whole in sets.items():
        joined = {*whole.shards, whole.control.drop_id if whole.control else ""}
        again = [part for part in by_set[name] if part.id not in joined or part.failing]
        chosen += again
        if _may_run(whole, contracts.of(whole.dataset)):
            chosen += [part for part in by_set[name] if part not in again][:1]
    return chosen


def _may_run(whole: DropSet, contract: Contract) -> bool:
    """Whether a set's run was opened or may be: a contract that has changed may ask for fewer shards than before."""
    return is_open(whole) or contract.set_rule is None or is_whole(whole, contract.set_rule)


def _since(record: DropRecord) -> datetime:
    return record.updated_at


def is_idle(record: DropRecord, now: datetime) -> bool:
    """Whether nobody works on a drop; a lease that has not expired may belong to somebody who does."""
    return record.updated_at <= now - IDLE and not (record.state is State.VALIDATING and record.is_leased(now))


def is_late(record: DropRecord, now: datetime, hold: Hold | None) -> bool:
    """Whether a drop has been stuck for too long to be left to another try alone.

    A check that crashes each time is taken over each time, and so is never in its state for long: what counts is when
    the drop was received.
    """
    crashes = record.state is State.VALIDATING and record.attempt == 1
    return (record.received_at if crashes else waits_since(record, hold)) < now - LATE
