"""What an operator is shown of a replay, from Step Functions' answers and the ledger's records."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from suimon.cli.replay import INTERRUPTED, exit_status, replay, show
from suimon.drops.drop import Accepted, Drop, DropRecord, Match, Rejection
from suimon.drops.states import State
from suimon.replay.execution import Progress, Row, follow

if TYPE_CHECKING:
    from collections.abc import Iterator

ARN = "arn:aws:states:ap-northeast-1:123456789012:execution:suimon-replay:sales.2026-11-01.2026-11-02.20261122T120000"
PLAN = {
    "items": [
        {"drop_id": "a", "partition": "2026-11-01", "attempt": 2},
        {"drop_id": "b", "partition": "2026-11-02", "attempt": 2},
    ],
    "skipped": [{"partition": "2026-11-03", "reason": "no file has come"}],
}
SUMMARY = {
    "rows": [
        {"drop_id": "a", "partition": "2026-11-01", "attempt": 2, "outcome": "loaded", "rows": 10, "error": None},
        {"drop_id": "b", "partition": "2026-11-02", "attempt": 2, "outcome": "failed", "rows": None, "error": "no [x]"},
    ]
}

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Execution:
    """Step Functions' two answers about one execution, a step further at each pause."""

    def __init__(self, *steps: tuple[str, dict[str, Any]], **failure: str) -> None:
        self.steps = steps
        self.failure = failure
        self.now = 0

    def pause(self, _seconds: float) -> None:
        self.now += 1

    def describe_execution(self, **_: Any) -> Any:
        status = self.steps[self.now][0]
        return {"status": status, **(self.failure if status == "FAILED" else {})}

    def get_execution_history(self, **request: Any) -> Any:
        exits = [
            {"stateExitedEventDetails": {"name": name, "output": json.dumps(output)}}
            for name, output in self.steps[self.now][1].items()
        ]
        events = [{"type": "ExecutionStarted"}, *exits]
        return {"events": events[::-1] if request["reverseOrder"] else events}


def record(state: State, attempt: int, rows: int = 0) -> DropRecord:
    drop, accepted = Drop("raw", "key", "v", "e", 1, "01"), Accepted("data.csv", rows)
    return DropRecord(drop, Match("sales", "2026-11-01"), state, attempt, NOON, NOON, accepted=accepted)


def test_states_in_between_come_from_the_ledger_and_outcomes_from_the_summary() -> None:
    sfn = Execution(
        ("RUNNING", {}),
        ("RUNNING", {"Plan": PLAN}),
        ("RUNNING", {"Plan": PLAN}),
        ("FAILED", {"Plan": PLAN, "Summary": SUMMARY}),
        error="Suimon.PartlyLoaded",
        cause="1 loaded, 1 not loaded",
    )
    ledger = [
        {"a": record(State.LOADED, 1, 9), "b": record(State.FAILED, 1)},  # the attempts before: not begun yet
        {"a": record(State.TRIGGERED, 2, 10), "b": record(State.VALIDATING, 2)},
    ]
    seen = list(follow(sfn, ARN, lambda drop_id: ledger[min(sfn.now, 2) - 1][drop_id], sfn.pause))  # type: ignore[arg-type]  # a fake of two calls
    assert [[(row.state, row.rows) for row in progress.rows] for progress in seen] == [
        [],
        [("waiting", None), ("waiting", None)],
        [("triggered", 10), ("validating", None)],
        [("loaded", 10), ("failed", None)],
    ]
    assert seen[-1].skipped == (("2026-11-03", "no file has come"),)
    assert exit_status(seen[-1]) == 1


def test_without_a_ledger_the_outcomes_are_known_all_the_same() -> None:
    sfn = Execution(("RUNNING", {"Plan": PLAN}), ("SUCCEEDED", {"Plan": PLAN, "Summary": SUMMARY}))
    seen = list(follow(sfn, ARN, None, sfn.pause))  # type: ignore[arg-type]  # a fake of two calls
    assert [[row.state for row in progress.rows] for progress in seen] == [["unknown", "unknown"], ["loaded", "failed"]]


def test_a_replay_that_ends_before_the_first_look_is_shown_whole() -> None:
    sfn = Execution(("SUCCEEDED", {"Plan": {"items": [], "skipped": PLAN["skipped"]}}))
    (end,) = follow(sfn, ARN, None, sfn.pause)  # type: ignore[arg-type]  # a fake of two calls
    assert (end.rows, end.skipped) == ((), (("2026-11-03", "no file has come"),))


