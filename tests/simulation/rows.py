"""What the simulation's files say: the first byte is the verdict, the lines are the rows."""

from __future__ import annotations

from suimon.check.verdict import Verdict
from tests.simulation.plan import BAD, TOLERABLE

# What only one version of a contract accepts, by its version.
BY_VERSION = {b"1": "1.0.0", b"2": "2.0.0"}


def verdict_of(body: bytes, version: str = "") -> Verdict:
    """What the simulation's checker says of some bytes, by a version of the contract."""
    rows = body.count(b"\n")
    accepted = bool(body) and body[:1] != BAD and BY_VERSION.get(body[:1], version) == version
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
