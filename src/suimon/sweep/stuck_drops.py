"""Drops that wait: for somebody to go on with them, or for a contract that matches their key."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from suimon.drops.drop import State
from suimon.drops.sets import is_open, is_whole
from suimon.incidents.incident import EXAMPLES, of_kind
from suimon.incidents.messages.sweep import stuck_drops
from suimon.sweep.findings import Finding
from suimon.sweep.turns import longest_in, may_wait

if TYPE_CHECKING:
    from collections.abc import Iterable

    from suimon.contract.model import Contract, Contracts
    from suimon.drops.drop import DropRecord
    from suimon.drops.sets import DropSet
    from suimon.incidents.store import IncidentDesk
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.drops import Ledger


# The gate takes seconds; a message that failed comes again within 15 minutes.
IDLE = timedelta(minutes=10)
# Asked to go on several times by then: something is in the way that needs a person.
LIMIT = timedelta(hours=1)
# Sent in a round: MWAA's pace lets some 4,000 runs through until the next one. A queue that holds a message for each
# that waits holds, as a rule, theirs: when they wait for Airflow, others would help nobody. A few are sent anyway.
QUEUE_HOLDS, SENT_AT_LEAST = 3_000, 20
SETS_AT_MOST = 1_000  # some five milliseconds each
STUCK = "stuck drop"
STATES = (State.RECEIVED, State.VALIDATING, State.ACCEPTED)


def resume_stuck(
    ledger: Ledger,
    contracts: Contracts,
    queue: IntakeQueue,
    desk: IncidentDesk,
    backlog: int,
    opened: Iterable[str],
    now: datetime,
) -> Finding:
    """Send on what has stood still; tell, one incident a dataset, what has not moved for an hour in spite of that.

    An accepted part of a set may wait for the others; that its set stays incomplete is told elsewhere.
    """
    read = [longest_in(ledger, state, now - IDLE, lambda one: not may_wait(one, contracts)) for state in STATES]
    still = [record for records, _ in read for record in records if stands_still(record, now)]
    parts = [record for record in still if may_wait(record, contracts)]
    waiting = sorted((record for record in still if not may_wait(record, contracts)), key=_since)
    to_send = sorted(waiting + parts_to_send(parts, ledger, contracts), key=_since)
    sent = to_send[: max(SENT_AT_LEAST, min(QUEUE_HOLDS, len(to_send)) - backlog)]
    queue.resume([record.id for record in sent])
    late = {record.id: record for record in waiting if is_late(record, now)}
    datasets = {record.dataset for record in late.values()}
    for dataset in sorted(datasets):
        desk.report(stuck_drops(dataset, [record for record in late.values() if record.dataset == dataset]), now)
    if not any(was_cut for _, was_cut in read):  # else there may be others that were not read
        for dataset in of_kind("stuck", opened) - datasets:
            desk.recover(f"stuck:{dataset}", now, "No file of this dataset has stood still for an hour.")
    healed = sum(record.id not in late and not may_wait(record, contracts) for record in sent)
    examples = tuple(f"{record.drop.key} ({record.state})" for record in waiting[:EXAMPLES])
    return Finding(STUCK, len(still), healed + len(late), healed, len(late), examples)


def parts_to_send(parts: Iterable[DropRecord], ledger: Ledger, contracts: Contracts) -> list[DropRecord]:
    """Choose, of accepted parts of sets, those with which the gate can do something.

    One that has not joined: whoever should have let it died. Of a set that may be whole, one: it takes the set to its
    run, and all others follow that. The rest waits for files that have not come. Sets are looked at newest part first:
    those that were given up had their turn when they were new.
    """
    by_set: dict[tuple[str, str], list[DropRecord]] = defaultdict(list)
    for part in sorted(parts, key=_since, reverse=True):
        by_set[part.dataset, part.partition].append(part)
    chosen = []
    for dataset, partition in list(by_set)[:SETS_AT_MOST]:
        of_it, whole = by_set[dataset, partition], ledger.sets.get(dataset, partition)
        joined = {*whole.shards, whole.control.drop_id if whole.control else ""}
        chosen += [part for part in of_it if part.id not in joined]
        if _may_go_on(whole, contracts.of(dataset)):
            chosen += [part for part in of_it if part.id in joined][:1]
    return chosen


def _may_go_on(whole: DropSet, contract: Contract) -> bool:
    """Whether a set's run was opened or may be: a contract that has changed may ask for fewer shards than before."""
    return is_open(whole) or contract.set_rule is None or is_whole(whole, contract.set_rule)


def _since(record: DropRecord) -> str:
    return record.updated_at


def stands_still(record: DropRecord, now: datetime) -> bool:
    """Whether nobody is at work on a drop: a lease that runs may belong to somebody who is."""
    return record.state is not State.VALIDATING or datetime.fromisoformat(record.lease_until) < now


def is_late(record: DropRecord, now: datetime) -> bool:
    """Whether it has stood there for too long to be left to another try alone.

    A check that dies each time is taken over each time, and so never stands there for long: its coming counts.
    """
    dies = record.state is State.VALIDATING and record.attempt == 1
    return datetime.fromisoformat(record.received_at if dies else record.updated_at) < now - LIMIT
