"""What an operator is shown of a replay."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from suimon.cli.replay_view import INTERRUPTED, show, show_list, show_plan, show_stopped
from suimon.cli.replays import exit_status
from suimon.drops.replay_record import Counts
from suimon.drops.states import State
from suimon.replay.execution import Progress
from suimon.replay.plan import Item
from suimon.replay.summary import OVERTAKEN, WAITING, Fate, Result, results, stated
from tests.unit.replay.mails import RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = "suimon replay sales {} r1 --stack prod"
LOADED = Result("2026-11-01", "a", 2, Fate.LOADED, stated(State.LOADED), 10)
FAILED = Result("2026-11-02", "b", 2, Fate.FAILED, stated(State.FAILED), None, "RunFailed: [red]Glue[/red] died")
LEFT = Result("2026-11-03", "c", 2, Fate.REMAINING, WAITING)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (Progress("SUCCEEDED", (LOADED,)), 0),
        (Progress("SUCCEEDED"), 1),  # nothing to replay is not "all loaded"
        (Progress("FAILED", (LOADED, FAILED), error="Suimon.PartlyLoaded"), 1),
        (Progress("FAILED", error="Suimon.ReplayFailed"), 1),
        (Progress("ABORTED", (LOADED, LEFT)), 1),
        (Progress("TIMED_OUT", (LOADED,)), 1),
        (Progress("FAILED", error="Suimon.PlanFailed"), 2),
    ],
)
def test_the_exit_status_tells_all_some_and_nothing(end: Progress, status: int) -> None:
    assert exit_status(end) == status


def console() -> Console:
    return Console(file=io.StringIO(), width=80)


def in_japanese(*progress: Progress) -> list[str]:
    on = console()
    show(on, COMMAND, iter(progress), "ja")
    return text_of(on).splitlines()


def text_of(shown: Console) -> str:
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue()


def shown(*progress: Progress) -> str:
    on = console()
    show(on, COMMAND, iter(progress))
    return text_of(on)


def test_the_end_is_shown_with_rows_reasons_counts_and_what_is_next() -> None:
    text = shown(Progress("FAILED", (LOADED, FAILED), "Suimon.PartlyLoaded"))
    assert "2026-11-02 failed: RunFailed: [red]Glue[/red] died" in text
    assert "1 loaded, 1 failed." in text
    assert text.splitlines()[-2:] == [
        f"Next: suimon explain {FAILED.drop_id} --stack prod",
        "Then, when the cause is mended: suimon retry --stack prod",
    ]


def test_what_a_stopped_replay_has_left_is_named_with_the_command_that_goes_on() -> None:
    text = shown(Progress("ABORTED", (LOADED, LEFT), "Suimon.Stopped", "arn:me: lunch"))
    assert "Not begun: 2026-11-03." in text
    assert "ABORTED: arn:me: lunch" in text
    assert text.splitlines()[-1] == "Next: suimon replay sales --resume r1 --stack prod"


def test_a_replay_that_gave_way_has_nothing_to_do_and_is_no_failure() -> None:
    gave_way = (
        Result("2026-11-02", "b", 2, Fate.UNNEEDED, stated(State.SUPERSEDED)),
        Result("2026-11-03", "c", 2, Fate.UNNEEDED, OVERTAKEN, None, "attempt 3 has begun since"),
    )
    end = Progress("SUCCEEDED", (LOADED, *gave_way))
    text = shown(end)
    assert "2026-11-02 nothing to do: a newer file has come in its place" in text
    assert "2026-11-03 nothing to do: attempt 3 has begun since" in text
    assert "1 loaded, 2 with nothing to do." in text
    assert exit_status(end) == 0


def test_thousands_are_counted_and_not_drawn() -> None:
    rows = tuple(replace(LOADED, partition=f"day {number}") for number in range(5_000))
    assert shown(Progress("SUCCEEDED", rows)).splitlines() == [
        "5,000 loaded.",
        "Next: suimon status sales --stack prod",
    ]


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
        show(Console(), COMMAND, interrupted())
    assert ended.value.code == INTERRUPTED
    text = capsys.readouterr().out
    assert "the replay still runs" in text
    assert "  suimon replay sales --follow r1 --stack prod" in text
    assert "  suimon replay sales --stop r1 --stack prod" in text


def test_days_in_a_row_that_are_left_out_for_one_reason_share_a_line() -> None:
    skipped = [{"partition": f"2026-11-{day:02d}", "reason": {"en": "no file has come"}} for day in range(1, 31)]
    on = console()
    show_plan(on, {"dataset": "sales", "items": [], "skipped": skipped, "others": 0})
    assert text_of(on).splitlines() == [
        "2026-11-01 … 2026-11-30 (30) left out: no file has come",
        "sales: nothing to replay.",
    ]


def test_replays_are_listed_with_how_they_ended_who_and_why() -> None:
    on = console()
    stopped = replace(RECORD, end="stopped", counts=Counts(loaded=3, remaining=27))
    show_list(
        on, "sales", [stopped, replace(RECORD, id="before", ended_at=None)], {"before": "RUNNING"}, " --stack prod"
    )
    lines = text_of(on).splitlines()
    assert "  stopped: 3 loaded, 27 not begun" in lines
    assert "  runs" in lines
    assert any("the price list was corrected" in line and "Operator/ada" in line for line in lines)
    assert lines[-1] == f"Next: suimon replay sales --resume {RECORD.id} --stack prod"


@pytest.mark.parametrize(("status", "told"), [("TIMED_OUT", "TIMED_OUT"), ("", "unknown")])
def test_a_replay_that_was_ended_from_outside_is_not_said_to_run(status: str, told: str) -> None:
    on = console()
    show_list(on, "sales", [replace(RECORD, ended_at=None)], {RECORD.id: status}, " --stack prod")
    assert f"  has no summary ({told}); one is made by: suimon replay sales --stop {RECORD.id} --stack prod" in (
        text_of(on).splitlines()
    )


def test_a_replay_that_ended_before_it_was_stopped_is_not_said_to_be_stopped() -> None:
    on = console()
    ended = {"dataset": "sales", "replay": "r1", "end": "finished", **asdict(Counts(loaded=3))}
    show_stopped(on, ended, "")
    assert text_of(on).splitlines() == [
        "It had ended by itself (finished): 3 loaded.",
        "Next: suimon replay sales --follow r1",
    ]


def test_the_end_is_told_in_japanese_and_what_is_stored_as_it_was_written() -> None:
    rows = (
        LOADED,
        FAILED,
        replace(LEFT, partition="2026-11-04"),
        Result("2026-11-05", "d", 2, Fate.UNNEEDED, stated(State.SUPERSEDED)),
        *results([Item("e", "2026-11-06", 2)], {}),
    )
    lines = in_japanese(Progress("RUNNING", rows), Progress("FAILED", rows, "Suimon.PartlyLoaded"))
    assert lines[-6:] == [
        "2026-11-02 FAILED: RunFailed: [red]Glue[/red] died",
        "2026-11-05 処理不要: 新しいファイルが届いています",
        "2026-11-06 不明: 台帳にこのドロップはもうありません",
        "未開始: 2026-11-04。",
        "取り込み 1 件、処理不要 1 件、失敗 2 件、未開始 1 件。",
        "次: suimon replay sales --resume r1 --stack prod",
    ]
    assert "パーティション" in lines[1]
    assert in_japanese(Progress("FAILED", (FAILED,), "Suimon.PartlyLoaded"))[-2:] == [
        "次: suimon explain b --stack prod",
        "原因を取り除いたあと: suimon retry --stack prod",
    ]


def test_the_list_and_a_stop_are_told_in_japanese() -> None:
    on = console()
    stopped = replace(RECORD, end="stopped", counts=Counts(loaded=3, remaining=27))
    show_list(on, "sales", [stopped, replace(RECORD, ended_at=None)], {}, "", "ja")
    lines = text_of(on).splitlines()
    assert "  停止: 取り込み 3 件、未開始 27 件" in lines
    assert f"  集計がありません（不明）。集計するには: suimon replay sales --stop {RECORD.id}" in lines
    assert any("the price list was corrected" in line for line in lines)
    on = console()
    summary = {"dataset": "sales", "replay": "r1", "end": "stopped", **asdict(Counts(loaded=1, remaining=2))}
    show_stopped(on, summary, "", "ja")
    assert text_of(on).splitlines() == [
        "停止しました: 取り込み 1 件、未開始 2 件。開始済みの実行はそのまま最後まで進みます。",
        "次: suimon replay sales --resume r1",
    ]


def test_days_that_are_left_out_are_told_as_a_range_only_if_they_follow_each_other() -> None:
    why = {"en": "no file has come"}
    days = ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-27", "2026-11-28"]
    skipped = [{"partition": day, "reason": why} for day in days]
    items = [{"partition": "2026-11-24", "attempt": 2, "drop_id": "a", "reason": why}]
    plan = {"dataset": "sales", "items": items, "skipped": skipped, "others": 2, "max_concurrency": 3}
    plan |= {"dag_id": "etl", "table": "sales_fact", "tolerated": 1}
    for order in (1, -1):
        on = console()
        show_plan(on, plan | {"skipped": skipped[::order]})
        text = text_of(on)
        first, last = days[0:3:2][::order]
        assert f"{first} … {last} (3) left out: no file has come" in text
        first, last = days[3:][::order]
        assert f"{first} … {last} (2) left out: no file has come" in text


def test_a_part_that_would_run_stands_in_no_range_of_those_that_are_left_out() -> None:
    why = {"en": "no file has come"}
    skipped = [{"partition": f"2026-11-20/store=S0{number}", "reason": why} for number in (1, 2, 4)]
    items = [{"partition": "2026-11-20/store=S03", "attempt": 2, "drop_id": "a", "reason": why}]
    plan = {"dataset": "sales", "items": items, "skipped": skipped, "others": 0, "max_concurrency": 3}
    on = console()
    show_plan(on, plan | {"dag_id": "etl", "table": "sales_fact", "tolerated": 1})
    text = text_of(on)
    assert "2026-11-20/store=S01 … 2026-11-20/store=S02 (2) left out" in text
    assert "2026-11-20/store=S04 left out" in text


def test_after_a_rejected_file_nobody_is_told_to_retry_what_retry_does_not_know() -> None:
    rejected = replace(FAILED, state=stated(State.REJECTED))
    on = console()
    show(on, COMMAND, iter([Progress("FAILED", (LOADED, rejected), error="Suimon.PartlyLoaded")]))
    assert "suimon explain b --stack prod" in text_of(on)
    assert "suimon retry" not in text_of(on)
