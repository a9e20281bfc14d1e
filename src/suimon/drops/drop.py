"""A drop: one version of one object; its identity, its slot, its order among the writes of that, and its record."""

from __future__ import annotations

import hashlib
import re
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING

from suimon.drops import event_fields as fields
from suimon.drops.event_fields import FieldError
from suimon.drops.failure import TEXT_CHARACTERS, Failure
from suimon.drops.foreign_text import shown
from suimon.drops.states import STATES, Counts
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from suimon.drops.match import Match
    from suimon.drops.states import State

# 16 hex digits: 64 bits tell drops apart and leave room in MWAA's 64-character request path.
DROP_ID_LENGTH = 16
# S3's sequencers have 16 to 18 hex digits, and it promises no length.
SEQUENCER_DIGITS = 32
_KEY_BYTES, _NAME_BYTES = 1_024, 256  # S3: of a key and of a version id; of a bucket and of an ETag, with room
# Of the place behind a known write: more writes of one key than any bucket gets without an event in between.
PLACE_DIGITS = 8
AGAIN_DIGITS = 4  # of the loads that take the place of a write, one retraction after another


class EventError(Exception):
    """An event that names no object version; the message says which field is wrong."""


class UnmatchedError(Exception):
    """No contract matches the drop's key, so it belongs to no dataset; the message names the drop."""


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

    @property
    def shown_key(self) -> str:
        """The key as people may see it; whoever sends files chooses keys."""
        return shown(self.key)

    @property
    def shown_uri(self) -> str:
        """The address of the object as people may see it."""
        return f"s3://{self.bucket}/{self.shown_key}"

    @classmethod
    def from_event(cls, event: object) -> Drop:
        """Read an EventBridge "Object Created" event; EventError when it names no version of an object.

        The key is taken as it stands: EventBridge does not URL-encode it, native S3 notifications do.
        """
        try:
            detail = fields.part(event, "detail")
            entry = fields.part(detail, "object")
            sequencer = fields.text(entry, "sequencer", SEQUENCER_DIGITS) if entry.get("sequencer") else ""
            if not re.fullmatch("[0-9A-Fa-f]*", sequencer):
                raise FieldError(f"sequencer is {shown(sequencer)}, no hex digits")  # noqa: TRY301 beside the others
            return cls(
                bucket=fields.text(fields.part(detail, "bucket"), "name", _NAME_BYTES),
                key=fields.text(entry, "key", _KEY_BYTES),
                version_id=fields.token(entry, "version-id", _KEY_BYTES),
                etag=fields.token(entry, "etag", _NAME_BYTES),
                size=fields.whole(entry, "size"),
                sequencer=sequencer,
            )
        except FieldError as error:
            raise EventError(
                f"not an Object Created event of a versioned bucket: {error}; "
                "turn versioning and EventBridge on for the raw bucket"
            ) from error


@dataclass(frozen=True)
class Lease:
    """The right to check a drop: nobody else writes the drop while it runs, nobody but `owner` after that."""

    owner: str
    until: datetime


@dataclass(frozen=True)
class Accepted:
    """What the gate has put into the lake: the name of the object and how many records are in it.

    sums: of the columns whose sums are compared, those that are known. size: of a set, the bytes of its shards.
    """

    name: str
    rows: int
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    size: int = 0


@dataclass(frozen=True)
class Rejection:
    """Why an attempt was rejected.

    reason: one or two sentences for people, without values of cells. codes: of its faults, each once. report: where the
    page for the sender lies; empty without one.
    """

    attempt: int
    reason: str
    codes: tuple[str, ...] = ()
    report: str = ""


@dataclass(frozen=True)
class Membership:
    """Of a shard, manifest or marker: the drop id of the set that it went on with; None while it waits for its set."""

    set_id: str | None = None


@dataclass(frozen=True)
class Replay:
    """The replay that asked for this attempt: its execution, and the token under which it waits for the end.

    as_accepted: whether the copy is loaded as it was accepted, without another check.
    """

    execution: str
    task_token: str
    as_accepted: bool = False


@dataclass(frozen=True)
class Retraction:
    """A person takes the drop back.

    why: with who. attempt: the one that loads what was there before; until it is reached, the retraction waits for the
    end of a run. written: the order that this load has in the table, behind all that was retracted before. restores:
    the drop id whose accepted copy it loads; "": none, the partition is emptied. name, rows: of that copy.
    """

    why: str
    attempt: int
    written: str
    restores: str = ""
    name: str = ""
    rows: int = 0


