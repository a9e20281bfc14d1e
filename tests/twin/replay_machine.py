"""The replay state machine on MiniStack with two tiny functions: one plays the replay function, one intake."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.isolation import clean_environment
from suimon.ledger.items import item_of
from suimon.replay.plan import Item
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.twin import Twin
    from suimon.drops.drop import DropRecord

ROOT = Path(__file__).parents[2]
DEFINITION = ROOT / "statemachine" / "replay.asl.json"

# Ends the function's process as the sandbox does, the first time that it comes to a step that a test has named.
DYING = """
import os, pathlib, signal
def die_once(step):
    named = pathlib.Path(os.environ["FOLDER"]) / ("dies-at-" + step)
    if named.exists():
        named.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
"""
# Does what the request's reason says; the bucket has the items already. A person's plan is refused when it is stale.
REPLAY = (
    DYING
    + """
import json
class StalePlanError(Exception):
    pass
def handler(event, context):
    folder = pathlib.Path(os.environ["FOLDER"])
    die_once(next(iter(event)))
    if "failed" in event:
        (folder / ("failed-" + event["failed"]["drop_id"])).write_text(json.dumps(event["failed"]))
        if event["failed"]["drop_id"] == "unrecorded":
            raise ValueError("nothing can be written")
        return {}
    if "summarise" in event or "stopped" in event:
        asked = event.get("summarise") or {**event["stopped"], "end": "stopped"}
        (folder / "summarised").write_text(json.dumps(asked))
        return {**asked, **json.loads((folder / "summary").read_text())}
    wanted = event.get("begin", event)
    plan = json.loads(wanted["reason"])
    if plan.get("error"):
        raise ValueError("sales is no dataset")
    common = {"dataset": wanted["dataset"], "max_concurrency": wanted.get("max_concurrency") or 3}
    common |= {"tolerated": plan["tolerated"]}
    if "begin" in event:
        return {**common, "as_accepted": False, "bucket": plan["bucket"], "key": plan["key"], "count": plan["count"]}
    if wanted.get("plan") not in (None, "", "as-shown"):
        raise StalePlanError("the ledger has moved on")
    named = {"dag_id": "load_sales", "table": "sales_fact", "plan": "as-shown", "others": 0}
    return {**common, **named, "items": plan["items"], "skipped": plan["skipped"]}
"""
)
# Keeps what it was asked where the test finds it. The token is answered by the test.
INTAKE = (
    DYING
    + """
import json
class OvertakenError(Exception):
    pass
def handler(event, context):
    request = event["replay"]
    folder = pathlib.Path(os.environ["FOLDER"])
    with (folder / ("asked-" + request["drop_id"])).open("a") as log:
        log.write("x")
    die_once(request["drop_id"])
    unfinished = folder / (request["drop_id"] + ".part")
    unfinished.write_text(json.dumps(request))
    unfinished.rename(folder / (request["drop_id"] + ".json"))
    if request["drop_id"] == "late":
        raise OvertakenError("another replay has started attempt 2 of drop late, TRIGGERED now")
