"""Who is joined to whom: each name means the resource that it says, and whoever uses something may."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from local.template_check.reading import actions_on, globals_merged, in_list, of_type, referred, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
FUNCTION: Final = "AWS::Serverless::Function"
# What the last word of a variable or an output says of the resource behind it.
KINDS: Final = {
    "bucket": "AWS::S3::Bucket",
    "table": "AWS::DynamoDB::Table",
    "queue": "AWS::SQS::Queue",
    "topic": "AWS::SNS::Topic",
    "bus": "AWS::Events::EventBus",
    "job": "AWS::Glue::Job",
    "role": "AWS::IAM::Role",
    "function": FUNCTION,
    "policy": "AWS::IAM::ManagedPolicy",
}
# Who assumes the Role of each.
ASSUMED: Final = {
    FUNCTION: "lambda.amazonaws.com",
    "AWS::Serverless::StateMachine": "states.amazonaws.com",
    "AWS::Glue::Job": "glue.amazonaws.com",
}


def _names(template: Template) -> Iterator[str]:
    """A variable or an output is called like the resource that it names, where there are several of its kind."""
    named = [
        (f"{function}.{variable}", variable.removeprefix("SUIMON_").replace("_", ""), value)
        for function, resource in of_type(template, FUNCTION)
        for variable, value in _variables(template, resource).items()
    ]
    named += [(f"output {name}", name, output["Value"]) for name, output in template.get("Outputs", {}).items()]
    for where, name, value in named:
        words = name.lower().removesuffix("arn").removesuffix("url").removesuffix("name")
        kind = next((kind for kind in KINDS if words.endswith(kind)), "")
        found = referred(_true_side(value))
        if not kind or found not in template["Resources"]:
            continue
        if template["Resources"][found]["Type"] != KINDS[kind]:
            yield f"{where}: {found} is no {kind}"
        several = len(list(of_type(template, KINDS[kind]))) > 1
        if several and found.lower().removesuffix(kind) not in words:
            yield f"{where}: names {found}"


def _true_side(value: Any) -> Any:
    return value["Fn::If"][1] if isinstance(value, dict) and "Fn::If" in value else value


def _variables(template: Template, function: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = globals_merged(template, function).get("Environment", {}).get("Variables", {})
    return found


def _used(template: Template) -> Iterator[str]:
    """A function has some right on each resource that it alone is told the name of."""
    kinds = {KINDS[kind] for kind in ("bucket", "table", "queue", "topic", "bus")}
    for name, function in of_type(template, FUNCTION):
        role = referred(function["Properties"].get("Role"))
        granted = json.dumps(template["Resources"].get(role, {}))
        for variable, value in function["Properties"].get("Environment", {}).get("Variables", {}).items():
            found = referred(_true_side(value))
            if template["Resources"].get(found, {}).get("Type") in kinds and f'"{found}' not in granted.replace(
                "${", '"'
            ):
                yield f"{role}: {name} is told of {found} ({variable}) and has no right on it"


def _queue_rights(template: Template) -> Iterator[str]:
    """Who takes from a queue, or leaves there what failed, may."""
    for name, function in of_type(template, FUNCTION):
        role = referred(function["Properties"].get("Role"))
        for event in function["Properties"].get("Events", {}).values():
            queue = referred(event["Properties"].get("Queue"))
            needed = {f"sqs:{verb}" for verb in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")}
            if queue and (missing := needed - actions_on(template, role, queue)):
                yield f"{role}: {name} takes from {queue} and lacks {sorted(missing)}"
        invoked = function["Properties"].get("EventInvokeConfig", {}).get("DestinationConfig", {})
        queue = referred(invoked.get("OnFailure", {}).get("Destination"))
        if queue and "sqs:SendMessage" not in actions_on(template, role, queue):
            yield f"{role}: {name} may not leave what failed in {queue}"
    for name, schedule in of_type(template, "AWS::Scheduler::Schedule"):
        target = schedule["Properties"]["Target"]
        role, called = referred(target["RoleArn"]), referred(target["Arn"])
        if "lambda:InvokeFunction" not in actions_on(template, role, called):
            yield f"{name}: {role} may not call {called}"
        queue = referred(target.get("DeadLetterConfig", {}).get("Arn"))
        if queue and "sqs:SendMessage" not in actions_on(template, role, queue):
            yield f"{name}: {role} may not leave what failed in {queue}"


def _rules_reach(template: Template) -> Iterator[str]:
    """What a rule delivers to lets it: a queue by its policy, a function by a permission, for this rule alone."""
    for name, rule in of_type(template, "AWS::Events::Rule"):
        own = json.dumps(rule["Properties"].get("Name")).rpartition("${AWS::StackName}")[2].strip('-"} ')
        for target in rule["Properties"]["Targets"]:
            called = referred(target["Arn"])
            if template["Resources"].get(called, {}).get("Type") == FUNCTION and not _permitted(template, name, called):
                yield f"{name}: may not call {called}"
            for queue in (called, referred(target.get("DeadLetterConfig", {}).get("Arn"))):
                is_queue = template["Resources"].get(queue, {}).get("Type") == "AWS::SQS::Queue"
                if is_queue and not _may_fill(template, queue, own):
                    yield f"{name}: may not put messages into {queue}"


def _permitted(template: Template, rule: str, function: str) -> bool:
    return any(
        referred(one["Properties"].get("SourceArn")) == rule
        and referred(one["Properties"]["FunctionName"]) == function
        and one["Properties"]["Principal"] == "events.amazonaws.com"
        and one["Properties"]["Action"] == "lambda:InvokeFunction"
        for _, one in of_type(template, "AWS::Lambda::Permission")
    )


def _may_fill(template: Template, queue: str, rule: str) -> bool:
    return any(
        queue in {referred(one) for one in policy["Properties"]["Queues"]}
        and queue in {referred(one) for one in in_list(statement["Resource"])}
        and "sqs:SendMessage" in in_list(statement["Action"])
        and statement["Effect"] == "Allow"
        and f"-{rule}" in json.dumps(statement.get("Condition", {}))
        for _, policy in of_type(template, "AWS::SQS::QueuePolicy")
        for statement in statements(policy["Properties"]["PolicyDocument"])
    )


def _redrive(template: Template) -> Iterator[str]:
    """A queue's dead letters go to a queue of its own, which nothing else fills and nobody works on."""
    sources = {
        referred(event["Properties"].get("Queue"))
        for _, function in of_type(template, FUNCTION)
        for event in function["Properties"].get("Events", {}).values()
    }
    taken: dict[str, str] = {}
    for name, queue in of_type(template, "AWS::SQS::Queue"):
        target = referred(queue["Properties"].get("RedrivePolicy", {}).get("deadLetterTargetArn"))
        if not target:
            if name in sources:
                yield f"{name}: what fails there again and again has no queue to go to"
            continue
        undelivered = f'"{target}"' in json.dumps(
            [one["Properties"].get("Targets") for _, one in of_type(template, "AWS::Events::Rule")]
        )
        if target in {name, *sources, *taken} or undelivered:
            yield f"{name}: {target} is not for its dead letters alone"
        taken[target] = name
        keeps = template["Resources"].get(target, {}).get("Properties", {}).get("MessageRetentionPeriod", 0)
        if keeps < queue["Properties"].get("MessageRetentionPeriod", 0):
            yield f"{target}: forgets sooner than {name}, and a message keeps the age that it has"


