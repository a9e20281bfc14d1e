"""Every version in the raw bucket has a record: those whose event never came are found by listing, and get one.

Two listings. The near one looks each round at the prefixes of recent dates, where nearly every file comes. The far one
walks over the whole bucket, so many pages a round, and begins again at its end: nothing is forgotten wherever it lies.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from suimon.aws.versions import Position
from suimon.drops.drop import SEQUENCER_DIGITS, Drop, DropRecord, after, written_order
from suimon.drops.states import State
from suimon.incidents.incident import EXAMPLES
from suimon.intake.entry import enter
from suimon.ledger.batch import BATCH
from suimon.sweep.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from suimon.aws.versions import Page, RawBucket, Version
    from suimon.contract.model import Contract, Contracts
    from suimon.incidents.store import IncidentStore
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.checkpoints import Marks
    from suimon.ledger.drops import Ledger

KIND = "lost event"
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
# 96 rounds a day of 100 pages of 1,000: ten million versions in about a day. A page takes some 0.2 s.
FAR_PAGES = 100
# Prefixes of recent dates are a page each, as a rule; beyond this many prefixes the far walk must do.
NEAR_PAGES = 200
# What was written earlier is the far walk's: here, each version costs a read of the ledger every round.
NEAR_AGE = timedelta(days=1)
LOOKBACK_DAYS = 3  # of a contract that says nothing of arrival
# Entering one takes some 40 ms; what is more is found again by the next round, from the same mark.
ENTERED_AT_MOST = 2_000
# S3 lists whole seconds, rounded down.
SECOND = timedelta(seconds=1)
# Above the sequencers of all writes.
TOP = "F" * SEQUENCER_DIGITS

MARK = "walk"


@dataclass(frozen=True)
class Walk:
    """Where the far walk stands: behind which version, when it began, when the last one began that came to its end."""

    key: str = ""
    version_id: str = ""
    began: str = ""
    complete: str = ""

    @property
    def position(self) -> Position:
        """Where it continues."""
        return Position(self.key, self.version_id)

    def at(self, position: Position | None) -> Walk:
        """Continue at a position; None: the walk is complete and the next one begins at the beginning."""
        if position is None:
            return Walk(complete=self.began)
        return replace(self, key=position.key, version_id=position.version_id)


@dataclass
class Budget:
    """How many drops this round may still enter; shared by both listings."""

    left: int


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What the comparison of bucket and ledger acts through; `backlog`: messages in the intake queue."""

    contracts: Contracts
    ledger: Ledger
    bucket: RawBucket
    queue: IntakeQueue
    incidents: IncidentStore
    backlog: int = 0
    budget: Budget = field(default_factory=lambda: Budget(ENTERED_AT_MOST))

    def near(self, now: datetime) -> Finding:
        """Look at the recent dates of every contract, newest first.

        A page of each prefix, then a second of those that have one, and so on: the key of a dataset may begin with
        what is not the date, and its prefix then holds all that ever came.
        """
        finding = Finding(KIND)
        turns = deque(self.bucket.pages(prefix) for prefix in near_prefixes(self.contracts.all, now))
        for _ in range(NEAR_PAGES):
            if not turns:
                break
            page = next(turns[0])
            turns.rotate(-1)
            if page.end is None:
                turns.pop()
            finding += self.compare([one for one in page.versions if one.written >= now - NEAR_AGE], now)
        return finding

    def far(self, marks: Marks, now: datetime) -> Finding:
        """Go on with the walk over the whole bucket from its mark, and leave the mark where this round ends."""
        walk = Walk(**marks.get(MARK))
        if not walk.began:
            walk = replace(walk, began=now.isoformat())
        finding = Finding(KIND)
        try:
            for walked, found in self.portion(walk, now, FAR_PAGES):
                walk, finding = walked, finding + found
        finally:  # what was walked before an error stays walked
            marks.put(MARK, asdict(walk))
        return finding

    def portion(self, walk: Walk, now: datetime, pages: int) -> Iterator[tuple[Walk, Finding]]:
        """Walk over so many pages, and give after each where the walk stands and what the page held.

        A page that could not be seen to whole is given without a step forward, and is the last one.
        """
        complete = datetime.fromisoformat(walk.complete) if walk.complete else None
        for page in islice(self.bucket.pages(begin=walk.position), pages):
            found = self.compare(unseen(page, complete), now)
            found = replace(found, checked=len(page.versions))
            if found.unexplained:
                yield walk, found
                return
            walk = walk.at(page.end)
            yield walk, found

    def compare(self, versions: Sequence[Version], now: datetime) -> Finding:
        """Find the versions past their grace that the ledger does not know, and enter them."""
        past = [one for one in versions if one.written < now - (BACKLOG_GRACE if self.backlog > BACKLOG else GRACE)]
        known = self.ledger.get_many([version.drop.id for version in past])
        lost = [version for version in past if version.drop.id not in known]
        entered: dict[str, DropRecord] = {}
        for version in lost:
            if version.drop.id not in entered and self.budget.left > 0:
                new = self.enter(version, _known_above(version, versions, known), now)
                entered |= new
                self.budget.left -= len(new)
        self.queue.resume([record.id for record in entered.values() if record.state is not State.UNMATCHED])
        lost.sort(key=lambda version: version.drop.id in entered)  # as examples, what is left comes first
        keys = tuple(f"{version.drop.key} ({version.drop.version_id})" for version in lost[:EXAMPLES])
        found = entered.keys() | {version.drop.id for version in lost}  # with what lay unknown below them
        return Finding(KIND, len(versions), len(found), len(entered), examples=keys)

    def enter(self, version: Version, above: DropRecord | None, now: datetime) -> dict[str, DropRecord]:
        """Enter a version and what lies unknown below it, the oldest first and no more than the budget allows.

        Gives their records by drop id. above: the nearest known write of the key above it, if the caller knows one.

        The order in which S3 keeps versions is the order of their writes, but only an event tells a sequencer. A found
        version gets the next place after the newest known write below it, older ones first:

            versions     event          the sweep                       the ledger
            A            0A             knows it                        0A
            B            lost           enters it, after A              0A.00000001
            C            lost           enters it, after B              0A.00000002
            D            0D             knows it                        0D
                         0B, late       (B is known: its place stays)   0A.00000001

        Every place is right in itself: behind all writes below, before all above, whose sequencers are greater than
        any that begins with 0A. B's late event changes nothing, for the first record of a version wins; and had it
        come just before the sweep entered B, then C would stand behind 0B, because `receive` gives the record there is.

        A known write whose version was deleted since has no place in S3's list: it lies below if it was in the ledger
        before this version was written.
        """
        listed = self.bucket.versions_of(version.drop.key, behind=version.drop.version_id if above else "")
        beside: set[str] = set()
        if above is None:  # what lies above stands on an earlier page, or nothing does
            others = takewhile(lambda one: one.drop.id != version.drop.id, listed)
            nearest = deque((one.drop.id for one in others), maxlen=BATCH)
            beside.update(nearest)
            known = self.ledger.get_many(nearest)
            above = next((known[one] for one in reversed(nearest) if one in known), None)
        run, below = self._unknown_run(version, listed)
        beside.update(one.drop.id for one in run)
        told, unlisted = self._told_between(above, below, run, beside)
        newest = below.drop.sequencer if below else ""
        entered = {}
        for one in reversed(run):
            newest = max(newest, *(_if_below(record, one) for record in unlisted), "", key=written_order)
            # An entry of the key without its record is left of a crash: it holds the sequencer that the event told.
            drop = told.get(one.drop.id) or replace(one.drop, sequencer=after(newest))
            record = enter(drop, self.contracts, self.ledger, self.incidents, now)
            newest = max(newest, record.drop.sequencer, key=written_order)
            entered[record.id] = record
        return entered

    def _unknown_run(self, version: Version, below: Iterator[Version]) -> tuple[deque[Version], DropRecord | None]:
        """Read from a version down to the first known one; give the oldest between, newest first, and that one.

        As many as may be entered are kept, however many lie there: S3 lists a key's versions only from its newest.
        """
        run, size = deque([version], maxlen=self.budget.left), 5  # most often the next one is known
        while batch := list(islice(below, size)):
            known = self.ledger.get_many([one.drop.id for one in batch])
            for older in batch:
                if older.drop.id in known:
                    return run, known[older.drop.id]
                run.append(older)
            size = BATCH
        return run, None

    def _told_between(
        self, above: DropRecord | None, below: DropRecord | None, run: deque[Version], beside: set[str]
    ) -> tuple[dict[str, Drop], list[DropRecord]]:
        """Read the ledger's writes of the key between two known ones, from the newest down, as far as they matter.

        Gives those of the run by drop id, and those whose versions S3 lists no more: all that are not `beside`.
        """
        top = above.drop if above else replace(run[0].drop, sequencer=TOP)
        earliest = min(run, key=lambda one: one.written)
        told, unlisted = dict[str, Drop](), list[DropRecord]()
        for record in self.ledger.older_writes(top):
            if below and written_order(record.drop.sequencer) <= written_order(below.drop.sequencer):
                break
            if record.id in beside:
                told[record.id] = record.drop
                continue
            unlisted.append(record)
            if _if_below(record, earliest):  # then it lies below all of the run, and what is older cannot count
                break
        return told, unlisted


