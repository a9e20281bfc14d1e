"""UNMATCHED drops that a new contract matches."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from suimon.drops.drop import State
from suimon.incidents.incident import EXAMPLES
from suimon.incidents.messages import files
from suimon.ledger.drops import Ledger, LostClaimError, standing
from suimon.ledger.items import stamp
from suimon.sweep.findings import Finding
from suimon.sweep.turns import LONGEST_RUN

if TYPE_CHECKING:
    from suimon.contract.model import Contracts
    from suimon.incidents.store import IncidentDesk
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.checkpoints import Marks

UNMATCHED = "adopted drop"
# A contract that is new may match many old drops; the next round goes on.
ADOPTED_AT_MOST = 500
# A drop is entered with a time that its function took before it told people, which may take all of its run. A round of
# the sweep enters with the time of its schedule, and Lambda makes one that died again, a minute and two minutes later.
OLDEST_STAMP = 3 * LONGEST_RUN + timedelta(minutes=3)
# An index follows its table within a second, longer under load, and clocks of functions differ.
# https://repost.aws/knowledge-center/dynamodb-missing-table-items-gsi
INDEX_LAG = timedelta(minutes=1)
# What lies behind the mark is not read again; nothing appears there any more that has a time before this.
SETTLED = OLDEST_STAMP + INDEX_LAG
MARK = "contracts"


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
