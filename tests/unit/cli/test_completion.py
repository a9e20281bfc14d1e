"""What a shell completes: commands, options and their values, without asking a stack."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process
CODE = "from suimon.cli.main import main; main(prog_name='suimon')"


def asked(tmp_path: Path, kind: str, *words: str) -> str:
    environment = {
        **os.environ,
        "_SUIMON_COMPLETE": kind,
        "COMP_WORDS": " ".join(("suimon", *words)),
        "COMP_CWORD": str(len(words)),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_that_a_shell_reads_completes_suimon(tmp_path: Path, shell: str) -> None:
    script = asked(tmp_path, f"{shell}_source")
    assert "_SUIMON_COMPLETE" in script
    assert "suimon" in script


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("st",), {"status"}),
        (("re",), {"reconcile", "release", "replay", "retry", "report", "retract"}),
        (("status", "--la"), {"--lang"}),
        (("status", "--lang", ""), {"en", "ja"}),
        (("replay", "sales", "--what", "fa"), {"failed"}),
        (("incidents", "--severity", ""), {"error", "warning"}),
    ],
)
def test_words_are_completed(tmp_path: Path, words: tuple[str, ...], found: set[str]) -> None:
    lines = asked(tmp_path, "bash_complete", *words).splitlines()
    assert {line.partition(",")[2] for line in lines} == found
