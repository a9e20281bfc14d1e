"""The replays of a stack as commands ask for them, on Step Functions, S3 and DynamoDB (moto)."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from suimon.cli import replays
from suimon.cli.asking import who_asks
from suimon.cli.errors import CommandError
from suimon.cli.replays import Replays, Target
from suimon.drops.states import State
from suimon.ledger.items import item_of
from suimon.ledger.replays import ReplayLedger
from suimon.replay.execution import Progress, start
from suimon.replay.plan import Item, Window, fingerprint_of
from suimon.replay.summary import Fate, Result, stated
from tests.unit.drop_records import drop_record
from tests.unit.replay.mails import RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.replay_record import ReplayRecord

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/replay"
LOADED = drop_record(State.LOADED, attempt=2, rows=3)
ITEMS = [Item(LOADED.id, "2026-11-20", 2, {"en": "failed", "ja": "失敗"})]
ROW = Result("2026-11-20", LOADED.id, 2, Fate.LOADED, stated(State.LOADED), 3)
WANTED = {"dataset": "sales", "from": "2026-11-20", "to": "2026-11-20", "plan": fingerprint_of(ITEMS)}


@pytest.fixture
def of_stack(table: Table, monkeypatch: pytest.MonkeyPatch) -> Replays:
    boto3.client("s3").create_bucket(
        Bucket="reports", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"}
    )
    definition = json.dumps({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}})
    made = boto3.client("stepfunctions").create_state_machine(name="replay", definition=definition, roleArn=ROLE)
    table.put_item(Item=item_of(LOADED, "intake"))
    monkeypatch.setattr(replays, "ask_plan", lambda *asked: {"asked": asked[-1]})
    return Replays(
        Target(made["stateMachineArn"], "replay", table.name, "reports"),
        Console(file=io.StringIO(), width=200),
        " --stack prod",
    )


@pytest.fixture
def record(of_stack: Replays, table: Table) -> ReplayRecord:
    """Return one that runs, with its items in S3."""
    execution = start(boto3.client("stepfunctions"), of_stack.target.state_machine, WANTED, NOON)
    name = execution.rpartition(":")[2]
    found = replace(RECORD, id=name, execution=execution, plan=WANTED["plan"], planned=1, ended_at=None)
    ReplayLedger(table).begin(found)
    put(found, json.dumps([asdict(item) for item in ITEMS]).encode())
    return found


def put(record: ReplayRecord, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket="reports", Key=record.key, Body=body)


def test_one_that_is_stopped_is_stopped_once_and_summed_up_each_time(of_stack: Replays, record: ReplayRecord) -> None:
    assert of_stack.status(record) == "RUNNING"
    summary = {"asked": {"stopped": {"dataset": "sales", "replay": record.id}}}
    assert of_stack.stop(record, "the wrong month") == summary
    described = boto3.client("stepfunctions").describe_execution(executionArn=record.execution)
    assert described["status"] == of_stack.status(record) == "ABORTED"
    assert of_stack.stop(record, "the wrong month") == summary


def test_the_status_of_one_that_step_functions_does_not_know_is_not_made_up(
    of_stack: Replays, record: ReplayRecord
) -> None:
    assert of_stack.status(replace(record, execution=record.execution + "-not")) == ""


def test_one_that_has_ended_is_followed_by_the_items_that_it_put_into_s3(
    of_stack: Replays, record: ReplayRecord
) -> None:
    of_stack.stop(record, "")
    assert of_stack.follow(record) == 1  # it was stopped, though all that it planned is loaded
    file: Any = of_stack.console.file
    assert file.getvalue().splitlines()[-3:-1] == ["1 loaded.", "ABORTED"]


@pytest.mark.parametrize("body", [b"", b"null", b"[{}]", b"[]"], ids=str)
def test_one_whose_items_are_lost_is_not_followed_and_the_error_says_what_to_do(
    of_stack: Replays, record: ReplayRecord, body: bytes
) -> None:
    put(record, body)
    with pytest.raises(CommandError, match=r"are lost .*:\n  suimon status sales --stack prod"):
        of_stack.follow(record)


def test_those_of_a_dataset_are_listed_and_another_is_said_to_be_none(of_stack: Replays, record: ReplayRecord) -> None:
    assert of_stack.known("sales") == [record]
    assert of_stack.record("sales", record.id) == record
    with pytest.raises(CommandError, match="suimon replay sales --list --stack prod"):
        of_stack.record("sales", "another")


def test_what_has_failed_is_found_by_dataset_and_range_the_newest_first(of_stack: Replays, table: Table) -> None:
    for day in ("2026-11-01", "2026-11-03", "2025-01-01"):
        failed: Any = drop_record(State.FAILED, f"sales/{day}/sales_data.csv", partition=day)
        table.put_item(Item=item_of(failed, "intake"))
    assert of_stack.failed() == [Window("sales", ("2025-01-01", "2026-11-01", "2026-11-03"))]


def execute(of_stack: Replays, *days: str) -> int:
    return of_stack.execute([(WANTED | {"from": day, "to": day, "reason": "new prices"}, ITEMS) for day in days])


def started() -> list[dict[str, Any]]:
    """Return the input of each execution, in the order of their ranges."""
    sfn = boto3.client("stepfunctions")
    [machine] = sfn.list_state_machines()["stateMachines"]
    executions = sfn.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    described = [sfn.describe_execution(executionArn=one["executionArn"]) for one in executions]
    return sorted((json.loads(one["input"]) for one in described), key=lambda given: given["from"])


def test_every_plan_is_started_before_the_first_is_followed_and_the_worst_end_is_the_status(
    of_stack: Replays, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = iter([Progress("SUCCEEDED", (ROW,)), Progress("FAILED", error="Suimon.PlanFailed")])

    def followed(*_: Any) -> Iterator[Progress]:
        assert len(started()) == 2
        yield next(ends)

    monkeypatch.setattr(replays, "follow", followed)
    assert execute(of_stack, "2026-11-01", "2026-11-02") == 2
    first, second = started()
    assert (first["from"], second["from"]) == ("2026-11-01", "2026-11-02")
    assert (first["reason"], first["plan"], first["who"]) == ("new prices", WANTED["plan"], who_asks())


def test_what_was_started_is_named_when_it_can_no_longer_be_followed(
    of_stack: Replays, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> NoReturn:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "DescribeExecution")

    monkeypatch.setattr(replays, "follow", fails)
    with pytest.raises(
        CommandError, match=r"slow down(.|\n)*What was started runs on(.|\n)*--follow sales\.2026-11-01\."
    ):
        execute(of_stack, "2026-11-01")
    assert len(started()) == 1


def test_who_stops_looking_is_told_of_each_replay_that_runs_on(
    of_stack: Replays, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> Iterator[Progress]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(replays, "follow", interrupted)
    with pytest.raises(SystemExit) as ended:
        execute(of_stack, "2026-11-01", "2026-11-02")
    assert ended.value.code == 130
    shown: Any = of_stack.console.file
    said = " ".join(shown.getvalue().split())
    for option in ("--follow", "--stop"):
        assert f"suimon replay sales {option} sales.2026-11-01." in said
        assert f"suimon replay sales {option} sales.2026-11-02." in said


def test_of_an_id_that_was_cut_off_the_whole_one_is_named(of_stack: Replays, record: ReplayRecord) -> None:
    with pytest.raises(CommandError, match=f"did you mean {record.id}"):
        of_stack.record("sales", record.id[:-4])
