"""The console that draws on a terminal."""

import errno
import os
import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from suimon.drops.foreign_text import harmless


class Terminal(Console):
    """A console that draws, and on which every text is only text: its own colours and lines are all that is obeyed."""

    def __init__(self, *, stderr: bool = False, width: int | None = None, highlight: bool = True) -> None:
        """Take the stream itself: the command line guards it against all others that write."""
        stream = sys.stderr if stderr else sys.stdout
        super().__init__(file=getattr(stream, "unguarded", stream), width=width, highlight=highlight, markup=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render it; what a terminal would obey in its texts is an escape."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(harmless(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Leave it to the caller: rich would exit with 1, which says that the file is rejected."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
