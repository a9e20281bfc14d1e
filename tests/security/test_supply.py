"""Nothing runs here whose bytes are not locked: neither what is installed nor what builds it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock.txt"))
# Ways to install that run no code from elsewhere: wheels alone, or builds by tools that are locked.
SAFE = ("--only-binary :all:", "--no-build ", "--build-constraints requirements/build.lock.txt", "--no-build-isolation")


def installs() -> list[str]:
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if re.search(r"pip (install|sync)", line)]


def test_every_environment_is_installed_by_hash() -> None:
    assert len(installs()) >= 4
    for line in installs():
        assert "--require-hashes" in line or "--no-deps --no-build-isolation -e ." in line, line


def test_what_is_built_is_built_by_what_is_locked() -> None:
    for line in installs():
        assert any(way in line for way in SAFE), line


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_has_its_version_and_hashes(lock: Path) -> None:
    packages = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert packages
    for package in packages:
        if not package.startswith("#"):
            assert re.match(r"[\w.\[\],-]+==\S+", package), package
            assert "--hash=sha256:" in package, package
