"""Replays as an operator and the state machine make them: shown, agreed to, begun, stopped, resumed, summed up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from suimon.intake.errors import OvertakenError, RetryLaterError
from suimon.intake.replays import ReplayRequest
from suimon.replay.plan import Item
from suimon.replay.request import Request, RequestError
from tests.simulation.partitions import every_part, range_of
from tests.simulation.plan import MINUTE, REPORTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.contract.model import Contract
    from tests.simulation.choices import Choices
    from tests.simulation.deployment import Functions
    from tests.simulation.replaying import Replaying
    from tests.simulation.services.stepfunctions import StepFunctions
    from tests.simulation.world import Process, World

LAST = date(2026, 11, 21)
MACHINE = "arn:aws:states:ap-northeast-1:123456789012:execution:simulated-replay"
# As statemachine/replay.asl.json has them.
STEP_RETRIES = 5
COME_BACKS, LONGEST_WAIT = 30, 900.0
CRASHES = 6
# The state machine asks intake again each hour of these twelve. Here it does not: that would repair, and hide, each
# answer that somebody forgets.
TIMEOUT = 43_200.0
FUNCTION_TIMEOUT = 900.0
STEP_TIMEOUT = 300.0
PERSON_TRIES = 12  # by then the troubles are over

EARLIER = -420  # the position of the draw


def looks_before(choices: Choices) -> float:
    """Draw for how many seconds an operator looks at a plan before it is executed."""
    with choices.apart("replays", EARLIER):
        return (0.0, 1.0, 2 * MINUTE, 16 * MINUTE)[choices.among((3, 1, 1, 1))]


class Replay:
    """One execution; `open` counts what it still waits for, `timed_out` the drops whose answer never came."""

    def __init__(
        self, world: World, functions: Functions, sfn: StepFunctions, name: str, of: Contract, how: Replaying
    ) -> None:
        self.world, self.functions, self.sfn, self.name, self.of = world, functions, sfn, name, of
        self.how = how
        self.request = Request(
            of.dataset,
            *range_of(of, how.first, LAST),
            parts=every_part(of),
            max_concurrency=how.at_once,
            tolerate=100.0 if how.tolerates else 0.0,
            as_accepted=how.as_accepted and of.set_rule is None,
            reason=name,
        )
        self.execution = f"{MACHINE}:{name.replace(' ', '-')}"
        self.open, self.timed_out = 1, 0
        self.shown: list[Item] = []
        self.items: list[Item] = []
        self.began: list[tuple[float, Item]] = []
        self.failures: list[float] = []
        self.ended = 0.0
        self.is_stopped = self.is_summed_up = False
        self.resumes: Replay | None = None
        self.on_resume: Callable[[Replay], None] = lambda _: None
        self._left: list[Item] = []
        self._running = 0

    @property
    def tolerated(self) -> int:
        """How many failures the operator has asked to bear; of a range of two days, any, or none."""
        return len(self.items) if self.how.tolerates else 0

    @property
    def is_over(self) -> bool:
        """Whether the execution has ended, or never began."""
        return self.sfn.executions.get(self.execution, "") != "RUNNING"

    def start(self) -> None:
        """Show the plan to the operator, who agrees after a look."""

        def shown(answer: dict[str, Any]) -> None:
            self.shown = [Item(**one) for one in answer["items"]]
            self.request = replace(self.request, plan=answer["plan"])
            agrees = self.world.now + self.how.looks
            self.world.at(agrees, self._execute) if self.shown else self._give_up()

        self._step("plan", lambda: self.functions.plan_replay(self.request), shown, tries=PERSON_TRIES)

    def _execute(self) -> None:
        self.sfn.executions[self.execution] = "RUNNING"
        if self.how.stops and self.resumes is None:
            self.world.at(self.world.now + self.how.stops, self._stop)
        self._step("begin", lambda: self.functions.begin_replay(self.request, self.execution), self._begun)

    def _begun(self, begun: dict[str, Any]) -> None:
        if self.is_over:  # stopped meanwhile
            return
        if not begun["count"]:
            self._give_up()
            return
        # The state machine reads the items itself: that is no call of ours that could fail.
        body = self.functions.services.s3.buckets[REPORTS].keys[begun["key"]][-1].content
        self.items = [Item(**one) for one in json.loads(body)]
        self._left = list(self.items)
        self._most_failed = begun["tolerated"]
        for _ in range(begun["max_concurrency"]):
            self._next()

    def _next(self) -> None:
        if self.is_over:
            return
        if self._left and len(self.failures) <= self._most_failed:
            item = self._left.pop(0)
            self._running += 1
            self.began.append((self.world.now, item))
            _Attempt(self, item).start()
        elif not self._running and not self.ended:
            self.ended = self.world.now
            end = "finished" if len(self.failures) <= self._most_failed else "too many failed"
            summarise = self.functions.summarise_replay
            self._step("summary", lambda: summarise(self.of.dataset, self.execution, end), self._summed_up)

    def child_ended(self, item: Item, error: str) -> None:
        """Count what has ended, and begin the next one; what failed is recorded first."""
        self._running -= 1
        if not error:
            self._next()
            return
        self.failures.append(self.world.now)
        failed = {"dataset": self.of.dataset, "execution": self.execution, "partition": item.partition, "error": error}
        self._step("record", lambda: self.functions.fail_replay(failed), lambda _: self._next(), ends=False)

    def _summed_up(self, _: dict[str, Any]) -> None:
        self.is_summed_up = True
        if not self.is_stopped:
            self.sfn.executions[self.execution] = "SUCCEEDED"
        self.open = 0

    def _stop(self) -> None:
        """Stop the execution as a person does, sum it up, and resume it later."""
        if self.is_over or not self.items:
            return
        self.sfn.executions[self.execution] = "ABORTED"
        self.is_stopped, self.ended = True, self.world.now
        stop = self.functions.stopped_replay
        self._step("stop", lambda: stop(self.of.dataset, self.execution), self._summed_up, tries=PERSON_TRIES)
        self.world.at(self.world.now + self.how.resumes, self._resume)

    def _resume(self) -> None:
        resumed = Replay(self.world, self.functions, self.sfn, f"{self.name} resumed", self.of, self.how)
        resumed.request = replace(resumed.request, resume=self.execution.rpartition(":")[2])
        resumed.resumes = self
        self.on_resume(resumed)
        resumed.start()

    def _give_up(self) -> None:
        """End without a summary: nothing was begun, or the function failed at every try."""
        self.open = 0
        if self.execution in self.sfn.executions and not self.is_stopped:
            self.sfn.executions[self.execution] = "FAILED"

    def _step(
        self,
        what: str,
        body: Callable[[], Any],
        then: Callable[[Any], None],
        *,
        tries: int = STEP_RETRIES,
        tried: int = 0,
        ends: bool = True,
    ) -> None:
        """Invoke the function; it is tried again unless it refuses. `ends`: whether the replay ends with its tries."""
        found: list[Any] = []

        def until(process: Process) -> None:
            if process.returned:
                then(found[0])
            elif isinstance(process.failed, RequestError) or tried >= tries:
                self._give_up() if ends else then(None)
            else:
                again = lambda: self._step(what, body, then, tries=tries, tried=tried + 1, ends=ends)  # noqa: E731
                self.world.at(self.world.now + min(2.0 * 2**tried, LONGEST_WAIT), again)

        self.world.spawn(f"{self.name} {what}", lambda: found.append(body()), until, lasts=STEP_TIMEOUT)


class _Attempt:
    """One drop of an execution: a task that waits for its token."""

    def __init__(self, of: Replay, item: Item) -> None:
        self._replay = of
        self._item = item
        self._come_backs = self._crashes = 0
        self._token = ""
        self._ended = False

    def start(self) -> None:
        """Invoke intake under a new token; nobody does once the execution has ended."""
        of, item = self._replay, self._item
        if of.is_over:
            return
        world, sfn = of.world, of.sfn
        token = self._token = sfn.new_token(self._answered)

        def body() -> None:
            asked = ReplayRequest(item.drop_id, item.attempt, token, of.execution, as_accepted=of.request.as_accepted)
            of.functions.replay(f"{of.name} {world.points}", asked)

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
                self._end("" if isinstance(error, OvertakenError) else f"{type(error).__name__}: {error}")
                return
            world.at(world.now + wait, self.start)

        world.spawn(f"{of.name} {item.drop_id[:4]}.{item.attempt}", body, until, lasts=FUNCTION_TIMEOUT)
        world.at(world.now + TIMEOUT, lambda: self._time_out(token))

    def _answered(self) -> None:
        answer = self._replay.sfn.answers[self._token]
        self._end(f"{answer.error}: {answer.cause}" if answer.error else "")

    def _time_out(self, token: str) -> None:
        if self._token == token and not self._replay.is_over:
            self._replay.sfn.close(token)
            self._replay.timed_out += 1
            self._end("States.Timeout")

    def _end(self, error: str) -> None:
        if not self._ended:
            self._ended, self._token = True, ""
            self._replay.child_ended(self._item, error)