LOADED = Row("2026-11-01", "a", 2, "loaded", 10)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (Progress("SUCCEEDED", (LOADED,)), 0),
        (Progress("SUCCEEDED"), 1),  # nothing to replay is not "all loaded"
        (Progress("FAILED", (LOADED,), error="Suimon.PartlyLoaded"), 1),
        (Progress("FAILED", error="Suimon.ReplayFailed"), 1),
        (Progress("ABORTED", (LOADED,)), 1),
        (Progress("TIMED_OUT", (LOADED,)), 1),
        (Progress("FAILED", error="Suimon.PlanFailed"), 2),
    ],
)
def test_the_exit_status_tells_all_some_and_nothing(end: Progress, status: int) -> None:
    assert exit_status(end) == status


def shown(*progress: Progress) -> str:
    console = Console(file=io.StringIO(), width=80)
    show(console, ARN, iter(progress))
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


def test_a_plan_that_failed_ends_the_replay_with_its_reason() -> None:
    """The output of a state whose Catch fired is the error that it caught."""
    failed = {"error": "ContractError", "cause": "no contract for dataset 'nosuch'"}
    sfn: Any = Execution(
        ("RUNNING", {"Plan": failed}),
        ("FAILED", {"Plan": failed}),
        error="Suimon.PlanFailed",
        cause="no contract for dataset 'nosuch'",
    )
    *_, end = follow(sfn, ARN, None, sfn.pause)
    assert (end.rows, end.error, end.cause) == ((), "Suimon.PlanFailed", "no contract for dataset 'nosuch'")


def test_the_end_is_shown_with_rows_reasons_and_counts() -> None:
    failed = Row("2026-11-02", "b", 2, "failed", None, "RunFailed: [red]Glue[/red] died")
    text = shown(Progress("FAILED", (LOADED, failed), (("2026-11-03", "no file has come"),), "Suimon.PartlyLoaded"))
    assert "2026-11-02 failed: RunFailed: [red]Glue[/red] died" in text
    assert "2026-11-03 left out: no file has come" in text
    assert "1 loaded, 1 not loaded, 0 with nothing to do, 1 left out." in text


def test_a_replay_that_gave_way_has_nothing_to_do_and_is_no_failure() -> None:
    gave_way = (
        Row("2026-11-02", "b", 2, "superseded"),
        Row("2026-11-03", "c", 2, "overtaken", None, "OvertakenError: another replay has started attempt 2"),
    )
    end = Progress("SUCCEEDED", (LOADED, *gave_way))
    text = shown(end)
    assert "2026-11-02 nothing to do: a newer file has come in its place" in text
    assert "2026-11-03 nothing to do: OvertakenError: another replay has started attempt 2" in text
    assert "1 loaded, 0 not loaded, 2 with nothing to do, 0 left out." in text
    assert exit_status(end) == 0


def test_why_a_file_was_rejected_is_told_whole_with_its_report() -> None:
    row = {"drop_id": "a", "partition": "2026-11-01", "attempt": 2, "outcome": "failed", "rows": None}
    summary = {"Plan": PLAN, "Summary": {"rows": [{**row, "error": "Rejected: 3 fau…"}]}}
    sfn = Execution(("FAILED", summary), error="Suimon.PartlyLoaded")
    why = Rejection(
        2, "3 faults in 2 records. The whole file looks like CP932.", ("type-error",), "s3://reports/r.html"
    )
    of_ledger = replace(record(State.REJECTED, 2), rejection=why)
    (end,) = follow(sfn, ARN, lambda _: of_ledger, sfn.pause)  # type: ignore[arg-type]  # a fake of two calls
    told = "2026-11-01 rejected: 3 faults in 2 records. The whole file looks like CP932. Report: s3://reports/r.html"
    assert told in shown(end).replace("\n", " ")


def test_a_lambda_error_is_shown_as_its_message() -> None:
    cause = json.dumps(
        {"errorType": "ContractError", "errorMessage": "no contract for dataset 'slaes'", "stackTrace": []}
    )
    assert "FAILED: no contract for dataset 'slaes'" in shown(
        Progress("FAILED", error="Suimon.PlanFailed", cause=cause)
    )


def test_ctrl_c_leaves_the_replay_running_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> Iterator[Progress]:
        yield Progress("RUNNING", (LOADED,))
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        show(Console(), ARN, interrupted())
    assert ended.value.code == INTERRUPTED
    text = capsys.readouterr().out
    assert "the replay still runs" in text
    assert f"stop-execution --execution-arn {ARN}" in text


def test_a_range_that_makes_no_sense_is_refused_before_aws_is_asked() -> None:
    result = CliRunner().invoke(replay, ["sales", "--from", "2026-11-03", "--to", "2026-11-01"])
    assert result.exit_code == 2
    assert "swap them" in result.output
