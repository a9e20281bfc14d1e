"""Sieves for contracts of a few columns, and what they answer."""

from typing import Any

from suimon.check.kernel.plan import plan_for
from suimon.check.kernel.sift import Sieve
from suimon.check.rules_as_sql import rules_for
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from tests.unit.check.kernel.guarded import sifted

TEXT = Column("t", "string")
AB = (Column("a", "string"), Column("b", "string"))


def sieve_of(kernel: Any, *columns: Column, partition: str | None = None, **other: Any) -> Sieve:
    """Return a sieve for a contract of these columns; of `other`, metrics and key are the contract's."""
    about = {name: other.pop(name) for name in ("metrics", "primary_key") if name in other}
    contract = Contract("x", "1", "x", file=FileFormat(**other), columns=columns, **about)
    places = tuple(range(len(columns)))
    return Sieve(kernel, plan_for(contract, partition, places, rules_for(contract, partition, places)))


def kinds_of(sieve: Sieve, text: bytes, *, last: bool = True) -> list[tuple[int, int, int]]:
    """Return where the doubts begin and end, and of which kind they are."""
    found = sifted(sieve, text, last=last)
    if found.settled:
        assert found.lines == text.count(b"\n"), text
    return [(doubt.start, doubt.end, doubt.kind) for doubt in found.doubts]


def passes(sieve: Sieve, text: bytes) -> bool:
    """Return whether nothing is in doubt."""
    found = sifted(sieve, text)
    return found.settled and not found.doubts


def quoted(text: str) -> bytes:
    return b'"' + text.replace('"', '""').encode("utf-8", "surrogatepass") + b'"'
