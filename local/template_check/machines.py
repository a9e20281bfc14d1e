"""State machines: the definition is whole, and uses every name that it is given."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from local.cloud.state_machines import complaint
from local.template_check.reading import of_type, referred

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Template = dict[str, Any]
States = dict[str, Any]
LONGEST_REPLAY = 30 * 86_400  # seconds


def complaints(template: Template, folder: Path) -> Iterator[str]:
    """Yield what is wrong with the definitions of a template's machines; `folder` holds them."""
    for name, machine in of_type(template, "AWS::Serverless::StateMachine"):
        path = folder / machine["Properties"]["DefinitionUri"]
        try:
            text = path.read_text(encoding="utf-8")
            definition = json.loads(text)
        except (OSError, ValueError) as error:
            yield f"{name}: its definition cannot be read: {error}"
            continue
        given = set(machine["Properties"].get("DefinitionSubstitutions", {}))
        used = set(re.findall(r"\$\{(\w+)\}", text))
        if given != used:
            yield f"{name}: {sorted(given ^ used)} are given and not used, or used and not given"
        if definition.get("QueryLanguage") != "JSONata":
            yield f"{name}: its states are written in JSONata, and it says {definition.get('QueryLanguage')}"
        if "TimeoutSeconds" not in definition:
            yield f"{name}: may wait for ever"
        elif definition["TimeoutSeconds"] != LONGEST_REPLAY:
            yield f"{name}: ends after other than the thirty days that the page on alarms names"
        yield from (f"{name}: {wrong}" for wrong in _of_states(definition))
        if wrong := complaint(
            json.loads(text.replace("${Partition}", "aws"))
        ):  # what the twin refuses, whose list of fields is AWS's
            yield f"{name}: {wrong}"
        for one in machine["Properties"].get("Logging", {}).get("Destinations", []):
            log = template["Resources"].get(referred(one["CloudWatchLogsLogGroup"]["LogGroupArn"]), {})
            if "/aws/vendedlogs/states/" not in json.dumps(log):
                yield f"{name}: logs where functions do"


def _of_states(definition: States) -> Iterator[str]:
    states, start = definition.get("States", {}), definition.get("StartAt")
    reached: set[str] = set()
    new = {str(start)}
    while new:
        reached |= new
        new = {following for state in new for following in _next(states.get(state, {}))} - reached
    for state in sorted(reached - states.keys()):
        yield f"there is no state {state}"
    for state in sorted(states.keys() - reached):
        yield f"nothing leads to {state}"
    for name, state in states.items():
        if "arn:aws:" in json.dumps(state):
            yield f"{name} names one partition; write ${{Partition}}"
        yield from (f"{name} {wrong}" for wrong in _of_state(state))
        if "ItemProcessor" in state:
            yield from _of_states(state["ItemProcessor"])


def _next(state: States) -> set[str]:
    others = [*state.get("Choices", []), *state.get("Catch", [])]
    return {str(one[key]) for one in (state, *others) for key in ("Next", "Default") if key in one}


def _of_state(state: States) -> Iterator[str]:
    kind, ends = state["Type"], {"Succeed", "Fail"}
    if kind not in {*ends, "Choice"} and ("Next" in state) == (state.get("End") is True):
        yield "needs either Next or End"
    if kind in ends and {"Next", "End"} & state.keys():
        yield "is an end, and something follows"
    if kind == "Choice" and "Default" not in state:
        yield "has no Default: what no choice takes fails"
    if kind in {"Task", "Map", "Parallel"}:
        caught = [error for one in state.get("Catch", []) for error in one["ErrorEquals"]]
        if caught[-1:] != ["States.ALL"]:
            yield "does not catch everything last"
    yield from _of_work(kind, state)


def _of_work(kind: str, state: States) -> Iterator[str]:
    if kind == "Map" and not str(state.get("MaxConcurrency", "")).startswith("{% $states.input."):
        yield "starts more at once than whoever asked for it has said"
    if kind == "Task":
        if not state.get("Retry"):
            yield "does not try again"
        if "TimeoutSeconds" not in state:
            yield "may wait for ever"
        if any("States.ALL" in one["ErrorEquals"] for one in state.get("Retry", [])):
            yield "tries again what can never succeed"
        if any(one.get("MaxAttempts", 3) < 1 for one in state.get("Retry", [])):
            yield "does not try again, and says that it does"
