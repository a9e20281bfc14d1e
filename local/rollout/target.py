"""Where a deployment goes: an environment of samconfig.toml, with nothing left to fill in."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# What gate, DAGs and Glue job must agree on: how a run is asked for, what is in the lake, what a table has.
SHARED: Final = (
    "dags",
    "glue",
    "datasets",
    "src/suimon/contract",
    "src/suimon/mwaa/conf.py",
    "src/suimon/drops/lake.py",
)
_MARK: Final = re.compile(r"<[^<>]*>")
# CloudFormation takes other names, too; buckets called by them would fail in the middle of a deployment.
STACK_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,41}")
# Parameters of the gate's stack that environment.yaml's stack answers by its outputs of the same name.
ANSWERED: Final = ("MwaaEnvironment", "MwaaExecutionRole")


class TargetError(Exception):
    """The environment cannot be deployed to as samconfig.toml describes it; the message says what to write."""


@dataclass(frozen=True)
class Target:
    """One environment: the gate's stack, and the stack of the MWAA environment if it is one of ours."""

    name: str
    stack: str
    region: str
    overrides: Mapping[str, str]
    airflow_stack: str
    airflow_overrides: Mapping[str, str]
    dag_bucket: str

    def filled(self, answers: Mapping[str, str], release: str) -> dict[str, str]:
        """Return the gate's parameters with the outputs `answers`; TargetError while one is still a mark."""
        values = {**self.overrides, **{name: answers[name] for name in ANSWERED if name in answers}, "Release": release}
        if left := sorted(name for name, value in values.items() if _MARK.search(value)):
            raise TargetError(f"samconfig.toml, {self.name}: fill in {', '.join(left)}")
        return values


def read_target(config: Path, name: str) -> Target:
    """Read an environment; TargetError when there is none, or its stack has no name or region."""
    sections = tomllib.loads(config.read_text(encoding="utf-8")).get(name)
    if not isinstance(sections, dict) or name == "default":
        raise TargetError(f"{config.name} has no environment {name!r}: name one that it has, such as ENV=dev")
    gate, airflow = (_parameters(sections, command) for command in ("deploy", "airflow"))
    for needed in ("stack_name", "region"):
        if not gate.get(needed):
            raise TargetError(f"{config.name}, {name}.deploy.parameters: {needed} is missing")
    if not STACK_NAME.fullmatch(gate["stack_name"]):
        rule = "up to 42 lower-case letters, digits and -: its buckets are called by it"
        raise TargetError(f"{config.name}, {name}.deploy.parameters: stack_name {gate['stack_name']!r} must be {rule}")
    given = overrides(airflow.get("parameter_overrides", ""))
    if airflow and (left := sorted(key for key, value in given.items() if _MARK.search(value))):
        raise TargetError(f"{config.name}, {name}.airflow.parameters: fill in {', '.join(left)}")
    topic = overrides(gate.get("parameter_overrides", "")).get("OwnAlertsTopicArn", "")
    if topic and not _MARK.search(topic) and f":sns:{gate['region']}:" not in topic:
        raise TargetError(f"{config.name}, {name}: alarms of {gate['region']} reach no topic elsewhere, {topic}")
    return Target(
        name=name,
        stack=gate["stack_name"],
        region=gate["region"],
        overrides=overrides(gate.get("parameter_overrides", "")),
        airflow_stack=airflow.get("stack_name", ""),
        airflow_overrides=given,
        dag_bucket=airflow.get("dag_bucket", ""),
    )


def _parameters(sections: Mapping[str, Any], command: str) -> dict[str, Any]:
    return dict(sections.get(command, {}).get("parameters", {}))


def overrides(text: str) -> dict[str, str]:
    """Read `parameter_overrides` as it is written in samconfig.toml: Name=value, with blanks between."""
    return {name: value for name, _, value in (one.partition("=") for one in text.split())}


def release_of(root: Path) -> str:
    """Return the name of the release in a folder: the same files, the same name."""
    digest = hashlib.sha256()
    for path in _shared_files(root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()[:12]


def _shared_files(root: Path) -> Iterator[Path]:
    for place in SHARED:
        found = [root / place] if (root / place).is_file() else sorted((root / place).rglob("*"))
        for path in found:
            hidden = path.name.startswith(".") or "__pycache__" in path.parts or path.name == "release.txt"
            if path.is_file() and not hidden:
                yield path
