"""What a kind of hostile file is, and how one is written at any size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from suimon.contract.file import Column, Condition, FileFormat, Metric, Tolerance
from suimon.contract.model import Contract

HEADER = b"id,day,name\n"
COLUMNS = (Column("id", "integer", unique=True), Column("day", "date"), Column("name", "string", max_length=40))
PLAIN = FileFormat()
_BLOCK = 1024 * 1024
_LONGEST_LINE = 20_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: `parts` yields its text, endless, below the header; `code` is the fault it is rejected for."""

    name: str
    code: str
    parts: Callable[[], Iterator[bytes]]
    dialect: FileFormat = PLAIN
    tolerance: Tolerance | None = None
    wrap: Callable[[bytes], bytes] = field(default=bytes)
    header: bytes = HEADER
    columns: tuple[Column, ...] = COLUMNS
    conditions: tuple[Condition, ...] = ()
    metrics: tuple[Metric, ...] = ()

    @property
    def contract(self) -> Contract:
        """The contract that such a file is held against."""
        return Contract(
            "hostile",
            "1",
            "hostile",
            file=self.dialect,
            columns=self.columns,
            conditions=self.conditions,
            metrics=self.metrics,
            tolerance=self.tolerance,
        )

    def write(self, path: Path, size: int) -> None:
        """Write so many bytes of it, below the header; compressed kinds are as large once they are read."""
        if self.dialect.compression != "none":
            path.write_bytes(self.wrap(b"".join(_first(self.parts(), size))))
            return
        with path.open("wb") as file:
            file.write(self.header)
            for part in _first(self.parts(), size):
                file.write(part)


def _first(parts: Iterator[bytes], size: int) -> Iterator[bytes]:
    while size > 0:
        part = next(parts)
        if size < len(part):
            end = part.rfind(b"\n", 0, size) + 1
            part = part[: end if size - end < _LONGEST_LINE else size]  # the last record is whole
            size = len(part)
        size -= len(part)
        yield part


def again(text: bytes) -> Callable[[], Iterator[bytes]]:
    """The same bytes, over and over."""

    def parts() -> Iterator[bytes]:
        block = text * max(1, _BLOCK // len(text))
        while True:
            yield block

    return parts
