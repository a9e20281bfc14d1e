"""Inputs that once broke a promise, kept for good."""

from pathlib import Path

import pytest

from tests.fuzz.contracts import CONTRACTS
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

KEPT = Path(__file__).parent / "regressions"
FILES = sorted(path for path in KEPT.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(KEPT)) for path in FILES])
def test_what_once_broke_a_promise_does_so_no_more(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def test_every_contract_has_a_seed() -> None:
    assert {seed[:1].decode() for seed in seeds("check")} == set(CONTRACTS)


@pytest.mark.parametrize("target", ["contract", "compiled"])
def test_what_fuzzing_starts_from_is_sound(target: str) -> None:
    for seed in seeds(target):
        TARGETS[target](seed)
