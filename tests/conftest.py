"""Whatever AWS set-up the shell holds, no test sees it."""

import os

import pytest

from local.isolation import isolate_process


@pytest.fixture(scope="session", autouse=True)
def _isolated() -> None:
    isolate_process(os.environ)
