"""Runs inside every function's process, before its code: the limits of Lambda, for nothing outside would hold them.

A copy of this file is the `sitecustomize` of the functions' Python, so it knows the standard library only. See "Lambda
quotas". A function that takes more memory than it has is killed; so is, here, one that fills its /tmp (on AWS its next
write fails with "No space left on device").
"""

import os
import select
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

MEGABYTE: Final = 1024 * 1024
_LOOK_SECONDS: Final = 0.05
# A twin keeps a hundred of them: one that does nothing is looked at when its next event comes, or after this.
_IDLE_SECONDS, _IDLE_CPU_SECONDS = 0.5, 0.001
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def hold() -> None:
    """Start to hold this process to the limits that its environment names; nothing happens outside of a function."""
    memory, storage = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), os.environ.get("TWIN_FUNCTION_STORAGE")
    if memory and storage:
        folder = Path(os.environ["TMPDIR"])
        folder.mkdir(parents=True, exist_ok=True)
        sys.addaudithook(_read_only)
        watch = threading.Thread(target=_watch, args=(int(memory), folder, int(storage)), daemon=True, name="limits")
        watch.start()


def _watch(memory: int, folder: Path, storage: int) -> None:
    used = 0.0
    while True:
        if (peak := peak_megabytes()) > memory:
            _end(f"Runtime exited: {peak} MB of memory used, {memory} MB given")
        if (stored := stored_megabytes(folder)) > storage:
            _end(f"No space left on device: {stored} MB in /tmp, {storage} MB given")
        before, used = used, time.process_time() - time.thread_time()
        if used - before < _IDLE_CPU_SECONDS:
            with suppress(OSError):
                select.select([0], [], [], _IDLE_SECONDS)
        time.sleep(_LOOK_SECONDS)


def peak_megabytes() -> int:
    """Return the most memory that this process has had resident; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(lines.get("VmHWM", "0 kB").split()[0]) // 1024


def stored_megabytes(folder: Path) -> int:
    """Return what the files below `folder` take."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_blocks * 512  # noqa: PTH118 a Path for each would cost
            except OSError:  # gone meanwhile
                continue
    return total // MEGABYTE


def _end(why: str) -> None:
    os.write(2, f"{why}\n".encode())
    os.kill(os.getpid(), signal.SIGKILL)


def _read_only(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to write beside the code: /var/task is read-only."""
    if event != "open" or not isinstance(arguments[0], str | bytes):
        return
    path, mode, flags = arguments
    writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITING)
    if writes and os.path.realpath(os.fsdecode(path)).startswith(os.environ.get("LAMBDA_TASK_ROOT", "\0") + os.sep):
        raise OSError(30, "Read-only file system", os.fsdecode(path))


if __name__ != "local.cloud.function_limits":
    hold()