def _known_above(version: Version, versions: Sequence[Version], known: Mapping[str, DropRecord]) -> DropRecord | None:
    """Give the nearest known write of the key above a version on its page.

    No write below the version stands behind it, whether S3 still lists it or not.
    """
    above = takewhile(lambda one: one.drop.id != version.drop.id, versions)
    of_key = [known[one.drop.id] for one in above if one.drop.key == version.drop.key and one.drop.id in known]
    return of_key[-1] if of_key else None


def _if_below(record: DropRecord, version: Version) -> str:
    """Give the sequencer of a known write that was there before the version, else "": before all."""
    was_there = record.received_at < version.written + SECOND
    return record.drop.sequencer if was_there else ""


def unseen(page: Page, complete: datetime | None) -> list[Version]:
    """Choose what the last complete walk (when it began) cannot have seen; everything, if there was none."""
    if complete is None:
        return list(page.versions)
    return [
        version
        for version in page.versions
        if version.written >= complete - (UPLOAD_MARGIN if version.is_multipart else SEEN_MARGIN)
    ]


def near_prefixes(contracts: Sequence[Contract], now: datetime) -> list[str]:
    """List the beginnings of the keys of recent business dates, the newest of every contract first."""
    # Somewhere on earth it is tomorrow already, elsewhere still yesterday.
    today = now.astimezone(UTC).date() + timedelta(days=1)
    found: dict[str, None] = {}
    days = max((_lookback(contract) for contract in contracts), default=0) + 2
    for back in range(days + 1):
        for contract in contracts:
            if back <= _lookback(contract) + 2:
                day = f"{today - timedelta(days=back)}"
                found |= dict.fromkeys(_beginning(pattern.text, day) for pattern in contract.patterns)
    return list(found)


def _lookback(contract: Contract) -> int:
    return contract.arrival.lookback_days + contract.arrival.days_after if contract.arrival else LOOKBACK_DAYS


def _beginning(pattern: str, day: str) -> str:
    """Give the part of a key before its first placeholder that is not the date."""
    return pattern.replace("{ds}", day).partition("{")[0]
