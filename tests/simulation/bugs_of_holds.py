"""Mistakes with what a person holds back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.drops.next_step import Start, next_start
from suimon.intake import routes
from suimon.ledger.holds import HoldLedger
from suimon.sweep.findings import Finding
from suimon.sweep.holding import Holding
from suimon.sweep.plans import stuck_drops
from tests.simulation.bug import Bug, everywhere

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold

_put = HoldLedger.put


def _start_all_the_same(_record: DropRecord, _hold: Hold | None, _newer: Any, _now: datetime) -> Start:
    return Start.RUN


def _start_each(record: DropRecord, hold: Hold | None, _newer: Iterable[DropRecord], now: datetime) -> Start:
    return next_start(record, hold, [], now)


def _is_accepted(record: DropRecord, holds: Any, _now: datetime) -> bool:
    return record.state == "ACCEPTED" and record.match is not None and record.match.dataset in holds


def _close_nothing(*_: Any) -> Finding:
    return Finding("hold")


BUGS_OF_HOLDS = (
    Bug(
        "hold-ignored",
        "the gate starts the runs of a dataset that is held",
        ("nothing_starts_while_held",),
        ((routes, "next_start", _start_all_the_same),),
    ),
    Bug(
        "each-held-write-runs",
        "when a hold ends, every write that it kept back runs",
        ("of_what_was_held_the_newest_runs",),
        ((routes, "next_start", _start_each),),
    ),
    Bug(
        "held-and-forgotten",
        "the sweep leaves alone what was ever held, when the hold has ended, too",
        ("every_drop_ends",),
        ((stuck_drops, "is_held", _is_accepted), (Holding, "release", _close_nothing)),
    ),
    Bug(
        "hold-outlives-itself",
        "nobody says that a hold has ended",
        ("no_incident_outlives_its_cause",),
        ((Holding, "look", _close_nothing), *everywhere("released", lambda _hold: "")),
    ),
)
