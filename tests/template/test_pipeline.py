"""The example of a pipeline: valid, without a stored key, and made of commands that are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PATH = ROOT / "docs" / "deploy-pipeline.yml"
PIPELINE: dict[Any, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
JOBS: dict[str, dict[str, Any]] = PIPELINE["jobs"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_job_waits_for_one_that_is_there_and_ends_some_day() -> None:
    for job in JOBS.values():
        needs = job.get("needs", [])
        assert {*([needs] if isinstance(needs, str) else needs)} <= JOBS.keys()
        assert job["timeout-minutes"]
        assert all(("uses" in step) != ("run" in step) for step in job["steps"])


def test_whoever_deploys_has_been_checked_and_comes_by_oidc() -> None:
    for name in JOBS.keys() - {"check"}:
        job = JOBS[name]
        assert job["needs"] in {"check", "dev"}
        assert job["permissions"] == {"contents": "read", "id-token": "write"}
        assert job["environment"] == name
        assert f"make deploy ENV={name}" in [step.get("run") for step in job["steps"]]
        [keys] = [step["with"] for step in job["steps"] if "configure-aws-credentials" in step.get("uses", "")]
        assert "role-to-assume" in keys
    assert PIPELINE["permissions"] == {"contents": "read"}
    assert "secrets." not in PATH.read_text(encoding="utf-8")
    assert PIPELINE["concurrency"]["cancel-in-progress"] is False


def test_its_commands_are_there() -> None:
    for job in JOBS.values():
        for command in (step["run"] for step in job["steps"] if "run" in step):
            [target] = re.findall(r"^make (\w+)", command)
            assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_its_environments_are_those_of_the_configuration() -> None:
    configured = (ROOT / "samconfig.toml").read_text(encoding="utf-8")
    for name in JOBS.keys() - {"check"}:
        assert f"[{name}.deploy.parameters]" in configured
