"""Mistakes that leave persons without word, with a storm of messages, or with a drop that they had closed."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from suimon.drops import next_step
from suimon.drops.next_step import Step
from suimon.drops.states import MoveError, State, allowed
from suimon.intake import gate
from suimon.intake.gate import Gate
from suimon.ledger import drops as ledger_drops
from suimon.ledger.round_lease import RoundLease
from suimon.replay.plan import Plan
from suimon.sweep import lost_events, stuck_drops
from suimon.sweep.plans import stuck_drops as stuck_plan
from suimon.sweep.plans.lost_events import Walk
from tests.simulation.bug import Bug

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.drops.drop import DropRecord

_next_step = next_step.next_step


def _never(*_: Any, **__: Any) -> bool:
    return False


def _tell_nobody(self: Gate, record: DropRecord, now: datetime) -> None:
    pass


def _send_as_well(_ledger: Any, queue: Any, records: Any) -> None:
    queue.resume(list(records))


def _read_blindly(checkpoint: Any, _now: datetime) -> Walk:
    return Walk(**checkpoint)


def _check_the_closed(record: DropRecord, now: datetime) -> Step:
    return Step.CHECK if record.state is State.CLOSED else _next_step(record, now)


def _allow_whatever(start: State | None, end: State, attempts: int = 0) -> Any:
    try:
        return allowed(start, end, attempts)
    except MoveError:
        return None


BUGS_OF_PERSONS = (
    Bug(
        "stale-plan-started",
        "a replay starts, though the ledger has moved on since its plan was shown",
        ("replays_run_what_was_shown",),
        ((Plan, "fingerprint", "the same"),),
    ),
    Bug(
        "rounds-without-lease",
        "a round begins beside another one",
        ("one_round_at_a_time",),
        ((RoundLease, "taken", lambda *_: nullcontext()),),
    ),
    Bug(
        "retries-in-silence",
        "a check that fails is tried again and again, and nobody hears of it",
        ("failing_checks_are_told",),
        ((Gate, "_report_failure", _tell_nobody), (stuck_plan, "is_due", _never), (stuck_plan, "is_late", _never)),
    ),
    Bug(
        "mark-believed-blindly",
        "the walk over the bucket goes on from whatever stands in its checkpoint",
        ("no_incident_outlives_its_cause",),
        ((lost_events, "walk_of", _read_blindly),),
    ),
    Bug(
        "messages-multiply",
        "every round sends another message for a drop that waits, and none of them ends",
        ("one_message_circulates",),
        ((stuck_drops, "resume", _send_as_well),),
    ),
    Bug(
        "closed-is-resurrected",
        "a late event takes a closed drop up again",
        ("closed_stays_closed", "states_move_forward"),
        (
            (gate, "next_step", _check_the_closed),
            (ledger_drops, "allowed", _allow_whatever),
        ),
    ),
)
