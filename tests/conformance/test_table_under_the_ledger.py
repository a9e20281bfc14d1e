"""What the ledger and the pace promise on moto, they promise on the table in memory: their own cases, once more."""

from __future__ import annotations

import pytest

from tests.functional.ledger.test_drops import *  # noqa: F403 every case of it
from tests.functional.ledger.test_holds import *  # noqa: F403 as above
from tests.functional.mwaa.test_pace import *  # noqa: F403 as above
from tests.simulation.services.table import Table


@pytest.fixture
def table() -> Table:
    return Table()
