"""The tests' conftest in the copy: one database for all of them, or each mutant would take three times as long."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from suimon.check import engine
from tests.fuzz.shared_duck import opened_once


@pytest.fixture(autouse=True)
def _one_database() -> Iterator[None]:
    with patch.object(engine, "open_duck", opened_once):
        yield
