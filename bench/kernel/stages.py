"""What each part of a check costs: the same bytes again and again, with a plan that asks for more each time."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from bench.kernel.scale import CONTRACT
from bench.kernel.stream import HEADER, PARTITION, stream_of
from suimon.check.encoding_evidence import EncodingEvidence
from suimon.check.kernel import library
from suimon.check.kernel.keys import Keys
from suimon.check.kernel.plan import plan_for
from suimon.check.kernel.sift import Sieve, Sifted
from suimon.check.rules_as_sql import rules_for
from suimon.contract.file import Column
from suimon.contract.model import Contract
from suimon.contract.odcs.parse import read_contract

SEGMENT = 8 * 1024 * 1024  # as the checker cuts a file
ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a check: seconds of processor for the segment, all of it and what it adds to the stage before."""

    name: str
    seconds: float
    added: float


@dataclass(frozen=True, slots=True)
class Stages:
    """All stages of one segment, which has so many bytes and records."""

    bytes: int
    records: int
    parts: tuple[Stage, ...]


def measure() -> Stages:
    """Measure every stage, in turns, so that a noisy machine hits all alike."""
    kernel = library.found()
    if kernel is None:
        raise SystemExit("the kernel is not built: make setup")
    contract = read_contract(CONTRACT)
    text = b"".join(list(stream_of(SEGMENT).chunks())[1:])
    sieves = {name: _sieve(kernel, stage) for name, stage in _contracts(contract)}
    whole = list(sieves.values())[-1].sift(text, len(text), last=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "segment"
        path.write_bytes(HEADER + text)
        steps: dict[str, Callable[[], object]] = {
            "read from the page cache": path.read_bytes,
            "look for evidence of another encoding": lambda: list(EncodingEvidence("utf-8").watch([text])),
            "cut at a line's end": lambda: next(iter(sieves.values())).cut(text, len(text) - 1),
            **{name: _sift(sieve, text) for name, sieve in sieves.items()},
            "compare the hashes of keys": lambda: _repeated(kernel, whole, Path(folder)),
        }
        took: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(ROUNDS):
            for name, step in steps.items():
                began = time.process_time()
                step()
                took[name].append(time.process_time() - began)
    seconds = {name: median(times) for name, times in took.items()}
    return Stages(len(text), text.count(b"\n"), tuple(_added(seconds, list(sieves))))


def _added(seconds: dict[str, float], inside: list[str]) -> Iterator[Stage]:
    before = 0.0
    for name, took in seconds.items():
        yield Stage(name, took, took - before if name in inside else took)
        before = took if name in inside else before


def _contracts(contract: Contract) -> Iterator[tuple[str, Contract]]:
    """Yield contracts, each of which asks for more than the one before."""

    def columns(**rules: Any) -> Contract:
        return replace(
            contract,
            columns=tuple(replace(column, **rules) for column in contract.columns),
        )

    nothing = {"required": False, "unique": False, "max_length": None, "minimum": None, "partition": False}
    texts = tuple(Column(column.name, "string", label=column.label) for column in contract.columns)
    yield "records, cells, UTF-8", replace(contract, columns=texts)
    yield "… and required, types", columns(**nothing | {"required": True})
    yield "… and lengths, bounds", columns(unique=False, partition=False)
    yield "… and the partition", columns(unique=False)
    yield "… and hashes of the key", contract


def _sieve(kernel: Any, contract: Contract) -> Sieve:
    places = tuple(range(len(contract.columns)))
    plan = plan_for(contract, PARTITION, places, rules_for(contract, PARTITION, places))
    return Sieve(kernel, plan)


def _sift(sieve: Sieve, text: bytes) -> Callable[[], Sifted]:
    def run() -> Sifted:
        found = sieve.sift(text, len(text), last=True)
        if found.doubts or not found.settled:
            raise SystemExit("a sound segment is in doubt")
        return found

    return run


def _repeated(kernel: Any, found: Sifted, folder: Path) -> None:
    keys = Keys(kernel, folder, 0)
    for hashes in found.hashes[0]:
        keys.add(hashes)
    if keys.repeated():
        raise SystemExit("keys repeat")
