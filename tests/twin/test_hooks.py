"""What the twin adds to the emulator, it adds to the version that it knows, or it does not start."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.cloud.emulator_hooks import HookMissingError, hook, module
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".suimon/envs/ministack/bin/python"
# Starts the cloud as `python -m local.cloud` does, after one line that changes the emulator.
START = "import importlib.metadata as metadata\n{change}\nfrom local.cloud.__main__ import main\nmain()\n"
CHANGES = {
    "another version": "metadata.version = lambda name: '9.9.9'",
    "another signature": "import ministack.services.eventbridge as events\nevents._put_events = lambda data: None",
    "a function that is gone": "import ministack.services.stepfunctions as states\ndel states._error_matches",
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_cloud_does_not_start_on_an_emulator_that_it_does_not_know(tmp_path: Path, change: str) -> None:
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "SUIMON_TWIN_DIR": str(tmp_path), "GATEWAY_PORT": "9", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
        "AUTH": "true", "LAMBDA_EXECUTOR": "local", "STATE_DIR": str(tmp_path), "S3_DATA_DIR": str(tmp_path),
    }  # fmt: skip
    argv = [str(PYTHON), "-c", START.format(change=CHANGES[change])]
    done = subprocess.run(
        argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 1
    assert "HookMissingError" in done.stderr


def original(event: Any, context: Any) -> None:
    """Stand for a function of the emulator's."""


@pytest.mark.parametrize("parameters", [("event",), ("context", "event"), ("event", "context", "more")])
def test_a_hook_refuses_a_function_with_other_parameters(parameters: tuple[str, ...]) -> None:
    emulator = SimpleNamespace(__name__="emulator", original=original)
    with pytest.raises(HookMissingError, match="the twin knows it with"):
        hook(emulator, "original", print, parameters)
    assert emulator.original is original


def test_a_hook_refuses_what_is_not_there() -> None:
    with pytest.raises(HookMissingError, match=r"has no emulator\.gone"):
        hook(SimpleNamespace(__name__="emulator"), "gone", print, ())
    with pytest.raises(HookMissingError, match="has no module"):
        module("no_such_emulator")
