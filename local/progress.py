"""Steps that run side by side, and the table that shows how far each of them is."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

State = Literal["waiting", "running", "ready", "failed"]

_LOOK_SECONDS: Final = 0.2
_SIGNS: Final = {"waiting": Text("·", "dim"), "ready": Text("✓", "green"), "failed": Text("✗", "red")}


@dataclass(frozen=True)
class Step:
    """Work that starts once the steps named in `after` are done; `run` returns a note to show, or nothing."""

    name: str
    run: Callable[[], str | None]
    after: tuple[str, ...] = ()


@dataclass
class _Line:
    state: State = "waiting"
    began: float = 0.0
    seconds: float = 0.0
    note: str = ""
    spinner: Spinner = field(default_factory=lambda: Spinner("dots", style="cyan"))


class Board:
    """A line for each step: a live table on a terminal, a printed line per finished step elsewhere.

    Times are seconds. Several threads may report at once.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.lines: dict[str, _Line] = {}
        self._lock = threading.Lock()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the table while the block runs, and leave its last state on the screen."""
        if not self.console.is_terminal:
            yield
            return
        with Live(console=self.console, get_renderable=self._table, refresh_per_second=8):
            yield

    def expect(self, name: str) -> None:
        """Add a line for a step that has not begun."""
        with self._lock:
            self.lines[name] = _Line()

    def begin(self, name: str) -> None:
        """Show that a step has begun."""
        with self._lock:
            self.lines[name].state = "running"
            self.lines[name].began = time.monotonic()

    def end(self, name: str, state: State, note: str = "") -> None:
        """Show how a step has ended."""
        with self._lock:
            line = self.lines[name]
            line.state, line.note, line.seconds = state, note, time.monotonic() - line.began
        if not self.console.is_terminal:
            self.console.print(f"{name:<24} {state:<8} {line.seconds:6.1f} s  {note}", highlight=False)

    def seconds(self) -> dict[str, float]:
        """How long each finished step took."""
        return {name: line.seconds for name, line in self.lines.items() if line.state == "ready"}

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=2)
        table.add_column(min_width=22)
        table.add_column(justify="right", width=8)
        table.add_column()
        with self._lock:
            for name, line in self.lines.items():
                running = line.state == "running"
                seconds = time.monotonic() - line.began if running else line.seconds
                table.add_row(
                    line.spinner if running else _SIGNS[line.state],
                    Text(name, "dim" if line.state == "waiting" else ""),
                    "" if line.state == "waiting" else f"{seconds:.1f} s",
                    Text(line.note, "dim"),
                )
        return table


def run_steps(steps: Sequence[Step], board: Board, look: Callable[[], None]) -> None:
    """Run `steps`, each as soon as those it waits for are done.

    Args:
        steps: in the order in which they are shown.
        board: where to report.
        look: called several times a second; what it raises ends the run, as does what a step raises. Steps that are
            still running are not waited for: the caller ends the processes that they wait for.

    """
    for step in steps:
        board.expect(step.name)
    done: set[str] = set()
    waiting = list(steps)
    running: dict[Future[str | None], Step] = {}
    pool = ThreadPoolExecutor(max_workers=max(1, len(steps)), thread_name_prefix="step")
    try:
        while waiting or running:
            for step in [step for step in waiting if done.issuperset(step.after)]:
                waiting.remove(step)
                board.begin(step.name)
                running[pool.submit(step.run)] = step
            if not running:
                raise ValueError(f"These steps wait for steps that do not exist: {[step.name for step in waiting]}")
            for future in wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
                step = running.pop(future)
                try:
                    note = future.result()
                except BaseException:
                    board.end(step.name, "failed")
                    raise
                board.end(step.name, "ready", note or "")
                done.add(step.name)
            look()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