def _roles(template: Template) -> Iterator[str]:
    """A role is assumed by the service that needs it."""
    assumed = [
        (name, referred(resource["Properties"].get("Role")), service)
        for kind, service in ASSUMED.items()
        for name, resource in of_type(template, kind)
    ]
    assumed += [
        (name, referred(schedule["Properties"]["Target"]["RoleArn"]), "scheduler.amazonaws.com")
        for name, schedule in of_type(template, "AWS::Scheduler::Schedule")
    ]
    for name, role, service in assumed:
        trust = template["Resources"].get(role, {}).get("Properties", {}).get("AssumeRolePolicyDocument")
        if f'"{service}"' not in json.dumps(trust):
            yield f"{name}: {service} may not assume {role or 'its role'}"


def _logs(template: Template) -> Iterator[str]:
    """A function writes to its own log."""
    for name, function in of_type(template, FUNCTION):
        role = referred(function["Properties"].get("Role"))
        log = referred(function["Properties"].get("LoggingConfig", {}).get("LogGroup"))
        if not {"logs:CreateLogStream", "logs:PutLogEvents"} <= actions_on(template, role, log):
            yield f"{role}: {name} may not write to {log}"
        own = json.dumps(function["Properties"].get("FunctionName")).strip('{}" ').rpartition("}-")[2]
        group = template["Resources"].get(log, {}).get("Properties", {}).get("LogGroupName")
        if not json.dumps(group).strip('{}" ').endswith(f"/aws/lambda/${{AWS::StackName}}-{own}"):
            yield f"{log}: is not called like {name}"


def _calls(template: Template) -> Iterator[str]:
    """A machine may call what its definition is told of."""
    for name, machine in of_type(template, "AWS::Serverless::StateMachine"):
        role = referred(machine["Properties"].get("Role"))
        for given, value in machine["Properties"].get("DefinitionSubstitutions", {}).items():
            called = referred(value)
            if called == "AWS::Partition":
                continue
            if given.endswith("FunctionArn") and called != given.removesuffix("Arn"):
                yield f"{name}: {given} is {called}"
            if "lambda:InvokeFunction" not in actions_on(template, role, called):
                yield f"{name}: {role} may not call {called}"


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (
    _names,
    _used,
    _queue_rights,
    _rules_reach,
    _redrive,
    _roles,
    _logs,
    _calls,
)
