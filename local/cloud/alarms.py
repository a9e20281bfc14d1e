"""Alarms as CloudWatch has them: those made of others come from a template, too, and publish only where they may.

MiniStack evaluates the AlarmRule of PutCompositeAlarm, but its CloudFormation does not make one; and its alarms publish
to every topic, whatever the topic's policy says. On AWS such an alarm rings and nobody hears it.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from local.cloud.emulator_hooks import HookMissingError, hook, module

_LOG: Final = logging.getLogger("twin.alarms")
_KIND: Final = "AWS::CloudWatch::CompositeAlarm"
# What the twin's CloudFormation takes of it; another property is refused, not left out.
_KNOWN: Final = frozenset({
    "AlarmName", "AlarmDescription", "AlarmRule", "ActionsEnabled", "AlarmActions", "OKActions",
    "InsufficientDataActions",
})  # fmt: skip


def make_composite_alarms() -> None:
    """Register composite alarms with the emulator's CloudFormation: made, changed and deleted."""
    cloudwatch = module("ministack.services.cloudwatch")
    handlers = module("ministack.services.cloudformation.provisioners")._RESOURCE_HANDLERS  # noqa: SLF001 the hook point
    if _KIND in handlers:
        raise HookMissingError(f"MiniStack makes {_KIND} itself now; the twin's own way can go.")
    put = cloudwatch._put_composite_alarm  # noqa: SLF001 what PutCompositeAlarm does
    delete = cloudwatch._delete_alarms  # noqa: SLF001 what DeleteAlarms does
    responses = module("ministack.core.responses")

    def create(logical_id: str, props: Mapping[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
        if unknown := sorted(props.keys() - _KNOWN):
            raise ValueError(f"not in the twin: {unknown} of {_KIND}")
        name = props.get("AlarmName") or f"{stack_name}-{logical_id}"
        _done(put({}, {**props, "AlarmName": name}, is_cbor=False, is_json=True))
        return name, {"Arn": f"arn:aws:cloudwatch:{responses.get_region()}:{responses.get_account_id()}:alarm:{name}"}

    def update(physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], stack_name: str) -> Any:
        if old.get("AlarmName") != new.get("AlarmName"):
            raise ValueError(f"not in the twin: another AlarmName for {physical_id}")
        return create(physical_id, {**new, "AlarmName": physical_id}, stack_name)

    def remove(physical_id: str, props: Mapping[str, Any]) -> None:  # noqa: ARG001 the handler's parameters
        _done(delete({}, {"AlarmNames": [physical_id]}, is_cbor=False, is_json=True))

    handlers[_KIND] = {"create": create, "update": update, "delete": remove}


def _done(answer: tuple[int, Any, bytes]) -> None:
    status, _, body = answer
    if status != 200:  # noqa: PLR2004 HTTP's "OK"
        raise ValueError(body.decode())


def check_alarms_rights() -> None:
    """Make an alarm publish to a topic only if the topic's policy lets CloudWatch do so for that alarm."""
    cloudwatch, sns = module("ministack.services.cloudwatch"), module("ministack.services.sns")
    responses = module("ministack.core.responses")
    dispatch = cloudwatch._dispatch_alarm_actions  # noqa: SLF001 the hook point

    def dispatch_allowed(alarm: Mapping[str, Any], old_state: str, new_state: str, reason: str) -> None:
        def may(action: str) -> bool:
            if ":sns:" not in action:
                return True
            source, account = alarm["AlarmArn"], responses.get_account_id()
            allowed = bool(sns.topic_policy_allows(action, "cloudwatch.amazonaws.com", source, account))
            if not allowed:
                _LOG.error("not delivered: the policy of %s does not let %s publish", action, source)
            return allowed

        actions = {
            name: [one for one in alarm.get(name) or [] if may(one)]
            for name in ("AlarmActions", "OKActions", "InsufficientDataActions")
        }
        dispatch({**alarm, **actions}, old_state, new_state, reason)

    hook(cloudwatch, "_dispatch_alarm_actions", dispatch_allowed, ("alarm", "old_state", "new_state", "reason"))
