"""Standard output and error of a command: closed, missing, or not UTF-8."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress


def mute() -> None:
    """Discard what is still to be written: at exit, Python would fail once more and change the exit status."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
            continue
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def make_writable() -> None:
    """Make every text writable: what a console cannot show becomes an escape; a missing stream goes nowhere."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
