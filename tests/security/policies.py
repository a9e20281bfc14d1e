"""The policies of template.yaml as IAM sees them: every reference resolved, for each principal of the stack."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.security.questions import (
    ACCOUNT,
    BUS,
    ENVIRONMENT,
    KEY,
    LEDGER,
    REGION,
    STACK,
    USER_ID,
    WORKGROUP_ID,
    arn,
    bucket,
    questions,
)
from tests.template.test_template import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]

# Principal -> the resource of the template that says what it may do.
PRINCIPALS = {
    "upstream": "UpstreamPolicy",
    "operator": "OperatorPolicy",
    "viewer": "ViewerPolicy",
    "DAG": "DagPolicy",
    "intake": "IntakeRole",
    "outcome": "OutcomeRole",
    "freshness": "FreshnessRole",
    "replay plan": "ReplayPlanRole",
    "replay machine": "ReplayRole",
    "schedule": "ScheduleRole",
    "Glue": "GlueRole",
    "COPY": "CopyRole",
}
NOTHING = object()
CONDITIONS = {
    "HasChat": True,
    "HasTags": True,
    "MakesRawBucket": True,
    "MakesAlerts": True,
    "HasAlertsKey": False,
    "IsServerless": True,
    "HasSecret": False,
    "HasArtifactBucket": False,
    "HasKey": True,
    "HasSenderKeys": False,
}
_QUEUES = {"IntakeQueue": "intake", "IntakeDeadLetterQueue": "intake-dead", "UndeliveredQueue": "undelivered"}
_FUNCTIONS = {"Intake": "intake", "Outcome": "outcome", "Freshness": "freshness", "Replay": "replay-plan"}
ARNS = {
    **{f"{name.title()}Bucket": bucket(name) for name in ("raw", "lake", "reports")},
    **{name: arn("sqs", f"{STACK}-{queue}") for name, queue in _QUEUES.items()},
    **{f"{name}Function": arn("lambda", f"function:{STACK}-{function}") for name, function in _FUNCTIONS.items()},
    **{f"{name}Log": arn("logs", f"log-group:/aws/lambda/{STACK}-{one}:*") for name, one in _FUNCTIONS.items()},
    "Ledger": LEDGER,
    "Bus": BUS,
    "AlertsKey": KEY,
    "ObjectCreatedRule": arn("events", f"rule/{STACK}-object-created"),
}
REFS = {
    "RawBucket": ARNS["RawBucket"].rpartition(":")[2],
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::StackName": STACK,
    "MwaaEnvironment": ENVIRONMENT,
    "MwaaRole": "User",
    "RedshiftWorkgroupId": WORKGROUP_ID,
    "CsvToParquetJob": f"{STACK}-csv-to-parquet",
    **{name: arn("sns", f"{STACK}-{name.lower()}") for name in ("Alerts", "Chat", "Watch")},
    "KmsKeyArn": KEY,
    "QuestionsAlias": arn("lambda", f"function:{STACK}-freshness:questions"),
    "ReplayStateMachine": arn("states", f"stateMachine:{STACK}-replay"),
}


def allowed_by(resources: Mapping[str, Any]) -> dict[str, set[str]]:
    """Decide every question for every principal of a template, in one process of the emulator's Python."""
    asked = {
        "policies": {principal: policies_of(principal, resources) for principal in PRINCIPALS},
        "questions": [asdict(question) for question in questions()],
        "user_id": USER_ID,
    }
    python = ROOT / ".suimon" / "envs" / "ministack" / "bin" / "python"
    told = subprocess.run(
        [python, ROOT / "tests" / "security" / "evaluate.py"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    decided: dict[str, list[bool]] = json.loads(told.stdout)
    return {
        principal: {question.name for question, may in zip(questions(), answers, strict=True) if may}
        for principal, answers in decided.items()
    }


def policies_of(principal: str, resources: Mapping[str, Any] = RESOURCES) -> list[Any]:
    """Return the policy documents of a principal."""
    resource = resources[PRINCIPALS[principal]]
    properties = resource["Properties"]
    if resource["Type"] == "AWS::IAM::ManagedPolicy":
        return [resolved(properties["PolicyDocument"])]
    return [resolved(policy["PolicyDocument"]) for policy in properties["Policies"]]


def resolved(value: Any) -> Any:  # noqa: PLR0911 one for each of CloudFormation's functions
    """Replace CloudFormation's functions by what they stand for; KeyError for what is not known here."""
    match value:
        case list():
            return [found for found in map(resolved, value) if found is not NOTHING]
        case {"Ref": "AWS::NoValue"}:
            return NOTHING
        case {"Ref": name}:
            return REFS[name]
        case {"GetAtt": name}:
            return ARNS[name.removesuffix(".Arn")]
        case {"Sub": [text, names]}:
            own = {f"${{{name}}}": str(resolved(one)) for name, one in names.items()}
            text = re.sub(r"\$\{[^}]+\}", lambda found: own.get(found[0], found[0]), text)
            return re.sub(r"\$\{([^}]+)\}", _named, text)
        case {"Sub": text}:
            return re.sub(r"\$\{([^}]+)\}", _named, text)
        case {"If": [condition, yes, no]}:
            return resolved(yes if CONDITIONS[condition] else no)
        case dict():
            return {key: resolved(one) for key, one in value.items()}
    return value


def _named(found: re.Match[str]) -> str:
    name = found.group(1)
    return ARNS[name.removesuffix(".Arn")] if name.endswith(".Arn") else REFS[name]
