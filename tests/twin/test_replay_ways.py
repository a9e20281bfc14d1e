"""Each Catch and each Choice of the replay's definition, taken once: a trap behind it must be what it ends in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.template.test_replay_asl import STATES, TEXT, machines
from tests.twin.replay_machine import Replays
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local.twin import Twin

TRAP = "Trapped"
Way = tuple[str, str]  # a state, and "Catch 0", "Choices 1" or "Default"


def ways() -> set[Way]:
    """Return every way out of a state but its plain Next."""
    found = {
        (name, f"{part} {number}")
        for name, state in STATES.items()
        for part in ("Catch", "Choices")
        for number in range(len(state.get(part, ())))
    }
    return found | {(name, "Default") for name, state in STATES.items() if "Default" in state}


def trapped(way: Way) -> str:
    """Return the definition with a state of its own behind one way, which fails the execution."""
    name, part = way
    definition = json.loads(TEXT)
    [machine] = [machine for machine in machines(definition) if name in machine["States"]]
    machine["States"][TRAP] = {"Type": "Fail", "Error": TRAP, "Cause": "the way was taken"}
    state = machine["States"][name]
    kind, _, number = part.partition(" ")
    branch = state[kind][int(number)] if number else state
    branch["Next" if number else "Default"] = TRAP
    machine["States"] = {name: machine["States"][name] for name in reached(machine)}
    return json.dumps(definition)


def reached(machine: dict[str, Any]) -> list[str]:
    """Return the states that can be reached; Step Functions refuses a definition that has others."""
    found = [machine["StartAt"]]
    for name in found:
        state = machine["States"][name]
        branches = [state, *state.get("Choices", ()), *state.get("Catch", ())]
        targets = [branch[way] for branch in branches for way in ("Next", "Default") if way in branch]
        found += [target for target in dict.fromkeys(targets) if target not in found]
    return found


def start(replays: Replays, *drops: str, **plan: Any) -> str:
    return replays.start(replays.plan(*drops, **plan))


def one_fails(replays: Replays, drop: str = "a") -> str:
    execution = start(replays, drop)
    replays.fail(replays.requests(1)[drop])
    return execution


def nothing_is_summed_up(replays: Replays) -> str:
    (replays.folder / "summary").unlink()
    return start(replays, "late")


def all_is_done(replays: Replays) -> str:
    replays.sums_up(1, unneeded=1)
    return start(replays, "late")


TAKEN: dict[Way, Callable[[Replays], str]] = {
    ("Plan", "Catch 0"): lambda replays: replays.start(json.dumps({"error": True})),
    ("Work", "Choices 0"): lambda replays: start(replays, "a"),
    ("Work", "Default"): start,
    ("Drops", "Catch 0"): one_fails,
    ("Drops", "Catch 1"): lambda replays: start(replays, "a", lost=True),
    ("Attempt", "Catch 0"): lambda replays: start(replays, "late"),
    ("Attempt", "Catch 1"): one_fails,
    ("Record", "Catch 0"): lambda replays: one_fails(replays, "unrecorded"),
    ("Summary", "Catch 0"): nothing_is_summed_up,
    ("Verdict", "Choices 0"): one_fails,
    ("Verdict", "Choices 1"): lambda replays: start(replays, "late"),
    ("Verdict", "Default"): all_is_done,
}


def test_every_way_has_its_case() -> None:
    assert TAKEN.keys() == ways()


@pytest.mark.parametrize("way", TAKEN, ids=" ".join)
def test_a_way_is_taken(cloud: Twin, tmp_path: Path, way: Way) -> None:
    replays = Replays(cloud, tmp_path, trapped(way))
    ended = replays.end(TAKEN[way](replays))
    assert replays.errors_of_children() | {ended["error"]} >= {TRAP}


def impatient(tries: int) -> str:
    """Return the definition with waits of two seconds, and so many of them again."""
    definition = json.loads(TEXT)
    attempt = definition["States"]["Drops"]["ItemProcessor"]["States"]["Attempt"]
    attempt["TimeoutSeconds"] = 2
    [again] = [one for one in attempt["Retry"] if one["ErrorEquals"] == ["States.Timeout"]]
    again["MaxAttempts"] = tries
    return json.dumps(definition)


def test_who_hears_nothing_asks_intake_again_and_hears_the_answer_then(cloud: Twin, tmp_path: Path) -> None:
    replays = Replays(cloud, tmp_path, impatient(1_000))
    replays.sums_up(1, loaded=1)
    execution = start(replays, "a")
    eventually(lambda: replays.asked("a") > 1, "intake to be asked again")

    def is_heard() -> bool:
        """Answer the token of now; between two waits nobody hears an answer."""
        try:
            replays.answer(replays.requests(1)["a"], "loaded")
        except (replays.sfn.exceptions.TaskDoesNotExist, replays.sfn.exceptions.TaskTimedOut):
            return False
        return True

    eventually(is_heard, "an answer to be heard")
    assert replays.end(execution)["status"] == "SUCCEEDED"
    assert replays.failed() == {}


def test_what_never_ends_is_a_failure_that_says_so(cloud: Twin, tmp_path: Path) -> None:
    replays = Replays(cloud, tmp_path, impatient(1))
    replays.end(start(replays, "a"))
    assert replays.asked("a") == 2
    assert replays.failed() == {"a": "States.Timeout: it has not ended within twelve hours; its run goes on by itself"}
