"""The replay's definition, looked at without running it; tests/twin/test_replay_statemachine.py runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from suimon.intake.errors import RetryLaterError
from suimon.intake.gate import LEASE
from suimon.replay.request import MAX_CONCURRENCY, MAX_PARTITIONS

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
    # Step Functions takes JSONata for these, cfn-lint's schema knows them as numbers only.
    drops = DEFINITION["States"]["Drops"]
    numbers = {"MaxConcurrency": 3, "ToleratedFailureCount": 5}
    assert all(drops[name].startswith("{%") for name in numbers)
    definition = {**DEFINITION, "States": {**DEFINITION["States"], "Drops": {**drops, **numbers}}}
    properties = {"RoleArn": "arn:aws:iam::123456789012:role/replay", "Definition": definition}
    template = {"Resources": {"Replay": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template).replace("${Partition}", "aws").replace("${", ""), encoding="utf-8")
    found = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), path], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_every_name_that_the_template_fills_in_is_used_and_no_other() -> None:
    filled = {"Partition", "IntakeFunctionArn", "ReplayFunctionArn"}
    found = {part.partition("}")[0] for part in TEXT.split("${")[1:]}
    assert found == filled


def test_every_task_is_retried_and_caught_and_ends_in_time() -> None:
    tasks = [state for state in STATES.values() if state["Type"] == "Task"]
    assert len(tasks) == 4
    for task in tasks:
        retried = {error for retrier in task["Retry"] for error in retrier["ErrorEquals"]}
        assert retried >= SERVICE_ERRORS
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
        assert task["TimeoutSeconds"] < DEFINITION["TimeoutSeconds"]


def waits(state: dict[str, Any], error: str) -> float:
    """Return for how many seconds an error is waited out at most."""
    [patient] = [one for one in state["Retry"] if error in one["ErrorEquals"]]
    longest: float = patient.get("MaxDelaySeconds", float("inf"))
    delays: list[float] = [
        patient["IntervalSeconds"] * patient["BackoffRate"] ** n for n in range(patient["MaxAttempts"])
    ]
    return sum(min(delay, longest) for delay in delays)


def test_intake_that_asks_for_patience_is_asked_again_for_hours() -> None:
    assert waits(STATES["Attempt"], RetryLaterError.__name__) > 5 * 3600


def test_a_burst_that_takes_every_place_in_lambda_is_waited_out_and_fails_no_drop() -> None:
    for task in (state for state in STATES.values() if state["Type"] == "Task"):
        assert waits(task, "Lambda.TooManyRequestsException") == waits(task, RetryLaterError.__name__) > 600


def test_who_hears_nothing_asks_intake_again_each_hour_for_twelve_hours() -> None:
    attempt = STATES["Attempt"]
    [again] = [one for one in attempt["Retry"] if one["ErrorEquals"] == ["States.Timeout"]]
    assert (1 + again["MaxAttempts"]) * attempt["TimeoutSeconds"] == 12 * 3600
    # Within one wait intake has come to its end, and the lease of one that crashed has expired.
    assert LEASE.total_seconds() < attempt["TimeoutSeconds"]


# What Step Functions allows ("Service quotas"): events of one execution, bytes of one state's data, children at once.
MOST_EVENTS, MOST_BYTES, MOST_CHILDREN = 25_000, 256 * 1024, 10_000


def events(state: dict[str, Any]) -> int:
    """The events of a task at its worst: a try is scheduled, started, submitted and fails; two of the state."""
    tries: int = 1 + sum(retrier["MaxAttempts"] for retrier in state["Retry"])
    return 2 + 4 * tries


def test_no_history_grows_with_the_plan() -> None:
    children = STATES["Drops"]["ItemProcessor"]
    assert children["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    # A child is an execution: its start and end, and each of its states at its worst.
    child = 2 + sum(events(one) if one["Type"] == "Task" else 2 for one in children["States"].values())
    # The parent has the Map's own events, whatever is in it: entered, run started, succeeded or failed, left.
    parent = 2 + 4 + sum(events(one) if one["Type"] == "Task" else 2 for one in DEFINITION["States"].values())
    assert max(child, parent) < 500 < MOST_EVENTS
    assert MAX_CONCURRENCY < MOST_CHILDREN


def test_no_state_carries_the_plan() -> None:
    """The items are read from S3; what a child puts out is one word, and the Map drops even those."""
    drops = STATES["Drops"]
    assert drops["ItemReader"]["Resource"] == "arn:${Partition}:states:::s3:getObject"
    assert "$states.result" not in drops["Output"]
    longest = json.dumps("superseded")
    assert MAX_PARTITIONS * (len(longest) + 1) + 2 < MOST_BYTES
    # An item as a child gets it, with everything at its longest.
    item = {"drop_id": "f" * 16, "partition": "9" * 40, "attempt": 9_999, "as_accepted": True, "dataset": "d" * 200}
    assert len(json.dumps({**item, "execution": "e" * 400})) < 2_000


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


def test_a_drops_failure_is_recorded_and_counts_against_what_is_tolerated() -> None:
    children = STATES["Drops"]["ItemProcessor"]["States"]
    assert [catcher["Next"] for catcher in STATES["Attempt"]["Catch"]] == ["Unneeded", "Record"]
    assert {children["Record"]["Next"], children["Record"]["Catch"][0]["Next"]} == {"NotLoaded"}
    assert children["NotLoaded"]["Type"] == "Fail"
    assert STATES["Drops"]["ToleratedFailureCount"] == "{% $states.input.tolerated %}"


def test_every_end_of_the_map_comes_to_the_summary() -> None:
    drops = STATES["Drops"]
    assert {drops["Next"], *(catcher["Next"] for catcher in drops["Catch"])} == {"Summary"}
