"""Lost writes get their place among the writes of their key: S3 lists versions in order, but without sequencers."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from suimon.drops.drop import written_order
from suimon.intake.entry import enter
from suimon.ledger.batch import BATCH
from suimon.sweep.plans.lost_events import TOP, Gap, was_there
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from suimon.aws.versions import RawBucket, Version
    from suimon.contract.model import Contracts
    from suimon.drops.drop import DropRecord
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.drops import Ledger


@dataclass(frozen=True, kw_only=True)
class WriteOrder:
    """Enters lost writes in the order in which they were made."""

    contracts: Contracts
    ledger: Ledger
    bucket: RawBucket
    incidents: IncidentStore

    def enter(self, version: Version, above: DropRecord | None, at_most: int, now: datetime) -> dict[str, DropRecord]:
        """Enter a version and the unknown ones below it, the oldest first, and return their records by drop id.

        above: the nearest known write of the key above it, if the caller knows one. at_most: how many may be entered.

        The order in which S3 keeps versions is the order of their writes, but only an event has a sequencer. A lost
        version gets the next place after the newest known write below it, older ones first:

            versions     event          the sweep                       the ledger
            A            0A             knows it                        0A
            B            lost           enters it, after A              0A.00000001
            C            lost           enters it, after B              0A.00000002
            D            0D             knows it                        0D
                         0B, late       (B is known: its place stays)   0A.00000001

        Every place is right in itself: behind all writes below, before all above, whose sequencers are greater than
        any that begins with 0A. B's late event changes nothing, for the first record of a version wins. If it came
        just before the sweep entered B, C stands behind 0B, because the sweep goes by the record that there is
        (mark: next-place-is-behind-the-record).
        """
        gap = self._gap(version, above, at_most)
        newest = gap.below.drop.sequencer if gap.below else ""
        entered = {}
        for lost in reversed(gap.lost):
            newest = gap.newest_below(lost, newest)
            record = enter(gap.drop_behind(lost, newest), self.contracts, self.ledger, self.incidents, now)
            newest = max(newest, record.drop.sequencer, key=written_order)  # mark: next-place-is-behind-the-record
            entered[record.id] = record
        return entered

    def _gap(self, version: Version, above: DropRecord | None, at_most: int) -> Gap:
        listed = self.bucket.versions_of(version.drop.key, behind=version.drop.version_id if above else "")
        listed_ids: set[str] = set()
        if above is None:  # what lies above is on an earlier page, or there is nothing
            others = takewhile(lambda one: one.drop.id != version.drop.id, listed)
            nearest = deque((one.drop.id for one in others), maxlen=BATCH)
            listed_ids.update(nearest)
            known = self.ledger.get_many(nearest)
            above = next((known[one] for one in reversed(nearest) if one in known), None)
        gap = self._unknown(version, listed, at_most)
        listed_ids.update(one.drop.id for one in gap.lost)
        return self._with_recorded(gap, above, listed_ids)

    def _unknown(self, version: Version, listed: Iterator[Version], at_most: int) -> Gap:
        """Read from a version down to the first known one.

        The oldest are kept, as many as may be entered, however many lie there: S3 lists a key's versions only from its
        newest.
        """
        lost, size = deque([version], maxlen=at_most), 5  # most often the next one is known
        while batch := list(islice(listed, size)):
            known = self.ledger.get_many([one.drop.id for one in batch])
            for older in batch:
                if older.drop.id in known:
                    return Gap(tuple(lost), known[older.drop.id])
                lost.append(older)
            size = BATCH
        return Gap(tuple(lost))

    def _with_recorded(self, gap: Gap, above: DropRecord | None, listed_ids: set[str]) -> Gap:
        """Read the ledger's writes of the key between two known ones, from the newest down, as far as they matter."""
        top = above.drop if above else replace(gap.lost[0].drop, sequencer=TOP)
        earliest = min(gap.lost, key=lambda one: one.written)
        recorded, deleted = {}, []
        for record in self.ledger.older_writes_of_key(top):
            if gap.below and written_order(record.drop.sequencer) <= written_order(gap.below.drop.sequencer):
                break
            if record.id in listed_ids:
                recorded[record.id] = record.drop
                continue
            deleted.append(record)
            if was_there(record, earliest):  # then it lies below all of the gap, and what is older cannot count
                break
        return replace(gap, recorded=recorded, deleted=tuple(deleted))
