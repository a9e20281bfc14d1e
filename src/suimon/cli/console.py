"""Standard output and error of a command: closed, missing, or not UTF-8; and what a terminal would obey."""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from suimon.drops.foreign_text import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable


# What a console that cannot show these shows in their place; other characters become escapes.
_PLAIN = {
    "…": "...",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "–": "-",
    "—": "-",
    "→": "->",
    **dict.fromkeys(map(chr, range(0x2588, 0x2590)), "#"),  # bars
    **dict.fromkeys(map(chr, range(0x2800, 0x2900)), "*"),  # what turns while one waits
}


def plainly(error: UnicodeError) -> tuple[str, int]:
    """Return what to write in place of what an encoding does not have, and where to go on, as `codecs` asks it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    plain = (_PLAIN.get(one) or one.encode("ascii", "backslashreplace").decode() for one in wrong)
    return "".join(plain), error.end


codecs.register_error("suimon.plainly", plainly)


class Harmless:
    """A stream on which texts of others (keys, cells, errors of services) are text: no terminal obeys them.

    Whoever draws in colours writes to the stream behind it, and answers for what it writes: `report.console.Terminal`.
    """

    buffer = None  # click would write UTF-8 into it where the console knows ASCII alone

    def __init__(self, stream: TextIO) -> None:
        """Take the stream behind it."""
        self.unguarded = stream

    def write(self, text: str) -> int:
        """Write a text; what a terminal would obey is an escape."""
        return self.unguarded.write(harmless(text))

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts likewise."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        """Answer everything else as the stream behind it does."""
        return getattr(self.unguarded, name)


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
    """Make every text writable: what a console cannot show is written plainly; a missing stream goes nowhere."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="suimon.plainly")
            setattr(sys, name, Harmless(stream))
