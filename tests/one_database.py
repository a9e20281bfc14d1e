"""Whatever checks a file in this process has one of a few databases that stay open (tests/fuzz/shared_duck.py)."""

from collections.abc import Iterator

import pytest

from suimon.check import duckdb_reader
from tests.fuzz.shared_duck import opened_once


@pytest.fixture(scope="session", autouse=True)
def one_database() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb_reader, "open_duck", opened_once)
        yield
