"""`suimon retry`: everything that failed, asked for once."""

from __future__ import annotations

import pytest

from suimon.cli.retry import retry
from tests.unit.cli.replay_stack import EXECUTED, run


def test_a_retry_replays_all_that_failed_newest_first_and_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.cli.replay_stack.FAILED", ["sales", "events"])
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
    monkeypatch.setattr("tests.unit.cli.replay_stack.FAILED", ["held", "sales"])
    result = run(monkeypatch, retry, "--yes")
    assert (result.exit_code, [one["dataset"] for one in EXECUTED]) == (1, ["sales"])
    assert "held 2026-11-01 to 2026-11-02 left out: held is held since noon" in result.output


def test_a_range_that_is_too_long_for_one_replay_is_retried_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.cli.replay_stack.FAILED", ["long", "sales"])
    assert run(monkeypatch, retry, "--yes").exit_code == 0
    assert [(one["dataset"], one["from"], one["to"]) for one in EXECUTED] == [
        ("long", "2026-11-02", "2026-11-02"),
        ("long", "2026-11-01", "2026-11-01"),
        ("sales", "2026-11-01", "2026-11-02"),
    ]


@pytest.mark.parametrize("failed", [[], ["calm"]])
def test_a_retry_without_anything_failed_is_content(monkeypatch: pytest.MonkeyPatch, failed: list[str]) -> None:
    monkeypatch.setattr("tests.unit.cli.replay_stack.FAILED", failed)
    result = run(monkeypatch, retry)
    assert (result.exit_code, result.output, EXECUTED) == (0, "Nothing has failed.\n  suimon status\n", [])


def test_a_retry_speaks_japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.cli.replay_stack.FAILED", ["held", "sales"])
    lines = run(monkeypatch, retry, "--lang", "ja", answer="n\n").output.splitlines()
    assert lines[0].startswith("held 2026-11-01～2026-11-02 対象外: ")
    assert lines[-3:] == ["すべて再実行しますか? [y/N]: n", "何も開始していません。", "  suimon retry"]
    monkeypatch.setattr("tests.unit.cli.replay_stack.FAILED", [])
    assert run(monkeypatch, retry, "--lang", "ja").output == "失敗したものはありません。\n  suimon status\n"
