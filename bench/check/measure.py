"""A command in a process of its own: how long, how much of the processors, how much memory."""

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

Outcome = Literal["ended", "failed", "memory", "time"]
_LOOK_SECONDS = 0.02
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: seconds by the wall clock, seconds of processor, bytes of memory at most."""

    wall: float
    cpu: float
    peak: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Limits:
    """What no run may exceed."""

    memory: int  # bytes
    seconds: float


def measure(command: Sequence[str], environment: Mapping[str, str], folder: Path, limits: Limits) -> Cost:
    """Run a command to its end, or to a limit; whatever it prints goes into `output.txt` of a folder."""
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT
    with (folder / "output.txt").open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        watch = _Watch(process.pid, limits)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    peak = watch.stop()
    # Until it became the command, the child was a copy of this process, whose memory the kernel counts as the child's.
    exact = usage.ru_maxrss * _MAXRSS_UNIT
    return Cost(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=max(peak, exact if exact > floor else 0),
        outcome=watch.broken or ("ended" if process.returncode == 0 else "failed"),
    )


class _Watch(threading.Thread):
    """Looks at a process and its children until it is stopped; ends them at a limit."""

    def __init__(self, pid: int, limits: Limits) -> None:
        super().__init__(daemon=True)
        self.process = psutil.Process(pid)
        self.limits = limits
        self.broken: Outcome | None = None
        self.peak = 0
        self._done = threading.Event()

    def run(self) -> None:
        began = time.monotonic()
        while not self._done.wait(_LOOK_SECONDS if self.peak else 0):
            try:
                family = [self.process, *self.process.children(recursive=True)]
                self.peak = max(self.peak, sum(one.memory_info().rss for one in family))
                if self.peak > self.limits.memory:
                    self.broken = "memory"
                elif time.monotonic() - began > self.limits.seconds:
                    self.broken = "time"
                if self.broken:
                    for one in family:
                        one.kill()
                    return
            except psutil.NoSuchProcess:
                continue

    def stop(self) -> int:
        """End the watch; give the most memory it saw."""
        self._done.set()
        self.join()
        return self.peak
