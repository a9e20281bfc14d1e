"""What the ledger knows of dates of datasets, each read once."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from suimon.freshness.expected import Facts
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from suimon.drops.hold import Hold
    from suimon.ledger.drops import Ledger
    from suimon.ledger.waivers import Waiver, Waivers


@dataclass(frozen=True)
class DateFacts:
    """Reads facts as of now; for one round, and thrown away after it."""

    ledger: Ledger
    waivers: Waivers
    now: datetime
    _facts: dict[tuple[str, str], Facts] = field(default_factory=dict)
    _waived: dict[str, Mapping[str, Waiver]] = field(default_factory=dict)
    _holds: dict[str, Hold | None] = field(default_factory=dict)

    def of(self, dataset: str, partition: str) -> Facts:
        """Return what is known of a date of a dataset."""
        name = dataset, partition
        if name not in self._facts:
            if dataset not in self._waived:
                self._waived[dataset] = self.waivers.of(dataset)
                self._holds[dataset] = self.ledger.holds.of_all([dataset]).get(dataset)
            waiver = self._waived[dataset].get(partition)
            self._facts[name] = Facts(
                drops=self.ledger.drops_of(*name),
                waived=waiver.reason if waiver else "",
                waived_at=waiver.at if waiver else None,
                hold=self._holds[dataset],
            )
        return self._facts[name]
