"""What Suimon is to reach, and whether it did in this run."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.check.cases import MEGABYTE
from bench.check.run import Result
from bench.check.tools import SUIMON, YARDSTICK

FAST, _CP932 = 150, 60  # MB/s per core
_YARDS, _BAD = 1.5, 2.0  # times as long
LITTLE = 512  # MB of memory


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
    bad, cp932 = done.get(("large-cells", SUIMON)), done.get(("large-cp932", SUIMON))
    suimon = [one for one in results if one.tool is SUIMON and one.runs]
    return (
        _at_least(f"a large good file: at least {FAST} MB/s per core", clean, FAST),
        _times(f"a large good file: at most {_YARDS} times the time of the query by hand", clean, yard, _YARDS),
        _times(f"1 % bad records: at most {_BAD:.0f} times the time of the good file", bad, clean, _BAD),
        _at_least(f"CP932: at least {_CP932} MB/s per core", cp932, _CP932),
        _memory(f"memory: at most {LITTLE} MB in every case", suimon),
    )


def _at_least(text: str, result: Result | None, least: float) -> Target:
    if result is None:
        return Target(text, "", None)
    return Target(text, f"{result.per_core:,.0f} MB/s", result.per_core >= least)


def _times(text: str, result: Result | None, other: Result | None, most: float) -> Target:
    if result is None or other is None:
        return Target(text, "", None)
    times = result.wall / other.wall
    return Target(text, f"{times:.2f} times: {result.wall:.1f} s, {other.wall:.1f} s", times <= most)


def _memory(text: str, suimon: Sequence[Result]) -> Target:
    if not suimon:
        return Target(text, "", None)
    peak = max(one.peak for one in suimon) / MEGABYTE
    return Target(text, f"{peak:,.0f} MB", peak <= LITTLE)
