"""Drops that wait at the gate although nobody works on them: they are resumed, and reported when that does not help."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.drops.states import AT_THE_GATE
from suimon.incidents.leaving_out import leave_out
from suimon.sweep.oldest_drops import read_oldest
from suimon.sweep.plans.set_parts import may_wait
from suimon.sweep.plans.stuck_drops import Seen, is_idle, plan, sets_to_read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.contract.model import Contracts
    from suimon.incidents.incident import Incident
    from suimon.incidents.lifecycle import IncidentStore
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.drops import Ledger
    from suimon.ledger.unusable import Unusable
    from suimon.sweep.findings import Finding

# The gate takes seconds; a message that failed comes again within 15 minutes.
IDLE = timedelta(minutes=10)


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
    read = [read_oldest(ledger, state, now - IDLE, lambda one: not may_wait(one, contracts)) for state in AT_THE_GATE]
    idle = [record for oldest in read for record in oldest.records if is_idle(record, now)]
    sets = {}
    for name in sets_to_read(idle, contracts):
        with leave_out(unusable, f"set#{name[0]}#{name[1]}"):
            sets[name] = ledger.sets.get(*name)
    seen = Seen(
        idle=idle,
        sets=sets,
        all_read=all(oldest.all_read for oldest in read),
        backlog=backlog,
        opened=opened,
    )
    planned = plan(seen, contracts, now)
    queue.resume([record.id for record in planned.resume])
    incidents.report_all(planned.problems, planned.recoveries, now)
    return planned.finding
