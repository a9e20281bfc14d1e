"""How many requests a good file makes at the gate, which bench/cost.py counts in dollars."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from botocore.client import BaseClient

from bench.cost import ALARMS, FILE, PAGE, page
from suimon.drops.states import State

if TYPE_CHECKING:
    import pytest

    from suimon.intake.gate import Gate

from tests.functional.intake.gated import GOOD, put

KINDS = {
    "PutItem": "ledger_write",
    "UpdateItem": "ledger_write",
    "GetItem": "ledger_read",
    "BatchGetItem": "ledger_read",
    "Query": "ledger_read",
    "PutObject": "s3_put",
    "CopyObject": "s3_put",
    "ListObjectsV2": "s3_put",
    "GetObject": "s3_get",
    "HeadObject": "s3_get",
}
COUNTED = {price: sum(one.count for one in FILE if one.price == price) for price in set(KINDS.values())}
COPIES = 3  # the table and two indexes
KILOBYTES = 2  # of an item


def test_a_good_file_makes_no_more_requests_than_the_cost_page_counts(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop, made, original = put(GOOD), Counter[str](), BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, operation: str, request: Any) -> Any:
        made[KINDS.get(operation, "")] += 1
        return original(self, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    assert gate.take(drop).state is State.TRIGGERED
    # What the end of the run adds to the ledger is a write and two reads more.
    assert made["ledger_write"] + 1 <= COUNTED["ledger_write"] / COPIES / KILOBYTES
    assert made["ledger_read"] + 2 <= COUNTED["ledger_read"]
    assert made["s3_put"] + 1 <= COUNTED["s3_put"]  # and the sender's own
    assert made["s3_get"] <= COUNTED["s3_get"]
    assert min(made[kind] for kind in COUNTED) > 0


def test_the_page_is_what_the_script_writes_of_this_template() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
    alarms = (PAGE.parents[1] / "template.yaml").read_text(encoding="utf-8").count("Type: AWS::CloudWatch::Alarm")
    assert 0 < alarms <= ALARMS
