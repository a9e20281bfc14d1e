"""Shards, manifests and markers at the gate: they join their set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.contract.model import Role
from suimon.drops import sets
from suimon.drops.drop import Rejection
from suimon.drops.lake import CONTRACT, accepted_prefix
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.drops.volume import Amount
from suimon.incidents.messages import sets as set_messages
from suimon.ledger.sets import LostSetError
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from suimon.aws.objects import Objects
    from suimon.contract.keys import KeyPattern
    from suimon.contract.model import Contract
    from suimon.contract.set_rule import SetRule
    from suimon.drops.drop import DropRecord
    from suimon.drops.sets import DropSet, Joined
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.drops import Ledger

    # Reads the names of a set's shards; SetError or UnreadableError when that is not possible.
    Names = Callable[[], frozenset[str]]

# As many others may change the set while we decide; after that the message is retried.
TRIES = 20


@dataclass(frozen=True, kw_only=True)
class Gathering:
    """Gathers shards into sets. `clock` returns the time in UTC.

    Every step may be the last of a function that crashes. The next one, by the same message or the sweep's, begins at
    the top and finds done what was done:

        the last shard                                    what the next one finds with this shard
        accepted                                          joins
        joined; the set is whole, its version is set      is in; the set is open (mark: has-joined-before)
        the set's own record                              exists, is resumed from its state
        the set is checked, its run is started            is started
        the shards follow                                 those that have not yet, follow
    """

    ledger: Ledger
    objects: Objects
    incidents: IncidentStore
    lake_bucket: str
    clock: Callable[[], datetime]

    def join(self, record: DropRecord, contract: Contract, names: Names = frozenset) -> DropRecord | None:
        """Join an accepted drop to its set; return the set's own record if a run may be opened, or was, for it now.

        A drop that does not belong there ends here. names: of a manifest or marker, the shards it names; called only
        if it says something new, for the version may be gone. LostSetError when others change the set all the time.
        """
        joined = self._join(record, contract, names)
        if joined.result is sets.JoinResult.CLOSED:
            # People first, ledger after, as ever.
            self.incidents.report(set_messages.closed(record, joined.whole), self.clock())
            rejection = Rejection(record.attempt, set_messages.CLOSED)
            self.ledger.move(record, State.REJECTED, self.clock(), rejection=rejection)
        elif joined.result is sets.JoinResult.SUPERSEDED:
            self.ledger.move(record, State.SUPERSEDED, self.clock())
        for drop_id in joined.left:
            gone = self.ledger.get(drop_id)
            if gone and gone.state is State.ACCEPTED:  # else its set is on its way, and it ends with that
                self.join(gone, contract)
        whole = joined.whole
        if joined.result is not sets.JoinResult.IN or not sets.is_open(whole):
            return None
        return self._enter(whole, record.drop.bucket, contract)

    def _join(self, record: DropRecord, contract: Contract, names: Names) -> Joined:
        for _ in range(TRIES):
            was = self.ledger.sets.get(record.dataset, record.partition)
            joined = self._decide(was, record, contract, names)
            if joined.whole == was:
                return joined  # mark: has-joined-before
            try:
                return replace(joined, whole=self.ledger.sets.put(joined.whole, self.clock()))
            except LostSetError:
                continue  # mark: set-changed-meanwhile
        raise LostSetError(f"the set {record.dataset} {record.partition} changes faster than it can be joined")

    def _decide(self, was: DropSet, record: DropRecord, contract: Contract, names: Names) -> Joined:
        rule, pattern = _rules(contract)
        member, now = sets.Member.of(record), self.clock()
        if contract.role_of(record.drop.key) is Role.SHARD:
            return sets.join(was, pattern.shard(record.drop.key), member, rule, now)
        is_new = was.control is None or was.control.written < member.written
        return sets.declare(was, member, names() if is_new else (), rule, now)

    def _enter(self, whole: DropSet, bucket: str, contract: Contract) -> DropRecord:
        """Enter the set's own drop into the ledger, and return it as it stands there."""
        _, pattern = _rules(contract)
        members = (*whole.shards, *([whole.control.drop_id] if whole.control else []))
        drop = sets.drop_of(whole, bucket, pattern)
        return self.ledger.receive(drop, Match(whole.dataset, whole.partition), self.clock(), members)

    def read_names(self, record: DropRecord, contract: Contract) -> frozenset[str]:
        """Read which shards a manifest lists, or find which are in the bucket beside a marker.

        SetError or UnreadableError when there is no telling.
        """
        rule, pattern = _rules(contract)
        drop = record.drop
        if rule.marker:
            # Not by the ledger: events come in any order, a shard's may be after the marker's.
            keys = self.objects.keys(drop.bucket, pattern.prefix_for(record.partition))
            return sets.names_among(keys, record.partition, pattern)
        if drop.size > sets.MANIFEST_BYTES:
            raise sets.SetError(f"a manifest has up to {sets.MANIFEST_BYTES:,} bytes, this one has {drop.size:,}")
        manifest = self.objects.version(drop).read(0, drop.size)
        return sets.names_in(manifest, drop.key, record.partition, pattern)

    def lay_out(self, record: DropRecord, contract: Contract) -> Amount:
        """Write what the run of a set reads; return how much that is."""
        known = self.ledger.get_many(record.members)
        shards = [known[one] for one in record.members if contract.role_of(known[one].drop.key) is Role.SHARD]
        sources, folder = sets.sources_of(shards), accepted_prefix(record)
        self.objects.put_json(self.lake_bucket, f"{folder}{sets.SOURCES}", sources)
        self.objects.put_json(self.lake_bucket, f"{folder}{CONTRACT}", contract.to_json())
        return Amount.together(shards)

    def is_current(self, record: DropRecord) -> bool:
        """Whether no newer set of the partition has been opened."""
        return sets.is_current(record, self.ledger.sets.get(record.dataset, record.partition))


def _rules(contract: Contract) -> tuple[SetRule, KeyPattern]:
    if contract.set_rule is None or contract.key_pattern is None:
        raise sets.SetError(f"the contract of {contract.dataset} knows no sets")
    return contract.set_rule, contract.key_pattern
