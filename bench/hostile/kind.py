"""What a kind of hostile file is, and how one is written at any size."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from suimon.contract.file import Column, Condition, FileFormat, Metric, Tolerance
from suimon.contract.model import Contract

HEADER = b"id,day,name\n"
COLUMNS = (Column("id", "integer", unique=True), Column("day", "date"), Column("name", "string", max_length=40))
PLAIN = FileFormat()
_BLOCK = 1024 * 1024


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

    def is_judged(self, *, accepted: bool, codes: Collection[str]) -> bool:
        """Return whether a verdict is the one that such a file is to have."""
        return accepted == (not self.code) and (not self.code or self.code in codes)

    def write(self, path: Path, size: int) -> None:
        """Write so many bytes below the header, or a few more; compressed kinds are as large once they are read."""
        if self.dialect.compression != "none":
            path.write_bytes(self.wrap(b"".join(_first(self.parts(), size))))
            return
        with path.open("wb") as file:
            file.write(self.header)
            for part in _first(self.parts(), size):
                file.write(part)


def _first(parts: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield so many bytes, and the rest of the last part, which ends with a whole record."""
    while size > 0:
        part = next(parts)
        size -= len(part)
        yield part


def again(text: bytes) -> Callable[[], Iterator[bytes]]:
    """The same bytes, over and over."""

    def parts() -> Iterator[bytes]:
        block = text * max(1, _BLOCK // len(text))
        while True:
            yield block

    return parts
