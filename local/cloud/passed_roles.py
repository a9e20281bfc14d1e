"""Roles handed to a service: the caller needs iam:PassRole, and the role must trust the service.

IAM guide, "Grant a user permissions to pass a role to an AWS service". MiniStack looks at neither.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from local.cloud.emulator_hooks import HookMissingError, module
from local.cloud.requests import Answer, Complaint, Dispatch, Request, around_requests
from local.cloud.service_rights import POLLER, NotAllowedError, role_may, role_trusts

# A request's action -> the service that gets the role, and where the request names it.
_PASSING: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Any]]]] = {
    "lambda:CreateFunction": ("lambda.amazonaws.com", lambda sent: sent.get("Role")),
    "lambda:UpdateFunctionConfiguration": ("lambda.amazonaws.com", lambda sent: sent.get("Role")),
    "states:CreateStateMachine": ("states.amazonaws.com", lambda sent: sent.get("roleArn")),
    "states:UpdateStateMachine": ("states.amazonaws.com", lambda sent: sent.get("roleArn")),
    "scheduler:CreateSchedule": ("scheduler.amazonaws.com", lambda sent: (sent.get("Target") or {}).get("RoleArn")),
    "scheduler:UpdateSchedule": ("scheduler.amazonaws.com", lambda sent: (sent.get("Target") or {}).get("RoleArn")),
    "events:PutTargets": (
        "events.amazonaws.com", lambda sent: [target.get("RoleArn") for target in sent.get("Targets", [])]
    ),
    "glue:CreateJob": ("glue.amazonaws.com", lambda sent: sent.get("Role")),
}  # fmt: skip
# The same for CloudFormation, which creates what a template declares without a request of its own.
_DECLARING: Final = {
    "AWS::Lambda::Function": "lambda:CreateFunction",
    "AWS::StepFunctions::StateMachine": "states:CreateStateMachine",
    "AWS::Scheduler::Schedule": "scheduler:CreateSchedule",
    "AWS::Glue::Job": "glue:CreateJob",
}
# Where a service says in its own words that it may not have the role.
_REFUSALS: Final = {
    "lambda.amazonaws.com": (
        "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
    ),
    "scheduler.amazonaws.com": (
        "ValidationException", "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    ),
}  # fmt: skip


def check_passed_roles() -> None:
    """Ask for PassRole and trust at each request and each declared resource that gives a role to a service."""
    around_requests(_passed)
    handlers = module("ministack.services.cloudformation.provisioners")._RESOURCE_HANDLERS  # noqa: SLF001 the hook point
    for kind, action in _DECLARING.items():
        handler = handlers.get(kind, {})
        if not callable(handler.get("create")):
            raise HookMissingError(f"MiniStack has no create handler for {kind}.")
        handler["create"] = _declared(handler["create"], action)


async def _passed(request: Request, dispatch: Dispatch) -> Answer:
    for role, service in _roles(request.action, request.json):
        if (denied := request.denied("iam:PassRole", role, {"iam:PassedToService": service})) is not None:
            words = f"User: {denied} is not authorized to perform: iam:PassRole on resource: {role}"
            return request.refused(Complaint("AccessDeniedException", words, 403))
        if complaint := _mistrust(role, service):
            return request.refused(complaint)
    if request.action == "lambda:CreateEventSourceMapping" and (complaint := _poller_may_not(request.json)):
        return request.refused(complaint)
    return await dispatch(request)


def _roles(action: str, sent: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if action not in _PASSING:
        return
    service, named = _PASSING[action]
    found = named(sent)
    for role in found if isinstance(found, list) else [found]:
        if role:
            yield str(role), service


def _mistrust(role: str, service: str) -> Complaint | None:
    try:
        role_trusts(role, service)
    except NotAllowedError as error:
        code, words = _REFUSALS.get(service, ("AccessDeniedException", str(error)))
        return Complaint(code, words)
    return None


def _poller_may_not(sent: Mapping[str, Any]) -> Complaint | None:
    """Return why a function may not be fed by a queue: its role, or messages that come back before it has ended."""
    functions, queues = module("ministack.services.lambda_svc"), module("ministack.services.sqs")
    _, config, _ = functions._get_func_record_for_ref(sent.get("FunctionName", ""))  # noqa: SLF001 the emulator's own
    queue = queues._queue_by_arn(sent.get("EventSourceArn", ""))  # noqa: SLF001 as above
    if not config or not queue:
        return None
    try:
        for action in POLLER:
            role_may(config.get("Role", ""), "lambda.amazonaws.com", action, sent["EventSourceArn"])
    except NotAllowedError as error:
        return Complaint("InvalidParameterValueException", f"The execution role does not have permissions: {error}")
    visible, timeout = int(queue["attributes"]["VisibilityTimeout"]), config.get("Timeout", 3)
    if visible < timeout:
        words = f"Queue visibility timeout: {visible} seconds is less than Function timeout: {timeout} seconds"
        return Complaint("InvalidParameterValueException", words)
    return None


def _declared(create: Callable[..., Any], action: str) -> Callable[..., Any]:
    def create_trusted(logical_id: str, props: Mapping[str, Any], stack_name: str) -> Any:
        for role, service in _roles(action, {**props, "roleArn": props.get("RoleArn")}):
            role_trusts(role, service)
        return create(logical_id, props, stack_name)

    return create_trusted
