"""Files in several dialects as they are written, cell by cell, and on which line each cell stands."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from suimon.contract.file import Column, Condition, FileFormat, Trailer
from suimon.contract.model import Contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.check.verdict import Code

DAY = "2026-11-20"
RECORDS = 12
POSITIONS = (1, 6, RECORDS)  # the first, one behind a line break in a cell, the last
BROKEN = 5  # the record with a line break in its name, where the dialect can write one
STRAY = "\ue000"  # stands for a byte that is none of the encoding
COLUMNS = ("code", "name", "qty", "price", "day", "at", "ok", "kind")


class Place(NamedTuple):
    """What must be found, and where; beside another encoding there may be more, by what its bytes happen to be."""

    code: Code
    line: int | None = None
    record: int | None = None
    column: str | None = None


@dataclass(frozen=True)
class Layout:
    """A contract's dialect, and words that it can write."""

    name: str
    dialect: FileFormat
    labels: tuple[str, ...] = COLUMNS
    words: tuple[str, ...] = ("緑茶", "水筒", "ペン", "箱")
    end: str = "\n"

    @property
    def contract(self) -> Contract:
        """The contract of its files."""
        labels = [None if label == name else label for label, name in zip(self.labels, COLUMNS, strict=True)]
        columns = (
            Column("code", "string", labels[0], required=True, unique=True, pattern="^[A-Z]{2}[0-9]{3}$"),
            Column("name", "string", labels[1], max_length=8),
            Column("qty", "integer", labels[2], bits=32, minimum="1", maximum="100"),
            Column("price", "decimal", labels[3], required=True, precision=8, scale=2, minimum="0"),
            Column("day", "date", labels[4], required=True, partition="ds"),
            Column("at", "timestamp", labels[5], format="%Y-%m-%d %H:%M:%S"),
            Column("ok", "boolean", labels[6]),
            Column("kind", "string", labels[7], allowed=("A", "B")),
        )
        condition = Condition("no 13 of B", "t2 <> 13 OR t7 = 'A'", ("qty", "kind"), "qty <> 13 OR kind = 'A'")
        return Contract("polluted", "1", "polluted", file=self.dialect, columns=columns, conditions=(condition,))


_JAPANESE = ("コード", "品名", "数量", "単価", "日付", "時刻", "有効", "区分")
LAYOUTS = (
    Layout("utf-8", FileFormat()),
    Layout("cp932 tabs", FileFormat(encoding="cp932", delimiter="\t"), labels=_JAPANESE, end="\r\n"),
    Layout("utf-16", FileFormat(encoding="utf-16", delimiter=";", decimal=","), labels=_JAPANESE, end="\r\n"),
    Layout("euc-jp, no header", FileFormat(encoding="euc-jp", header=False)),
    Layout(
        "utf-8-sig, nothing quoted, gzip",
        FileFormat(encoding="utf-8-sig", delimiter="|", quote="", escape="", compression="gzip"),
    ),
    Layout(
        "backslashes, comments, a trailer",
        FileFormat(
            escape="\\", comment="#", skip_lines=2, line_ending="lf", trailer=Trailer("END", 2, (("price", 3),))
        ),
    ),
    Layout(
        "shift_jis, single quotes",
        FileFormat(encoding="shift_jis", quote="'", escape="'", line_ending="crlf"),
        end="\r\n",
    ),
)


@dataclass
class Sheet:
    """A file as it is written: records of raw cells, each with its line ending."""

    layout: Layout
    labels: list[str] = field(default_factory=list)
    records: list[list[str]] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    trailer: str | None = None
    repack: Callable[[bytes], bytes] | None = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        self.labels = list(self.layout.labels)
        for number in range(1, RECORDS + 1):
            self.records.append(self._sound(number))
            self.ends.append(self.layout.end)

    @property
    def dialect(self) -> FileFormat:
        """Its dialect."""
        return self.layout.dialect

    def quoted(self, text: str) -> str:
        """Return a cell in quotes."""
        quote, escape = self.dialect.quote, self.dialect.escape
        return f"{quote}{text.replace(quote, escape + quote)}{quote}"

    def put(self, record: int, column: str, raw: str) -> None:
        """Write a cell as it stands."""
        self.records[record - 1][COLUMNS.index(column)] = raw

    def line(self, record: int | None, column: str | None = None) -> int:
        """Return the line on which a record starts, or a cell of it; of no record, that of the header."""
        before = 1 + self.dialect.skip_lines
        if record is None:
            return before
        before += self.dialect.header
        earlier = zip(self.records[: record - 1], self.ends, strict=False)
        before += sum(f"{self.dialect.delimiter.join(cells)}{end}".count("\n") for cells, end in earlier)
        cells = self.records[record - 1][: COLUMNS.index(column)] if column else []
        return before + sum(cell.count("\n") for cell in cells)

    def at(self, code: Code, record: int, column: str | None = None) -> Place:
        """Return the place of a fault in a record."""
        return Place(code, self.line(record, column), record, column)

    def written(self) -> bytes:
        """Return the bytes of the file."""
        delimiter, dialect = self.dialect.delimiter, self.dialect
        text = "made by hand\n" * dialect.skip_lines
        text += delimiter.join(self.labels) + self.layout.end if dialect.header else ""
        text += "".join(delimiter.join(cells) + end for cells, end in zip(self.records, self.ends, strict=True))
        if dialect.trailer:
            records = [cells for cells in self.records if cells != [""]]  # an empty line is no record
            total = sum(float(cells[3]) for cells in records if len(cells) > 3 and _is_number(cells[3]))
            text += self.trailer if self.trailer is not None else f"END,{len(records)},{total:.2f}\n"
        encoding = self.encoding or dialect.encoding
        mark = {"utf-16": b"\xff\xfe", "utf-8-sig": b"\xef\xbb\xbf"}.get(encoding, b"")
        plain = {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(encoding, encoding)
        body = mark + b"\xff".join(part.encode(plain) for part in text.split(STRAY))
        packed = gzip.compress(body, mtime=0) if dialect.compression == "gzip" else body
        return self.repack(packed) if self.repack else packed

    def _sound(self, number: int) -> list[str]:
        name = self.layout.words[number % len(self.layout.words)]
        if number == BROKEN and self.dialect.quote:
            name = self.quoted(f"{name}\n5")
        price = f"{number}{self.dialect.decimal}5"
        kind = "A" if number % 2 else "B"
        return [f"AB{number:03}", name, str(number), price, DAY, f"{DAY} 0{number % 10}:00:00", "true", kind]


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
