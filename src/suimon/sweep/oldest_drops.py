"""The drops that have been in a state for longest, read up to a bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suimon.ledger.drops import Ledger, standing

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from suimon.drops.drop import DropRecord
    from suimon.drops.states import State

# Read of each state in a round.
READ_AT_MOST = 3_000
PAGE = 300  # a query returns up to a megabyte
# And with what does not count: the parts of sets that are never whole stay there, a thousand a set at most.
READ_IN_ALL = 20_000


@dataclass(frozen=True)
class OldestDrops:
    """Drops in one state, longest first; `all_read`: whether there can be no others."""

    records: tuple[DropRecord, ...]
    all_read: bool


def read_oldest(
    ledger: Ledger, state: State, before: datetime, counts: Callable[[DropRecord], bool] = lambda _: True
) -> OldestDrops:
    """Read the drops that came to a state until then, up to READ_AT_MOST of those that count.

    So those that may stay there forever hide no others.
    """
    found: list[DropRecord] = []
    counted, behind = 0, ""
    while page := ledger.in_state(state, before, PAGE, behind=behind):
        found += page
        counted += sum(counts(record) for record in page)
        if counted >= READ_AT_MOST or len(found) >= READ_IN_ALL:
            return OldestDrops(tuple(found), all_read=False)
        behind = standing(page[-1])
    return OldestDrops(tuple(found), all_read=True)
