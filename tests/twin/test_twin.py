"""The twin's record: whose twin it is, and what a shell that sources the operator's file may still reach."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from local.lifecycle import down
from local.twin import Keys, NoTwinError, Twin, environment_of, load, new_twin, runtime_folder, save

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    twin = new_twin(tmp_path)
    keys = {name: Keys(f"AKIA{name.upper()}", "secret") for name in ("operator", "upstream")}
    twin = twin.with_(principals={**twin.principals, **keys}, outputs={"RawBucket": "raw"})
    save(twin)
    return twin


def test_a_twin_is_read_back_as_it_was_saved(twin: Twin) -> None:
    assert load(twin.runtime) == twin


def test_the_copy_of_a_clone_does_not_drive_the_original(twin: Twin, tmp_path_factory: pytest.TempPathFactory) -> None:
    copy = tmp_path_factory.mktemp("copy") / "clone"
    shutil.copytree(twin.root, copy)
    with pytest.raises(NoTwinError, match="copy of a twin"):
        load(runtime_folder(copy))


def test_down_also_ends_what_interrupted_tests_have_left(twin: Twin) -> None:
    left = new_twin(twin.root, twin.root / ".suimon" / "test-twin")
    save(left)
    down(twin.root)
    assert not list((twin.root / ".suimon").glob("*/twin.json"))


@pytest.mark.parametrize("principal", ["operator", "upstream"])
def test_a_shell_that_sources_a_principals_file_reaches_this_twin_alone(twin: Twin, principal: str) -> None:
    hostile = {
        "PATH": os.environ["PATH"],
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL_SFN": "https://states.example.com",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "HTTP_PROXY": "http://proxy.example.com",
    }
    script = f"source {environment_of(twin, principal)}; env"
    shown = subprocess.run(["bash", "-c", script], env=hostile, capture_output=True, text=True, check=True).stdout
    variables = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    aws = {name: value for name, value in variables.items() if name.startswith("AWS_")}
    assert not aws.keys() & (hostile.keys() - {"PATH"})
    assert aws["AWS_ACCESS_KEY_ID"] == f"AKIA{principal.upper()}"
    assert {value.rpartition(":")[0] for name, value in aws.items() if "ENDPOINT_URL" in name} == {"http://127.0.0.1"}
    assert "127.0.0.1" in variables["NO_PROXY"]
