"""No test sees the shell's own AWS set-up; a test that must hit a mark fails when it does not."""

import os
from collections.abc import Generator

import pytest

from local.isolation import isolate_process
from tests.marks import watched


@pytest.fixture(scope="session", autouse=True)
def _isolated() -> None:
    isolate_process(os.environ)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    names = [name for mark in item.iter_markers("hits") for name in mark.args]
    with watched(*names):
        return (yield)
