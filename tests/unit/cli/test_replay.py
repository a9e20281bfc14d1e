"""`suimon replay`: what it shows, asks and executes."""

from __future__ import annotations

import json
import shlex

import pytest
from click.testing import CliRunner

from suimon.cli.replay import replay
from tests.unit.cli.replay_stack import EXECUTED, FOUND, STOPPED, WHY, WHY_NOT, run
from tests.unit.replay.mails import RECORD


def test_a_range_that_makes_no_sense_is_refused_before_aws_is_asked() -> None:
    result = CliRunner().invoke(replay, ["sales", "--from", "2026-11-03", "--to", "2026-11-01"])
    assert result.exit_code == 2
    assert "swap them" in result.output


RANGE = ("--from", "2026-11-01", "--to", "2026-11-07")


def test_a_replay_shows_its_plan_asks_and_executes_exactly_that(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, replay, "sales", *RANGE, "--what", "failed", "--order", "newest", answer="y\n")
    assert result.output.splitlines()[:4] == [
        "2026-11-01 attempt 2 of a: its run failed 2026-11-02",
        "2026-11-02 left out: no file has come",
        "4 more left out: not asked for.",
        "sales: 1 would run, 3 at once; each runs load_sales, which replaces its partition in sales_fact.",
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


def test_a_replay_is_told_how_many_may_fail_and_by_which_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, replay, "sales", *RANGE, "--tolerate", "2.5", "--as-accepted", "--reason", "x y")
    said = result.output.splitlines()[-1].split("suimon ")[1]
    assert "--tolerate 2.5" in said
    assert "--as-accepted" in said
    assert "--reason 'x y'" in said
    run(monkeypatch, replay, "sales", *RANGE, "--tolerate", "2.5", "--as-accepted", "--reason", "x y", "--yes")
    (executed,) = EXECUTED
    assert (executed["tolerate"], executed["as_accepted"], executed["reason"]) == (2.5, True, "x y")


def test_a_replay_is_resumed_over_the_range_in_the_order_and_for_the_reason_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = run(monkeypatch, replay, "sales", "--resume", RECORD.id, answer="y\n")
    assert result.exit_code == 0, result.output
    (executed,) = EXECUTED
    assert executed["resume"] == RECORD.id
    assert (executed["from"], executed["to"], executed["what"], executed["order"], executed["reason"]) == (
        *("2026-11-01", "2026-11-30", "all", "newest"),
        "the price list was corrected",
    )
    assert (executed["max_concurrency"], executed["tolerate"]) == (RECORD.max_concurrency, RECORD.tolerate)
    refused = run(monkeypatch, replay, "sales", "--resume", RECORD.id, answer="n\n")
    again = shlex.split(refused.output.splitlines()[-1])
    assert run(monkeypatch, replay, *again[2:]).exit_code == 0
    assert [one["resume"] for one in EXECUTED] == [RECORD.id]


def test_a_replay_may_be_resumed_otherwise_than_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, replay, "sales", "--resume", RECORD.id, "--max-concurrency", "1", "--tolerate", "0", "--yes")
    (executed,) = EXECUTED
    assert (executed["max_concurrency"], executed["tolerate"]) == (1, 0)


def test_a_replay_is_stopped_with_word_of_what_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, replay, "sales", "--stop", RECORD.id, "--reason", "wrong day", "--stack", "prod")
    assert result.exit_code == 0
    assert [(RECORD.id, "wrong day")] == STOPPED
    assert result.output.splitlines() == [
        "Stopped: 1 loaded, 29 not begun. What has begun runs to its end by itself.",
        f"Next: suimon replay sales --resume {RECORD.id} --stack prod",
    ]
    assert json.loads(run(monkeypatch, replay, "sales", "--stop", RECORD.id, "--json").output)["remaining"] == 29


def test_the_replays_of_a_dataset_are_listed_for_people_and_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RECORD.id in run(monkeypatch, replay, "sales", "--list").output
    [listed] = json.loads(run(monkeypatch, replay, "sales", "--list", "--json").output)
    assert (listed["id"], listed["planned"]) == (RECORD.id, 30)
    assert "never been replayed" in run(monkeypatch, replay, "calm", "--list").output


@pytest.mark.parametrize("arguments", [(), ("--from", "2026-11-01"), ("--stop", "a", "--resume", "b")])
def test_what_cannot_be_meant_is_refused(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    assert run(monkeypatch, replay, "sales", *arguments).exit_code == 2


def test_a_plan_is_told_and_asked_for_in_japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, replay, "sales", *RANGE, "--lang", "ja", "--reason", "new prices", answer="n\n")
    assert result.exit_code == 2
    assert result.output.splitlines()[:-1] == [
        f"2026-11-01 ドロップ a の 2 回目: {WHY['ja']}",
        f"2026-11-02 対象外: {WHY_NOT['ja']}",
        "ほか 4 件は指定に当てはまらないため対象外。",
        "sales: 1 件を実行（同時に 3 件）。load_sales が sales_fact のパーティションを置き換えます。",
        "失敗が 1 件を超えたら、残りは開始しません。",
        "この 1 件を再実行しますか? [y/N]: n",
        "何も開始していません。この計画をそのまま実行するには:",
    ]
    assert "--reason 'new prices'" in result.output.splitlines()[-1]
