"""Two stacks side by side in one account: what happens to one, the other never hears.

By day tests/template/test_two_stacks.py reads the same in the template; this deploys it twice.
"""

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

pytestmark = [pytest.mark.process, pytest.mark.long]
STACKS = ("suimon-left", "suimon-right")
Outputs = dict[str, str]


@pytest.fixture(scope="module")
def stacks(cloud: Twin) -> Iterator[tuple[Outputs, Outputs]]:
    """The unchanged template deployed twice, as two teams of one account would."""
    build(cloud)
    left, right = (deploy(cloud, stack) for stack in STACKS)
    yield left, right
    for stack in STACKS:
        cloud.session().client("cloudformation").delete_stack(StackName=stack)


def calls(cloud: Twin, function: str) -> int:
    """Return how many events a function was called with, however often it failed: the emulator writes each try down."""
    return cloud.log("cloud").read_text(encoding="utf-8").count(f"Lambda {function} async output (attempt 1)")


def in_the_ledger(cloud: Twin, outputs: Outputs) -> list[dict[str, Any]]:
    items = cloud.session().resource("dynamodb").Table(outputs["LedgerTable"]).scan()["Items"]
    return [item for item in items if str(item["pk"]).startswith("drop#")]


def finish(cloud: Twin, outputs: Outputs, run_id: str) -> None:
    """Put what a DAG of the stack puts at the end of a run."""
    drop_id, _, attempt = run_id.partition(".")
    detail = {"drop_id": drop_id, "attempt": int(attempt), "dag_id": "d", "run_id": run_id, "outcome": "loaded"}
    entry = {"Source": "suimon.dag", "DetailType": "Run Finished", "Detail": json.dumps({**detail, "rows": {}})}
    bus = outputs["EventBusName"]
    put = cloud.session().client("events").put_events(Entries=[{"EventBusName": bus, **entry}])  # type: ignore[typeddict-item]
    assert put["FailedEntryCount"] == 0


def test_the_end_of_a_run_is_heard_by_the_stack_that_started_it_alone(
    cloud: Twin, stacks: tuple[Outputs, Outputs]
) -> None:
    left, right = (outputs["OutcomeFunctionName"] for outputs in stacks)
    finish(cloud, stacks[0], f"{'a' * 16}.1")
    eventually(lambda: calls(cloud, left) == 1, f"the call of {left}")
    finish(cloud, stacks[1], f"{'b' * 16}.1")
    eventually(lambda: calls(cloud, right) == 1, f"the call of {right}")
    # Both have been delivered by now, and neither to the other.
    assert (calls(cloud, left), calls(cloud, right)) == (1, 1)


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
