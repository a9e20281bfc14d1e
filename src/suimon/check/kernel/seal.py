"""The seal of a built kernel: a file beside it with the hashes of the library and of its sources.

A library of other sources may let a bad record pass, and one that is cut short ends the process that loads it: neither
is loaded. An artifact has no sources, and its library is that of its own build.
"""

from hashlib import sha256
from pathlib import Path


class SealError(Exception):
    """The library is not as it was built, or was built from other sources."""


def seal_of(library: Path) -> Path:
    """Return where the seal of a library lies."""
    return library.with_suffix(".seal")


def write_seal(library: Path, sources: Path) -> Path:
    """Write the seal of a library that was built from the sources in a folder; return its path."""
    path = seal_of(library)
    path.write_text(f"{_hash([library])} {_hash(_sources(sources))}\n", encoding="ascii")
    return path


def check_seal(library: Path, seal: Path, sources: Path) -> None:
    """Raise SealError unless a library is as it was built, from these sources if they are there."""
    try:
        of_library, of_sources = seal.read_text(encoding="ascii").split()
        found = _hash([library])
    except (OSError, ValueError) as error:
        raise SealError(f"{library} or its seal cannot be read; build it again: make setup") from error
    if found != of_library:
        raise SealError(f"{library} is not as it was built; build it again: make setup")
    files = _sources(sources)
    if files and _hash(files) != of_sources:
        raise SealError(f"{library} was built from other sources; build it again: make setup")


def _sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in {".c", ".h"})


def _hash(files: list[Path]) -> str:
    made = sha256()
    for path in files:
        made.update(path.read_bytes())
    return made.hexdigest()
