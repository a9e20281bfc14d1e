"""No command writes what a terminal would obey, and nothing that people paste from it does what others wrote."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from suimon.cli.console import Harmless
from suimon.cli.main import _COMMANDS
from suimon.incidents.about import About
from suimon.incidents.kinds import KINDS, IncidentId, Kind
from suimon.incidents.messages.files import key_shape
from suimon.report.console import Terminal
from tests.security.test_hostile_contents import ESCAPES

SOURCE = Path(__file__).parents[2] / "src" / "suimon"
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\u0590-\u08ff\u3164]")
HOSTILE = "".join(ESCAPES).replace("\0", "") + "\u05d0\u05d1 100\u3164"
# Runs each command that it is given in one process, as people type them.
EACH = """
import json, sys
from suimon.cli.main import main
for arguments in json.loads(sys.argv[1]):
    try:
        main(arguments, "suimon")
    except SystemExit as end:
        print("ended with", end.code, arguments[0])
"""
# What runs of itself, quoted or not, once it is pasted into a shell.
PASTED = (
    "x'; touch pwned; '",
    'x"; touch pwned; "',
    "x$(touch pwned)",
    "x`touch pwned`",
    "x'$(touch pwned)'",
    "x; touch pwned #",
    "x\n touch pwned\n",
    "x|touch pwned",
    "x&touch pwned&",
    "x > pwned",
    "x\\'; touch pwned; \\'",
    "!!; touch pwned",
    "x\r\ntouch pwned",
    "x\u2028touch pwned",
    "\u05d0; touch pwned; \u05d1",
)


@pytest.mark.process
def test_no_command_repeats_what_a_terminal_would_obey(tmp_path: Path) -> None:
    hostile = tmp_path / f"a{HOSTILE}".replace("/", "_")
    hostile.write_text("apiVersion: v3.1.0\n", encoding="utf-8")
    commands = [[name, *words] for name in _COMMANDS for words in ([str(hostile)], [f"--{HOSTILE}"], [HOSTILE] * 3)]
    commands += [["check", str(hostile), "--contract", HOSTILE], ["contract", "lint", str(hostile)], [HOSTILE]]
    done = subprocess.run(
        [sys.executable, "-c", EACH, json.dumps(commands)],
        cwd=tmp_path,
        env=os.environ | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1", "AWS_REGION": "us-east-1"},
        capture_output=True,
        check=False,
    )
    said = (done.stdout + done.stderr).decode()
    assert said.count("ended with") == len(commands)
    assert "\\u001b]0;PWNED" in said  # it was repeated, as text
    assert set(OBEYED.findall(said)) == set()


def test_what_is_drawn_holds_no_escapes_but_the_colours_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Harmless(stream))
    monkeypatch.setenv("FORCE_COLOR", "1")
    terminal = Terminal(width=500)
    grid = Table(f"head {HOSTILE}", title=HOSTILE, caption=HOSTILE)
    grid.add_row(Text(HOSTILE, "red"))
    with Progress(console=terminal) as bar:
        bar.add_task(HOSTILE)
    terminal.print(HOSTILE, Text(HOSTILE, "bold"), grid, f"[link=http://evil.example]{HOSTILE}[/link]")
    shown = stream.getvalue()
    assert "\x1b[" in shown
    assert "\\u001b" in shown
    assert set(OBEYED.findall(re.sub(r"\x1b\[[0-9;?]*[mKAhl]", "", shown).replace("\r", ""))) == set()
    assert "\x1b[2J" not in shown


def test_json_stays_json_and_says_the_same() -> None:
    stream = io.StringIO()
    told = {"key": HOSTILE, "wide": "売上\u3000データ", "far": "\U000e0001", "half": "\ud800"}
    Harmless(stream).writelines([json.dumps(told, ensure_ascii=False, indent=2), "\n"])
    assert json.loads(stream.getvalue()) == told
    assert not OBEYED.search(stream.getvalue())
    assert "売上\u3000データ" in stream.getvalue()


def test_only_one_console_draws() -> None:
    others = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Console", "print", "sys.stdout.write"}
    ]
    assert others == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", PASTED)
def test_an_incident_s_id_runs_nothing_in_a_shell(kind: Kind, text: str) -> None:
    key = f"{text}/{text}.csv"
    # A slot is a property: of a key without a stamp, the key.
    named = dict.fromkeys((one for one in KINDS[kind].identified_by if one != "slot"), text)
    about = About(**named | {"key": key, "shape": key_shape(key)})
    one = str(IncidentId.of(kind, about))
    assert shlex.split(f"suimon incidents '{one}'", posix=True) == ["suimon", "incidents", one]
    assert not OBEYED.search(one)
    # Without quotes it is at worst several words: nothing that a shell reads as more than a word.
    assert not re.search(r"[\"'`$;&|<>()\[\]\\!^?\n\r]", one)


@pytest.mark.process
def test_the_same_words_do_run_where_nothing_is_escaped(tmp_path: Path) -> None:
    for text in PASTED:
        subprocess.run(["/bin/sh", "-c", f"true '{text}'"], cwd=tmp_path, capture_output=True, check=False)
    assert (tmp_path / "pwned").exists()
