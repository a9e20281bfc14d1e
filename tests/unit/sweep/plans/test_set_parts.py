"""Which drops are parts of sets, which wait for their set, and which for a contract that is gone."""

from __future__ import annotations

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.set_rule import SetRule
from suimon.drops.drop import Membership
from suimon.drops.states import AT_THE_GATE, State
from suimon.sweep.plans.set_parts import contract_of, is_orphan, is_set_part, may_wait
from tests.unit.drop_records import drop_record

RULE = SetRule(None, KeyPattern("orders/{ds}/manifest.json"), None, reload=False, complete_within_minutes=60)
ORDERS = Contract("orders", "1", "orders", key_pattern=KeyPattern("orders/{ds}/part-{shard}.csv"), set_rule=RULE)
SALES = Contract("sales", "1", "sales", key_pattern=KeyPattern("sales/{ds}/sales_data.csv"))
RELEASE, WITHOUT = Contracts((SALES, ORDERS)), Contracts((SALES,))
SHARD, MANIFEST = (
    drop_record(State.ACCEPTED, f"orders/2026-11-20/{name}", dataset="orders")
    for name in ("part-1.csv", "manifest.json")
)
FILE = drop_record(State.ACCEPTED)


def test_a_drop_has_the_contract_of_its_dataset() -> None:
    assert (contract_of(SHARD, RELEASE), contract_of(FILE, RELEASE), contract_of(SHARD, WITHOUT)) == (
        ORDERS,
        SALES,
        None,
    )


def test_shards_and_what_says_which_there_are_are_parts_and_a_file_is_none() -> None:
    assert [is_set_part(one, RELEASE) for one in (SHARD, MANIFEST, FILE)] == [True, True, False]


def test_without_its_contract_a_part_is_known_by_its_record() -> None:
    joined = drop_record(State.ACCEPTED, SHARD.drop.key, dataset="orders", membership=Membership())
    assert [is_set_part(one, WITHOUT) for one in (joined, SHARD)] == [True, False]


def test_only_an_accepted_part_waits_for_its_set() -> None:
    checked = drop_record(State.VALIDATING, SHARD.drop.key, dataset="orders")
    assert [may_wait(one, RELEASE) for one in (SHARD, MANIFEST, FILE, checked)] == [True, True, False, False]
    assert not may_wait(SHARD, WITHOUT)


@pytest.mark.parametrize("state", sorted(set(State) - {State.UNMATCHED}), ids=str)
@pytest.mark.parametrize("members", [(), ("shard",)])
def test_what_was_judged_waits_at_the_gate_for_a_contract_that_is_gone(state: State, members: tuple[str, ...]) -> None:
    record = drop_record(state, dataset="orders", members=members)
    is_judged = state is State.ACCEPTED or bool(members)
    assert is_orphan(record, WITHOUT) is (state in AT_THE_GATE and is_judged)
    assert not is_orphan(record, RELEASE)
