"""The tests' conftest in the copy."""

import re
import zlib
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from suimon.check import duckdb_reader
from tests.fuzz.shared_duck import opened_once


@pytest.fixture(autouse=True)
def _one_database() -> Iterator[None]:
    """One database for all tests, or each mutant would take three times as long."""
    with patch.object(duckdb_reader, "open_duck", opened_once):
        yield


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name texts so that pytest finds them again: mutmut calls tests by their names."""
    if isinstance(val, str | bytes) and not re.fullmatch(r"[\w.-]+", str(val)):
        return f"{zlib.crc32(repr(val).encode()):08x}"
    return None
