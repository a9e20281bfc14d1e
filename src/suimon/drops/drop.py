"""A drop: one version of one object; its identity, its states and what may follow which."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

# 16 hex digits: 64 bits tell drops apart and leave room in MWAA's 64-character request path.
DROP_ID_LENGTH = 16
# S3's sequencers have 16 to 18 hex digits, and it promises no length.
SEQUENCER_DIGITS = 32
# Of the place behind a known write: more writes of one key than any bucket gets without an event in between.
PLACE_DIGITS = 8


class EventError(Exception):
    """An event that names no object version; the message says which field is wrong."""


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


@dataclass(frozen=True)
class Drop:
    """One version of one object, as S3's "Object Created" event tells it. Size in bytes.

    `sequencer` is S3's, hex digits; or, for a version whose event never came, what `after` makes.
    """

    bucket: str
    key: str
    version_id: str
    etag: str
    size: int
    sequencer: str

    @cached_property
    def id(self) -> str:
        """The drop id: a hash of what never changes about this version, so that every delivery yields the same."""
        identity = f"{self.bucket}\n{self.key}\n{self.version_id}"
        return hashlib.sha256(identity.encode()).hexdigest()[:DROP_ID_LENGTH]

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> Drop:
        """Read an EventBridge "Object Created" event; EventError when it names no version of an object.

        The key is taken as it stands: EventBridge does not URL-encode it, native S3 notifications do.
        """
        try:
            entry = event["detail"]["object"]
            return cls(
                bucket=str(event["detail"]["bucket"]["name"]),
                key=str(entry["key"]),
                version_id=str(entry["version-id"]),
                etag=str(entry["etag"]).strip('"'),
                size=int(entry["size"]),
                sequencer=str(entry.get("sequencer", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise EventError(
                f"not an Object Created event of a versioned bucket: {error!r} is missing or unreadable; "
                "turn versioning and EventBridge on for the raw bucket"
            ) from error


@dataclass(frozen=True)
class DropRecord:
    """What the ledger knows of a drop. Times are ISO 8601 in UTC, `rows` the records that the gate lets on.

    `accepted_as` is the name of the accepted object, `duplicate_of` the drop id of the write whose bytes a DUPLICATE
    repeats. `set_id` of a shard is the drop id of the set that it went on with, `waiting` before; the record of a set
    itself has in `members` the drop ids of its shards and of what said which there are.
    """

    drop: Drop
    dataset: str
    partition: str
    state: State
    attempt: int
    received_at: str
    updated_at: str
    lease_until: str = ""
    lease_owner: str = ""
    run_id: str = ""
    rows: int = 0
    accepted_as: str = ""
    duplicate_of: str = ""
    set_id: str = ""
    members: tuple[str, ...] = ()
    task_token: str = ""
    replay: str = ""
    moves: int = field(default=1, compare=False)  # entries of its history

    @property
    def id(self) -> str:
        """The drop id."""
        return self.drop.id


def written_order(sequencer: str) -> str:
    """Give a text of fixed width that sorts as the writes of one key do; S3: pad the shorter with zeros on the right.

    The warehouse's fence compares these texts, so their form is a promise: 32 hex digits, a point, 8 digits.
    """
    written, _, place = sequencer.partition(".")
    return f"{written.upper():0<{SEQUENCER_DIGITS}}.{place:0>{PLACE_DIGITS}}"


def after(sequencer: str) -> str:
    """Give the sequencer of a write that came right after this one ("" before all), where S3 never told its own."""
    written, _, place = sequencer.partition(".")
    return f"{written}.{int(place or 0) + 1:0{PLACE_DIGITS}d}"


def written_after(one: DropRecord, other: DropRecord) -> bool:
    """Whether `one` is the later write of the same key."""
    return written_order(one.drop.sequencer) > written_order(other.drop.sequencer)


def run_id(record: DropRecord) -> str:
    """The DAG run's id: the same for every try to start the same attempt, so that a second try meets the first."""
    return f"{record.id}.{record.attempt}"
