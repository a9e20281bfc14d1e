"""The pages that lead into the code name only what is there, and read in a terminal."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PATH = re.compile(r"`([\w./-]+(?:/|\.(?:py|sql|json|yaml|md)))`")
PLACES = (ROOT, ROOT / "src" / "suimon", ROOT / "src" / "suimon" / "check")
ELSEWHERE = {".eml"}  # endings that are no files of ours


@pytest.mark.parametrize("path", sorted(set(PATH.findall(ARCHITECTURE)) - ELSEWHERE))
def test_every_place_that_the_architecture_names_is_there(path: str) -> None:
    assert any((place / path).exists() for place in PLACES), path


def test_every_package_is_named() -> None:
    packages = {path.parent.name for path in (ROOT / "src" / "suimon").glob("*/__init__.py")}
    assert packages <= {path.strip("/") for path in PATH.findall(ARCHITECTURE)}


def test_tables_of_the_architecture_read_at_a_hundred_columns() -> None:
    assert [line for line in ARCHITECTURE.splitlines() if line.startswith("|") and len(line) > 100] == []
