"""Virtual time, and processes that take turns in it.

A process is synchronous code, unmodified, on a greenlet of its own. It runs until it waits: at a point (a call of a
service, see faults.py), in a sleep, or for good. Nothing runs at once, so a schedule is the same every time.
"""

from __future__ import annotations

import atexit
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.choices import Choices

# When every schedule begins: a Sunday, so that a date in a story is easily told from a date of somebody's work.
EPOCH = datetime(2026, 11, 22, tzinfo=UTC)
_EPOCH_UNIX = EPOCH.timestamp()


class KilledError(BaseException):
    """The process is no more; a BaseException, so that no `except Exception` of the code under test outlives it."""


class Process:
    """One run of some code: an invocation of a function, a DAG run, an execution of the state machine.

    `began`: when it was started. `deadline`: the virtual second at which its runtime kills it. `skew`: seconds that its
    clock is ahead.
    `returned`: whether it came to its end; if not, and nothing is in `failed`, it was killed.
    """

    __slots__ = ("alive", "began", "body", "deadline", "failed", "name", "returned", "skew", "thread", "until")

    def __init__(self, name: str, body: Callable[[], None], began: float, deadline: float, skew: float) -> None:
        self.name = name
        self.began = began
        self.body = body
        self.deadline = deadline
        self.skew = skew
        self.alive = True
        self.returned = False
        self.failed: Exception | None = None
        self.until: Callable[[Process], None] | None = None
        self.thread: _Thread | None = None


class World:
    """The clock, what is due when, and who runs now. Times are seconds since EPOCH."""

    def __init__(self, choices: Choices, tell: Callable[[float, str, str], None] | None = None) -> None:
        self.choices = choices
        self.now = 0.0
        self.points = 0
        self.faults = 0
        self.current: Process | None = None
        self.tell = tell
        self._due: list[tuple[float, int, Process | Callable[[], None]]] = []
        self._count = 0
        self._waiting: dict[Process, None] = {}

    def clock(self) -> datetime:
        """The time on the clock of whoever asks."""
        process = self.current
        return EPOCH + timedelta(seconds=self.now + process.skew if process else self.now)

    def unix(self) -> float:
        """The time as the services have it, in Unix seconds."""
        return _EPOCH_UNIX + self.now

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Do something at a time; an action makes no calls that are points."""
        self._count += 1
        heappush(self._due, (when, self._count, action))

    def spawn(
        self,
        name: str,
        body: Callable[[], None],
        until: Callable[[Process], None] | None = None,
        *,
        lasts: float = 1e12,
        skew: float = 0.0,
    ) -> Process:
        """Start a process now; `until` is called at its end, whichever way; it is killed after `lasts` seconds."""
        process = Process(name, body, self.now, self.now + lasts, skew)
        process.until = until
        self._count += 1
        heappush(self._due, (self.now, self._count, process))
        return process

    def sleep(self, seconds: float) -> None:
        """Suspend the process that runs; others run meanwhile."""
        process = self.current
        assert process is not None, "only a process can wait"
        when = self.now + (seconds if seconds > 0 else 0.0)
        doomed = when > process.deadline
        self._count += 1
        heappush(self._due, (process.deadline if doomed else when, self._count, process))
        self._waiting[process] = None
        _HUB.switch()
        del self._waiting[process]
        if doomed:
            process.alive = False
            if self.tell:
                self.tell(self.now, process.name, "is killed: its time is over")
        if not process.alive:
            raise KilledError

    def die(self) -> None:
        """Kill the process that runs."""
        process = self.current
        assert process is not None, "only a process can die"
        process.alive = False
        raise KilledError

    def run(self, until: float) -> None:
        """Run whatever is due up to and including a time."""
        due = self._due
        while due and due[0][0] <= until:
            when, _, what = heappop(due)
            self.now = max(self.now, when)
            if type(what) is Process:
                self._resume(what)
            else:
                what()  # type: ignore[operator]  # a Process is not called
        self.now = max(self.now, until)

    def next_due(self) -> float | None:
        """When the next thing happens, or None: never."""
        return self._due[0][0] if self._due else None

    def close(self) -> None:
        """End every process that still waits: their greenlets serve the next schedule."""
        self.tell = None
        for process in list(self._waiting):
            process.alive = False
            process.until = None
            self._resume(process)

    def _resume(self, process: Process) -> None:
        thread = process.thread
        if thread is None:
            thread = process.thread = _IDLE.pop() if _IDLE else _Thread()
            thread.process = process
        self.current = process
        thread.switch()
        self.current = None
        if thread.process is None:  # it has ended
            process.thread = None
            _IDLE.append(thread)
            process.alive = False
            if process.until:
                process.until(process)


class _Thread(greenlet):
    """A greenlet that runs one process after another: making one costs thirty times what a switch costs."""

    process: Process | None = None

    def run(self) -> None:
        while True:
            process = self.process
            assert process is not None
            try:
                process.body()
                process.returned = True
            except KilledError:
                pass
            except Exception as error:  # noqa: BLE001 whatever the code under test raises is a result
                process.failed = error
            # An idle thread holds nothing: else a whole world would live on in it.
            self.process = process = None
            _HUB.switch()


_HUB = getcurrent()
_IDLE: list[_Thread] = []


@atexit.register
def _end_threads() -> None:
    """A greenlet that sleeps holds whatever its modules hold, past the end of the interpreter."""
    while _IDLE:
        _IDLE.pop().throw()
