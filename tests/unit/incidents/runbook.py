"""docs/runbook.md as people wrote it: its entries and commands. `make states` adds an empty entry for each new kind."""

from __future__ import annotations

import re
from pathlib import Path

from suimon.incidents.kinds import Kind

PAGE = Path(__file__).parents[3] / "docs" / "runbook.md"
PARTS = ("**Means:**", "**Look:**", "**Do:**")
TO_WRITE = "to be written"
_ENTRY = re.compile(r"^### (\S+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def entries(page: str) -> list[tuple[str, str]]:
    """Return the name and the text of each entry, in the order of the page."""
    return _ENTRY.findall(page)


def commands(text: str) -> list[str]:
    """Return the commands that stand in a text, each once."""
    return list(dict.fromkeys(line for block in _COMMANDS.findall(text) for line in block.splitlines()))


def completed(page: str) -> str:
    """Return the page with an empty entry for each kind that has none."""
    known = {name for name, _ in entries(page)}
    empty = "\n".join(f"{part} {TO_WRITE}" for part in PARTS)
    return page + "".join(f"\n### {kind}\n{empty}\n" for kind in Kind if kind not in known)


if __name__ == "__main__":
    PAGE.write_text(completed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
