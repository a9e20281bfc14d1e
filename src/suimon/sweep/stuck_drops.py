"""Drops that wait: for somebody to go on with them, or for a contract that matches their key."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from suimon.contract.model import Role
from suimon.drops.drop import State
from suimon.drops.sets import is_open, is_whole
from suimon.incidents.messages import files
from suimon.incidents.store import Problem
from suimon.ledger.drops import LostClaimError, standing
from suimon.ledger.items import stamp
from suimon.sweep.findings import EXAMPLES, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from suimon.contract.model import Contract, Contracts
    from suimon.drops.drop import DropRecord
    from suimon.drops.sets import DropSet
    from suimon.incidents.store import IncidentDesk
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.checkpoints import Marks
    from suimon.ledger.drops import Ledger

One = TypeVar("One")

STUCK, UNMATCHED = "stuck drop", "adopted drop"
# The gate takes seconds; a message that failed comes again within 15 minutes.
IDLE = timedelta(minutes=10)
# Asked to go on several times by then: something is in the way that needs a person.
LIMIT = timedelta(hours=1)
# Read of each state in a round, those that have waited longest; and sent: MWAA's pace lets some 4,000 runs through
# until the next one. A queue that holds a message for each that waits holds, as a rule, theirs: when they wait for
# Airflow, others would help nobody. A few are sent all the same.
READ_AT_MOST, QUEUE_HOLDS, SENT_AT_LEAST = 3_000, 3_000, 20
PAGE = 300  # a query gives up to a megabyte
# And with what does not count: the parts of sets that are never made whole stay there, a thousand a set at most.
READ_IN_ALL = 20_000
SETS_AT_MOST = 1_000  # some five milliseconds each
# A contract that is new may match many old drops; the next round goes on.
ADOPTED_AT_MOST = 500

ROUND = timedelta(minutes=15)  # from one to the next
LONGEST_RUN = timedelta(minutes=15)  # of the intake function, and of the sweep's
# A drop is entered with a time that its function took before it told people, which may take all of its run. A round of
# the sweep enters with the time of its schedule, and Lambda makes one that died again, a minute and two minutes later.
OLDEST_STAMP = 3 * LONGEST_RUN + timedelta(minutes=3)
# An index follows its table within a second, longer under load, and clocks of functions differ.
# https://repost.aws/knowledge-center/dynamodb-missing-table-items-gsi
INDEX_LAG = timedelta(minutes=1)
# What lies behind the mark is not read again; nothing appears there any more that has a time before this.
SETTLED = OLDEST_STAMP + INDEX_LAG

MARK = "contracts"
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
        desk.report(_stuck(dataset, [record for record in late.values() if record.dataset == dataset]), now)
    if not any(was_cut for _, was_cut in read):  # else there may be others that were not read
        for dataset in of_kind("stuck", opened) - datasets:
            desk.recover(f"stuck:{dataset}", now, "No file of this dataset has stood still for an hour.")
    healed = sum(record.id not in late and not may_wait(record, contracts) for record in sent)
    examples = tuple(f"{record.drop.key} ({record.state})" for record in waiting[:EXAMPLES])
    return Finding(STUCK, len(still), healed + len(late), healed, len(late), examples)


def longest_in(
    ledger: Ledger, state: State, before: datetime, counts: Callable[[DropRecord], bool]
) -> tuple[list[DropRecord], bool]:
    """Read the drops that have been in a state for longest, and tell whether there may be more.

    It stops at READ_AT_MOST of those that count, so that those that may stand there for good hide no others.
    """
    found: list[DropRecord] = []
    counted, behind = 0, ""
    while page := ledger.in_state(state, before, PAGE, behind=behind):
        found += page
        counted += sum(counts(record) for record in page)
        if counted >= READ_AT_MOST or len(found) >= READ_IN_ALL:
            return found, True
        behind = standing(page[-1])
    return found, False


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


def may_wait(record: DropRecord, contracts: Contracts) -> bool:
    """Whether it is accepted and part of a set, which is opened when all are there."""
    return record.state is State.ACCEPTED and is_part_of_set(record, contracts)


def is_part_of_set(record: DropRecord, contracts: Contracts) -> bool:
    """Whether it is a shard, manifest or marker, which has no run of its own."""
    contract = next((one for one in contracts.all if one.dataset == record.dataset), None)
    return contract is not None and contract.role_of(record.drop.key) in {Role.SHARD, Role.CONTROL}


def in_turn(items: Sequence[One], at_most: int, now: datetime) -> list[One]:
    """Choose as many as a round can look at, each round the next ones: what stays for good hides no others."""
    start = int(now.timestamp() / ROUND.total_seconds()) * at_most % len(items) if items else 0
    return [*items[start:], *items[:start]][:at_most]


def of_kind(kind: str, opened: Iterable[str]) -> set[str]:
    """Give what the open incidents of a kind are about: `a` of `kind:a`."""
    return {one.removeprefix(f"{kind}:") for one in opened if one.startswith(f"{kind}:")}


def _stuck(dataset: str, records: Sequence[DropRecord]) -> Problem:
    listed = "\n".join(
        f"  {record.drop.key}: {record.state} since {record.updated_at}, drop {record.id}"
        for record in sorted(records, key=lambda one: one.updated_at)[:EXAMPLES]
    )
    more = f"\n  and {len(records) - EXAMPLES:,} more" if len(records) > EXAMPLES else ""
    return Problem(
        id=f"stuck:{dataset}",
        subject=f"{dataset}: files do not get through the gate",
        body=(
            f"These have stood still for more than an hour, though they were sent on again and again:\n{listed}{more}"
            "\n\nWhat to do: RECEIVED or VALIDATING: see the log of the intake function for the drop's id. ACCEPTED: "
            "Airflow does not take the run; another e-mail says why. Nothing is lost and nothing has to be sent again: "
            "they go on by themselves when the cause is gone."
        ),
        fingerprint="stuck",
    )


def adopt_unmatched(
    ledger: Ledger, contracts: Contracts, queue: IntakeQueue, desk: IncidentDesk, marks: Marks, now: datetime
) -> Finding:
    """Take in drops that came before their contract, if there are other patterns than when this was done last.

    The mark holds the patterns that all were held against (`done`), or those of the pass that is under way, behind
    which drop it goes on and when it began. While a release is under way an intake function of the one before may
    still be at work; so a pass goes on looking until a round that begins after such a function can no longer be.
    Younger drops are taken in as well, but the mark stays before them: older ones may yet appear among them.
    """
    patterns, mark = patterns_of(contracts), marks.get(MARK)
    if mark.get("done") == patterns:
        return Finding(UNMATCHED)
    if mark.get("under_way") != patterns:
        mark = {"under_way": patterns, "began": now.isoformat(), "behind": ""}
    behind, settled = mark.get("behind", ""), now - SETTLED
    if behind.partition("#")[0] > stamp(settled):  # a round that is made again, with its time: another has come further
        return Finding(UNMATCHED)
    records = ledger.in_state(State.UNMATCHED, now, ADOPTED_AT_MOST, behind=behind)
    adopted, left = [], set()
    for record in records:
        if matched := contracts.match(record.drop.key):
            contract, partition = matched
            with suppress(LostClaimError):  # a late delivery has brought it on
                adopted.append(ledger.adopt(record, contract.dataset, partition, now))
        else:
            left.add(files.key_shape(record.drop.key))
    queue.resume([record.id for record in adopted])
    for shape in sorted({files.key_shape(record.drop.key) for record in adopted} - left):
        desk.recover(f"unmatched:{shape}", now, "A contract knows these files now; they are taken in.")
    if old := [record for record in records if record.updated_at <= stamp(settled)]:
        marks.put(MARK, {**mark, "behind": standing(old[-1])})
    elif datetime.fromisoformat(mark["began"]) < settled - LONGEST_RUN:
        marks.put(MARK, {"done": patterns})
    else:
        marks.put(MARK, mark)
    examples = tuple(record.drop.key for record in adopted[:EXAMPLES])
    return Finding(UNMATCHED, len(records), len(adopted), len(adopted), examples=examples)


def patterns_of(contracts: Contracts) -> str:
    """Give a short text that differs when another key may match."""
    patterns = {one.dataset: [pattern.text for pattern in one.patterns] for one in contracts.all}
    return hashlib.sha256(json.dumps(patterns, sort_keys=True).encode()).hexdigest()[:16]
