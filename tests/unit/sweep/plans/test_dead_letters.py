"""What a message among the dead letters says, from its text alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from suimon.drops.drop import Drop, EventError
from suimon.drops.run_finished_event import OutcomeError, RunFinished
from suimon.drops.states import State
from suimon.sweep.plans.dead_letters import Resume, Scheduled, UnusableMessageError, read

NAMED = {"key": "sales/a.csv", "version-id": "v", "etag": "e", "size": 1, "sequencer": "0A"}
CREATED = {"detail-type": "Object Created", "detail": {"bucket": {"name": "raw"}, "object": NAMED}}
FINISHED = {
    "detail-type": "Run Finished",
    "detail": {
        "drop_id": "d",
        "attempt": 1,
        "dag_id": "dag",
        "run_id": "d.1",
        "outcome": "loaded",
        "rows": {"file": 1, "parquet": 1, "table": 1},
    },
}


def wrapped(message: dict[str, Any]) -> dict[str, Any]:
    return {"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": message}


@pytest.mark.parametrize("wrap", [dict, wrapped], ids=["bare", "as Lambda wraps it"])
def test_each_kind_of_message_is_read_bare_or_in_lambda_s_envelope(wrap: Any) -> None:
    def reads(message: dict[str, Any]) -> Any:
        return read(json.dumps(wrap(message)))

    assert reads(CREATED) == Drop("raw", "sales/a.csv", "v", "e", 1, "0A")
    run = reads(FINISHED)
    assert isinstance(run, RunFinished)
    assert (run.run_id, run.state) == ("d.1", State.LOADED)
    assert reads({"resume": "d"}) == Resume("d")
    assert reads({"source": "aws.scheduler", "detail-type": "Scheduled Event"}) is Scheduled.ROUND


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("no JSON", "no JSON"),
        ("[1]", "no object"),
        ('{"requestPayload": [1]}', "no object"),
        ("{}", "unknown kind: None"),
        ('{"detail-type": "Something Else"}', "unknown kind: 'Something Else'"),
    ],
)
def test_a_message_of_no_known_kind_says_why(body: str, why: str) -> None:
    with pytest.raises(UnusableMessageError, match=why):
        read(body)


def test_an_event_without_its_fields_names_them() -> None:
    with pytest.raises(EventError, match="object is missing"):
        read(json.dumps({**CREATED, "detail": {}}))
    with pytest.raises(OutcomeError, match="outcome"):
        read(json.dumps({**FINISHED, "detail": {}}))
