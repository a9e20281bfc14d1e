"""What one service may do with another's resources: MiniStack lets EventBridge, Scheduler and Step Functions do all.

On AWS a rule needs the queue's or function's own policy, a schedule and a state machine need their role. A template
that forgets one works on MiniStack and delivers nothing on AWS; here it delivers nothing either, and the log says why.
"""

import contextvars
import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from local.cloud.emulator_hooks import HookMissingError, hook, module

_LOG: Final = logging.getLogger("twin.rights")
# What delivering to a target of that service is called in IAM.
_ACTIONS: Final = {
    "lambda": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "states": "states:StartExecution",
    "events": "events:PutEvents",
}
# A queue's poller reads with the function's own role.
POLLER: Final = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_machine_role: contextvars.ContextVar[str] = contextvars.ContextVar("twin_machine_role", default="")


class NotAllowedError(Exception):
    """A service may not do what the template wants of it."""


def check_services_rights() -> None:
    """Check EventBridge, Scheduler, Step Functions and queue pollers against the policies that AWS would ask for."""
    _targets()
    _state_machines()
    _pollers()


def _targets() -> None:
    """Rules and schedules: deliver only what is allowed; fill in what a schedule's input leaves open."""
    events = module("ministack.services.eventbridge")
    invoke = events._invoke_target  # noqa: SLF001 the hook point

    def invoke_allowed(
        target: Mapping[str, Any], event: Mapping[str, Any], rule: Mapping[str, Any], view: Any = None
    ) -> Any:
        arn = target.get("Arn", "")
        action = _ACTIONS.get(_service_of(arn), "")
        try:
            if event["Source"] == "aws.scheduler" and "ScheduleExpression" in rule and "Target" in rule:
                role_may(target.get("RoleArn", ""), "scheduler.amazonaws.com", action, arn)
                target = {**target, "Input": _filled(target.get("Input", ""), event, rule)}
            elif target.get("RoleArn"):
                role_may(target["RoleArn"], "events.amazonaws.com", action, arn)
            else:
                _policy_lets_events(action, arn, rule.get("Arn", ""), event["Account"])
        except NotAllowedError as error:
            _LOG.error("not delivered: %s", error)
            return None
        return invoke(target, event, rule, view)

    hook(events, "_invoke_target", invoke_allowed, ("target", "event", "rule", "view"))


