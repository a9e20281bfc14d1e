"""End a worker of the twin's Airflow at a moment that the test chooses, as a machine does that goes away."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.twin import Twin


@contextmanager
def standing_still(twin: Twin, part: str) -> Iterator[None]:
    """Stop a part of the twin for a while: it takes connections, and what is sent to it waits until it goes on."""
    process = psutil.Process(_pid(twin, part))
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def task_waiting_for(twin: Twin, part: str) -> psutil.Process | None:
    """Return the task's process that waits for the answer of a part that stands still: its request is out."""
    asking = _ports_with_unread_requests(twin.ports[part])
    for process in psutil.Process(_pid(twin, "airflow-scheduler")).children(recursive=True):
        try:
            ports = {one.laddr.port for one in process.net_connections("tcp") if one.laddr}
            # Between the parts of its request it would run.
            if asking & ports and process.status() == psutil.STATUS_SLEEPING:
                return process
        except psutil.NoSuchProcess:  # it has come to its end meanwhile
            continue
    return None


def _ports_with_unread_requests(port: int) -> set[int]:
    """Return the callers' ports of connections to `port` that hold what nobody has read yet; see proc(5)."""
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    fields = [line.split() for line in lines]
    unread = [(one[1], one[2]) for one in fields if int(one[4].partition(":")[2], 16)]
    return {int(caller.partition(":")[2], 16) for own, caller in unread if int(own.partition(":")[2], 16) == port}


def kill_worker_of(task: psutil.Process) -> None:
    """Kill the supervisor first, so that nobody is left to tell Airflow that the task's process has died."""
    supervisor = task.parent()
    assert supervisor, "the task has no supervisor"
    assert "LocalExecutor" in " ".join(supervisor.cmdline()), supervisor.cmdline()
    supervisor.kill()
    task.kill()


def _pid(twin: Twin, part: str) -> int:
    (pid,) = (running.pid for running in twin.running if running.name == part)
    return pid
