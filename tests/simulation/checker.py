"""Stands in for the checker, which the simulation does not run."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from suimon.check.engine import Aside
from suimon.intake.inspection import Inspection
from suimon.report.published import Published
from tests.simulation.rows import accepted_bytes, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suimon.aws.objects import Objects
    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord


class ByMark:
    """The first byte of a file is its verdict, its lines are its rows."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    @contextmanager
    def inspect(self, record: DropRecord, contract: Contract) -> Iterator[Inspection]:
        """Judge exactly the version's bytes."""
        body = self._objects.version(record.drop).read(0, record.drop.size)
        verdict = verdict_of(body, contract.version)
        aside = _aside(body) if verdict.set_aside else _NOTHING
        yield Inspection(verdict, aside, lambda: _WRONG, hashlib.sha256(body).hexdigest)


def _aside(body: bytes) -> Aside:
    folder = Path(tempfile.gettempdir(), "suimon-simulation")
    folder.mkdir(exist_ok=True)
    good, bad = folder / body.hex(), folder / f"{body.hex()}.bad"
    if not good.exists():
        bad.write_bytes(body)
        good.write_bytes(accepted_bytes(body))
    return Aside(good, bad)


_WRONG = Published.without_report("the first byte is wrong")
_NOTHING = Aside(Path("nothing"), Path("nothing"))
