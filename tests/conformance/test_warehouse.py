"""The load's transaction: the model in memory, and the sales DAG's own statements on the twin's Redshift."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.simulation.services.warehouse import LOADED, SUPERSEDED, Warehouse
from tests.twin.test_fence import (
    DAY,
    DAY_BEFORE,
    TABLE,
    given,
    load,
    loaded_drop,
    logged,
    redshift,  # noqa: F401 a fixture
    was_fenced,
)

if TYPE_CHECKING:
    from tests.twin.redshift_server import Endpoint


@pytest.mark.parametrize("seed", range(4))
def test_loads_in_any_order_leave_the_same_tables_and_logs(
    redshift: Endpoint,  # noqa: F811 pytest's way
    seed: int,
) -> None:
    chance, model = random.Random(seed), Warehouse(lambda: 0.0)  # noqa: S311 no secret
    ended = []
    for _ in range(14):
        day = chance.choice((DAY, DAY, DAY_BEFORE))
        request = given(redshift, chance.randint(1, 4), chance.randint(1, 2), day, changes=chance.choice((0, 0, 1)))
        rows = [f"{int(request.drop_id[0], 16)}-{row}" for row in range(request.rows)]
        told = model.load(
            table=TABLE,
            partition=day,
            drop_id=request.drop_id,
            attempt=request.attempt,
            written=request.written,
            rows=rows,
        )
        assert told == (SUPERSEDED if was_fenced(load(redshift, request)) else LOADED)
        ended.append(told)
    assert set(ended) == {LOADED, SUPERSEDED}
    for day in (DAY, DAY_BEFORE):
        drop = loaded_drop(redshift, day)
        assert model.rows(TABLE, day) == ([f"{drop}-{row}" for row in range(drop)] if drop else [])
        log = sorted(
            (one for one in model.logs[TABLE].values() if one.partition == day),
            key=lambda one: (one.written, one.attempt),
        )
        assert [(int(one.drop_id[0], 16), one.attempt, one.rows) for one in log] == logged(redshift, day)
