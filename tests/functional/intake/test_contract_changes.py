"""A changed contract is deployed while files are in flight: none is lost, none loaded by columns it does not have."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from suimon.contract.file import Column
from suimon.contract.model import Contracts
from suimon.drops.states import State
from suimon.intake.replays import ReplayRequest, replay
from tests.functional.intake.gated import GOOD, NOON, FakeMwaa, body_of, put

if TYPE_CHECKING:
    from suimon.contract.model import Contract
    from suimon.intake.gate import Gate
    from tests.functional.conftest import Post


def deployed(gate: Gate, *, may_be_absent: bool) -> Gate:
    """Return the gate of the next release, whose sales have one column more."""

    def changed(contract: Contract) -> Contract:
        if contract.dataset != "sales":
            return contract
        note = Column("note", "string", max_length=8, may_be_absent=may_be_absent)
        return replace(contract, version="2.0.0", columns=(*contract.columns, note))

    return replace(gate, contracts=Contracts(tuple(changed(one) for one in gate.contracts.all)))


def test_a_file_checked_before_and_failed_after_is_checked_by_the_new_contract_when_it_is_retried(
    gate: Gate, mwaa: FakeMwaa
) -> None:
    drop = put(GOOD)
    gate.take(drop)
    record = gate.ledger.get(drop.id)
    assert record
    gate.ledger.move(record, State.FAILED, NOON)  # the run finds other columns than the table's description
    again = replay(deployed(gate, may_be_absent=True), ReplayRequest(drop.id, 2, "token", "execution"))
    assert (again.state, list(mwaa.runs)) == (State.TRIGGERED, [f"{drop.id}.1", f"{drop.id}.2"])
    copy = json.loads(body_of("lake", f"accepted/sales/{again.partition}/{drop.id}/_contract.json"))
    assert (copy["version"], copy["columns"][-1]["name"]) == ("2.0.0", "note")


def test_a_file_that_the_new_contract_rejects_is_told_of_and_not_lost(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    drop = put(GOOD)
    gate.take(drop)
    record = gate.ledger.get(drop.id)
    assert record
    gate.ledger.move(record, State.FAILED, NOON)
    post.letters()
    again = replay(deployed(gate, may_be_absent=False), ReplayRequest(drop.id, 2, "token", "execution"))
    assert (again.state, len(mwaa.runs)) == (State.REJECTED, 1)
    [(subject, body)] = post.letters()
    assert "rejected" in subject
    assert "note" in body


@pytest.mark.parametrize("state", ["sent", "opened"])
def test_a_file_whose_event_comes_after_the_deployment_has_one_run(gate: Gate, mwaa: FakeMwaa, state: str) -> None:
    """Its event comes after the deployment, or again after its run was opened before: one run either way."""
    drop = put(GOOD)
    after = deployed(gate, may_be_absent=True)
    if state == "opened":
        gate.take(drop)
    after.take(drop)
    record = after.ledger.get(drop.id)
    assert record
    assert (record.state, list(mwaa.runs)) == (State.TRIGGERED, [f"{drop.id}.1"])
