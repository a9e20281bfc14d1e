"""The states of a drop, and the moves between them."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a drop stands; the ledger moves it only along `NEXT`."""

    RECEIVED = "RECEIVED"
    VALIDATING = "VALIDATING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    SUPERSEDED = "SUPERSEDED"
    DUPLICATE = "DUPLICATE"
    UNMATCHED = "UNMATCHED"
    TRIGGERED = "TRIGGERED"
    LOADED = "LOADED"
    FAILED = "FAILED"


# The only moves there are. VALIDATING to itself is a taken-over lease; out of a final state leads a replay.
NEXT: dict[State, frozenset[State]] = {
    State.RECEIVED: frozenset({State.VALIDATING}),
    State.VALIDATING: frozenset({State.VALIDATING, State.ACCEPTED, State.REJECTED, State.SUPERSEDED, State.DUPLICATE}),
    # The last two: a shard that waits for its set, when a later write takes its place or the set is closed to it.
    State.ACCEPTED: frozenset({State.TRIGGERED, State.SUPERSEDED, State.REJECTED}),
    State.TRIGGERED: frozenset({State.LOADED, State.FAILED, State.SUPERSEDED}),
    State.LOADED: frozenset({State.VALIDATING}),
    # Without a replay: somebody has cleared the failed run in Airflow, and it ran again under the same id.
    State.FAILED: frozenset({State.VALIDATING, State.LOADED, State.SUPERSEDED}),
    State.REJECTED: frozenset({State.VALIDATING}),
    State.UNMATCHED: frozenset({State.RECEIVED}),
    State.SUPERSEDED: frozenset(),
    State.DUPLICATE: frozenset(),
}

REPLAYABLE = frozenset({State.LOADED, State.FAILED, State.REJECTED})
