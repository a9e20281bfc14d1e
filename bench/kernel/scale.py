"""What a check takes by the size of its file, from 1 MB to 10 GB: a straight line, in bounded memory."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.check.measure import Cost, Limits, measure
from suimon.contract.odcs.parse import read_contract

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "bench" / "check" / "sales.odcs.yaml"
LIMITS = Limits(memory=2_000_000_000, seconds=600)
_SHORT = 1_000_000_000  # up to here the median of three


@dataclass(frozen=True, slots=True)
class Size:
    """A file's size, what a whole process took for it, and what making the bytes took of that."""

    bytes: int
    records: int
    wall: float
    cpu: float
    making: float  # seconds of processor
    peak: int
    duckdb: bool

    @property
    def checking(self) -> float:
        """Seconds of processor without making the bytes."""
        return max(self.cpu - self.making, 0.001)


def scale(sizes: list[int], folder: Path, tell: Callable[[str], object]) -> Iterator[Size]:
    """Measure each size in processes of their own."""
    contract = folder / "contract.json"
    contract.write_text(json.dumps(read_contract(CONTRACT).to_json()), encoding="utf-8")
    start = median(_once(1, "make", contract, folder).cpu for _ in range(3))  # of Python, which every check pays
    for size in sizes:
        rounds = 3 if size <= _SHORT else 1
        checks = [_once(size, "check", contract, folder) for _ in range(rounds)]
        makes = [_once(size, "make", contract, folder) for _ in range(rounds)]
        told = json.loads((folder / "check.json").read_text(encoding="utf-8"))
        found = Size(
            **told,
            wall=median(one.wall for one in checks),
            cpu=median(one.cpu for one in checks),
            making=max(0.0, median(one.cpu for one in makes) - start),
            peak=max(one.peak for one in checks),
        )
        tell(f"{found.bytes / 1e6:10,.0f} MB {found.cpu:8.2f} s, {found.making:.2f} of them to make the bytes")
        yield found


def _once(size: int, what: str, contract: Path, folder: Path) -> Cost:
    answer = folder / f"{what}.json"
    answer.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench.kernel.worker", str(size), what, str(contract), str(answer)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}", "TMPDIR": str(folder)}
    cost = measure(command, environment, folder, LIMITS)
    if cost.outcome != "ended" or not answer.exists():
        raise SystemExit(f"{what} of {size:,} bytes {cost.outcome}: {(folder / 'output.txt').read_text()[-500:]}")
    return cost
