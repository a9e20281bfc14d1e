"""What happened in a schedule, line by line, for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from rich.table import Table

from tests.simulation.world import EPOCH


@dataclass
class Story:
    """Times in seconds since EPOCH, who, what."""

    lines: list[tuple[float, str, str]] = field(default_factory=list)

    def tell(self, now: float, who: str, what: str) -> None:
        """Add a line."""
        self.lines.append((now, who, what))

    def table(self, title: str) -> Table:
        """Return it as a table for the terminal."""
        table = Table("time", "who", "what", title=title, title_justify="left", box=None, pad_edge=False)
        last = ""
        for now, who, what in self.lines:
            moment = written(now)
            table.add_row("" if moment == last else moment, who, what)
            last = moment
        return table

    def text(self) -> str:
        """Return it as plain lines, as a test's failure shows it."""
        return "\n".join(f"{written(now)}  {who:<22}  {what}" for now, who, what in self.lines)


def written(now: float) -> str:
    """A virtual time: the day of the schedule, and the time on it."""
    moment = EPOCH + timedelta(seconds=now)
    return f"{(moment - EPOCH).days}d {moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
