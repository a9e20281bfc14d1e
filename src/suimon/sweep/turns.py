"""What a round reads and looks at: bounded, longest first, each round the next ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from suimon.contract.model import Contracts, Role
from suimon.drops.drop import DropRecord, State
from suimon.ledger.drops import Ledger, standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

One = TypeVar("One")
# Read of each state in a round, those that have waited longest.
READ_AT_MOST = 3_000
PAGE = 300  # a query gives up to a megabyte
# And with what does not count: the parts of sets that are never made whole stay there, a thousand a set at most.
READ_IN_ALL = 20_000
ROUND = timedelta(minutes=15)  # from one to the next
LONGEST_RUN = timedelta(minutes=15)  # of the intake function, and of the sweep's


def longest_in(
    ledger: Ledger, state: State, before: datetime, counts: Callable[[DropRecord], bool]
) -> tuple[list[DropRecord], bool]:
    """Read the drops that have been in a state for longest, and tell whether there may be more.

    It stops at READ_AT_MOST of those that count, so that those that may stand there for good hide no others.
    """
    found: list[DropRecord] = []
    counted, behind = 0, ""
    while page := ledger.in_state(state, before, PAGE, behind=behind):
        found += page
        counted += sum(counts(record) for record in page)
        if counted >= READ_AT_MOST or len(found) >= READ_IN_ALL:
            return found, True
        behind = standing(page[-1])
    return found, False


def may_wait(record: DropRecord, contracts: Contracts) -> bool:
    """Whether it is accepted and part of a set, which is opened when all are there."""
    return record.state is State.ACCEPTED and is_part_of_set(record, contracts)


def is_part_of_set(record: DropRecord, contracts: Contracts) -> bool:
    """Whether it is a shard, manifest or marker, which has no run of its own."""
    contract = next((one for one in contracts.all if one.dataset == record.dataset), None)
    return contract is not None and contract.role_of(record.drop.key) in {Role.SHARD, Role.CONTROL}


def in_turn(items: Sequence[One], at_most: int, now: datetime) -> list[One]:
    """Choose as many as a round can look at, each round the next ones: what stays for good hides no others."""
    start = int(now.timestamp() / ROUND.total_seconds()) * at_most % len(items) if items else 0
    return [*items[start:], *items[:start]][:at_most]


# Of a function's own time: with less than this, nothing long is begun.
LEAST_SECONDS = 45
