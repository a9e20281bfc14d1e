"""The replay state machine, run by MiniStack: real JSONata, a real Map, real task tokens, with two tiny functions.

And `suimon replay` in front of it, as an operator runs it.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.isolation import clean_environment
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from local.twin import Twin

ROOT = Path(__file__).parents[2]
DEFINITION = ROOT / "statemachine" / "replay.asl.json"

# Plans what the request's reason says; an error when it says so.
PLAN = """
import json
def handler(event, context):
    if event["reason"] == "error":
        raise ValueError("sales is no dataset")
    if event.get("plan") not in (None, "", "as-shown"):
        raise ValueError("the ledger has moved on")
    named = {"dataset": "sales", "dag_id": "load_sales", "table": "sales_fact", "others": 0, "plan": "as-shown"}
    return {"max_concurrency": event["max_concurrency"], **named, **json.loads(event["reason"])}
"""
# Keeps what it was asked where the test finds it. The token is answered by the test.
INTAKE = """
import json, os, pathlib
class OvertakenError(Exception):
    pass
def handler(event, context):
    request = event["replay"]
    folder = pathlib.Path(os.environ["FOLDER"])
    unfinished = folder / (request["drop_id"] + ".part")
    unfinished.write_text(json.dumps(request))
    unfinished.rename(folder / (request["drop_id"] + ".json"))
    if request["drop_id"] == "late":
        raise OvertakenError("another replay has started attempt 2 of drop late, TRIGGERED now")
