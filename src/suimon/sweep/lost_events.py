"""Every version in the raw bucket has a record: those whose event was lost are found by listing, and get one.

Two listings. The near one looks each round at the prefixes of recent dates, where nearly every file comes. The far one
walks over the whole bucket, so many pages a round, and begins again at its end: nothing is forgotten wherever it lies.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from suimon.aws.passing import passes
from suimon.drops.states import State
from suimon.incidents.incident import EXAMPLES
from suimon.incidents.leaving_out import leave_out
from suimon.ledger.items import moment, stamp
from suimon.sweep.findings import Finding
from suimon.sweep.plans.lost_events import Walk, known_above, near_prefixes, past_grace, recent, unseen, walk_of
from suimon.sweep.resuming import resume
from suimon.sweep.write_order import WriteOrder
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from suimon.aws.versions import RawBucket, Version
    from suimon.contract.model import Contracts
    from suimon.drops.drop import DropRecord
    from suimon.incidents.store import IncidentStore
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.checkpoints import Checkpoints
    from suimon.ledger.drops import Ledger
    from suimon.ledger.unreadable_items import Unusable

LOST_EVENT = "lost event"
WALK = "walk"  # the checkpoint's name
# 96 rounds a day of 100 pages of 1,000: ten million versions in about a day. A page takes some 0.2 s.
FAR_PAGES = 100
# Prefixes of recent dates are a page each, as a rule; what is beyond this many prefixes is left to the far walk.
NEAR_PAGES = 200
# Entering one takes some 40 ms; the next round finds the others, from the same checkpoint.
ENTERED_AT_MOST = 2_000


@dataclass
class Budget:
    """How many drops this round may still enter; shared by both listings."""

    left: int


@dataclass(frozen=True, kw_only=True)
class LostEvents:
    """Compares bucket and ledger; `backlog`: messages in the intake queue."""

    contracts: Contracts
    ledger: Ledger
    bucket: RawBucket
    queue: IntakeQueue
    incidents: IncidentStore
    unusable: Unusable
    backlog: int = 0
    budget: Budget = field(default_factory=lambda: Budget(ENTERED_AT_MOST))

    def near(self, now: datetime) -> Finding:
        """Look at the recent dates of every contract, newest first.

        A page of each prefix, then a second of those that have one, and so on: the key of a dataset may begin with
        something else than the date, and its prefix then holds all that ever came.
        """
        finding = Finding(LOST_EVENT)
        turns = deque(self.bucket.pages(prefix) for prefix in near_prefixes(self.contracts.all, now))
        for _ in range(NEAR_PAGES):
            if not turns:
                break
            page = next(turns[0])
            turns.rotate(-1)
            if page.end is None:
                turns.pop()
            finding += self.compare(recent(page.versions, now), now)
        return finding

    def far(self, checkpoints: Checkpoints, now: datetime) -> Finding:
        """Continue the walk over the whole bucket from its checkpoint, and leave one where this round ends."""
        try:
            walk = walk_of(checkpoints.get(WALK), now)
        except ValueError as error:
            self.unusable.add(f"checkpoint#{WALK}", f"the walk is begun again: {error}")
            walk = Walk()
        if not walk.began:
            walk = replace(walk, began=stamp(now))
        finding = Finding(LOST_EVENT)
        begin = walk
        try:
            for walked, found in self.portion(walk, now, FAR_PAGES):
                walk, finding = walked, finding + found
        except ClientError as error:
            if walk is not begin or not walk.key or passes(error):
                raise
            # S3 refuses to continue there, and would in every round.
            self.unusable.add(f"checkpoint#{WALK}", f"the walk is begun again, for S3 refuses its place: {error}")
            walk = Walk(began=walk.began, complete=walk.complete)
        finally:  # what was walked before an error stays walked
            checkpoints.put(WALK, asdict(walk))
        return finding

    def portion(self, walk: Walk, now: datetime, pages: int) -> Iterator[tuple[Walk, Finding]]:
        """Walk over so many pages, and yield after each how far the walk has come and what was on the page.

        A page of which something could not be entered is yielded without a step forward, and is the last one.
        """
        complete = moment(walk.complete) if walk.complete else None
        for page in islice(self.bucket.pages(begin=walk.position), pages):
            found = self.compare(unseen(page, complete), now)
            if any(_name(version) in self.unusable for version in page.versions):
                walk = replace(walk, left_out="yes")
            found = replace(found, checked=len(page.versions))
            if found.unexplained:
                yield walk, found
                return
            walk = walk.at(page.end)
            yield walk, found

    def compare(self, versions: Sequence[Version], now: datetime) -> Finding:
        """Find the versions past their grace that the ledger does not know, and enter them."""
        past = past_grace(versions, self.backlog, now)
        known = self.ledger.get_many([version.drop.id for version in past])
        # A record that cannot be read is there: its version is not lost.
        lost = [one for one in past if one.drop.id not in known and f"drop#{one.drop.id}" not in self.unusable]
        order = WriteOrder(contracts=self.contracts, ledger=self.ledger, bucket=self.bucket, incidents=self.incidents)
        entered: dict[str, DropRecord] = {}
        for version in lost:
            if version.drop.id in entered or self.budget.left <= 0:
                continue
            with leave_out(self.unusable, _name(version)):
                new = order.enter(version, known_above(version, versions, known), self.budget.left, now)
                entered |= new
                self.budget.left -= len(new)
        lost = [version for version in lost if _name(version) not in self.unusable]
        resume(self.ledger, self.queue, [one for one in entered.values() if one.state is not State.UNMATCHED])
        lost.sort(key=lambda version: version.drop.id in entered)  # as examples, what is left comes first
        keys = tuple(f"{version.drop.key} ({version.drop.version_id})" for version in lost[:EXAMPLES])
        detected = entered.keys() | {version.drop.id for version in lost}  # with the unknown ones below them
        return Finding(LOST_EVENT, len(versions), len(detected), len(entered), examples=keys)


def _name(version: Version) -> str:
    """Return the name under which a version that could not be entered is noted."""
    return f"s3://{version.drop.bucket}/{version.drop.key} ({version.drop.version_id})"
