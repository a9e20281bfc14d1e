"""The Glue job's script, where nothing of Suimon is installed."""

from __future__ import annotations

import ast
import io
from typing import TYPE_CHECKING
from zipfile import ZipFile

from glue.build import archive

if TYPE_CHECKING:
    from collections.abc import Iterator


def imported(source: str) -> Iterator[str]:
    """Yield the modules of this repository that a source names, also those it imports late."""
    for node in ast.walk(ast.parse(source)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in names if name.partition(".")[0] in {"suimon", "glue"})


def test_its_modules_bring_all_that_they_import_of_this_repository() -> None:
    with ZipFile(io.BytesIO(archive())) as packed:
        sources = {name: packed.read(name).decode() for name in packed.namelist()}
    needed = {name.replace(".", "/") for source in sources.values() for name in imported(source)}
    assert "suimon/contract/written" in needed
    missing = {name for name in needed if not {f"{name}.py", f"{name}/__init__.py"} & sources.keys()}
    assert missing == set()
