"""Every command of the runbook, typed against a stack with such trouble (moto, and the functions in this process)."""

from __future__ import annotations

import io
import json
import shlex
from dataclasses import dataclass, replace
from datetime import time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from suimon.contract.model import Arrival, Contracts
from suimon.drops.drop import Accepted, Rejection
from suimon.drops.states import State
from suimon.incidents.messages.airflow import paused
from tests.functional.cli.checked_up import Events
from tests.functional.freshness.fakes import Redshift
from tests.functional.sweep.swept import DAG, HOUR, NOON, RAW, REPORTS, World, contracts, key_of
from tests.unit.incidents.runbook import PAGE, commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import DropRecord
    from tests.functional.conftest import LambdaContext, Post

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "docs" / "sample" / "sales_data.csv"
DAY = "2026-11-20"
FOLDER = f"sales/{DAY}/run/"
# Exit status 1 of these is an answer: something is wrong, as it is here.
ANSWERS = {"status", "incidents", "doctor", "check", "reconcile"}


@dataclass
class Functions:
    """Lambda, with the stack's functions in this process."""

    apps: dict[str, ModuleType]
    context: LambdaContext
    moto: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.moto, name)

    def invoke(self, **request: Any) -> dict[str, Any]:
        name, _, _alias = request["FunctionName"].partition(":")
        context = replace(self.context, invoked_function_arn=f"arn:{request['FunctionName']}")
        answer = self.apps[name].handler(json.loads(request["Payload"]), context)
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


@dataclass
class CloudFormation:
    """The outputs of the stack."""

    outputs: dict[str, str]

    def describe_stacks(self, **request: Any) -> dict[str, Any]:
        assert request == {"StackName": "prod"}
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in self.outputs.items()]
        stack = {"StackStatus": "UPDATE_COMPLETE", "Outputs": outputs}
        return {"Stacks": [stack], "ResponseMetadata": {"HTTPHeaders": {}}}


@pytest.fixture
def world(table: Table, post: Post) -> World:
    """A stack of sales, whose file is due every day."""
    due = Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=2)
    return World(table, post, Contracts((replace(contracts().all[0], arrival=due),)))


def validating(world: World, number: int) -> DropRecord:
    record = world.receive(world.put(key_of(DAY), body=f"{number}"), f"0{number}")
    return world.ledger.claim(record, NOON - HOUR, owner="a", lease=timedelta(minutes=16), attempt=1)


@pytest.fixture
def drops(world: World) -> dict[str, DropRecord]:
    """A rejected file with its report, and one that waits for its run."""
    page = f"s3://{REPORTS}/{FOLDER}report.html"
    why = Rejection(1, "1 fault in 1 record.", ("type-error",), page)
    for name in ("report.html", "report.json", "bad_cells.jsonl"):
        world.s3.put_object(Bucket=REPORTS, Key=FOLDER + name, Body=b"")
    refused = world.ledger.move(validating(world, 1), State.REJECTED, NOON - HOUR, rejection=why)
    taken = Accepted("data.csv", 10)
    waiting = world.ledger.move(validating(world, 2), State.ACCEPTED, NOON - HOUR, accepted=taken)
    return {"refused": refused, "waiting": waiting}


@pytest.fixture
def stack(
    world: World,
    context: LambdaContext,
    entry_point: Callable[[str, Contracts], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, ModuleType]:
    """Deploy it: its functions, by name, and the outputs that name them."""
    for name, value in world.variables().items():
        monkeypatch.setenv(name, value)
    outputs = {
        "FreshnessFunctionName": "freshness",
        "QuestionsFunctionArn": "freshness:questions",
        "ReplayFunctionName": "replay",
        "ReportsBucket": "reports",
        "ReplayStateMachineArn": "arn:aws:states:ap-northeast-1:123456789012:stateMachine:replay",
        "LedgerTable": world.table.name,
        "RawBucket": RAW,
        "LakeBucket": "lake",
    }
    client = boto3.client
    apps: dict[str, ModuleType] = {}
    fakes: dict[str, Any] = {
        "cloudformation": CloudFormation(outputs),
        "events": Events(),
        "lambda": Functions(apps, context, boto3.client("lambda")),
        "mwaa": world.mwaa,
        "redshift-data": Redshift(),
    }
    monkeypatch.setattr(boto3, "client", lambda name, **more: fakes.get(name) or client(name, **more))
    for name in ("freshness", "replay"):
        apps[name] = entry_point(name, world.contracts)
        monkeypatch.setattr(apps[name], "utc_now", lambda: NOON)
    return apps


def test_the_runbook_has_commands() -> None:
    assert len(commands(PAGE.read_text(encoding="utf-8"))) > len(ANSWERS)


@pytest.mark.parametrize("command", commands(PAGE.read_text(encoding="utf-8")))
def test_every_command_of_the_runbook_does_what_it_is_there_for(
    command: str,
    world: World,
    drops: dict[str, DropRecord],
    stack: dict[str, ModuleType],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUIMON_DATASETS", str(tmp_path if "dataset new" in command else ROOT / "datasets"))
    problem = paused(DAG)
    world.incidents.report(problem, NOON - HOUR)
    closing, releasing = (
        command.startswith(("suimon drops close", "suimon retract")),
        command.startswith("suimon release"),
    )
    if releasing:
        stack["freshness"].answers().hold({"dataset": "sales", "reason": "moved", "until": "", "who": "ann"}, NOON)
    meant = {
        "INCIDENT": str(problem.id),
        "DATASET": "sales",
        "DATE": DAY,
        "DROP": drops["waiting" if closing else "refused"].id,
        "FILE": str(SAMPLE),
    }
    program, *arguments = [meant.get(word, word) for word in shlex.split(command)]
    result = CliRunner(env={"SUIMON_STACK": "prod"}).invoke(main, arguments, catch_exceptions=False)
    assert program == "suimon"
    assert result.exit_code in ({0, 1} if arguments[0] in ANSWERS else {0}), result.output
    assert result.output.strip()
    assert "Error" not in result.output
