"""Which versions of the raw bucket are looked up, and which place a lost write gets among those of its key. Pure."""

from __future__ import annotations

from dataclasses import field, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from suimon.aws.versions import Position
from suimon.contract.partition import Partition, Unit
from suimon.drops.drop import SEQUENCER_DIGITS, Drop, DropRecord, after, written_order
from suimon.ledger.items import moment
from suimon.sweep.turns import in_the_past
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suimon.aws.versions import Page, Version
    from suimon.contract.model import Contract

# Events take seconds, sometimes over a minute, and EventBridge tries again for longer; the sweep comes as often.
GRACE = timedelta(minutes=15)
# While so many messages are in the queue, the events that seem to be lost may be among them. The gate needs half an
# hour for 10,000 files; six hours are longer than any backlog that is not a fault of its own.
BACKLOG, BACKLOG_GRACE = 1_000, timedelta(hours=6)
# A version written before the last complete walk began was seen by it, unless it was within its grace then.
SEEN_MARGIN = BACKLOG_GRACE + timedelta(hours=1)
# Or unless it was still being uploaded: its time is that of the upload's beginning. The bucket's lifecycle ends an
# upload after seven days, at the midnight that follows.
UPLOAD_MARGIN = timedelta(days=8)
# What was written earlier is left to the walk over the whole bucket: each version costs a read of the ledger.
NEAR_AGE = timedelta(days=1)
LOOKBACK_DAYS = 3  # of a contract without a clause of arrival
_WHOLE = {Unit.WEEK: 7, Unit.MONTH: 31}  # days before a file of such a time is due
# S3 lists whole seconds, rounded down.
SECOND = timedelta(seconds=1)
# Above the sequencers of all writes.
TOP = "F" * SEQUENCER_DIGITS


@dataclass(frozen=True)
class Walk:
    """How far a walk over the whole bucket has come; times are ISO 8601.

    key, version_id: the last version that was looked at. began: when it began. complete: when the last complete one
    did. left_out: "yes" once a version could not be entered; then this walk is no complete one, and the next one looks
    at everything that this one did.
    """

    key: str = ""
    version_id: str = ""
    began: str = ""
    complete: str = ""
    left_out: str = ""

    @property
    def position(self) -> Position:
        """Where it continues."""
        return Position(self.key, self.version_id)

    def at(self, position: Position | None) -> Walk:
        """Continue at a position; None: the walk is complete and the next one begins at the beginning."""
        if position is None:
            return Walk(complete=self.complete if self.left_out else self.began)
        return replace(self, key=position.key, version_id=position.version_id)


def walk_of(checkpoint: Mapping[str, str], now: datetime) -> Walk:
    """Read a walk's checkpoint; ValueError when no round can have written it."""
    if unknown := checkpoint.keys() - {one.name for one in fields(Walk)}:
        raise ValueError(f"it has {', '.join(sorted(unknown))}, of which a walk knows nothing")
    walk = Walk(**checkpoint)
    for at in (walk.began, walk.complete):
        if at:
            in_the_past(moment(at), now)
    return walk


def near_prefixes(contracts: Sequence[Contract], now: datetime) -> list[str]:
    """List the beginnings of the keys of recent business dates, the newest of every contract first."""
    # Somewhere on earth it is tomorrow already, elsewhere still yesterday.
    today = now.astimezone(UTC).date() + timedelta(days=1)
    prefixes: dict[str, None] = {}
    days = max((_lookback(contract) for contract in contracts), default=0) + 2
    for back in range(days + 1):
        for contract in contracts:
            if back <= _lookback(contract) + 2:
                day = today - timedelta(days=back)
                time = Partition.containing(contract.unit, day).time
                prefixes |= dict.fromkeys(pattern.prefix_of_time(time, day) for pattern in contract.patterns)
    return list(prefixes)


def _lookback(contract: Contract) -> int:
    arrival, whole = contract.arrival, _WHOLE.get(contract.unit, 0)
    return whole + (arrival.lookback_days + arrival.days_after if arrival else LOOKBACK_DAYS)


def recent(versions: Sequence[Version], now: datetime) -> list[Version]:
    """Choose the versions that each round looks up."""
    return [version for version in versions if version.written >= now - NEAR_AGE]


def unseen(page: Page, complete: datetime | None) -> list[Version]:
    """Choose what the last complete walk (when it began) cannot have seen; everything, if there was none."""
    if complete is None:
        return list(page.versions)
    return [
        version
        for version in page.versions
        if version.written >= complete - (UPLOAD_MARGIN if version.is_multipart else SEEN_MARGIN)
    ]


def past_grace(versions: Sequence[Version], backlog: int, now: datetime) -> list[Version]:
    """Choose the versions whose event should have come; `backlog`: messages in the intake queue."""
    grace = BACKLOG_GRACE if backlog > BACKLOG else GRACE
    return [version for version in versions if version.written < now - grace]


def known_above(version: Version, versions: Sequence[Version], known: Mapping[str, DropRecord]) -> DropRecord | None:
    """Return the nearest known write of the key above a version on its page.

    No write below the version stands behind it, whether S3 still lists it or not.
    """
    above = takewhile(lambda one: one.drop.id != version.drop.id, versions)
    of_key = [known[one.drop.id] for one in above if one.drop.key == version.drop.key and one.drop.id in known]
    return of_key[-1] if of_key else None


@dataclass(frozen=True)
class Gap:
    """Versions of a key without a record, one after the other in S3's list, and what the ledger has around them.

    lost: those versions, newest first. below: the known write of the version right below them. recorded: by id, the
    lost ones of which the ledger has the key's entry; a crash came before the record. deleted: known writes between
    that and the next known version above; S3 lists their versions no more.
    """

    lost: Sequence[Version]
    below: DropRecord | None = None
    recorded: Mapping[str, Drop] = field(default_factory=dict)
    deleted: Sequence[DropRecord] = ()

    def newest_below(self, version: Version, newest: str) -> str:
        """Return the sequencer of the newest known write below a lost version; `newest`: of those entered before it.

        A deleted write has no place in S3's list: it lies below if it was in the ledger before the version was written.
        """
        below = [record.drop.sequencer for record in self.deleted if was_there(record, version)]
        return max([newest, *below], key=written_order)

    def drop_behind(self, version: Version, newest: str) -> Drop:
        """Return a lost version at its place: its event's, if the ledger has that, else the next behind `newest`."""
        return self.recorded.get(version.drop.id) or replace(version.drop, sequencer=after(newest))


def was_there(record: DropRecord, version: Version) -> bool:
    """Whether a write was in the ledger before a version was written."""
    return record.received_at < version.written + SECOND
