"""Runs inside every process of Airflow's: a task finds in /tmp only what it has made itself.

On MWAA tasks run on several workers, which share no disk; here they are processes of one machine. A copy of this file
stands in the `sitecustomize` of Airflow's Python, so it knows the standard library only. Every task is a process forked
for it: what is older than the process is another task's.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any, Final

SHARED: Final = ("/tmp", "/var/tmp")  # noqa: S108 the folders that are looked at
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CLOCK_SECONDS: Final = 0.02  # what a file's time may lie behind the clock
_started: list[float] = []


def part_tasks() -> None:
    """Refuse, in every process forked from now on, to read a file of the shared folders that is older than it."""
    os.register_at_fork(after_in_child=_begin)
    sys.addaudithook(_refuse)


def _begin() -> None:
    _started[:] = [time.time() - _CLOCK_SECONDS]


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or not _started or not isinstance(arguments[0], str | bytes):
        return
    path, mode, flags = arguments
    writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITING)
    real = os.path.realpath(os.fsdecode(path))
    if writes or not real.startswith(tuple(f"{folder}/" for folder in SHARED)) or real.startswith(_own()):
        return
    try:
        made = os.stat(real).st_ctime  # noqa: PTH116 as short as it can be: it runs at every open()
    except OSError:
        return
    if made < _started[0]:
        words = "made by another task; MWAA's workers share no disk: hand it over in S3"
        raise FileNotFoundError(2, f"No such file or directory ({words})", os.fsdecode(path))


def _own() -> tuple[str, ...]:
    """Return where Airflow itself lives, which may be below /tmp."""
    home = os.environ.get("AIRFLOW_HOME")
    return (sys.prefix, sys.base_prefix, *([str(Path(os.path.realpath(home)).parent)] if home else []))


if __name__ != "local.airflow.own_tmp":
    part_tasks()
