"""Start the twin's parts, notice the one that dies, and end exactly what was started.

A part is a process in a process group of its own, with its log in a file. Parts outlive the command that starts them;
`twin.json` records each with its pid and start time, so that a pid which the system has given to another program
since is never touched.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from local.twin import RunningPart, Twin

# In the environment of every process of a twin: finds those that left their process group.
MARK: Final = "SUIMON_TWIN_MARK"
OWNER_ONLY: Final = 0o077
# What starts in 20 s on two quiet cores takes ten times as long on slower ones under load; only what hangs takes all.
READY_SECONDS: Final = 600.0
_TERM_SECONDS: Final = 8.0
_KILL_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1
_TAIL_LINES: Final = 15
_TAIL_WIDTH: Final = 200
# Setting the machine's clock moves start times a little; a pid that another program got meanwhile started far later.
_SAME_START_SECONDS: Final = 3.0
# Python warns when a running process is forgotten; parts outlive us on purpose.
_started: Final[list[subprocess.Popen[bytes]]] = []


@dataclass(frozen=True)
class Part:
    """A process of the twin.

    Attributes:
        name: shown to the user and used for the log file.
        argv: the command; its first word is a path.
        env: its whole environment (`local.isolation.clean_environment`).
        ready: asks once, within about a second, whether the part answers; never raises.
        after: parts that must be ready before this one starts.
        timeout: seconds from its start until it must be ready.
        cwd: where it runs; the twin's root by default.

    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    ready: Callable[[], bool]
    after: tuple[str, ...] = ()
    timeout: float = 60.0
    cwd: Path | None = None


@dataclass(frozen=True)
class DeadPart:
    """A part that is gone, and what it wrote last."""

    name: str
    log: Path
    tail: str


class PartDiedError(Exception):
    """Parts of the twin have died; `dead` names them."""

    def __init__(self, dead: Iterable[DeadPart]) -> None:
        self.dead = tuple(dead)
        super().__init__("\n\n".join(_story(part, "has died") for part in self.dead))


class PartNotReadyError(Exception):
    """A part runs but did not become ready in time."""

    def __init__(self, part: DeadPart, seconds: float) -> None:
        self.part = part
        super().__init__(_story(part, f"was not ready after {seconds:.0f} s"))


class StubbornProcessError(Exception):
    """A process of the twin could not be ended."""


