"""What a check needs of the disk and of the function's time: a file that has neither is told so, once."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from suimon.check.engine import InterruptedCheckError
from suimon.drops.states import State
from suimon.intake.inspection import (
    BYTES_A_SECOND,
    LARGEST_BYTES,
    SCRATCH_BYTES,
    SECONDS_OF_CHECKING,
    FileInspector,
    NoRoomError,
)

if TYPE_CHECKING:
    from suimon.intake.gate import Gate
    from tests.functional.conftest import Post

from tests.functional.intake.gated import GOOD, NOON, Clock, put, raising, tolerant

ROOT = Path(__file__).parents[3]
TEMPLATE, BENCH = ROOT / "template.yaml", ROOT / "docs" / "bench-check.md"


def test_a_full_disk_is_no_verdict_on_the_file(gate: Gate, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = put(GOOD)
    with monkeypatch.context() as full:
        full.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=10**10, free=10))
        with pytest.raises(NoRoomError):
            gate.take(drop)
    assert post.subjects() == []


def test_a_file_that_can_never_fit_is_rejected_with_the_limit(
    gate: Gate, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = put(GOOD)
    disk = SimpleNamespace(total=SCRATCH_BYTES + drop.size - 1, free=SCRATCH_BYTES + drop.size - 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: disk)
    assert tolerant(gate).take(drop).state is State.REJECTED
    [(_, body)] = post.letters()
    assert f"the gate can check up to {drop.size - 1}: send it in parts" in body


def test_a_file_that_no_function_has_the_time_for_is_rejected_unread_with_what_to_do(
    gate: Gate, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = put(GOOD)
    monkeypatch.setattr("suimon.intake.inspection.LARGEST_BYTES", drop.size - 1)
    monkeypatch.setattr("suimon.intake.inspection.check", raising(AssertionError("it was read")))
    assert gate.take(drop).state is State.REJECTED
    [(_, body)] = post.letters()
    assert f"in its time the gate can check up to {drop.size - 1}: send it in parts, as a set of shards" in body


def test_a_file_that_is_too_slow_to_check_is_rejected_with_what_to_do_and_is_not_tried_again(
    gate: Gate, post: Post
) -> None:
    drop = put(GOOD)
    assert isinstance(gate.inspector, FileInspector)
    # By the checker's clock alone ten minutes pass between one chunk and the next.
    ticks = itertools.count()
    slow = replace(gate.inspector, clock=lambda: NOON + timedelta(seconds=(SECONDS_OF_CHECKING + 1) * next(ticks)))
    assert replace(gate, inspector=slow).take(drop).state is State.REJECTED
    [(_, body)] = post.letters()
    assert f"has checked the file for {SECONDS_OF_CHECKING} seconds" in body
    assert "send it in parts, as a set of shards" in body


def test_the_largest_file_is_checked_well_within_the_functions_time() -> None:
    timeout = re.search(r"IntakeFunction:.+?Timeout: (\d+)", TEMPLATE.read_text(encoding="utf-8"), re.DOTALL)
    assert timeout
    assert 0.7 * int(timeout.group(1)) >= SECONDS_OF_CHECKING
    assert LARGEST_BYTES == BYTES_A_SECOND * SECONDS_OF_CHECKING
    slowest = re.search(r"CP932: .+? \| (\d+) MB/s", BENCH.read_text(encoding="utf-8"))
    assert slowest
    assert int(slowest.group(1)) * 1_000_000 >= BYTES_A_SECOND


def test_a_file_of_any_size_that_time_allows_is_checked_where_it_is_only_read(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimpleNamespace(total=SCRATCH_BYTES, free=SCRATCH_BYTES)
    monkeypatch.setattr("shutil.disk_usage", lambda _: disk)
    assert gate.take(put(GOOD)).state is State.TRIGGERED


def test_a_disk_that_fills_up_during_the_check_is_no_verdict_on_the_file(
    gate: Gate, post: Post, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = put(GOOD)
    with monkeypatch.context() as full:
        full.setattr("suimon.intake.inspection.check", raising(InterruptedCheckError("no room")))
        with pytest.raises(InterruptedCheckError):
            gate.take(drop)
    assert post.subjects() == []
    clock.now += timedelta(seconds=5)
    assert gate.take(drop).state is State.TRIGGERED
