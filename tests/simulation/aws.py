"""What AWS does between the services and the functions: it delivers, polls, invokes, tries again and gives up.

object created ─▶ rule ─▶ queue ─▶ poller ─▶ intake         run finished ─▶ rule ─▶ outcome, tried three times
                            │ the 30th receive                                          │
                            ▼                                                           ▼
                       dead letters                                                undelivered
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.simulation.plan import MINUTE
from tests.simulation.services.errors import NotModelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.deployment import Functions
    from tests.simulation.kept_services import Services
    from tests.simulation.plan import Plan
    from tests.simulation.world import Process, World

INTAKE_TIMEOUT, OUTCOME_TIMEOUT, SWEEP_TIMEOUT = 900.0, 60.0, 300.0  # seconds, as template.yaml has them
ASYNC_WAITS = (1 * MINUTE, 2 * MINUTE)
# When a closing event arrives, seconds after it was taken; none: never.
LATE: tuple[tuple[float, ...], ...] = ((0.2,), (0.2, 0.2), (0.2, 5 * MINUTE), (90.0,))


class Aws:
    """The poller of the intake queue and the asynchronous invocations."""

    def __init__(self, world: World, plan: Plan, services: Services, functions: Functions) -> None:
        self._world = world
        self._plan = plan
        self._services = services
        self._functions = functions
        self._invocations = 0
        self._polls_at: float | None = None
        self.healed = False
        self.bodies: dict[str, bytes] = {}  # of every object ever put, by drop id
        self.crashes: list[tuple[str, Exception]] = []
        services.events.on_event = self._ended

    def object_created(self, event: dict[str, Any], arrivals: tuple[float, ...]) -> None:
        """Deliver an event of the raw bucket to the intake queue, or lose it."""
        body = json.dumps(event)
        world = self._world
        for seconds in arrivals:
            world.at(world.now + seconds, lambda: self._send(body))

    def _send(self, body: str) -> None:
        self._services.sqs.send_message(QueueUrl=self._services.intake.url, MessageBody=body)
        self.poll()

    def poll(self) -> None:
        """Take note of when the intake queue next has something to give."""
        visible = self._services.intake.next_visible()
        if visible is None:
            return
        world = self._world
        when = max(visible - world.unix() + world.now, world.now)
        if self._polls_at is None or when < self._polls_at:
            self._polls_at = when
            world.at(when, lambda: self._receive(when))

    def _receive(self, at: float) -> None:
        if self._polls_at != at:
            return  # an earlier poll has come between
        self._polls_at = None
        services = self._services
        answer = services.sqs.receive_message(QueueUrl=services.intake.url, MaxNumberOfMessages=1)
        for message in answer.get("Messages", ()):
            self._intake(message)
        self.poll()

    def _intake(self, message: dict[str, Any]) -> None:
        services, functions = self._services, self._functions
        self._invocations += 1
        owner = f"intake {self._invocations}"

        def until(process: Process) -> None:
            if process.returned:
                services.sqs.delete_message(QueueUrl=services.intake.url, ReceiptHandle=message["ReceiptHandle"])
            self.note(process)
            self.poll()

        self._spawn(owner, lambda: functions.take(owner, message), until, INTAKE_TIMEOUT)

    def _ended(self, detail_type: str, detail: dict[str, Any]) -> None:
        """Deliver a run's end."""
        world, choices = self._world, self._world.choices
        if not self.healed and self._plan.lost_reports and choices.among((self._plan.lost_reports, 1)):
            return
        event = {"source": "suimon.dag", "detail-type": detail_type, "detail": detail}
        arrivals = LATE[0 if self.healed else choices.among((10, 2, 3, 1))]
        for seconds in arrivals:
            world.at(world.now + seconds, lambda: self._outcome(event, 0))

    def _outcome(self, event: dict[str, Any], tries: int) -> None:
        def invocation() -> None:
            self._functions.enter(event)

        self.invoke("outcome", invocation, event, OUTCOME_TIMEOUT, lambda: self._outcome(event, tries + 1), tries)

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something so many seconds from now."""
        self._world.at(self._world.now + seconds, what)

    def invoke(
        self,
        name: str,
        invocation: Callable[[], None],
        payload: dict[str, Any],
        lasts: float,
        again: Callable[[], None],
        tries: int,
    ) -> None:
        """Invoke a function asynchronously; what fails three times lies among the undelivered."""
        world, services = self._world, self._services

        def until(process: Process) -> None:
            self.note(process)
            self.poll()  # for what the sweep has sent
            if process.returned:
                return
            if tries < len(ASYNC_WAITS):
                world.at(world.now + ASYNC_WAITS[tries], again)
            else:
                letter = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": payload}
                services.sqs.send_message(QueueUrl=services.undelivered.url, MessageBody=json.dumps(letter))

        self._invocations += 1
        self._spawn(f"{name} {self._invocations}", invocation, until, lasts)

    def _spawn(self, name: str, invocation: Callable[[], None], until: Callable[[Process], None], lasts: float) -> None:
        skews = self._plan.skews
        skew = 0.0 if self.healed or len(skews) == 1 else skews[self._world.choices.pick(len(skews))]
        self._world.spawn(name, invocation, until, lasts=lasts, skew=skew)

    def note(self, process: Process) -> None:
        """Keep what a process failed with, and tell it in a story."""
        if process.failed:
            self.crashes.append((process.name, process.failed))
            if isinstance(process.failed, NotModelledError):
                raise process.failed
            if self._world.tell:
                self._world.tell(self._world.now, process.name, f"fails: {_words(process.failed)}")


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:160]
