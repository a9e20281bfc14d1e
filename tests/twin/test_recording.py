"""What is recorded of a command is what it writes to a terminal, and nothing is recorded of one that cannot answer."""

from __future__ import annotations

import os
import subprocess

import pytest

from local.recording import COLUMNS, on_a_terminal

pytestmark = pytest.mark.process
ENVIRONMENT = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}


def test_a_command_writes_to_a_terminal_of_that_width() -> None:
    shown = on_a_terminal(["suimon", "--help"], ENVIRONMENT)
    assert shown.startswith("Usage: suimon")
    assert max(map(len, shown.splitlines())) <= COLUMNS


def test_a_command_that_cannot_answer_is_no_recording() -> None:
    with pytest.raises(subprocess.CalledProcessError, match="exit status 2"):
        on_a_terminal(["suimon", "nothing"], ENVIRONMENT)
