"""The replay's definition, looked at without running it; tests/twin/test_replay_statemachine.py runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from suimon.intake.errors import RetryLaterError
from suimon.replay.plan import MAX_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "statemachine" / "replay.asl.json").read_text(encoding="utf-8")
DEFINITION: dict[str, Any] = json.loads(TEXT)
SERVICE_ERRORS = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}
OF_JSONPATH = {
    "InputPath",
    "OutputPath",
    "ResultPath",
    "Parameters",
    "ResultSelector",
    "ItemsPath",
    "MaxConcurrencyPath",
}


def machines(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield machine
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            yield from machines(state["ItemProcessor"])


STATES = {name: state for machine in machines(DEFINITION) for name, state in machine["States"].items()}


@pytest.mark.process
def test_cloudformation_takes_it(tmp_path: Path) -> None:
    # Step Functions takes JSONata for MaxConcurrency, cfn-lint's schema knows it as a number only.
    drops = DEFINITION["States"]["Drops"]
    assert drops["MaxConcurrency"].startswith("{%")
    definition = {**DEFINITION, "States": {**DEFINITION["States"], "Drops": {**drops, "MaxConcurrency": 3}}}
    properties = {"RoleArn": "arn:aws:iam::123456789012:role/replay", "Definition": definition}
    template = {"Resources": {"Replay": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template).replace("${", ""), encoding="utf-8")
    found = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), path], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_every_name_that_the_template_fills_in_is_used_and_no_other() -> None:
    filled = {"IntakeFunctionArn", "ReplayFunctionArn"}
    found = {part.partition("}")[0] for part in TEXT.split("${")[1:]}
    assert found == filled


def test_every_task_is_retried_and_caught_and_ends_in_time() -> None:
    tasks = [state for state in STATES.values() if state["Type"] == "Task"]
    assert len(tasks) == 2
    for task in tasks:
        retried = {error for retrier in task["Retry"] for error in retrier["ErrorEquals"]}
        assert retried >= SERVICE_ERRORS
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
        assert task["TimeoutSeconds"] < DEFINITION["TimeoutSeconds"]


def test_intake_that_asks_for_patience_is_asked_again_for_hours() -> None:
    patient = next(one for one in STATES["Attempt"]["Retry"] if one["ErrorEquals"] == [RetryLaterError.__name__])
    delays = [
        min(patient["IntervalSeconds"] * patient["BackoffRate"] ** n, patient["MaxDelaySeconds"])
        for n in range(patient["MaxAttempts"])
    ]
    assert sum(delays) > 5 * 3600


def test_the_longest_replay_at_its_worst_stays_within_the_history_of_one_execution() -> None:
    # A try: scheduled, started, submitted, failed. A drop beside them: two events of its iteration, four of states.
    tries = 1 + sum(retrier["MaxAttempts"] for retrier in STATES["Attempt"]["Retry"])
    plan = 4 * (1 + sum(retrier["MaxAttempts"] for retrier in STATES["Plan"]["Retry"]))
    others = plan + 2 * len(STATES) + 2
    assert MAX_DAYS * (4 * tries + 6) + others < 25_000


def test_every_choice_has_a_default() -> None:
    choices = [state for state in STATES.values() if state["Type"] == "Choice"]
    assert choices
    assert all("Default" in choice for choice in choices)


def test_it_speaks_jsonata_alone_and_says_what_each_state_puts_out() -> None:
    assert DEFINITION["QueryLanguage"] == "JSONata"
    for name, state in STATES.items():
        assert not OF_JSONPATH & state.keys(), name
        if state["Type"] in {"Task", "Pass", "Map", "Succeed"}:
            assert "Output" in state, name


def test_every_state_can_be_reached_and_every_way_leads_to_a_state() -> None:
    for machine in machines(DEFINITION):
        ways = {machine["StartAt"]}
        for state in machine["States"].values():
            branches = [state, *state.get("Choices", []), *state.get("Catch", [])]
            ways |= {branch[way] for branch in branches for way in ("Next", "Default") if way in branch}
        assert ways == machine["States"].keys()


def test_a_drops_failure_stays_inside_the_map() -> None:
    assert STATES["Attempt"]["Catch"][0]["Next"] in STATES["Drops"]["ItemProcessor"]["States"]
