"""The sweep, started every 15 minutes as the scheduler starts the freshness function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.aws import SWEEP_TIMEOUT

if TYPE_CHECKING:
    from tests.simulation.aws import Aws
    from tests.simulation.deployment import Functions


class Sweeping:
    """Starts rounds; `rounds` counts those that came to their end, `unexplained` is the last one's figure."""

    def __init__(self, functions: Functions, aws: Aws) -> None:
        self._functions = functions
        self._aws = aws
        self.unexplained = 0
        self.rounds = 0

    def start(self, tries: int = 0) -> None:
        """Start a round."""

        def invocation() -> None:
            self.unexplained = self._functions.make_round()
            self.rounds += 1

        again = lambda: self.start(tries + 1)  # noqa: E731 named for the reader
        self._aws.invoke("sweep", invocation, {"source": "aws.scheduler"}, SWEEP_TIMEOUT, again, tries)
