"""Writes a table in a contract's dialect, with faults put in where somebody wants them."""

import gzip
import io
import zipfile
from decimal import Decimal

import pyarrow as pa
from hypothesis import strategies as st

from suimon.contract.file import FileFormat
from suimon.contract.model import Contract
from tests.unit.check.oracle_cells import typed_value

Draw = st.DrawFn
Table = list[list[str]]


class Writer:
    """Writes a table in a dialect, with faults put in where they belong."""

    def __init__(self, draw: Draw, contract: Contract, dialect: FileFormat, *, faults: bool) -> None:
        self.draw, self.contract, self.dialect, self.faults = draw, contract, dialect, faults
        self.style = draw(st.sampled_from(("minimal", "all", "mixed")))
        usual = {"lf": "\n", "crlf": "\r\n"}.get(dialect.line_ending) or draw(st.sampled_from(("\n", "\r\n")))
        mixes = dialect.line_ending == "any" or (faults and draw(st.integers(0, 4)) == 4)
        self.endings = ("\n", "\r\n") if mixes and draw(st.booleans()) else (usual,)
        self.faulty = draw(st.integers(0, 2)) if faults else 0
        may = [place for place, column in enumerate(contract.columns) if column.may_be_absent]
        absent = {place for place in may[: len(contract.columns) - 1] if draw(st.booleans())}
        self.there = [place for place in range(len(contract.columns)) if place not in absent]

    def text(self, table: Table) -> str:
        """Return the whole file."""
        lines = [
            self.draw(st.sampled_from(("", "made by hand", '"', "a,b"))) + "\n" for _ in range(self.dialect.skip_lines)
        ]
        if self.dialect.header:
            lines.append(self.line(self.header()))
        for cells in table:
            if self.dialect.comment and self.draw(st.integers(0, 4)) == 4:
                lines.append(self.dialect.comment + self.draw(st.sampled_from(("", ' "', " x,y", "\r"))) + "\n")
            lines.append(self.line([cells[place] for place in self.there]))
        for _ in range(self.faulty):
            self.spoil(lines)
        if self.dialect.trailer:
            lines.append(self.line(self.trailer(table)))
        text = "".join(lines)
        if self.draw(st.integers(0, 3)) == 3:
            text = text.removesuffix("\n").removesuffix("\r")
        if self.dialect.encoding == "utf-8-sig" and self.draw(st.booleans()):
            return text.removeprefix("\ufeff")
        return text

    def line(self, cells: list[str]) -> str:
        written = [self.written(text, first=place == 0) for place, text in enumerate(cells)]
        # One empty cell is written as nothing, which is a blank line unless there is but one column.
        return self.dialect.delimiter.join(written) + self.draw(st.sampled_from(self.endings))

    def written(self, text: str, *, first: bool) -> str:
        quote, escape = self.dialect.quote, self.dialect.escape
        comment = self.dialect.comment
        special = {self.dialect.delimiter, quote, "\r", "\n"} - {""}
        if not quote:
            text = "".join(character for character in text if character not in special) if not self.faulty else text
            return "x" + text if first and comment and text.startswith(comment) and not self.faulty else text
        needs = bool(special & set(text)) or (first and comment is not None and text.startswith(comment))
        wants = self.style == "all" or (self.style == "mixed" and self.draw(st.booleans()))
        if not (needs or wants):
            return text
        if escape == "\\":
            text = text.replace("\\", "\\\\").replace(quote, "\\" + quote)
        else:
            text = text.replace(quote, quote * 2)
        return quote + text + quote

    def header(self) -> list[str]:
        labels = [self.contract.columns[place].title for place in self.there]
        if self.dialect.header_case == "ignore":
            labels = [label.upper() if self.draw(st.booleans()) else label for label in labels]
        if not self.faults or self.draw(st.integers(0, 3)):
            return labels
        place = self.draw(st.integers(0, len(labels) - 1))
        other = self.draw(st.integers(0, len(labels) - 1))
        match self.draw(st.sampled_from(("drop", "extra", "swap", "repeat", "case", "rename", "blank"))):
            case "drop":
                labels.pop(place)
            case "extra":
                labels.insert(place, "extra")
            case "swap":
                labels[place], labels[other] = labels[other], labels[place]
            case "repeat":
                labels.insert(place, labels[other])
            case "case":
                labels[place] = labels[place].swapcase()
            case "rename":
                labels[place] = labels[place] + " "
            case _:
                labels[place] = ""
        return labels

    def trailer(self, table: Table) -> list[str]:
        wanted = self.dialect.trailer
        assert wanted is not None
        names = [column.name for column in self.contract.columns]
        cells = [wanted.marker, str(len(table))]
        for name, _ in wanted.sums:
            place = names.index(name)
            values = [typed_value(self.contract.columns[place], row[place], self.dialect) for row in table]
            total = sum((Decimal(str(value)) for value in values if value is not None), Decimal(0))
            cells.append(f"{total:f}".replace(".", self.dialect.decimal))
        if self.faults and self.draw(st.integers(0, 3)) == 3:
            place = self.draw(st.integers(0, len(cells) - 1))
            cells[place] = self.draw(st.sampled_from(("", "T", "0", "1", "x", "99", "-1", "1.5", "002")))
        return cells

    def spoil(self, lines: list[str]) -> None:
        """Put one fault into a record, or between two."""
        draw = self.draw
        # Rarely the first line: below a header that is none, little is judged.
        first = 0 if len(lines) < 2 or draw(st.integers(0, 5)) == 5 else 1
        place = draw(st.integers(first, max(first, len(lines) - 1)))
        line = lines[place] if lines else ""
        at = draw(st.integers(0, len(line)))
        match draw(st.sampled_from(("blank", "insert", "delete", "cell", "repeat", "cut"))):
            case "blank":
                lines.insert(place, draw(st.sampled_from(("\n", "\r\n", " \n"))))
            case "insert":
                odd = ('"', "'", "\r", "\n", "\r\n", "\0", "\\", ",", "\ufeff", "\ud800", "x", '"x', ' "', "#", '"\n"')
                if lines:
                    lines[place] = line[:at] + draw(st.sampled_from(odd)) + line[at:]
            case "delete":
                if line:
                    lines[place] = line[:at] + line[at + 1 :]
            case "cell":
                if lines:
                    lines[place] = draw(st.sampled_from(("x", ""))) + self.dialect.delimiter + line
            case "repeat":
                lines.insert(place, line)
            case _:
                del lines[place + 1 :]
                if lines:
                    lines[place] = line[:at]


def spoiled(draw: Draw, contents: bytes) -> bytes:
    """Do something to one byte, or to the end."""
    at = draw(st.integers(0, len(contents)))
    stray = bytes([draw(st.sampled_from((0, 10, 13, 34, 0x81, 0x83, 0xE3, 0xED, 0xFE, 0xFF)))])
    match draw(st.sampled_from(("insert", "replace", "delete", "cut", "append"))):
        case "insert":
            return contents[:at] + stray + contents[at:]
        case "replace":
            return contents[:at] + stray + contents[at + 1 :]
        case "delete":
            return contents[:at] + contents[at + 1 :]
        case "cut":
            return contents[:at]
        case _:
            return contents + stray


def packed_as(dialect: FileFormat, contents: bytes) -> bytes:
    """Compress as declared."""
    match dialect.compression:
        case "gzip":
            return gzip.compress(contents, mtime=0)
        case "zstd":
            return bytes(pa.Codec("zstd").compress(contents, asbytes=True))
        case "zip":
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("file.csv", contents)
            return out.getvalue()
        case _:
            return contents
