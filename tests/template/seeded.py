"""Defects seeded into the template one by one: `python -m tests.template.seeded` tells which checks notice.

Each is a change of the text that a hurried colleague could make. A defect is found when one of the checks of
`make check` complains, or somebody may what tests/security/test_rights.py says that nobody may; the untouched template
passes them all.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from local.template_check.promises import broken
from local.template_check.properties import complaints
from local.template_check.reading import template_of
from tests.security.policies import allowed_by
from tests.security.test_rights import MAY
from tests.template.defects import DEFECTS, Defect
from tests.template.later_rounds import LATER_ROUNDS
from tests.template.second_reader import SECOND_READER
from tests.template.stranger import STRANGER
from tests.template.test_template import Loader
from tests.template.unseen import BY_CHANCE, UNSEEN

ROOT = Path(__file__).parents[2]
ALL = (*DEFECTS, *STRANGER, *SECOND_READER, *LATER_ROUNDS, *UNSEEN, *BY_CHANCE)


def noticed(defect: Defect, folder: Path) -> str:
    """Return what the first check that notices the defect says of it; empty when none does."""
    for name in ("template.yaml", "environment.yaml", "statemachine/replay.asl.json"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / name).read_text(encoding="utf-8")
        target.write_text(defect.seeded(text) if name == defect.file else text, encoding="utf-8")
    path = folder / ("environment.yaml" if defect.file == "environment.yaml" else "template.yaml")
    template = template_of(path)
    for wrong in (*complaints(template), *broken(template, folder)):
        return wrong
    if path.name == "template.yaml" and (wrong := _rights(path)):  # in a moment; cfn-lint takes seconds
        return wrong
    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), path], capture_output=True, text=True, check=False
    )
    return f"cfn-lint: {linted.stdout.splitlines()[0]}" if linted.returncode else ""


def _rights(path: Path) -> str:
    whole: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader)  # noqa: S506 a SafeLoader
    try:
        allowed = allowed_by(whole["Resources"])
    except KeyError as error:
        return f"rights: nothing is known of {error}"
    wrong = {who: sorted(allowed[who] ^ MAY[who]) for who in MAY if allowed[who] != MAY[who]}
    return f"rights: {wrong}" if wrong else ""


def main() -> int:
    """Seed every defect by itself; return 1 when one goes unnoticed."""
    missed = 0
    for defect in ALL:
        with tempfile.TemporaryDirectory() as folder:
            said = noticed(defect, Path(folder))
        missed += not said
        sys.stdout.write(f"{'found ' if said else 'MISSED'} {defect.name}{': ' if said else ''}{said}\n")
    sys.stdout.write(f"{len(ALL) - missed} of {len(ALL)} seeded defects are found\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
