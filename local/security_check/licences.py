"""Write what the functions carry, and under which licence: `python -m local.security_check.licences`.

The lock files say what; the packages themselves, as they are installed here, under which terms.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any, Final

from local.security_check.sbom import ROOT, SHIPPED

PAGE: Final = ROOT / "docs" / "licences.md"
# What a package's own words mean; the dual one is dateutil's (its LICENSE).
SAID: Final = {"Apache License 2.0": "Apache-2.0", "MIT License": "MIT", "Dual License": "Apache-2.0 OR BSD-3-Clause"}
# What may be carried: each lets it be shipped inside a program of somebody else's, named.
PERMITTED: Final = {"Apache-2.0", "MIT", "BSD-3-Clause", "PSF-2.0", "Apache-2.0 OR BSD-3-Clause"}
_HEAD: Final = """# Licences of what is carried

Written by `python -m local.security_check.licences` from `requirements/functions.lock.txt` and
`intake.lock.txt`; Suimon itself is Apache-2.0 ([LICENSE](../LICENSE), [NOTICE](../NOTICE)).
`make sbom` writes the same packages with their hashes as CycloneDX.

| package | version | licence | carried by |
|---|---|---|---|
"""


def page() -> str:
    """Return the page; LookupError for a package that is not installed here or does not name its licence."""
    lines = [
        f"| {name} | {version} | {licence_of(name)} | {', '.join(where)} |"
        for (name, version), where in carried().items()
    ]
    return _HEAD + "\n".join(lines) + "\n"


def carried() -> dict[tuple[str, str], list[str]]:
    """Return the packages of the lock files with their versions, and which functions carry each."""
    found: dict[tuple[str, str], list[str]] = {}
    for lock, who in zip(SHIPPED, ("outcome, freshness, replay", "intake"), strict=True):
        text = Path(ROOT, "requirements", f"{lock}.lock.txt").read_text(encoding="utf-8")
        for name, version in re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE):
            found.setdefault((name, version), []).append(who)
    return dict(sorted(found.items()))


def licence_of(name: str) -> str:
    """Return a package's licence as SPDX writes it; LookupError when it names none."""
    try:
        told: Any = metadata(name)  # 3.11's type knows no get
    except PackageNotFoundError as error:
        raise LookupError(f"{name} is not installed here") from error
    classified = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or [] if one.startswith("License ::")]
    for said in (told.get("License-Expression"), told.get("License"), *classified):
        if said and "\n" not in said and said != "UNKNOWN":
            return SAID.get(str(said), str(said))
    raise LookupError(f"{name} names no licence")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
