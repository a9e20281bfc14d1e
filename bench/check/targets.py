"""What Suimon is to reach, and whether it did in this run."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.check.cases import MEGABYTE
from bench.check.run import Result
from bench.check.tools import SUIMON, YARDSTICK

FAST, _CP932 = 400, 250  # MB/s per core
_BAD = 129  # MB/s per core: three times what it was without the kernel, on the machine of the first figures
_YARDS = 5.0  # times as fast
_FELT = 0.3  # seconds from starting Python to the answer, for the file that every tool checks
LITTLE = 300  # MB of memory


@dataclass(frozen=True, slots=True)
class Target:
    """A figure to reach; `met` None: nothing was measured."""

    text: str
    measured: str
    met: bool | None


def targets(results: Sequence[Result]) -> tuple[Target, ...]:
    """Compare the run with every target."""
    done = {(one.case.name, one.tool): one for one in results if one.whole}
    clean, yard = done.get(("large-clean", SUIMON)), done.get(("large-clean", YARDSTICK))
    small = done.get(("clean", SUIMON))
    suimon = [one for one in results if one.tool is SUIMON and one.runs]
    return (
        _at_least(f"a large good file: at least {FAST} MB/s per core", clean, FAST),
        _times(f"a large good file: at least {_YARDS:.0f} times the speed of the query by hand", clean, yard, _YARDS),
        _at_least(f"CP932: at least {_CP932} MB/s per core", done.get(("large-cp932", SUIMON)), _CP932),
        _at_least(f"1 % bad records: at least {_BAD} MB/s per core", done.get(("large-cells", SUIMON)), _BAD),
        _memory(f"memory: at most {LITTLE} MB in every case", suimon),
        _felt(small),
    )


def _at_least(text: str, result: Result | None, least: float) -> Target:
    if result is None:
        return Target(text, "", None)
    return Target(text, f"{result.per_core:,.0f} MB/s", result.per_core >= least)


def _times(text: str, result: Result | None, other: Result | None, least: float) -> Target:
    if result is None or other is None:
        return Target(text, "", None)
    times = result.per_core / other.per_core
    return Target(text, f"{times:.1f} times: {result.per_core:,.0f} MB/s, {other.per_core:,.0f} MB/s", times >= least)


def _felt(result: Result | None) -> Target:
    size = f"{result.bytes / MEGABYTE:,.0f} MB" if result else "a small file"
    text = f"{size}, a process from its start to its answer: at most {_FELT} s"
    if result is None:
        return Target(text, "", None)
    return Target(text, f"{result.wall:.2f} s", result.wall <= _FELT)


def _memory(text: str, suimon: Sequence[Result]) -> Target:
    if not suimon:
        return Target(text, "", None)
    peak = max(one.peak for one in suimon) / MEGABYTE
    return Target(text, f"{peak:,.0f} MB", peak <= LITTLE)