@dataclass(frozen=True)
class DropRecord:
    """What the ledger knows of a drop.

    Attributes:
        match: the dataset and partition that its key belongs to; None: no contract matches it, the drop is UNMATCHED.
        received_at: when it was entered.
        updated_at: since when it is in its state.
        lease: of the last check, running or not; None before the first.
        accepted: what the last attempt that was accepted has put into the lake.
        rejection: of the last attempt that was rejected.
        opened_run: the id of the last run that was asked for; `run_id` is the one that belongs to this attempt.
        opened_dag: the DAG that it was asked of.
        duplicate_of: of a DUPLICATE, the drop id of the write whose bytes it repeats.
        superseded_by: of a SUPERSEDED drop, the drop id of the write that counts instead, where it is known.
        sha256: of the bytes of a drop that was accepted, or is a duplicate by them; other attributes of S3 may differ.
        membership: of a part of a set.
        members: of a set itself, the drop ids of its shards and of what said which there are.
        replay: what asked for the last attempt that was not the first.
        failure: the last try that failed, of this state or an earlier one.
        closed: of a CLOSED drop, why a person has ended it, and who.
        contract_version: of the contract that the last verdict is by.
        volume: of an accepted file whose volume is watched, how it is beside comparable days.
        opens_at: of an accepted file that came outside a window which holds it, when that opens.
        retraction: of a drop that a person takes back, or has taken back.
        loaded_at: when it was loaded for the first time; a replay may load it again.
        turn: which message takes the drop through the gate: 0 is its event's, the sweep counts up. Any other ends.
        moves: how many entries its history has.

    """

    drop: Drop
    match: Match | None
    state: State
    attempt: int
    received_at: datetime
    updated_at: datetime
    lease: Lease | None = None
    accepted: Accepted | None = None
    rejection: Rejection | None = None
    opened_run: str | None = None
    opened_dag: str | None = None
    duplicate_of: str | None = None
    superseded_by: str | None = None
    sha256: str | None = None
    membership: Membership | None = None
    members: tuple[str, ...] = ()
    replay: Replay | None = None
    failure: Failure | None = None
    turn: int = 0
    closed: str | None = None
    volume: str | None = None
    loaded_at: datetime | None = None
    contract_version: str | None = None
    opens_at: datetime | None = None
    retraction: Retraction | None = None
    moves: int = field(default=1, compare=False)

    @property
    def id(self) -> str:
        """The drop id."""
        return self.drop.id

    @property
    def run_id(self) -> str:
        """The id of this attempt's run: the same at every try to start it, so that a second try meets the first."""
        return f"{self.id}.{self.attempt}"

    @property
    def dataset(self) -> str:
        """The dataset; UnmatchedError if no contract matches the key."""
        return self._matched().dataset

    @property
    def partition(self) -> str:
        """The partition of the dataset; UnmatchedError if no contract matches the key."""
        return self._matched().partition

    @property
    def is_stamped(self) -> bool:
        """Whether files under other names may take its place, and a time in the names tells which one counts."""
        return self.match is not None and bool(self.match.stamp) and not self.match.is_ahead(self.received_at)

    @property
    def slot(self) -> str:
        """The place of which one write counts: what comes later there replaces what came before.

        Of a file with a stamp it is the dataset, the partition and the shard; of any other its key, of which a contract
        makes exactly one dataset, partition and shard. A stamp that lies ahead orders nothing: it may be a year typed
        wrong, after which nothing would ever be newer.
        """
        if not self.is_stamped or self.match is None:
            return self.drop.key
        return "#".join(filter(None, (self.match.dataset, self.match.partition, self.match.shard)))

    @property
    def written(self) -> str:
        """The order of the drop among all writes of its slot, as text that sorts: by the stamp, then by S3's order."""
        return (self.match.stamp if self.match else "") + written_order(self.drop.sequencer)

    @property
    def failing(self) -> Failure | None:
        """The last failure, if the drop has not moved on since."""
        failure = self.failure
        is_current = failure and failure.tries and (failure.state, failure.attempt) == (self.state, self.attempt)
        return failure if is_current else None

    def fails(self, error: str, text: str, now: datetime, since: datetime | None = None) -> Failure:
        """Return what another failed try makes of the drop's failure; `since`: of the first one, by default now."""
        known = self.failing
        return Failure(
            state=self.state,
            attempt=self.attempt,
            since=known.since if known else since or now,
            at=now,
            tries=known.tries + 1 if known else 1,
            error=error,
            text=text[:TEXT_CHARACTERS],
        )

    @property
    def retracting(self) -> Retraction | None:
        """The retraction, if this attempt is the one that carries it out."""
        return self.retraction if self.retraction and self.retraction.attempt == self.attempt else None

    @property
    def counts(self) -> Counts:
        """What the write is worth among the writes of its key; what a person takes back is worth nothing."""
        return Counts.NEVER if self.retraction else STATES[self.state].counts

    @property
    def rows(self) -> int:
        """How many records the gate lets on; 0 as long as no attempt was accepted."""
        return self.accepted.rows if self.accepted else 0

    def has_copy_for(self, attempt: int) -> bool:
        """Whether the attempt before this one was accepted: then its copy in the lake may be loaded once more."""
        return self.accepted is not None and (self.rejection is None or self.rejection.attempt != attempt - 1)

    def is_leased(self, now: datetime) -> bool:
        """Whether a lease runs, so that its owner may be at work."""
        return self.lease is not None and self.lease.until >= now

    def _matched(self) -> Match:
        if self.match is None:
            raise UnmatchedError(f"drop {self.id} belongs to no dataset: no contract matches {self.drop.key}")
        return self.match


def written_order(sequencer: str) -> str:
    """Return a text of fixed width that sorts as the writes of one key do; S3: pad the shorter with zeros on the right.

    Of different keys S3 promises nothing; of two files of one stamp it decides all the same, always in one way.

    The warehouse's fence compares these texts, so their form is a promise: 32 hex digits, a point, 8 digits; of a
    retraction a point and 4 digits more, which sort behind the write itself and before the next one.
    """
    written, _, place = sequencer.partition(".")
    return f"{written.upper():0<{SEQUENCER_DIGITS}}.{place:0>{PLACE_DIGITS}}"


def written_again(order: str) -> str:
    """Return the order of a load that takes the place of a write, behind what took that place before."""
    written, place, *again = order.split(".")
    return f"{written}.{place}.{int(again[0] if again else 0) + 1:0{AGAIN_DIGITS}d}"


def after(sequencer: str) -> str:
    """Return the sequencer of a write that came right after this one ("" before all), where S3 never told its own."""
    written, _, place = sequencer.partition(".")
    return f"{written}.{int(place or 0) + 1:0{PLACE_DIGITS}d}"


def written_after(one: DropRecord, other: DropRecord) -> bool:
    """Whether `one` is the later write of the same slot."""
    return one.written > other.written
