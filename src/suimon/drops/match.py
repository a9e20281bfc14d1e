"""What a contract makes of a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.stamps import is_ahead
from suimon.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contract


@dataclass(frozen=True)
class Match:
    """What a contract makes of a key: its dataset and the partition.

    stamp: the time in it, as digits that sort. shard: the name of the part of a set that it is.
    """

    dataset: str
    partition: str
    stamp: str = ""
    shard: str = ""

    @classmethod
    def of(cls, contract: Contract, partition: str, key: str) -> Match:
        """Return what a contract makes of a key that it matches, with this partition."""
        stamp = contract.stamp(key)
        return cls(contract.dataset, partition, stamp, contract.shard(key) if stamp else "")

    def is_ahead(self, arrived: datetime) -> bool:
        """Whether the stamp lies so far behind the arrival that it orders nothing."""
        return is_ahead(self.stamp, arrived)
