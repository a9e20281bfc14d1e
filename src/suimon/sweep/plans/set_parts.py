"""Parts of sets: drops that have no run of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.contract.model import Contracts, Role
from suimon.drops.states import AT_THE_GATE, State

if TYPE_CHECKING:
    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord


def contract_of(record: DropRecord, contracts: Contracts) -> Contract | None:
    """Return the contract of a drop's dataset; None if the release has none."""
    return next((one for one in contracts.all if one.dataset == record.dataset), None)


def is_set_part(record: DropRecord, contracts: Contracts) -> bool:
    """Whether a drop is a shard, manifest or marker."""
    contract = contract_of(record, contracts)
    if contract is None:
        return record.membership is not None
    return contract.role_of(record.drop.key) in {Role.SHARD, Role.CONTROL}


def may_wait(record: DropRecord, contracts: Contracts) -> bool:
    """Whether a drop is accepted and part of a set, whose run starts when all parts are there."""
    return record.state is State.ACCEPTED and not is_orphan(record, contracts) and is_set_part(record, contracts)


def is_orphan(record: DropRecord, contracts: Contracts) -> bool:
    """Whether a drop waits at the gate for a contract that is gone; what nobody has judged waits as UNMATCHED."""
    is_judged = record.state is State.ACCEPTED or bool(record.members)
    return record.state in AT_THE_GATE and is_judged and contract_of(record, contracts) is None
