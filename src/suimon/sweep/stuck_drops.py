"""Drops that wait at the gate although nobody works on them: they are resumed, and reported when that does not help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.states import AT_THE_GATE, STATES
from suimon.incidents.leaving_out import leave_out
from suimon.sweep.oldest_drops import read_oldest
from suimon.sweep.plans.set_parts import is_orphan, may_wait
from suimon.sweep.plans.stuck_drops import IDLE, Seen, is_idle, plan, sets_to_read
from suimon.sweep.resuming import resume

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.contract.model import Contracts
    from suimon.incidents.incident import Incident
    from suimon.incidents.store import IncidentStore
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.drops import Ledger
    from suimon.ledger.unreadable_items import Unusable
    from suimon.sweep.findings import Finding


def resume_stuck(
    *,
    ledger: Ledger,
    contracts: Contracts,
    queue: IntakeQueue,
    incidents: IncidentStore,
    backlog: int,
    opened: Sequence[Incident],
    unusable: Unusable,
    now: datetime,
) -> Finding:
    """Send stuck drops to the gate again; `backlog`: messages in its queue, `opened`: the open incidents."""
    # Each try of a check sets the time of its state: one that fails all the time is not found among the old ones.
    until = {state: now if STATES[state].leased else now - IDLE for state in AT_THE_GATE}
    read = [read_oldest(ledger, state, until[state], lambda one: not may_wait(one, contracts)) for state in until]
    waiting = [record for oldest in read for record in oldest.records]
    idle = [record for record in waiting if is_idle(record, now) and not is_orphan(record, contracts)]
    sets = {}
    for name in sets_to_read(idle, contracts):
        with leave_out(unusable, f"set#{name[0]}#{name[1]}"):
            sets[name] = ledger.sets.get(*name)
    seen = Seen(
        waiting=waiting,
        sets=sets,
        all_read=all(oldest.all_read for oldest in read),
        backlog=backlog,
        opened=opened,
        holds=ledger.holds.of_all(one.dataset for one in waiting if one.match),
    )
    planned = plan(seen, contracts, now)
    resume(ledger, queue, planned.resume)
    incidents.report_all(planned.problems, planned.recoveries, now)
    return planned.finding
