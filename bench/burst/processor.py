"""Where the processor's time goes: the parts of the twin, and apart from the emulator the functions that it runs."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.twin import Twin

FUNCTIONS: Final = "functions: the gate"


def spent(twin: Twin) -> dict[str, float]:
    """Return the seconds of processor that each part has taken since it began, those of its children included."""
    seconds: dict[str, float] = {}
    for part in twin.running:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(part.pid)
            own, children = _seconds(process), sum(map(_seconds, process.children(recursive=True)))
            functions = part.name == "cloud"
            seconds[part.name] = own if functions else own + children
            if functions:
                seconds[FUNCTIONS] = children
    return seconds


def between(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return what was spent from one look to the next, most first."""
    took = {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
    return dict(sorted(took.items(), key=lambda one: -one[1]))


def _seconds(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0
