"""A drop that a person takes back is accepted for another attempt, which loads what its partition had before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.drops.retraction import restored
from suimon.drops.states import State
from suimon.ledger.drops import Ledger, LostClaimError

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.drops.drop import DropRecord

BEGINS_FROM = (State.LOADED, State.FAILED)


def carry_out(ledger: Ledger, record: DropRecord, now: datetime) -> DropRecord:
    """Begin the retraction that waits for the end of a run, if one does and the run has ended; return the drop.

    What was there before is looked up now: the run may have taken hours. The sweep sends the drop to the gate.

    a person                                Airflow
                                            the load is being committed
    retracts: recorded with the drop
                                            the run reports its end: LOADED
                                            accepted again, for what was before  (mark: retracted-where-its-run-ends)
    """
    wanted = record.retraction
    if wanted is None or record.state not in BEGINS_FROM or record.attempt >= wanted.attempt:
        return record
    found = restored(record, ledger.older_writes(record), ledger.newer_writes(record))
    retraction = replace(found, why=wanted.why, attempt=record.attempt + 1)
    try:
        return ledger.retract(record, now, retraction)
    except LostClaimError:
        return ledger.get(record.id) or record  # the same event, delivered twice, does the same
