"""The replay function's plan, from the ledger on DynamoDB (moto)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from suimon.aws.clock import utc_now
from suimon.contract.model import Contract, Contracts
from suimon.drops.drop import Drop, DropRecord
from suimon.drops.hold import Hold
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.intake.errors import RetryLaterError
from suimon.ledger.holds import HoldLedger
from suimon.ledger.items import item_of
from suimon.replay.request import RequestError, StalePlanError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import LambdaContext

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONTRACTS = Contracts((Contract("sales", "1.0.0", "sales_fact"),))


EXECUTION = "arn:aws:states:ap-northeast-1:1:execution:prod-replay:one"


@pytest.fixture
def app(
    entry_point: Callable[[str, Contracts], ModuleType], table: Table, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    monkeypatch.setenv("SUIMON_STACK", "prod")
    monkeypatch.setenv("SUIMON_LEDGER_TABLE", table.name)
    monkeypatch.setenv("SUIMON_REPORTS_BUCKET", "reports")
    monkeypatch.setenv("SUIMON_ALERTS_TOPIC_ARN", "arn:aws:sns:ap-northeast-1:123456789012:alerts")
    return entry_point("replay", CONTRACTS)


def receive(table: Table, day: str, sequencer: str, state: State) -> str:
    drop = Drop("raw", f"sales/{day}/sales_data.csv", f"v{sequencer}", "etag", 10, sequencer)
    table.put_item(Item=item_of(DropRecord(drop, Match("sales", day), state, 1, NOON, NOON), "intake 1"))
    return drop.id


def test_the_newest_drop_of_each_day_is_planned_and_the_rest_is_said(
    app: ModuleType, table: Table, context: LambdaContext
) -> None:
    receive(table, "2026-11-01", "01", State.LOADED)
    corrected = receive(table, "2026-11-01", "02", State.LOADED)
    running = receive(table, "2026-11-02", "03", State.TRIGGERED)
    found = app.handler({"dataset": "sales", "from": "2026-11-01", "to": "2026-11-03", "reason": "x"}, context)
    fingerprint = found.pop("plan")
    (item,) = found["items"]
    assert item.pop("reason")["en"] == "loaded 2026-11-22: its 0 rows are loaded again"
    assert found == {
        "dataset": "sales",
        "dag_id": None,
        "table": "sales_fact",
        "max_concurrency": 3,
        "tolerated": 1,
        "items": [{"drop_id": corrected, "partition": "2026-11-01", "attempt": 2}],
        "skipped": [
            {
                "partition": "2026-11-02",
                "reason": {
                    "en": f"drop {running} is TRIGGERED: it is on its way already",
                    "ja": f"ドロップ {running} は TRIGGERED で、すでに処理中です",
                },
            },
            {"partition": "2026-11-03", "reason": {"en": "no file has come", "ja": "ファイルが届いていません"}},
        ],
        "others": 0,
    }
    again = {"dataset": "sales", "from": "2026-11-01", "to": "2026-11-03", "plan": fingerprint}
    assert app.handler(again, context)["plan"] == fingerprint
    receive(table, "2026-11-03", "04", State.REJECTED)
    refused = app.handler(again, context)
    assert (refused["kind"], "Plan again, and look" in refused["refused"]["en"]) == ("StalePlanError", True)
    with pytest.raises(StalePlanError):  # which the state machine hears
        app.handler({"begin": again, "execution": EXECUTION}, context)


def test_a_misspelt_dataset_is_refused_and_not_an_empty_range(app: ModuleType, context: LambdaContext) -> None:
    refused = app.handler({"dataset": "slaes", "from": "2026-11-01", "to": "2026-11-03"}, context)
    assert refused == {
        "refused": {
            "en": "no contract for dataset 'slaes'; there are: sales; did you mean sales?",
            "ja": "データセット 'slaes' の契約はありません。あるもの: sales。もしかして: sales",
        },
        "then": "suimon status",
        "kind": "RequestError",
    }


def test_a_held_dataset_is_not_replayed_and_the_refusal_says_how_to_release_it(
    app: ModuleType, context: LambdaContext, table: Table
) -> None:
    HoldLedger(table, lambda _: None).put(Hold(dataset="sales", reason="closing", who="arn:me", since=utc_now()))
    refused = app.handler({"dataset": "sales", "from": "2026-11-01", "to": "2026-11-03"}, context)
    assert (refused["kind"], refused["then"]) == ("HeldError", "suimon release sales")
    assert "by arn:me (closing): release it first" in refused["refused"]["en"]
    assert "arn:me が保留中です（closing）。先に解除してください" in refused["refused"]["ja"]
    assert app.handler({"dataset": "slaes", "from": "2026-11-01", "to": "2026-11-03"}, context)["refused"]


def test_a_range_that_makes_no_sense_is_refused(app: ModuleType, context: LambdaContext) -> None:
    asked = {"dataset": "sales", "from": "2026-11-03", "to": "2026-11-01"}
    refused = app.handler(asked, context)
    assert (refused["then"], "swap them" in refused["refused"]["en"]) == ("suimon replay --help", True)
    with pytest.raises(RequestError, match="swap them"):
        app.handler({"begin": asked, "execution": EXECUTION}, context)


RANGE = {"dataset": "sales", "from": "2026-11-01", "to": "2026-11-03"}
WORDS: list[Any] = [[], "status", 7, None, True, "", "\ud800", "x" * 5_000, {}, -1, 1.5, {"a": 1}, ["en"]]
FAILURE = {"dataset": "sales", "partition": "2026-11-01", "error": "x"}
NONSENSE: list[Any] = [
    *WORDS,
    *(RANGE | {name: word} for name in ("dataset", "from", "to", "resume", "what", "order", "plan") for word in WORDS),
    *(RANGE | {name: word} for name in ("tolerate", "max_concurrency", "reason", "who", "\ud800") for word in WORDS),
    *({step: word} for step in ("begin", "failed", "summarise", "stopped") for word in WORDS),
    *({"begin": RANGE, "execution": word} for word in (*WORDS, EXECUTION.replace("prod", "other"), f"{EXECUTION}:x")),
    *({"summarise": {"dataset": "sales", "end": "x"}, "execution": word} for word in WORDS),
    *({"failed": FAILURE | {"execution": word}} for word in WORDS),
    *({"stopped": {"dataset": "sales", "replay": word}} for word in WORDS),
    *({"stopped": {"dataset": word, "replay": "x"}} for word in WORDS),
]


def test_no_nonsense_makes_the_function_fail_whose_alarm_tells_everybody_nor_changes_anything(
    app: ModuleType, context: LambdaContext, table: Table
) -> None:
    for event in NONSENSE:
        answer = app.handler(event, context)
        json.dumps(answer, ensure_ascii=False).encode()
        assert "refused" in answer or answer["items"] == [], event
        assert "refused" not in answer or answer["then"], event
    assert table.scan()["Items"] == []


def test_what_aws_fails_for_a_moment_is_an_error_that_the_state_machine_retries(
    app: ModuleType, table: Table, context: LambdaContext
) -> None:
    receive(table, "2026-11-01", "01", State.LOADED)
    asked = {"dataset": "sales", "from": "2026-11-01", "to": "2026-11-01"}
    with pytest.raises(RetryLaterError, match="NoSuchBucket"):  # nobody has made the bucket for the items
        app.handler({"begin": asked, "execution": EXECUTION}, context)
