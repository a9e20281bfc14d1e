"""Every `aws` command that a page or a message shows is there, with these options, in the models of AWS's own SDK."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import OperationModel

ROOT = Path(__file__).parents[2]
SHOWN = [
    *ROOT.glob("*.md"),
    *(one for one in ROOT.glob("docs/**/*.md") if "adr" not in one.parts),
    *ROOT.glob("src/**/*.py"),
    *ROOT.glob("local/rollout/*.py"),
    *ROOT.glob("local/*.py"),
]
# `aws s3 cp` and its like, and what has no model: written by the CLI itself.
OF_THE_CLI = {"s3", "configure", "sso", "login", "logs tail", "sso login"}
# What every command takes.
GLOBAL = {"query", "output", "region", "profile", "no-cli-pager", "cli-input-json", "max-items"}
COMMAND = re.compile(r"(?<![\w/.-])aws ([a-z][a-z0-9-]+)(?: ([a-z][a-z0-9-]+))?((?:[^`\n]|`(?=\s*$))*)")


def commands() -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Yield the place, service, operation and options of each command, options without their dashes."""
    for path in SHOWN:
        text = re.sub(r'"\n\s*f?"', "", path.read_text(encoding="utf-8").replace("\\\n", " "))
        for service, operation, rest in COMMAND.findall(text):
            own = re.split(r"[;|`#]| aws |\. |\), ", rest)[0]
            yield str(path.relative_to(ROOT)), service, operation, tuple(re.findall(r"(?<!\S)--([a-z0-9-]+)", own))


def operation_of(service: str, operation: str) -> OperationModel | None:
    """Return the model of an operation by its name at the command line; None when there is none."""
    try:
        connect: Any = boto3.client  # the stubs know each service by a name of its own
        model = connect("s3" if service == "s3api" else service, "ap-northeast-1").meta.service_model
    except UnknownServiceError:
        return None
    named = {xform_name(one, "-"): one for one in model.operation_names}
    return model.operation_model(named[operation]) if operation in named else None


def wrong(service: str, operation: str, options: tuple[str, ...]) -> str:
    """Return what AWS's command line would refuse; empty when nothing."""
    if {service, f"{service} {operation}"} & OF_THE_CLI:
        return ""
    model = operation_of(service, operation)
    if model is None:
        return f"there is no `aws {service} {operation}`"
    shape = model.input_shape
    members = {xform_name(one, "-") for one in shape.members} if shape else set()
    flags = {f"no-{one}" for one in members} | members | GLOBAL
    return ", ".join(f"no --{one}" for one in options if one not in flags)


FOUND = sorted(set(commands()))


@pytest.mark.parametrize(("place", "service", "operation", "options"), FOUND)
def test_every_command_that_is_shown_exists_with_its_options(
    place: str, service: str, operation: str, options: tuple[str, ...]
) -> None:
    assert wrong(service, operation, options) == "", place


def test_commands_are_found_where_they_stand() -> None:
    assert {"README.md", "docs/operations/first-alert.md", "src/suimon/cli/doctor_checks.py"} <= {
        one for one, *_ in FOUND
    }
    assert sum(bool(options) for *_, options in FOUND) > 8


@pytest.mark.parametrize(
    ("service", "operation", "options"),
    [
        ("redshift-serverless", "update-namespace", ("namespace",)),
        ("redshift-serverless", "get-work-group", ()),
        ("s3api", "delete-objekt", ()),
        ("sdb2", "list", ()),
    ],
)
def test_a_command_that_is_not_there_is_noticed(service: str, operation: str, options: tuple[str, ...]) -> None:
    assert wrong(service, operation, options)