"""
)


class Replays:
    """The deployed state machine, and intake's side of it."""

    def __init__(self, twin: Twin, folder: Path, definition: str = DEFINITION.read_text(encoding="utf-8")) -> None:
        """Deploy a definition: the project's own, or one that a test has changed."""
        self.folder = folder
        self.sfn = twin.session().client("stepfunctions")
        self._twin = twin
        self._s3 = twin.session().client("s3")
        self.bucket = f"{folder.name.replace('_', '-').lower()}-reports"
        place: Any = self._s3.meta.region_name
        self._s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": place})
        role = _role(twin)
        definition = definition.replace("${Partition}", "aws")
        for name, code in (("Replay", REPLAY), ("Intake", INTAKE)):
            arn = _function(twin, f"{folder.name}-{name}", code, role, FOLDER=str(folder))
            definition = definition.replace(f"${{{name}FunctionArn}}", arn)
        self.arn = self.sfn.create_state_machine(name=folder.name, definition=definition, roleArn=role)[
            "stateMachineArn"
        ]
        self.sums_up(1)

    def sums_up(self, planned: int, loaded: int = 0, unneeded: int = 0) -> None:
        """Decide what the summary says, which the real function reads from the ledger."""
        counts = {"planned": planned, "loaded": loaded, "unneeded": unneeded, "failed": 0, "running": 0, "remaining": 0}
        (self.folder / "summary").write_text(json.dumps({**counts, "told": f"{loaded} loaded"}))

    def dies_at(self, *steps: str) -> None:
        """Kill the function's process once at each step: begin, failed, summarise, or intake's of a drop."""
        for step in steps:
            (self.folder / f"dies-at-{step}").touch()

    def plan(
        self,
        *drops: str,
        tolerated: int = 0,
        skipped: Sequence[dict[str, Any]] = (),
        lost: bool = False,
        damaged: bytes | None = None,
    ) -> str:
        """Put the items of a plan into S3, and return the reason that names them.

        lost: they are not there. damaged: what lies there in their place.
        """
        items = [asdict(Item(drop, f"day-{drop}", 2, {"en": "failed", "ja": "失敗"})) for drop in drops]
        key = f"replays/sales/{len(drops)}.json"
        if not lost:
            body = json.dumps(items).encode() if damaged is None else damaged
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        named = {"bucket": self.bucket, "key": key, "count": len(items), "tolerated": tolerated}
        return json.dumps({**named, "items": items, "skipped": list(skipped)})

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
            "ReportsBucket": self.bucket,
        }
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {key: {"Value": value} for key, value in outputs.items()},
        }
        formation = self._twin.session().client("cloudformation")
        formation.create_stack(StackName=name, TemplateBody=json.dumps(template))
        eventually(lambda: formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
        return name

    def enter(self, stack: str, record: DropRecord) -> str:
        """Put a drop into the stack's ledger, and return its id."""
        item = item_of(record, "intake")
        self._twin.session().resource("dynamodb").Table(f"{stack}-ledger").put_item(Item=item)
        return record.id

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
        """Start an execution."""
        asked = {"dataset": "sales", "from": "2026-11-01", "to": "2026-11-03"}
        more = {"reason": reason, "max_concurrency": max_concurrency}
        return self.sfn.start_execution(stateMachineArn=self.arn, input=json.dumps({**asked, **more}))["executionArn"]

    def requests(self, count: int) -> dict[str, dict[str, Any]]:
        """Wait until intake has been asked for so many drops; gives the requests by drop id."""
        eventually(lambda: len(list(self.folder.glob("*.json"))) >= count)
        return {path.stem: json.loads(path.read_text()) for path in self.folder.glob("*.json")}

    def asked(self, drop: str) -> int:
        """Return how often intake was asked for a drop."""
        path = self.folder / f"asked-{drop}"
        return len(path.read_text()) if path.exists() else 0

    def errors_of_children(self) -> set[str]:
        """Return the errors by which the executions below the Map have failed."""
        children = self.sfn.list_executions(stateMachineArn=f"{self.arn}/Drops")["executions"]
        described = [self.sfn.describe_execution(executionArn=one["executionArn"]) for one in children]
        return {str(one.get("error")) for one in described if one["status"] == "FAILED"}

    def answer(self, request: dict[str, Any], outcome: str, rows: int = 10) -> None:
        """Answer as the outcome function does."""
        output = {"drop_id": request["drop_id"], "partition": "?", "outcome": outcome, "rows": rows}
        self.sfn.send_task_success(taskToken=request["task_token"], output=json.dumps(output))

    def fail(self, request: dict[str, Any], error: str = "RunFailed", cause: str = "Glue died") -> None:
        """Answer that it has failed."""
        self.sfn.send_task_failure(taskToken=request["task_token"], error=error, cause=cause)

    def end(self, execution: str) -> Any:
        """Wait for the end of an execution."""
        eventually(lambda: self.sfn.describe_execution(executionArn=execution)["status"] != "RUNNING")
        return self.sfn.describe_execution(executionArn=execution)

    def summarised(self) -> Any:
        """Return what the summary was asked with."""
        return json.loads((self.folder / "summarised").read_text())

    def failed(self) -> dict[str, str]:
        """Return why drops were not loaded, as it was recorded."""
        found = [json.loads(path.read_text()) for path in self.folder.glob("failed-*")]
        return {one["drop_id"]: one["error"] for one in found}


def _role(twin: Twin) -> str:
    iam = twin.session().client("iam")
    try:
        return iam.get_role(RoleName="anything")["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        pass
    services = ["lambda.amazonaws.com", "states.amazonaws.com"]
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    actions = ["lambda:InvokeFunction", "s3:GetObject", "states:StartExecution"]
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
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
