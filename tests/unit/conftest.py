from collections.abc import Callable
from pathlib import Path

import pytest

from suimon.check.engine import check_file
from suimon.check.kernel import library
from suimon.check.verdict import Verdict
from suimon.contract.model import Contract
from suimon.contract.odcs.parse import read_contract
from tests.both_languages import refusals_are_in_both_languages  # noqa: F401 a fixture
from tests.datasets import contract_file
from tests.one_database import one_database  # noqa: F401 a fixture

Check = Callable[..., Verdict]


@pytest.fixture(scope="session")
def sales() -> Contract:
    return read_contract(contract_file("sales"))


@pytest.fixture(params=["kernel", "duckdb"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to a verdict, which must be the same: with the kernel, and where its library cannot be loaded."""
    if request.param == "duckdb":
        monkeypatch.setattr(library, "found", lambda: None)
    assert library.found() or request.param == "duckdb", "the kernel is not built: make setup"
    return str(request.param)


@pytest.fixture
def check(tmp_path: Path, sales: Contract, way: str) -> Check:  # noqa: ARG001 what it sets up is used
    def run(
        text: str | bytes,
        contract: Contract = sales,
        partition: str | None = "2026-11-20",
        limit: int = 10_000,
        threads: int = 1,
    ) -> Verdict:
        path = tmp_path / "file.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return check_file(path, contract, partition, limit=limit, scratch=tmp_path, threads=threads)

    return run