"""


class Replays:
    """The deployed state machine, and intake's side of it."""

    def __init__(self, twin: Twin, folder: Path) -> None:
        self.folder = folder
        self.sfn = twin.session().client("stepfunctions")
        self._twin = twin
        role = _role(twin)
        definition = DEFINITION.read_text(encoding="utf-8")
        for name, code in (("Replay", PLAN), ("Intake", INTAKE)):
            arn = _function(twin, f"{folder.name}-{name}", code, role, FOLDER=str(folder))
            definition = definition.replace(f"${{{name}FunctionArn}}", arn)
        self.arn = self.sfn.create_state_machine(name=folder.name, definition=definition, roleArn=role)[
            "stateMachineArn"
        ]

    def stack(self) -> str:
        """Deploy a stack that has Suimon's outputs and nothing else, and the ledger's table."""
        name = f"{self.folder.name}-stack".replace("_", "-")
        self._twin.session().client("dynamodb").create_table(
            TableName=f"{name}-ledger",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        )
        outputs = {
            "ReplayStateMachineArn": self.arn,
            "ReplayFunctionName": f"{self.folder.name}-Replay",
            "LedgerTable": f"{name}-ledger",
        }
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {key: {"Value": value} for key, value in outputs.items()},
        }
        formation = self._twin.session().client("cloudformation")
        formation.create_stack(StackName=name, TemplateBody=json.dumps(template))
        eventually(lambda: formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
        return name

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `suimon replay sales` in a process of its own, with nothing but the AWS variables."""
        root = self._twin.principals["root"]
        environment = clean_environment(
            os.environ,
            self._twin.endpoint(),
            AWS_ACCESS_KEY_ID=root.access_key_id,
            AWS_SECRET_ACCESS_KEY=root.secret_access_key,
            COLUMNS="200",
        )
        program = "from suimon.cli.replay import replay; replay()"
        days = ("sales", "--from", "2026-11-01", "--to", "2026-11-03")
        return subprocess.Popen(
            [sys.executable, "-c", program, *days, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self, reason: str, max_concurrency: int = 3) -> str:
        asked = {"dataset": "sales", "from": "2026-11-01", "to": "2026-11-03"}
        more = {"reason": reason, "max_concurrency": max_concurrency}
        return self.sfn.start_execution(stateMachineArn=self.arn, input=json.dumps({**asked, **more}))["executionArn"]

    def requests(self, count: int) -> dict[str, dict[str, Any]]:
        """Wait until intake has been asked for so many drops; gives the requests by drop id."""
        eventually(lambda: len(list(self.folder.glob("*.json"))) >= count)
        return {path.stem: json.loads(path.read_text()) for path in self.folder.glob("*.json")}

    def answer(self, request: dict[str, Any], outcome: str, rows: int = 10) -> None:
        output = {"drop_id": request["drop_id"], "partition": "?", "outcome": outcome, "rows": rows}
        self.sfn.send_task_success(taskToken=request["task_token"], output=json.dumps(output))

    def end(self, execution: str) -> Any:
        eventually(lambda: self.sfn.describe_execution(executionArn=execution)["status"] != "RUNNING")
        return self.sfn.describe_execution(executionArn=execution)


@pytest.fixture
def replays(cloud: Twin, tmp_path: Path) -> Replays:
    return Replays(cloud, tmp_path)


def test_each_drop_waits_for_its_own_answer_and_the_summary_counts_them(replays: Replays) -> None:
    execution = replays.start(_plan("a", "b", skipped=[{"partition": "2026-11-03", "reason": "no file has come"}]))
    requests = replays.requests(2)
    assert {key: value for key, value in requests["a"].items() if key != "task_token"} == {
        "drop_id": "a",
        "attempt": 2,
        "execution": execution,
    }
    assert requests["a"]["task_token"] != requests["b"]["task_token"]
    replays.answer(requests["b"], "loaded", rows=20)
    assert replays.sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    replays.answer(requests["a"], "loaded")
    ended = replays.end(execution)
    assert ended["status"] == "SUCCEEDED"
    row = {"attempt": 2, "outcome": "loaded", "error": None}
    assert json.loads(ended["output"]) == {
        "loaded": 2,
        "unneeded": 0,
        "failed": 0,
        "rows": [
            {"drop_id": "a", "partition": "day-a", "rows": 10, **row},
            {"drop_id": "b", "partition": "day-b", "rows": 20, **row},
        ],
        "skipped": [{"partition": "2026-11-03", "reason": "no file has come"}],
    }


def test_one_drop_that_fails_leaves_the_others_alone_and_shows_in_the_end(replays: Replays) -> None:
    execution = replays.start(_plan("a", "b", "c"))
    requests = replays.requests(3)
    replays.sfn.send_task_failure(
        taskToken=requests["a"]["task_token"], error="RunFailed", cause="Glue: " + "x" * 1_000
    )
    replays.answer(requests["b"], "superseded")
    replays.answer(requests["c"], "loaded")
    ended = replays.end(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "Suimon.PartlyLoaded")
    assert ended["cause"] == "1 loaded, 1 not loaded: day-a (failed)"
    rows = _summary(replays, execution)["rows"]
    assert [row["outcome"] for row in rows] == ["failed", "superseded", "loaded"]
    assert rows[0]["error"].startswith("RunFailed: Glue: xxx")
    assert len(rows[0]["error"]) == 200
    assert rows[0]["error"].endswith("…")


def test_a_replay_that_gave_way_to_a_newer_file_or_another_replay_ends_well(replays: Replays) -> None:
    execution = replays.start(_plan("late", "b"))
    replays.answer(replays.requests(2)["b"], "superseded")
    ended = replays.end(execution)
    assert ended["status"] == "SUCCEEDED"
    summary = json.loads(ended["output"])
    assert (summary["loaded"], summary["unneeded"], summary["failed"]) == (0, 2, 0)
    assert summary["rows"][0]["outcome"] == "overtaken"
    assert summary["rows"][0]["error"] == (
        "OvertakenError: another replay has started attempt 2 of drop late, TRIGGERED now"
    )


def test_the_only_drop_of_a_plan_stays_a_list_of_one(replays: Replays) -> None:
    execution = replays.start(_plan("a"))
    request = replays.requests(1)["a"]
    replays.sfn.send_task_failure(taskToken=request["task_token"], error="Rejected", cause="2 bad cells")
    ended = replays.end(execution)
    assert ended["cause"] == "0 loaded, 1 not loaded: day-a (failed)"
    assert _summary(replays, execution)["rows"] == [
        {
            "drop_id": "a",
            "partition": "day-a",
            "attempt": 2,
            "outcome": "failed",
            "rows": None,
            "error": "Rejected: 2 bad cells",
        }
    ]


def test_no_more_drops_run_at_once_than_asked(replays: Replays) -> None:
    execution = replays.start(_plan("a", "b", "c"), max_concurrency=1)
    answered: set[str] = set()
    for done in range(3):
        requests = replays.requests(done + 1)
        assert len(requests) == done + 1
        waiting = requests.keys() - answered
        assert len(waiting) == 1
        answered |= waiting
        replays.answer(requests[waiting.pop()], "loaded")
    assert replays.end(execution)["status"] == "SUCCEEDED"


def test_a_range_without_drops_ends_well_and_says_why_nothing_ran(replays: Replays) -> None:
    skipped = [{"partition": "2026-11-01", "reason": "no file has come"}]
    ended = replays.end(replays.start(_plan(skipped=skipped)))
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"]) == {
        "loaded": 0,
        "unneeded": 0,
        "failed": 0,
        "rows": [],
        "skipped": skipped,
    }


def test_a_plan_that_fails_ends_the_replay_with_its_reason(replays: Replays) -> None:
    ended = replays.end(replays.start("error"))
    assert (ended["status"], ended["error"]) == ("FAILED", "Suimon.PlanFailed")
    assert "sales is no dataset" in ended["cause"]


def test_the_command_starts_a_replay_follows_it_and_tells_what_was_not_loaded(replays: Replays) -> None:
    skipped = [{"partition": "2026-11-03", "reason": "no file has come"}]
    command = replays.command("--stack", replays.stack(), "--yes", "--reason", _plan("a", "b", skipped=skipped))
    requests = replays.requests(2)
    replays.answer(requests["a"], "loaded", rows=50_000)
    replays.sfn.send_task_failure(taskToken=requests["b"]["task_token"], error="Rejected", cause="2 bad cells")
    output, _ = command.communicate(timeout=PATIENCE)
    assert command.returncode == 1, output
    assert "day-a" in output
    assert "50,000" in output
    assert "day-b failed: Rejected: 2 bad cells" in output
    assert "2026-11-03 left out: no file has come" in output
    assert output.splitlines()[-1] == "1 loaded, 1 not loaded, 0 with nothing to do, 1 left out."


def test_the_command_ends_well_when_everything_was_loaded(replays: Replays) -> None:
    command = replays.command("--stack", replays.stack(), "--plan", "as-shown", "--reason", _plan("a"))
    replays.answer(replays.requests(1)["a"], "loaded")
    output, _ = command.communicate(timeout=PATIENCE)
    assert (command.returncode, output.splitlines()[-1]) == (
        0,
        "1 loaded, 0 not loaded, 0 with nothing to do, 0 left out.",
    )


def test_a_dry_run_shows_the_plan_and_starts_nothing(replays: Replays) -> None:
    command = replays.command("--stack", replays.stack(), "--dry-run", "--reason", _plan("a", "b"))
    output, _ = command.communicate(timeout=PATIENCE)
    assert command.returncode == 0, output
    assert "day-b" in output
    assert "2 would run, 3 at once; each runs load_sales, which replaces its day in sales_fact." in output
    assert "--plan as-shown" in output
    assert replays.sfn.list_executions(stateMachineArn=replays.arn)["executions"] == []


def test_a_plan_that_was_overtaken_starts_nothing(replays: Replays) -> None:
    command = replays.command("--stack", replays.stack(), "--plan", "of-yesterday", "--reason", _plan("a"))
    output, _ = command.communicate(timeout=PATIENCE)
    assert command.returncode == 2, output
    assert "the ledger has moved on" in output
    assert replays.sfn.list_executions(stateMachineArn=replays.arn)["executions"] == []


def test_a_stack_that_is_not_there_is_said_so(replays: Replays) -> None:
    command = replays.command("--stack", "nowhere")
    output, _ = command.communicate(timeout=PATIENCE)
    assert command.returncode == 2
    assert "name the stack with --stack" in output


def test_a_year_whose_days_all_fail_in_japanese_fits_through_the_machine(replays: Replays) -> None:
    days = [(date(2028, 1, 1) + timedelta(days=number)).isoformat() for number in range(366)]
    reason = "loaded 2026-11-21, a set of 4 objects: its 1,000,000 rows are loaded again"
    items = [
        {"drop_id": f"{place:016x}", "partition": day, "attempt": 2, "reason": reason} for place, day in enumerate(days)
    ]
    execution = replays.start(json.dumps({"items": items, "skipped": []}), max_concurrency=40)
    answered: set[str] = set()

    def refuse_all() -> bool:
        for path in set(replays.folder.glob("*.json")) - {replays.folder / f"{drop}.json" for drop in answered}:
            request = json.loads(path.read_text())
            replays.sfn.send_task_failure(taskToken=request["task_token"], error="E", cause="日" * 300)
            answered.add(request["drop_id"])
        return len(answered) == len(days)

    eventually(refuse_all)
    ended = replays.end(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "Suimon.PartlyLoaded")
    assert _summary(replays, execution)["failed"] == len(days)


def _plan(*drops: str, skipped: list[dict[str, str]] | None = None) -> str:
    items = [{"drop_id": drop, "partition": f"day-{drop}", "attempt": 2, "reason": "failed"} for drop in drops]
    return json.dumps({"items": items, "skipped": skipped or []})


def _summary(replays: Replays, execution: str) -> Any:
    """What the Summary state put out: a failed execution has no output of its own."""
    events = replays.sfn.get_execution_history(executionArn=execution, maxResults=1000)["events"]
    exits = [event["stateExitedEventDetails"] for event in events if "stateExitedEventDetails" in event]
    return next(json.loads(one["output"]) for one in exits if one["name"] == "Summary")


def _role(twin: Twin) -> str:
    iam = twin.session().client("iam")
    try:
        return iam.get_role(RoleName="anything")["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        pass
    services = ["lambda.amazonaws.com", "states.amazonaws.com"]
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    role = iam.create_role(RoleName="anything", AssumeRolePolicyDocument=_policy(trust))["Role"]
    iam.put_role_policy(RoleName="anything", PolicyName="invoke", PolicyDocument=_policy(allowed))
    return role["Arn"]


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _function(twin: Twin, name: str, code: str, role: str, **environment: str) -> str:
    artifact = io.BytesIO()
    with zipfile.ZipFile(artifact, "w") as archive:
        archive.writestr("app.py", code)
    created = (
        twin.session()
        .client("lambda")
        .create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="app.handler",
            Role=role,
            Code={"ZipFile": artifact.getvalue()},
            Environment={"Variables": environment},
        )
    )
    return created["FunctionArn"]