def spawn(part: Part, twin: Twin) -> RunningPart:
    """Start `part` in the background and return at once."""
    log = twin.log(part.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch(mode=0o600)
    with log.open("ab") as output:
        process = subprocess.Popen(
            part.argv,
            env={**part.env, MARK: twin.mark},
            cwd=part.cwd or twin.root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=OWNER_ONLY,  # data, tokens and logs are nobody else's
        )
    _started.append(process)
    # The process is our child: even when it has ended already its pid is its own until we wait for it.
    return RunningPart(part.name, process.pid, psutil.Process(process.pid).create_time())


def wait_until_ready(part: Part, running: RunningPart, twin: Twin) -> float:
    """Wait until `part` answers and return the seconds that took.

    Raises:
        PartDiedError: its process ended before.
        PartNotReadyError: it did not answer within `part.timeout` seconds.

    """
    began = time.monotonic()
    while not part.ready():
        if not is_alive(running):
            raise PartDiedError([_obituary(part.name, twin)])
        if time.monotonic() - began > part.timeout:
            raise PartNotReadyError(_obituary(part.name, twin), part.timeout)
        time.sleep(_POLL_SECONDS)
    # Another program may answer on the part's port while the part itself failed to take it.
    if not is_alive(running):
        raise PartDiedError([_obituary(part.name, twin)])
    return time.monotonic() - began


def twin_health(twin: Twin) -> list[DeadPart]:
    """Name the parts of `twin` that no longer run; an empty list is good health."""
    return [_obituary(running.name, twin) for running in twin.running if not is_alive(running)]


def watch(twin: Twin) -> None:
    """Raise PartDiedError when a part of `twin` has died; call it in every loop that waits for the twin."""
    if dead := twin_health(twin):
        raise PartDiedError(dead)


def wait_for(condition: Callable[[], bool], twin: Twin, seconds: float, what: str) -> None:
    """Wait until `condition` holds, watching the twin meanwhile.

    Raises:
        PartDiedError: a part died while we waited.
        TimeoutError: `what` did not happen within `seconds`.

    """
    deadline = time.monotonic() + seconds
    while not condition():
        watch(twin)
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s. The twin's logs are in {twin.logs}.")
        time.sleep(_POLL_SECONDS)


def is_alive(running: RunningPart) -> bool:
    """Return whether the very process that was started still runs."""
    return _process(running) is not None


def stop(twin: Twin) -> list[str]:
    """End every process of `twin`, politely and then not; return the names of the parts that were still running.

    Raises:
        StubbornProcessError: a process outlived even SIGKILL.

    """
    leaders = [running for running in twin.running if is_alive(running)]
    family = _family(twin)
    for running in leaders:
        # A live leader with the recorded start time proves that the group is still ours.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGTERM)
    groups = {running.pid for running in leaders}
    for process in family:
        if _group(process.pid) not in groups:
            _signal(process, signal.SIGTERM)
    _wait(family, _TERM_SECONDS)
    # Children born while their parents were told to end are found by the mark.
    remaining = [process for process in {*family, *_marked(twin.mark)} if _runs(process)]
    for process in remaining:
        _signal(process, signal.SIGKILL)
    _wait(remaining, _KILL_SECONDS)
    if stubborn := [process.pid for process in remaining if _runs(process)]:
        raise StubbornProcessError(f"These processes of the twin could not be ended: {stubborn}. End them by hand.")
    return [running.name for running in leaders]


def tail(path: Path, lines: int = _TAIL_LINES) -> str:
    """Read the last lines of a log, cut to 200 characters; the empty string when there is none."""
    try:
        with path.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - 64 * 1024))
            text = log.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    # Airflow's lines run to a thousand characters; what matters stands in front.
    return "\n".join(line[:_TAIL_WIDTH] for line in text.rstrip().splitlines()[-lines:])


def _family(twin: Twin) -> list[psutil.Process]:
    """Every process of the twin: the parts, their descendants, and whoever carries the twin's mark."""
    found: dict[int, psutil.Process] = {}
    for running in twin.running:
        process = _process(running)
        if process is not None:
            found[process.pid] = process
            with contextlib.suppress(psutil.Error):
                found.update({child.pid: child for child in process.children(recursive=True)})
    found.update({process.pid: process for process in _marked(twin.mark)})
    found.pop(os.getpid(), None)
    return list(found.values())


def _marked(mark: str) -> list[psutil.Process]:
    """Find the processes whose environment carries the twin's mark."""
    found = []
    for process in psutil.process_iter():
        # Other users' processes, and those that have just ended, do not tell.
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def _process(running: RunningPart) -> psutil.Process | None:
    """Find the recorded process, unless it has ended or its pid belongs to another one now."""
    try:
        process = psutil.Process(running.pid)
        same = abs(process.create_time() - running.started) < _SAME_START_SECONDS
    except psutil.Error:
        return None
    return process if same and _runs(process) else None


def _runs(process: psutil.Process) -> bool:
    """Return whether a process runs; one that has ended but was not waited for (a zombie) does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    # psutil makes sure that the pid is still the same process before it sends.
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _wait(processes: Iterable[psutil.Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(_runs(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _obituary(name: str, twin: Twin) -> DeadPart:
    log = twin.log(name)
    return DeadPart(name, log, tail(log))


def _story(part: DeadPart, what: str) -> str:
    said = "\n".join(f"    {line}" for line in part.tail.splitlines()) or "    (it wrote nothing)"
    return f"{part.name} {what}. The last lines of {part.log}:\n{said}"