def _state_machines() -> None:
    """Allow tasks to call functions only with the rights of the machine's role."""
    states = module("ministack.services.stepfunctions")
    execute, call = states._execute_task, states._call_lambda  # noqa: SLF001 the hook points

    def execute_as_role(state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        # The children of a distributed Map run as <machine>/<label>, under the machine's role.
        arn = (execution or {}).get("stateMachineArn", "").partition("/")[0]
        machine = states._state_machines.get(arn, {})  # noqa: SLF001
        _machine_role.set(machine.get("roleArn", ""))
        return execute(state_def, raw_input, execution, ctx)

    def call_allowed(func_ref: str, event: Any) -> Any:
        try:
            role_may(_machine_role.get(), "states.amazonaws.com", "lambda:InvokeFunction", _function_arn(func_ref))
        except NotAllowedError as error:
            raise states._ExecutionError("Lambda.AWSLambdaException", str(error)) from error  # noqa: SLF001
        return call(func_ref, event)

    hook(states, "_execute_task", execute_as_role, ("state_def", "raw_input", "execution", "ctx"))
    hook(states, "_call_lambda", call_allowed, ("func_ref", "event"))


def _pollers() -> None:
    """Mappings of queues to functions: refused, as on AWS, when the function's role may not read the queue."""
    functions = module("ministack.services.lambda_svc")
    mapping = module("ministack.services.cloudformation.provisioners")._RESOURCE_HANDLERS.get(  # noqa: SLF001
        "AWS::Lambda::EventSourceMapping", {}
    )
    create: Callable[..., Any] | None = mapping.get("create")
    if create is None:
        raise HookMissingError("MiniStack has no create handler for AWS::Lambda::EventSourceMapping.")

    def create_allowed(logical_id: str, props: Mapping[str, Any], stack_name: str) -> Any:
        queue = props.get("EventSourceArn", "")
        if _service_of(queue) == "sqs":
            _, config, _ = functions._get_func_record_for_ref(props.get("FunctionName", ""))  # noqa: SLF001
            for action in POLLER:
                role_may((config or {}).get("Role", ""), "lambda.amazonaws.com", action, queue)
        return create(logical_id, props, stack_name)

    mapping["create"] = create_allowed


def role_may(role_arn: str, service: str, action: str, resource: str) -> None:
    """Raise NotAllowedError unless `role_arn` trusts `service` and its policies allow `action` on `resource`."""
    role_trusts(role_arn, service)
    evaluator, account = module("ministack.core.iam_evaluator"), module("ministack.core.responses").get_account_id()
    policies = evaluator._gather_role_policies(role_arn.rsplit("/", 1)[-1], account)  # noqa: SLF001
    context = _context(action, resource, {"aws:sourceaccount": account})
    if evaluator.evaluate(context, policies).decision != "Allow":
        raise NotAllowedError(f"{role_arn} is not authorized to perform {action} on {resource}")


def role_trusts(role_arn: str, service: str) -> None:
    """Raise NotAllowedError unless `role_arn` is there and may be assumed by `service`."""
    evaluator, iam = module("ministack.core.iam_evaluator"), module("ministack.services.iam")
    account, name = module("ministack.core.responses").get_account_id(), role_arn.rsplit("/", 1)[-1]
    role = iam._roles.get_scoped(account, None, name)  # noqa: SLF001
    if role is None:
        raise NotAllowedError(f"{service} has no role {role_arn or '(none given)'}")
    trusted = evaluator.evaluate_resource_policy(
        role["AssumeRolePolicyDocument"],
        _context("sts:AssumeRole", role_arn, {"aws:sourceaccount": account}),
        service=service,
    )
    if trusted.decision != "Allow":
        raise NotAllowedError(f"{role_arn} does not trust {service}")


def _policy_lets_events(action: str, arn: str, rule_arn: str, account: str) -> None:
    """Raise NotAllowedError unless the target's own policy lets EventBridge deliver for that rule."""
    if _service_of(arn) == "sqs":
        allowed = module("ministack.services.sqs").queue_policy_allows(arn, "events.amazonaws.com", rule_arn, account)
    elif _service_of(arn) == "sns":
        allowed = module("ministack.services.sns").topic_policy_allows(arn, "events.amazonaws.com", rule_arn, account)
    elif _service_of(arn) == "lambda":
        found = module("ministack.services.lambda_svc").function_policy_for_arn(arn)
        source = {"aws:sourcearn": rule_arn, "aws:sourceaccount": account}
        evaluate = module("ministack.core.iam_evaluator").evaluate_resource_policy
        policy = found[0] if found else None
        allowed = evaluate(policy, _context(action, arn, source), service="events.amazonaws.com").decision == "Allow"
    else:
        allowed = True  # other targets take a role
    if not allowed:
        raise NotAllowedError(f"the policy of {arn} does not let events.amazonaws.com {action} for {rule_arn}")


def _context(action: str, resource: str, source: Mapping[str, str]) -> Any:
    evaluator, responses = module("ministack.core.iam_evaluator"), module("ministack.core.responses")
    return evaluator.EvalContext(
        principal_arn="*",  # the service itself, which no account's principals match
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=responses.get_region(),
        service_context=dict(source),
    )


def _filled(text: str, event: Mapping[str, Any], schedule: Mapping[str, Any]) -> str:
    """Fill in Scheduler's keywords (user guide, "Adding context attributes"); MiniStack leaves them as they stand."""
    at = datetime.fromtimestamp(event["Time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for keyword, value in (
        ("scheduled-time", at),
        ("schedule-arn", schedule.get("Arn", "")),
        ("execution-id", event["EventId"]),
        ("attempt-number", "1"),
    ):
        text = text.replace(f"<aws.scheduler.{keyword}>", json.dumps(value)[1:-1])
    return text


def _service_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) > 2 else ""  # noqa: PLR2004 arn:partition:service


def _function_arn(reference: str) -> str:
    if reference.startswith("arn:"):
        return reference
    responses = module("ministack.core.responses")
    return f"arn:aws:lambda:{responses.get_region()}:{responses.get_account_id()}:function:{reference}"
