"""Shards, manifests and markers at the gate: they join their set, and end as it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from suimon.contract.model import Role
from suimon.drops import sets
from suimon.drops.drop import State
from suimon.drops.lake import accepted_prefix
from suimon.incidents.messages import sets as set_messages
from suimon.ledger.items import stamp
from suimon.ledger.sets import LostSetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from suimon.aws.objects import Objects
    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord
    from suimon.drops.sets import DropSet, Joined
    from suimon.incidents.store import IncidentDesk
    from suimon.ledger.drops import Ledger

# As many others may change the set while we decide; then the message comes again.
TRIES = 20


@dataclass(frozen=True)
class Gathering:
    """What sets are gathered with. `clock` gives the time in UTC.

    Every step may be the last of a function that dies. Whoever comes next, by the same message or the sweep's, begins
    at the top and finds done what was done:

        the last shard                                    what is found by whoever goes on with this shard
        accepted                                          joins
        joined; the set is whole, its version is set      is in; the set is open
        the set's own record                              is there, goes on from where it stands
        the set is checked, its run is started            is started
        the shards follow                                 those that have not yet, follow
    """

    ledger: Ledger
    objects: Objects
    desk: IncidentDesk
    lake_bucket: str
    clock: Callable[[], datetime]

    def join(self, record: DropRecord, contract: Contract) -> DropRecord | None:
        """Let an accepted drop join; give the set's own record if a run may be opened, or was, for what is in it now.

        A drop that does not belong there ends here. SetError and UnreadableError tell that a manifest or marker that
        was accepted can no longer be read.
        """
        pattern = contract.key_pattern
        joined = self._join(record, contract)
        if joined.place is sets.Place.CLOSED:
            # People first, ledger after, as ever.
            self.desk.report(set_messages.closed(record, joined.whole), self.clock())
            self.ledger.move(record, State.REJECTED, self.clock())
        elif joined.place is sets.Place.SUPERSEDED:
            self.ledger.move(record, State.SUPERSEDED, self.clock())
        for drop_id in joined.left:
            gone = self.ledger.get(drop_id)
            if gone and gone.state is State.ACCEPTED:  # else its set is on its way, and it ends with that
                self.join(gone, contract)
        whole = joined.whole
        if joined.place is not sets.Place.IN or not sets.is_open(whole) or pattern is None:
            return None
        members = (*whole.shards, *([whole.control.drop_id] if whole.control else []))
        drop = sets.drop_of(whole, record.drop.bucket, pattern)
        return self.ledger.receive(drop, whole.dataset, whole.partition, State.RECEIVED, self.clock(), members)

    def _join(self, record: DropRecord, contract: Contract) -> Joined:
        for _ in range(TRIES):
            was = self.ledger.sets.get(record.dataset, record.partition)
            joined = self._decide(was, record, contract)
            if joined.whole == was:
                return joined
            try:
                return replace(joined, whole=self.ledger.sets.put(joined.whole, self.clock()))
            except LostSetError:
                continue
        raise LostSetError(f"the set {record.dataset} {record.partition} changes faster than it can be joined")

    def _decide(self, was: DropSet, record: DropRecord, contract: Contract) -> Joined:
        rule, pattern, member = contract.set_rule, contract.key_pattern, sets.Member.of(record)
        if rule is None or pattern is None:
            raise sets.SetError(f"the contract of {record.dataset} knows no sets")
        now = stamp(self.clock())
        if contract.role_of(record.drop.key) is Role.SHARD:
            return sets.join(was, pattern.shard(record.drop.key), member, rule, now)
        # One that says nothing new is not read: its version may be gone.
        is_new = was.control is None or was.control.written < member.written
        return sets.command(was, member, self.names(record, contract) if is_new else (), rule, now)

    def names(self, record: DropRecord, contract: Contract) -> frozenset[str]:
        """Give the shards that a manifest lists or a marker finds; SetError or UnreadableError if it cannot be told."""
        rule, pattern, drop = contract.set_rule, contract.key_pattern, record.drop
        if rule is None or pattern is None:
            raise sets.SetError(f"the contract of {record.dataset} knows no sets")
        if rule.marker:
            # Not by the ledger: events come in any order, a shard's may be after the marker's.
            keys = self.objects.keys(drop.bucket, pattern.prefix_for(record.partition))
            return sets.names_among(keys, record.partition, pattern)
        if drop.size > sets.MANIFEST_BYTES:
            raise sets.SetError(f"a manifest has up to {sets.MANIFEST_BYTES:,} bytes, this one has {drop.size:,}")
        manifest = self.objects.version(drop).read(0, drop.size)
        return sets.names_in(manifest, drop.key, record.partition, pattern)

    def lay_out(self, record: DropRecord, contract: Contract) -> int:
        """Write what the run of a set reads; give how many rows that is."""
        known = self.ledger.get_many(record.members)
        shards = [known[one] for one in record.members if contract.role_of(known[one].drop.key) is Role.SHARD]
        sources, folder = sets.sources_of(shards), accepted_prefix(record)
        self.objects.put_json(self.lake_bucket, f"{folder}{sets.SOURCES}", sources)
        self.objects.put_json(self.lake_bucket, f"{folder}_contract.json", contract.to_json())
        return int(sources["rows"])

    def is_current(self, record: DropRecord) -> bool:
        """Whether no newer set of the partition has been opened."""
        return sets.is_current(record, self.ledger.sets.get(record.dataset, record.partition))
