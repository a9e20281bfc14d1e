"""Two stacks side by side in one account: what happens to one, the other never hears."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from local.deploy import build, deploy
from suimon.drops.states import State
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.twin import Twin

pytestmark = pytest.mark.process
STACKS = ("suimon-left", "suimon-right")
Outputs = dict[str, str]


@pytest.fixture(scope="module")
def stacks(cloud: Twin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outputs, Outputs]]:
    """The unchanged template deployed twice, as two teams of one account would."""
    folder = tmp_path_factory.mktemp("built")
    build(cloud, folder)
    left, right = (deploy(cloud, stack, folder) for stack in STACKS)
    yield left, right
    for stack in STACKS:
        cloud.session().client("cloudformation").delete_stack(StackName=stack)


def logged(cloud: Twin, function: str, word: str) -> list[str]:
    logs, group = cloud.session().client("logs"), f"/aws/lambda/{function}"
    found = logs.filter_log_events(logGroupName=group)["events"]
    return [event["message"] for event in found if word in event["message"]]


def in_the_ledger(cloud: Twin, outputs: Outputs) -> list[dict[str, Any]]:
    items = cloud.session().resource("dynamodb").Table(outputs["LedgerTable"]).scan()["Items"]
    return [item for item in items if str(item["pk"]).startswith("drop#")]


def finish(cloud: Twin, outputs: Outputs, run_id: str) -> None:
    """Put what a DAG of the stack puts, about a run that nobody knows: the function's log names it."""
    drop_id, _, attempt = run_id.partition(".")
    detail = {"drop_id": drop_id, "attempt": int(attempt), "dag_id": "d", "run_id": run_id, "outcome": "loaded"}
    entry = {"Source": "suimon.dag", "DetailType": "Run Finished", "Detail": json.dumps({**detail, "rows": {}})}
    bus = outputs["EventBusName"]
    put = cloud.session().client("events").put_events(Entries=[{"EventBusName": bus, **entry}])  # type: ignore[typeddict-item]
    assert put["FailedEntryCount"] == 0


def test_the_end_of_a_run_is_heard_by_the_stack_that_started_it_alone(
    cloud: Twin, stacks: tuple[Outputs, Outputs]
) -> None:
    left, right = stacks
    runs = "a" * 16 + ".1", "b" * 16 + ".1"
    for outputs, run_id in zip(stacks, runs, strict=True):
        finish(cloud, outputs, run_id)
    for outputs, run_id in zip(stacks, runs, strict=True):
        heard = outputs["OutcomeFunctionName"]
        eventually(partial(logged, cloud, heard, run_id), f"{run_id} in the log of {heard}")
    # Both have been delivered by now, and neither to the other.
    assert not logged(cloud, left["OutcomeFunctionName"], runs[1])
    assert not logged(cloud, right["OutcomeFunctionName"], runs[0])


def test_a_file_is_seen_by_the_stack_in_whose_bucket_it_lands_alone(
    cloud: Twin, stacks: tuple[Outputs, Outputs]
) -> None:
    s3 = cloud.session().client("s3")
    for place, outputs in enumerate(stacks):
        s3.put_object(Bucket=outputs["RawBucket"], Key=f"nobody/asked-for-{place}.csv", Body=b"x")
    for place, outputs in enumerate(stacks):
        eventually(partial(in_the_ledger, cloud, outputs), f"file {place} in its ledger")
    for place, outputs in enumerate(stacks):
        [drop] = in_the_ledger(cloud, outputs)
        assert (drop["key"], drop["bucket"]) == (f"nobody/asked-for-{place}.csv", outputs["RawBucket"])
        assert drop["state"] == State.UNMATCHED
