"""A sample to propose a contract from."""

from pathlib import Path

import pytest


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return tmp_path / "sample.csv"
