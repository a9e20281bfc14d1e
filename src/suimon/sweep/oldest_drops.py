"""The drops that have been in a state for longest, read up to a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from suimon.drops.drop import DropRecord
    from suimon.drops.states import State
    from suimon.ledger.drops import Ledger

# Of each state in a round: drops that count, and with those that do not. The parts of sets that are never whole stay in
# their state, a thousand a set at most.
COUNTED_AT_MOST, READ_AT_MOST = 3_000, 20_000


@dataclass(frozen=True)
class OldestDrops:
    """Drops in one state, longest first; `all_read`: whether there can be no others."""

    records: tuple[DropRecord, ...]
    all_read: bool


def read_oldest(
    ledger: Ledger, state: State, before: datetime, counts: Callable[[DropRecord], bool] = lambda _: True
) -> OldestDrops:
    """Read the drops that came to a state until then, up to COUNTED_AT_MOST of those that count.

    So those that may stay there forever hide no others.
    """
    found: list[DropRecord] = []
    counted = 0
    for record in ledger.in_state(state, before):
        found.append(record)
        counted += counts(record)
        if counted >= COUNTED_AT_MOST or len(found) >= READ_AT_MOST:
            return OldestDrops(tuple(found), all_read=False)
    return OldestDrops(tuple(found), all_read=True)
