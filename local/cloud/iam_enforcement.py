"""Where the emulator asks whether an action is allowed: the twin may look at the question, or put it otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.cloud.emulator_hooks import hook, module


@dataclass(frozen=True)
class Asked:
    """One question; `context`: the condition keys that the service gives."""

    access_key_id: str
    action: str
    service: str
    region: str
    resource_arn: str
    context: Mapping[str, Any] | None


# Gives None for what is allowed, else the emulator's refusal.
Decide = Callable[[Asked], Any]


def around_enforcement(wrapper: Callable[[Asked, Decide], Any]) -> None:
    """Route every question through the wrapper, which gets it and what decided it until now."""
    evaluator = module("ministack.core.iam_evaluator")
    enforce = evaluator.enforce

    def decide(asked: Asked) -> Any:
        return enforce(
            asked.access_key_id, asked.action, asked.service, asked.region, asked.resource_arn, asked.context
        )

    def wrapped(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return wrapper(Asked(access_key_id, iam_action, service, region, resource_arn, service_context), decide)

    hook(
        evaluator, "enforce", wrapped,
        ("access_key_id", "iam_action", "service", "region", "resource_arn", "service_context"),
    )  # fmt: skip
