"""What click says of a command line is told in Japanese, too; a new wording of click's is seen here."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from suimon.cli.main import main

# What is typed, and words of the Japanese that is told of it.
WRONG = {
    "hold sales": "オプション --reason を指定してください",
    "retract": "引数 DROP_ID を指定してください",
    "hodl": "コマンド hodl はありません",
    "warehouse qury": "コマンド qury はありません。もしかして: 'query'",
    "status --jsn": "オプション --jsn はありません。もしかして: '--json'",
    "status a b": "余分な引数があります: b",
    "status a b c": "余分な引数があります: b c",
    "forecast --days": "オプション --days には値が必要です",
    "status --json=5": "オプション --json に値は付けられません",
    "forecast --days 999": "999 は範囲（0<=x<=92）の外です",
    "forecast --days x": "'x' は整数ではありません",
    "snooze x --days y --reason z": "'y' は数値ではありません",
    "tail --every 0": "0.0 は範囲（1<=x<=3600）の外です",
    "incidents --severity bad": "'bad' ではなく、'error', 'warning' のどれかを指定してください",
    "put /nope --contract sales --partition 2026-11-20": "'/nope' はありません",
    "put /tmp --contract sales --partition 2026-11-20": "'/tmp' はディレクトリです",
    "report x --out /etc/passwd": "'/etc/passwd' はファイルです",
}


@pytest.mark.parametrize(("typed", "told"), WRONG.items(), ids=WRONG)
def test_what_cannot_be_read_is_told_in_the_language_of_the_person(typed: str, told: str) -> None:
    english, japanese = (CliRunner(env={"SUIMON_LANG": lang}).invoke(main, typed.split()) for lang in ("en", "ja"))
    assert (english.exit_code, japanese.exit_code) == (2, 2)
    said = japanese.stderr.rstrip().rpartition("Error: ")[2]
    assert told in said
    assert not re.search("[\u3040-\u30ff\u4e00-\u9fff]", english.stderr)
    assert english.stderr.partition("Error: ")[0] == japanese.stderr.partition("Error: ")[0]


def test_the_language_of_the_command_line_comes_before_that_of_the_shell() -> None:
    result = CliRunner(env={"SUIMON_LANG": "ja"}).invoke(main, ["hold", "sales", "--lang", "en"])
    assert "Missing option" in result.stderr
    result = CliRunner().invoke(main, ["hold", "sales", "--lang", "ja"])
    assert "オプション --reason を指定してください" in result.stderr
