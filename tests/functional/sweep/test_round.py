"""A round of the sweep as a whole, on moto."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from suimon.drops.states import State
from tests.functional.sweep.swept import (
    HOUR,
    MINUTE,
    NOON,
    World,
    key_of,
)

if TYPE_CHECKING:
    import pytest

    from tests.functional.sweep.swept import World

DAY = timedelta(days=1)


def raiser(error: Exception) -> Any:
    def raises(**_: Any) -> None:
        raise error

    return raises


def test_a_round_in_which_all_is_well_detects_nothing_and_reports_nothing(world: World) -> None:
    record = world.receive(world.put(key_of()), "0A")
    world.bring(record, State.VALIDATING, State.REJECTED, at=NOON - HOUR)
    findings = world.round()
    assert (findings.unexplained, findings.failures) == (0, ())
    assert not any(part.detected for part in findings.parts)
    assert world.post.subjects() == []
    assert world.messages("intake") == []


def test_one_part_that_fails_stops_no_other_and_is_reported_until_it_works(world: World) -> None:
    record = world.receive(world.put(key_of()), "0A")
    broken = replace(world.sweep().settings, raw_bucket="nowhere")
    findings = world.sweep(settings=broken).round(NOON)
    assert [failure.part for failure in findings.failures] == ["recent dates", "whole bucket"]
    assert "NoSuchBucket" in findings.failures[0].reason
    assert world.resumed() == [record.id]
    assert world.post.subjects() == [
        "[ERROR] The sweep could not check recent dates",
        "[ERROR] The sweep could not check whole bucket",
    ]
    world.round(NOON + 15 * MINUTE)
    over = [subject for subject in world.post.subjects() if subject.startswith("[RECOVERED] The sweep could")]
    assert len(over) == 2


def test_a_queue_that_does_not_return_its_depth_stops_no_other_part(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = "success"
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetQueueAttributes")
    monkeypatch.setattr(world.sqs, "get_queue_attributes", raiser(denied))
    assert [failure.part for failure in world.round().failures] == ["intake queue"]
    assert world.state_of(record.id) is State.LOADED


def test_a_set_clock_a_day_later_finds_the_same(world: World) -> None:
    record = world.triggered(NOON - 3 * HOUR)
    world.mwaa.runs[f"{record.id}.1"] = "success"
    world.round(NOON + DAY)
    assert world.round(NOON + 2 * DAY).unexplained == 0


def test_parts_for_which_no_time_is_left_fail_and_are_reported(world: World) -> None:
    world.put(key_of())
    left = iter([900.0] + [44.0] * 10)
    findings = world.sweep().round(NOON, lambda: next(left))
    assert [failure.part for failure in findings.failures] == [
        "recent dates",
        "whole bucket",
        "unmatched drops",
        "incidents",
        "holds",
        "stuck drops",
        "runs",
        "held incidents",
        "reminders",
    ]
    assert "[ERROR] The sweep could not check runs" in world.post.subjects()
    world.round(NOON + 15 * MINUTE)
    assert "[RECOVERED] The sweep could not check runs" in world.post.subjects()
