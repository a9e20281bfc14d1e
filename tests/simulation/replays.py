"""The replay state machine: one process for the plan, one invocation after another for each drop, and its answer.

In some schedules the operator looks at the plan first, and starts it minutes later. That draw is apart from the others,
see meddling.py.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.intake.errors import RetryLaterError
from suimon.intake.replays import ReplayRequest
from suimon.replay.plan import Plan, Request, StalePlanError, gather
from tests.simulation.partitions import every_part, range_of
from tests.simulation.plan import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suimon.contract.model import Contract
    from suimon.replay.plan import Item
    from tests.simulation.choices import Choices
    from tests.simulation.deployment import Functions
    from tests.simulation.schedule import Schedule
    from tests.simulation.services.stepfunctions import StepFunctions
    from tests.simulation.world import Process, World

FIRST, LAST = date(2026, 11, 20), date(2026, 11, 21)
# As statemachine/replay.asl.json has them.
PLAN_RETRIES = 5
COME_BACKS, LONGEST_WAIT = 30, 900.0
CRASHES = 6
TIMEOUT = 43_200.0
FUNCTION_TIMEOUT = 900.0


EARLIER = -420  # the position of the draw


def looks_before(choices: Choices) -> float:
    """Draw how many seconds before a replay its operator looks at the plan; 0: what has not been seen is started."""
    with choices.apart("replays", EARLIER):
        return (0.0, 1.0, 2 * MINUTE, 16 * MINUTE)[choices.among((3, 1, 1, 1))]


class Replay:
    """One execution; `open` counts the drops it still waits for, `timed_out` those whose answer never came.

    shown: the plan that the operator saw, None without a look. planned: what the execution runs, once it knows.
    """

    def __init__(self, world: World, functions: Functions, sfn: StepFunctions, name: str, of: Contract) -> None:
        self._world = world
        self._functions = functions
        self._sfn = sfn
        self.name = name
        self._of = of
        self.open = 1
        self.timed_out = 0
        self.shown: Plan | None = None
        self.planned: Plan | None = None

    def look(self) -> None:
        """Plan for the operator, as `suimon replay --dry-run` does."""

        def body() -> None:
            self.shown = self._gather("")

        self._world.spawn(f"{self.name} look", body)

    def start(self, tries: int = 0) -> None:
        """Plan; the function that does it is tried again when it fails."""
        world = self._world
        found: list[Plan] = []

        def body() -> None:
            found.append(self._gather(self.shown.fingerprint if self.shown else ""))

        def until(process: Process) -> None:
            if process.returned:
                [self.planned] = found
                self.open = len(self.planned.items)
                for item in self.planned.items:
                    _Attempt(self, item).start()
            elif isinstance(process.failed, StalePlanError):
                self.open = 0
            elif tries < PLAN_RETRIES:
                world.at(world.now + 2 * 2**tries, lambda: self.start(tries + 1))
            else:
                self.open = 0

        world.spawn(f"{self.name} plan", body, until, lasts=120.0)

    def _gather(self, fingerprint: str) -> Plan:
        first, last = range_of(self._of, FIRST, LAST)
        request = Request(self._of.dataset, first, last, plan=fingerprint, parts=every_part(self._of))
        return gather(request, self._functions.ledger(self.name).drops_of, sets=self._of.set_rule is not None)


class _Attempt:
    """One drop of an execution: a task that waits for its token."""

    def __init__(self, replay: Replay, item: Item) -> None:
        self._replay = replay
        self._item = item
        self._come_backs = self._crashes = 0
        self._token = ""
        self._ended = False

    def start(self) -> None:
        """Invoke intake under a new token."""
        replay, item = self._replay, self._item
        world, sfn = replay._world, replay._sfn
        token = self._token = sfn.new_token(self._answered)

        def body() -> None:
            request = ReplayRequest(item.drop_id, item.attempt, token, replay.name)
            replay._functions.replay(f"{replay.name} {world.points}", request)

        def until(process: Process) -> None:
            if self._token != token or process.returned:
                return  # answered already, or the answer is what it waits for
            sfn.close(token)
            error = process.failed
            if isinstance(error, RetryLaterError) and self._come_backs < COME_BACKS:
                wait = min(LONGEST_WAIT, 15.0 * 2**self._come_backs)
                self._come_backs += 1
            elif (error is None or isinstance(error, ClientError | BotoCoreError)) and self._crashes < CRASHES:
                wait = 5.0 * 2**self._crashes
                self._crashes += 1
            else:
                self._end()
                return
            world.at(world.now + wait, self.start)

        world.spawn(f"{replay.name} {item.drop_id[:4]}.{item.attempt}", body, until, lasts=FUNCTION_TIMEOUT)
        world.at(world.now + TIMEOUT, lambda: self._time_out(token))

    def _answered(self) -> None:
        self._end()

    def _time_out(self, token: str) -> None:
        if self._token == token:
            self._replay._sfn.close(token)
            self._replay.timed_out += 1
            self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended, self._token = True, ""
            self._replay.open -= 1


def replays_run_what_was_shown(end: Schedule) -> Iterator[str]:
    """A replay that its operator has looked at runs what he saw, or nothing."""
    for one in end.replays:
        if one.shown and one.planned and one.planned.items != one.shown.items:
            yield f"{one.name} was shown as {one.shown.items}, and ran {one.planned.items}"
