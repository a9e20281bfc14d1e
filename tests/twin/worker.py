"""End a worker of the twin's Airflow at a moment that the test chooses, as a machine does that goes away."""

from __future__ import annotations

import time
from contextlib import contextmanager
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
    """Return the task's process that waits for the answer of a part that stands still."""
    for process in psutil.Process(_pid(twin, "airflow-scheduler")).children(recursive=True):
        if _waits_at(process, twin.ports[part]):
            time.sleep(0.3)  # before its request is out it may sleep, too, for an instant
            if _waits_at(process, twin.ports[part]):
                return process
    return None


def _waits_at(process: psutil.Process, port: int) -> bool:
    try:
        ports = {one.raddr.port for one in process.net_connections("tcp") if one.raddr}
        return port in ports and bool(process.status() == psutil.STATUS_SLEEPING)
    except psutil.NoSuchProcess:  # it has come to its end meanwhile
        return False


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
