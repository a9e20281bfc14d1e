"""The real SAM CLI and CloudFormation: build, deploy a stack, read its outputs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.rollout.target import Target


class DeployError(Exception):
    """A step failed; the message says which, what stands now, and what to do."""


@dataclass(frozen=True)
class Deployed:
    """A stack as it stands."""

    status: str
    outputs: Mapping[str, str]


def build(root: Path, config: Path, target: Target) -> None:
    """Build the functions and the Glue script, as samconfig.toml says for the environment."""
    _sam(root, "build", *_named(config, target))


def deploy(root: Path, config: Path, target: Target, parameters: Mapping[str, str]) -> None:
    """Create or update the gate's stack; the SAM CLI shows the changes, and asks where samconfig.toml says so."""
    _deploy(root, config, target, parameters)


def deploy_airflow(root: Path, config: Path, target: Target) -> None:
    """Create or update the stack of the MWAA environment, which takes 20 to 40 minutes the first time.

    Bucket, tags and whether somebody is asked are those of the gate's stack.
    """
    named = ("--template-file", "environment.yaml", "--stack-name", target.airflow_stack)
    _deploy(root, config, target, target.airflow_overrides, *named)


def _deploy(root: Path, config: Path, target: Target, parameters: Mapping[str, str], *named: str) -> None:
    # A pipeline has nobody to ask; there a person agrees before the job.
    asks = () if sys.stdin.isatty() else ("--no-confirm-changeset",)
    _sam(root, "deploy", *_named(config, target), *named, *asks, "--parameter-overrides", *_pairs(parameters))


def read(cloudformation: Any, stack: str) -> Deployed | None:
    """Return a stack, or None when there is none."""
    try:
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    return Deployed(found["StackStatus"], outputs)


def _named(config: Path, target: Target) -> tuple[str, ...]:
    # By its path: the SAM CLI looks for it beside the template.
    return ("--config-file", str(config), "--config-env", target.name)


def _pairs(parameters: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in parameters.items()]


def _sam(root: Path, *arguments: str) -> None:
    sam = root / ".suimon" / "envs" / "sam" / "bin" / "sam"
    if not sam.exists():
        raise DeployError(f"{sam} is not there: run `make setup`")
    done = subprocess.run([sam, *arguments], cwd=root, env=os.environ | {"SAM_CLI_TELEMETRY": "0"}, check=False)
    if done.returncode:
        raise DeployError(f"`sam {arguments[0]}` failed; its own words stand above. CloudFormation has rolled back.")
