"""The sweep, started every 15 minutes as the scheduler starts the freshness function; in some schedules twice at once.

The draw is apart from the others, see meddling.py.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from tests.simulation.aws import SWEEP_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.aws import Aws
    from tests.simulation.choices import Choices
    from tests.simulation.deployment import Functions
    from tests.simulation.schedule import Schedule

FIRST = -400  # the position of the first draw


def delivered_again(choices: Choices) -> float:
    """Draw after how many seconds the scheduler delivers each event a second time; 0: never."""
    with choices.apart("sweeping", FIRST):
        return (0.0, 0.1, 5.0, 45.0)[choices.among((9, 1, 1, 1))]


class Sweeping:
    """Starts rounds; `rounds` counts those that came to their end, `unexplained` is the last one's figure."""

    def __init__(self, functions: Functions, aws: Aws, again: float = 0.0) -> None:
        self._functions = functions
        self._aws = aws
        self._again = again
        functions.rounds_overlap = again > 0
        self.unexplained = 0
        self.rounds = 0
        self._starts = 0

    def start(self) -> None:
        """Start a round, and maybe another one beside it."""
        self._start(0)
        if self._again:
            self._aws.later(self._again, lambda: self._start(0))

    def _start(self, tries: int) -> None:
        self._starts += 1
        holder = f"round {self._starts}"

        def invocation() -> None:
            unexplained = self._functions.make_round(holder)
            if unexplained is not None:
                self.unexplained = unexplained
                self.rounds += 1

        again = lambda: self._start(tries + 1)  # noqa: E731 named for the reader
        self._aws.invoke("sweep", invocation, {"source": "aws.scheduler"}, SWEEP_TIMEOUT, again, tries)


def one_round_at_a_time(end: Schedule) -> Iterator[str]:
    """9. Of two rounds that are started at once, one ends without a look, as far as clocks agree."""
    if not end.functions.rounds_overlap:
        return  # without a lease, see Functions.lease
    lease = SWEEP_TIMEOUT - (max(end.plan.skews) - min(end.plan.skews))
    for (first, began, ended), (second, then, _) in combinations(sorted(end.functions.rounds, key=_beginning), 2):
        if then < min(ended, began + lease):
            yield f"{second} looked at {then:.1f} s, while {first} was at work from {began:.1f} to {ended:.1f} s"


def _beginning(one: tuple[str, float, float]) -> float:
    return one[1]
