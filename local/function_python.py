"""The Python that the twin's functions run on: Lambda's version where this machine has it, else the twin's own."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION: Final = "3.13"  # as Runtime in template.yaml; tests/template/test_function_python.py compares them


@functools.cache
def function_python() -> Path:
    """Return the interpreter; what a version manager has installed counts, whether or not it is the one in use."""
    on_path = shutil.which(f"python{VERSION}")
    managed = [Path.home() / ".pyenv" / "versions", Path.home() / ".local" / "share" / "uv" / "python"]
    installed = (path for folder in managed for path in sorted(folder.glob(f"*{VERSION}*/bin/python{VERSION}")))
    return first_of_version([*([Path(on_path)] if on_path else []), *installed]) or Path(sys.executable)


def first_of_version(candidates: Iterable[Path]) -> Path | None:
    """Return the first that starts and is of VERSION: a shim of pyenv's fails when another version is chosen."""
    asked = "import sys; print('.'.join(map(str, sys.version_info[:2])))"
    for python in candidates:
        try:
            told = subprocess.run([python, "-c", asked], capture_output=True, text=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if told.returncode == 0 and told.stdout.strip() == VERSION:
            return python
    return None


def is_lambdas() -> bool:
    """Whether functions run on the version that they have on AWS."""
    return function_python() != Path(sys.executable) or sys.version_info[:2] == tuple(map(int, VERSION.split(".")))
