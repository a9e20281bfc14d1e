"""One cloud of its own for the tests of this folder: started once, in a temporary folder, on free ports."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.parts import cloud_part, endpoint_part
from local.supervisor import Part, spawn, stop, wait_until_ready
from local.twin import Twin, new_twin

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin of which only the cloud runs."""
    twin = new_twin(ROOT, tmp_path_factory.mktemp("twin"))
    yield from _running(twin, cloud_part(twin))


@pytest.fixture(scope="module")
def redshift(cloud: Twin) -> Iterator[Twin]:
    """The twin's Data API beside the shared cloud, under a mark of its own so that only it is ended."""
    twin = cloud.with_(mark=f"{cloud.mark}-redshift", running=())
    yield from _running(twin, endpoint_part(twin, "redshift"))


def _running(twin: Twin, part: Part) -> Iterator[Twin]:
    twin = twin.with_(running=(spawn(part, twin),))
    try:
        wait_until_ready(part, twin.running[0], twin)
        yield twin
    finally:
        stop(twin)
