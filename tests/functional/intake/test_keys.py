"""Keys and messages at the gate: what no contract matches, odd names, and what a message may ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contracts
from suimon.drops.drop import EventError
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.incidents.publisher import Publisher
from suimon.intake.gate import Gate, receive
from suimon.intake.queue import resume_message
from suimon.ledger.queries import history

if TYPE_CHECKING:
    from tests.functional.conftest import Post

from tests.functional.intake.gated import GOOD, NOON, Clock, FakeMwaa, put


def test_a_key_that_no_contract_knows_is_recorded_and_reported_once_a_pattern(gate: Gate, post: Post) -> None:
    assert gate.take(put("x", key="sale/2026-11-20/sales_data.csv")).state is State.UNMATCHED
    assert gate.take(put("x", key="sale/2026-11-21/sales_data.csv")).state is State.UNMATCHED
    assert post.subjects() == ["[WARNING] Files that no contract knows: sale/…/*.csv"]


def test_what_could_not_be_reported_is_not_yet_recorded(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = put("x", key="sale/2026-11-20/sales_data.csv")
    monkeypatch.setattr(Publisher, "publish", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        gate.take(drop)
    assert gate.ledger.get(drop.id) is None


def test_a_folder_that_a_console_made_is_recorded_and_no_news(gate: Gate, post: Post) -> None:
    assert gate.take(put("", key="sales/2026-11-20/")).state is State.UNMATCHED
    assert post.subjects() == []


@pytest.mark.parametrize(
    "key",
    ["売上/2026-11-20/売上 データ.csv", "a+b%2B c/%E5%A3%B2.csv", "x" * 1024, "é" * 512, "tab\there.csv", "'; DROP--"],
)
def test_a_key_may_hold_whatever_s3_takes(gate: Gate, key: str) -> None:
    drop = put(GOOD, key=key)
    assert gate.take(drop).state is State.UNMATCHED
    assert [record.drop for record in gate.ledger.drops_of_key("raw", key)] == [drop]


def test_an_odd_name_that_a_contract_declares_reaches_its_run(gate: Gate, mwaa: FakeMwaa) -> None:
    sales = replace(gate.contracts.of("sales"), key_pattern=KeyPattern("売上/{ds}/売上 +%2B.csv"))
    drop = put(GOOD, key="売上/2026-11-20/売上 +%2B.csv")
    assert replace(gate, contracts=Contracts((sales,))).take(drop).state is State.TRIGGERED
    [conf] = mwaa.runs.values()
    assert conf["source_uri"] == f"s3://lake/accepted/sales/2026-11-20/{drop.id}/data.csv"


def test_a_key_whose_contract_comes_later_is_claimed_when_it_is_resumed(gate: Gate) -> None:
    drop = put(GOOD)
    before = replace(gate, contracts=Contracts(tuple(one for one in gate.contracts.all if one.dataset != "sales")))
    assert before.take(drop).state is State.UNMATCHED
    assert gate.resume(drop.id).state is State.TRIGGERED
    assert [move.state for move in history(gate.ledger._table, drop.id)][:2] == [State.UNMATCHED, State.RECEIVED]


def test_a_drop_is_resumed_from_the_ledger_alone(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    record = gate.ledger.receive(drop, Match("sales", "2026-11-20"), NOON)
    assert receive(gate, resume_message(record)).state is State.TRIGGERED
    assert receive(gate, resume_message(record)).state is State.TRIGGERED
    assert len(mwaa.runs) == 1


@pytest.mark.parametrize("claimed", [False, True])
def test_what_nobody_has_judged_waits_for_a_contract_when_its_own_is_gone(
    gate: Gate,
    clock: Clock,
    post: Post,
    claimed: bool,  # noqa: FBT001 a parameter
) -> None:
    drop = put(GOOD)
    record = gate.ledger.receive(drop, Match("sales", "2026-11-20"), NOON)
    if claimed:
        gate.ledger.claim(record, NOON, owner="x", lease=timedelta(minutes=16), attempt=1)
        clock.now += timedelta(minutes=17)
    without = replace(gate, contracts=Contracts(()))
    for body in (resume_message(record), resume_message(record)):
        assert receive(without, body).state is State.UNMATCHED
    assert post.subjects() == ["[WARNING] Files that no contract knows: sales/…/*.csv"]
    assert receive(gate, resume_message(record)).state is State.TRIGGERED


@pytest.mark.parametrize("body", ["no json", "[]", "{}", '{"resume": "0000000000000000"}', '{"detail": {}}'])
def test_a_message_that_asks_nothing_is_an_error_that_says_so(gate: Gate, body: str) -> None:
    with pytest.raises(EventError):
        receive(gate, body)
