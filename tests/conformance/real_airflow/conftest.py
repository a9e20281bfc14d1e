"""One real Airflow for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.real_airflow.environment import real_airflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.real_airflow.environment import Real


@pytest.fixture(scope="package")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with real_airflow(tmp_path_factory.mktemp("airflow")) as running:
        yield running


@pytest.fixture
def real(started: Real) -> Iterator[Real]:
    """The one Airflow, whose callers may do everything again when a test has ended."""
    yield started
    started.role = "Op"
