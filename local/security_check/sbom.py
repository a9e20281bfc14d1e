"""Write what the functions carry as CycloneDX, from the lock files: `python -m local.security_check.sbom`.

The same lock gives the same bytes. What is written is compared with the lock, package by package.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
SHIPPED: Final = ("functions", "intake")


def main() -> int:
    """Write a file for each lock; return 1 when one is not whole."""
    folder = ROOT / ".suimon" / "sbom"
    folder.mkdir(parents=True, exist_ok=True)
    missing = []
    for name in SHIPPED:
        lock, target = ROOT / "requirements" / f"{name}.lock.txt", folder / f"{name}.cdx.json"
        tool = ROOT / ".suimon" / "envs" / "security" / "bin" / "cyclonedx-py"
        subprocess.run([tool, "requirements", lock, "--output-reproducible", "--of", "JSON", "-o", target], check=True)
        missing += [f"{target.name}: lacks {one}" for one in lacking(lock.read_text(), json.loads(target.read_text()))]
    sys.stdout.writelines(f"{line}\n" for line in missing or [f"written to {folder.relative_to(ROOT)}"])
    return 1 if missing else 0


def lacking(lock: str, bom: Any) -> list[str]:
    """List the packages of a lock file that a bill of materials does not have in that version, with a hash."""
    locked = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", lock, re.MULTILINE)
    known = {
        (one["name"].lower(), one.get("version"))
        for one in bom["components"]
        if "sha256" in json.dumps(one).lower().replace("-", "")
    }
    return [f"{name} {version}" for name, version in locked if (name.lower(), version) not in known]


if __name__ == "__main__":
    sys.exit(main())
