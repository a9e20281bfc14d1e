"""The sweep, started every 15 minutes as the scheduler starts the freshness function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.aws import SWEEP_TIMEOUT

if TYPE_CHECKING:
    from tests.simulation.aws import Aws
    from tests.simulation.deployment import Functions
    from tests.simulation.world import World


class SweepFailedError(Exception):
    """Parts of a round failed; the function fails, and is invoked again."""


class Sweeping:
    """Starts rounds; `unexplained` and `failures` are the last one's, `open` counts rounds that have not ended."""

    def __init__(self, world: World, functions: Functions, aws: Aws) -> None:
        self._world = world
        self._functions = functions
        self._aws = aws
        self.unexplained = 0
        self.rounds = 0

    def start(self, tries: int = 0) -> None:
        """Start a round."""

        def invocation() -> None:
            findings = self._functions.sweep(f"sweep {self.rounds}").round(self._world.clock())
            self.unexplained = findings.unexplained
            self._aws.poll()
            if findings.failures:
                raise SweepFailedError("; ".join(f"{one.part}: {one.reason}" for one in findings.failures))
            self.rounds += 1

        again = lambda: self.start(tries + 1)  # noqa: E731 named for the reader
        self._aws.invoke("sweep", invocation, {"source": "aws.scheduler"}, SWEEP_TIMEOUT, again, tries)
