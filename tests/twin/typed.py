"""Every command that asks a stack, typed by an operator and by a viewer of a twin that enforces IAM."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import boto3
import pytest
from click.testing import CliRunner

from local.isolation import REGION
from suimon.cli.main import main as suimon

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from click.testing import Result

    from local.twin import Twin

# What only reads: a viewer's policy is enough.
READING: Final = (
    "status",
    "status sales --json",
    "status --html PAGE",
    "incidents",
    "incidents INCIDENT",
    "explain sales DAY",
    "explain s3://RAW/KEY",
    "drops --state rejected",
    "drops --dataset nowhere --partition DAY",
    "report REJECTED --out FOLDER",
    "report REJECTED --link",
    "forecast --days 3",
    "tail --once",
    "doctor",
    "replay sales --list",
)
# What changes something, in an order that leaves all as it was.
CHANGING: Final = (
    "ack INCIDENT",
    "snooze INCIDENT --days 1 --reason known",
    "close INCIDENT --reason known",
    "hold sales --reason moved",
    "release sales",
    "expect sales FUTURE --cancel --reason closed",
    "expect sales FUTURE --undo",
    "replay sales --from DAY --to DAY --what loaded --dry-run",
    "reconcile",
    "retract UNKNOWN --reason wrong",
    "drops close UNKNOWN --reason over",
)
# Where nothing has failed it only reads.
OPERATING: Final = ("retry --dry-run",)
# Refused by the stack, or of no such thing: an answer all the same.
ANSWERED: Final = ("retract", "drops close")
DENIED: Final = re.compile(r"AccessDenied|not authorized")


@dataclass(frozen=True)
class Typed:
    """A command as it was typed, by whom, and what came of it."""

    user: str
    command: str
    result: Result

    @property
    def denied(self) -> bool:
        """Whether IAM has refused it, or a part of it."""
        return DENIED.search(self.result.output) is not None


def type_all(twin: Twin, words: Mapping[str, str], folder: Path) -> list[Typed]:
    """Type each command as the viewer and then as the operator; `words` replaces what is in capitals."""
    folder.mkdir(parents=True, exist_ok=True)
    found = list[Typed]()
    for user in ("viewer", "operator"):
        own = {**words, "PAGE": str(folder / f"{user}.html"), "FOLDER": str(folder / user)}
        commands = (*READING, *CHANGING, *(OPERATING if user == "operator" else ()))
        found += [Typed(user, one, typed_by(twin, user, *_filled(one, own))) for one in commands]
    return found


def _filled(command: str, words: Mapping[str, str]) -> list[str]:
    return [re.sub(r"[A-Z]{3,}", lambda name: words.get(name[0], name[0]), one) for one in command.split()]


def typed_by(twin: Twin, user: str, *command: str) -> Result:
    """Run `suimon` with the rights of one of the twin's users and nothing else, as in a process of its own."""
    keys = twin.principals[user]
    environment = {
        **twin.endpoints(),
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_DEFAULT_REGION": REGION,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boto3, "DEFAULT_SESSION", None)  # it would keep the keys of whoever asked first
        return CliRunner(env=environment).invoke(suimon, command)
