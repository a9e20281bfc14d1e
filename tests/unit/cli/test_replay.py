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

from suimon.cli import replay as command
from suimon.cli.replay import Replays, exit_status, replay, retry
from suimon.cli.replay_view import INTERRUPTED, show
from suimon.drops.drop import Accepted, Drop, DropRecord, Match, Rejection
from suimon.drops.states import State
from suimon.replay.execution import Progress, ReplayError, Row, Target, follow, start

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
    assert "The same command plans what remains then." in text


def test_a_range_that_makes_no_sense_is_refused_before_aws_is_asked() -> None:
    result = CliRunner().invoke(replay, ["sales", "--from", "2026-11-03", "--to", "2026-11-01"])
    assert result.exit_code == 2
    assert "swap them" in result.output


FOUND = {
    "dataset": "sales",
    "dag_id": "load_sales",
    "table": "sales_fact",
    "max_concurrency": 3,
    "plan": "0123",
    "items": [{"drop_id": "a", "partition": "2026-11-01", "attempt": 2, "reason": "its run failed 2026-11-02"}],
    "skipped": [{"partition": "2026-11-02", "reason": "no file has come"}],
    "others": 4,
}


class Stack(Replays):
    """A stack whose replay function answers by the dataset, and that keeps what it is asked to execute."""

    def plan(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if wanted["dataset"] == "held":
            raise ReplayError("held is held since noon by arn:me", "HeldError")
        if wanted["plan" if "plan" in wanted else "dataset"] == "stale":
            raise ReplayError("the ledger has moved on", "StalePlanError")
        return FOUND | {"dataset": wanted["dataset"], "items": [] if wanted["dataset"] == "calm" else FOUND["items"]}

    def failed(self) -> list[tuple[str, str, str]]:
        return [(name, "2026-11-01", "2026-11-02") for name in FAILED]

    def execute(self, wanted: Any) -> int:
        EXECUTED.extend(wanted)
        return 0


EXECUTED: list[dict[str, Any]] = []
FAILED: list[str] = []


def run(monkeypatch: pytest.MonkeyPatch, of: Any, *arguments: str, answer: str = "") -> Any:
    EXECUTED.clear()
    made = staticmethod(lambda _stack, console: Stack(Target("machine", "function", "table"), console))
    monkeypatch.setattr(command.Replays, "of", made)
    return CliRunner(env={"COLUMNS": "80"}).invoke(of, arguments, input=answer)


RANGE = ("--from", "2026-11-01", "--to", "2026-11-07")


def test_a_replay_shows_its_plan_asks_and_executes_exactly_that(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, replay, "sales", *RANGE, "--what", "failed", "--order", "newest", answer="y\n")
    assert result.output.splitlines()[:4] == [
        "2026-11-01 attempt 2 of a: its run failed 2026-11-02",
        "2026-11-02 left out: no file has come",
        "4 more left out: not asked for.",
        "sales: 1 would run, 3 at once; each runs load_sales, which replaces its day in sales_fact.",
    ]
    assert result.exit_code == 0
    (executed,) = EXECUTED
    assert (executed["what"], executed["order"], executed["plan"]) == ("failed", "newest", "0123")


@pytest.mark.parametrize(
    ("arguments", "answer", "status"),
    [((), "n\n", 2), ((), "", 2), (("--dry-run",), "", 0)],
    ids=["no", "nobody", "dry"],
)
def test_a_plan_that_nobody_agreed_to_starts_nothing_and_says_how_to_execute_it(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], answer: str, status: int
) -> None:
    result = run(monkeypatch, replay, "sales", *RANGE, "--stack", "prod", *arguments, answer=answer)
    assert (result.exit_code, EXECUTED) == (status, [])
    said = result.output.splitlines()[-1].split()
    again = run(monkeypatch, replay, *said[2:])
    assert again.exit_code == 0, again.output
    assert [one["plan"] for one in EXECUTED] == ["0123"]


def test_a_plan_that_was_overtaken_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, replay, "sales", *RANGE, "--plan", "stale")
    assert (result.exit_code, EXECUTED) == (2, [])
    assert "the ledger has moved on" in result.output


def test_a_range_without_work_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, replay, "calm", *RANGE, "--yes")
    assert (result.exit_code, EXECUTED) == (1, [])
    assert "calm: nothing to replay." in result.output


def test_a_plan_can_be_read_by_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, replay, "sales", *RANGE, "--dry-run", "--json")
    assert json.loads(result.output) == FOUND
    assert run(monkeypatch, replay, "sales", *RANGE, "--json").exit_code == 2


def test_a_retry_replays_all_that_failed_newest_first_and_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.FAILED", ["sales", "events"])
    result = run(monkeypatch, retry, answer="y\n")
    assert result.exit_code == 0, result.output
    assert result.output.count("[y/N]") == 1
    assert [(one["dataset"], one["what"], one["order"], one["plan"]) for one in EXECUTED] == [
        ("sales", "failed", "newest", "0123"),
        ("events", "failed", "newest", "0123"),
    ]
    assert run(monkeypatch, retry, answer="n\n").exit_code == 2
    assert not EXECUTED
    assert run(monkeypatch, retry, "--dry-run").exit_code == 0
    assert not EXECUTED


def test_a_retry_leaves_out_a_held_dataset_and_says_so_in_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.FAILED", ["held", "sales"])
    result = run(monkeypatch, retry, "--yes")
    assert (result.exit_code, [one["dataset"] for one in EXECUTED]) == (1, ["sales"])
    assert "held 2026-11-01 to 2026-11-02 left out: held is held since noon" in result.output


@pytest.mark.parametrize("failed", [[], ["calm"]])
def test_a_retry_without_anything_failed_is_content(monkeypatch: pytest.MonkeyPatch, failed: list[str]) -> None:
    monkeypatch.setattr(f"{__name__}.FAILED", failed)
    result = run(monkeypatch, retry)
    assert (result.exit_code, result.output, EXECUTED) == (0, "Nothing has failed.\n", [])


MACHINE = "arn:aws:states:ap-northeast-1:123456789012:stateMachine:suimon-replay"


class Machine:
    """Step Functions' names: each is taken once."""

    class exceptions:  # noqa: N801 - boto3's name
        """The errors of a client."""

        class ExecutionAlreadyExists(Exception):  # noqa: N818 - as above
            """The name is taken."""

    def __init__(self) -> None:
        self.status: dict[str, str] = {}

    def start_execution(self, **request: Any) -> Any:
        arn = f"{MACHINE.replace('stateMachine', 'execution')}:{request['name']}"
        if arn in self.status:
            raise self.exceptions.ExecutionAlreadyExists
        assert len(request["name"]) <= 80
        self.status[arn] = "RUNNING"
        return {"executionArn": arn}

    def describe_execution(self, **request: Any) -> Any:
        return {"status": self.status[request["executionArn"]]}


def test_a_plan_that_runs_is_joined_and_one_that_ended_is_in_nobodys_way() -> None:
    sfn: Any = Machine()
    wanted = {"dataset": "sales" * 20, "from": "2026-11-01", "to": "2026-11-07", "plan": "0123456789abcdef"}
    first = start(sfn, MACHINE, wanted, NOON)
    assert start(sfn, MACHINE, wanted, NOON) == first
    sfn.status[first] = "FAILED"
    assert start(sfn, MACHINE, wanted, NOON) != first
