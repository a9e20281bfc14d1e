"""What the simulation's files say: the first byte is the verdict, the lines are the rows."""

from __future__ import annotations

from suimon.check.verdict import Verdict
from tests.simulation.plan import BAD, TOLERABLE


def verdict_of(body: bytes) -> Verdict:
    """What the simulation's checker says of some bytes."""
    rows = body.count(b"\n")
    accepted = bool(body) and body[:1] != BAD
    # The first row of a tolerable file is the bad one.
    return Verdict(accepted, rows, set_aside=1 if body[:1] == TOLERABLE and rows > 1 else 0)


def accepted_bytes(body: bytes) -> bytes:
    """What the gate lets on of a file."""
    if not verdict_of(body).set_aside:
        return body
    mark, _, *rest = body.split(b"\n")
    return b"\n".join((mark, *rest))


def rows_of(body: bytes) -> list[str]:
    """The rows that the gate lets on of a file."""
    return [row.decode() for row in accepted_bytes(body).split(b"\n")[1:]]
