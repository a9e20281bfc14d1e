"""The report on a terminal: columns that fit, and no cell that acts as markup."""

import json

import pytest

from suimon.check.verdict import BadCell, Code, RuleCount, Verdict
from suimon.report import terminal
from suimon.report.as_json import (
    cells_as_json_lines,
    describe,
    labels_of,
    place,
    summary,
)
from suimon.report.terminal import show
from tests.unit.report.samples import INTEGER, LABELLED, PERSONAL, REJECTED


def test_columns_are_named_as_the_header_calls_them(capsys: pytest.CaptureFixture[str]) -> None:
    labels = labels_of(LABELLED)
    assert labels == {"quantity": "数量", "email": "メール"}
    text = describe(REJECTED, 3, labels=labels)
    assert "type-error in 数量 (quantity):" in text
    assert "record 7, 数量 (quantity):" in text
    assert "Empty cells (メール (email)): 30" in text
    answer = summary(REJECTED, labels=labels)
    assert [(count["column"], count["label"]) for count in answer["counts"]][-1] == ("quantity", "数量")
    assert answer["quality"][0]["labels"] == ["メール"]
    assert json.loads(cells_as_json_lines(REJECTED, labels=labels).splitlines()[2])["label"] == "数量"
    assert place(BadCell(Code.PRIMARY_KEY_ERROR, 3, 2, "n, quantity"), labels=labels).endswith("n, 数量 (n, quantity)")
    show("f", LABELLED, REJECTED, limit=5)
    assert capsys.readouterr().out.count("数量 (quantity)") == 2


def test_a_narrow_terminal_keeps_codes_whole_and_has_no_bars(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "_WIDTH", 60)
    show("f", PERSONAL, REJECTED, limit=5)
    out = capsys.readouterr().out
    assert "row-count-error" in out
    assert "█" not in out
    assert max(map(len, out.splitlines())) <= 60


def test_the_terminal_shows_every_rule_and_where(capsys: pytest.CaptureFixture[str]) -> None:
    show("sales.csv", PERSONAL, REJECTED, limit=2)
    out = capsys.readouterr().out
    for words in ("rejected sales.csv (x 1)", "1,100", "type-error", "quantity", "The first 2 of 1,102.", "warning"):
        assert words in out
    assert "=1+1" not in out  # the third


def test_the_terminal_keeps_japanese_in_columns(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.cells import cell_len  # noqa: PLC0415 - only here

    show("sales.csv", PERSONAL, REJECTED, limit=5, lang="ja")
    framed = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("┃", "│"))]
    assert "不合格" not in framed
    assert len({cell_len(line) for line in framed}) == 2  # two tables


def test_a_cell_is_neither_markup_nor_escape_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    cell = BadCell(Code.TYPE_ERROR, 2, 1, "[b]", "[red]x[/red]\x1b[2J", INTEGER)
    count = RuleCount(Code.TYPE_ERROR, "[b]", 1, INTEGER)
    show("[i]f\x1b", PERSONAL, Verdict(accepted=False, rows=1, bad_cells=(cell,), counts=(count,)), limit=5)
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out
    assert out.count("[b]") == 2
    assert "[i]f" in out
    assert "\x1b" not in out
