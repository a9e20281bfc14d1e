"""The figures of every dataset, measured once an hour; the shares in time are kept, for the page shows them too."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from suimon.freshness.figures import Share, figures_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from suimon.contract.model import Contracts
    from suimon.freshness.expected import Facts
    from suimon.freshness.figures import Figures
    from suimon.ledger.checkpoints import Checkpoints

# What must be left of a round's time for the figures of one more dataset.
LEAST_SECONDS = 60
# Older shares are not shown as if they were of now.
KEPT_FOR = timedelta(hours=3)
_NAME = "figures"


@dataclass(frozen=True)
class HourlyFigures:
    """Measures every dataset once an hour; a checkpoint says when that was, and what the shares were."""

    checkpoints: Checkpoints

    def measure(
        self,
        contracts: Contracts,
        facts: Callable[[str, str], Facts],
        newest: Mapping[str, datetime | None],
        now: datetime,
        time_left: Callable[[], float],
    ) -> Iterator[tuple[str, Figures | None]]:
        """Yield each dataset with its figures if this hour's are not measured yet; None when the time is over."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self.checkpoints.get(_NAME).get("hour") == hour.isoformat():
            return
        shares = {}
        for contract in contracts.all:
            if time_left() < LEAST_SECONDS:
                yield contract.dataset, None
                break
            found = figures_of(contract, facts, newest.get(contract.dataset), now)
            shares[contract.dataset] = [(share.in_time, share.due) for share in found.shares]
            yield contract.dataset, found
        self.checkpoints.put(_NAME, {"hour": hour.isoformat(), "shares": json.dumps(shares)})

    def shares(self, now: datetime) -> dict[str, tuple[Share, ...]]:
        """Return the shares in time of each dataset as they were measured last; none of what is not known."""
        kept = self.checkpoints.get(_NAME)
        try:
            if now - datetime.fromisoformat(kept["hour"]) > KEPT_FOR:
                return {}
            return {
                str(dataset): tuple(Share(int(in_time), int(due)) for in_time, due in shares)
                for dataset, shares in json.loads(kept["shares"]).items()
            }
        except (KeyError, ValueError, TypeError, AttributeError):  # none yet, or not ours: the next hour writes them
            return {}
