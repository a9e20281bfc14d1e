"""The figures of every dataset, measured once an hour; the shares in time are kept, for the page shows them too.

A round that has no time left for all of them leaves the rest to the next one, of this hour or a later one, which begins
with what was measured longest ago: no dataset is left out for good.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from suimon.freshness.figures import Share, figures_of
from suimon.ledger.items import moment
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from suimon.contract.model import Contracts
    from suimon.freshness.expected import Facts
    from suimon.freshness.figures import Figures
    from suimon.ledger.checkpoints import Checkpoints

# What must be left of a round's time for the figures of one more dataset.
LEAST_SECONDS = 60
# Older shares are not shown as if they were of now.
KEPT_FOR = timedelta(hours=3)
_NAME = "figures"


@dataclass
class _Kept:
    """What is kept of a dataset. tried: the hour of the last try, measured: of the shares; texts sort by time."""

    tried: str = ""
    measured: str = ""
    shares: tuple[Share, ...] = ()

    @classmethod
    def from_json(cls, raw: Any) -> _Kept:
        tried, measured, shares = raw
        if measured:
            moment(measured)
        return cls(str(tried), str(measured), tuple(Share(int(in_time), int(due)) for in_time, due in shares))

    def to_json(self) -> list[Any]:
        return [self.tried, self.measured, [(share.in_time, share.due) for share in self.shares]]


@dataclass(frozen=True)
class HourlyFigures:
    """Measures every dataset once an hour; a checkpoint says when each was, and what its shares were."""

    checkpoints: Checkpoints

    def measure(
        self,
        contracts: Contracts,
        facts: Callable[[str, str], Facts],
        newest: Mapping[str, datetime | None],
        now: datetime,
        time_left: Callable[[], float],
    ) -> Iterator[tuple[str, Figures | None]]:
        """Yield each dataset that is not measured yet in this hour with its figures; None for one without time left.

        One whose figures fail is tried again in the next hour, after the others: it keeps none of them back.
        """
        hour = now.replace(minute=0, second=0, microsecond=0).isoformat()
        known = self._kept()
        kept = {contract.dataset: known.get(contract.dataset, _Kept()) for contract in contracts.all}
        due = [contract for contract in contracts.all if kept[contract.dataset].tried != hour]
        try:
            for contract in sorted(due, key=lambda one: kept[one.dataset].tried):
                if time_left() < LEAST_SECONDS:
                    yield contract.dataset, None
                    continue
                one = kept[contract.dataset]
                one.tried = hour
                found = figures_of(contract, facts, newest.get(contract.dataset), now)
                one.measured, one.shares = hour, found.shares
                yield contract.dataset, found
        finally:
            if due:
                texts = {dataset: one.to_json() for dataset, one in kept.items()}
                self.checkpoints.put(_NAME, {"datasets": json.dumps(texts)})

    def shares(self, now: datetime) -> dict[str, tuple[Share, ...]]:
        """Return the on-time shares of each dataset as last measured; without those that are not known."""
        return {
            dataset: one.shares
            for dataset, one in self._kept().items()
            if one.measured and now - moment(one.measured) <= KEPT_FOR
        }

    def _kept(self) -> dict[str, _Kept]:
        try:
            datasets = json.loads(self.checkpoints.get(_NAME)["datasets"])
            return {str(dataset): _Kept.from_json(raw) for dataset, raw in datasets.items()}
        except (KeyError, ValueError, TypeError, AttributeError):  # none yet, or not ours: the next hour writes them
            return {}
