"""Defects seeded into the template one by one: `python -m tests.template.seeded` tells which checks notice.

Each is a change of the text that a hurried colleague could make. A defect is found when one of the checks of
`make check` complains; the untouched template passes them all.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from local.template_check.promises import broken
from local.template_check.properties import complaints
from local.template_check.reading import template_of
from tests.template.defects import DEFECTS, Defect
from tests.template.stranger import STRANGER

ROOT = Path(__file__).parents[2]
ALL = (*DEFECTS, *STRANGER)


def noticed(defect: Defect, folder: Path) -> str:
    """Return what the first check that notices the defect says of it; empty when none does."""
    for name in ("template.yaml", "statemachine/replay.asl.json"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / name).read_text(encoding="utf-8")
        target.write_text(defect.seeded(text) if name == defect.file else text, encoding="utf-8")
    path = folder / "template.yaml"
    template = template_of(path)
    for wrong in (*complaints(template), *broken(template, folder)):
        return wrong
    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), path], capture_output=True, text=True, check=False
    )
    return f"cfn-lint: {linted.stdout.splitlines()[0]}" if linted.returncode else ""


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
