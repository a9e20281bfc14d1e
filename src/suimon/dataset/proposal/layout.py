"""A sample as a table: delimiter, quoting, line endings and header, guessed for a proposal; the gate never guesses."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import field

from suimon.contract.file import FileFormat, LineEnding
from suimon.dataset.proposal.sample import Sample, SampleError
from suimon.values import dataclass

_HEAD = 2**16  # characters on which every dialect is tried
_LONG = 2**15  # characters that hardly a cell has
_DELIMITERS = (",", "\t", ";", "|")
_QUOTES = (('"', '"'), ('"', "\\"), ("", ""), ("'", "'"))  # with their escapes; the first that fits best is taken
_TABLE = 0.75  # the share of records that must have equally many cells before a delimiter is believed
_VALUE = re.compile(r"[-+]?[0-9]+([.,:/-][0-9]+)*|[0-9]{4}-[0-9]{2}-[0-9]{2}[ T].*|\S+@\S+")  # what no label looks like


@dataclass(frozen=True, slots=True)
class Layout:
    """How a sample seems to be laid out."""

    format: FileFormat
    labels: tuple[str, ...] | None  # of the header, if there seems to be one
    width: int  # the number of cells that most records have
    rows: list[list[str]]  # the records that have it
    doubts: dict[str, str]  # field of FileFormat -> what is uncertain about it
    faults: tuple[str, ...]  # what the gate refuses whatever the contract says


@dataclass(slots=True)
class _Reading:
    """A text cut into records by one dialect. Places count characters from the start of the text."""

    records: list[list[str]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)  # the place of each record
    endings: Counter[str] = field(default_factory=Counter)  # outside quotes
    quoted: int = 0  # cells
    faults: list[tuple[int, str]] = field(default_factory=list)  # place and kind

    def width(self) -> int:
        """Return the number of cells that most records have, blank lines aside."""
        widths = Counter(len(record) for record in self.records if record != [""]) or Counter(map(len, self.records))
        return widths.most_common(1)[0][0] if widths else 0

    def share(self) -> float:
        """Return the share of records that have it, blank lines aside."""
        width = self.width()
        counted = sum(record != [""] for record in self.records) + len(self.faults)
        return sum(len(record) == width for record in self.records) / max(1, counted)


def lay_out(sample: Sample) -> Layout:
    """Guess how a sample is laid out; SampleError if no contract can describe it."""
    # Where the sample was cut, a CR may have lost its LF.
    text = sample.text if sample.whole else sample.text.removesuffix("\r")
    delimiter, quote, escape, certain = _dialect(text)
    reading = _read(text, delimiter, quote, escape, whole=sample.whole)
    width = reading.width()
    first = next((index for index, record in enumerate(reading.records) if len(record) == width), None)
    if first is None:
        raise SampleError("no record ends within the sample: is a quote left open?")
    if reading.endings["\r"] > reading.endings.total() / 2:
        raise SampleError("its lines end with CR alone; Suimon reads LF and CRLF")
    rows = [record for record in reading.records[first:] if len(record) == width]
    labels, header_doubt = _header(rows)
    skipped = _line(text, reading.starts[first]) - 1
    doubts = {
        "encoding": sample.doubt,
        "delimiter": None if certain else "no delimiter makes an even table of the sample",
        "header": header_doubt,
        "skip_lines": f"line 1 has not the {width} cells that most records have" if skipped else None,
        "line_ending": "both LF and CRLF are there" if _line_ending(reading.endings) == "any" else None,
    }
    form = FileFormat(
        encoding=sample.encoding,
        compression=sample.compression,
        delimiter=delimiter,
        quote=quote,
        escape=escape,
        line_ending=_line_ending(reading.endings),
        header=labels is not None,
        skip_lines=skipped,
    )
    return Layout(
        form,
        labels,
        width,
        rows[1:] if labels else rows,
        {name: doubt for name, doubt in doubts.items() if doubt},
        tuple(_faults(text, reading, first, labels)),
    )


def _dialect(text: str) -> tuple[str, str, str, bool]:
    """Return delimiter, quote and escape, and whether they make a table."""
    # DuckDB's sniff_csv was tried: one ragged line or a trailer is enough for it to answer with a single column.
    head = text[:_HEAD]
    best, dialect = 0.0, (",", '"', '"')
    for delimiter in _DELIMITERS:
        readings = {(q, e): _read(head, delimiter, q, e, whole=len(head) == len(text)) for q, e in _QUOTES}
        # Cells in quotes speak for those quotes, even if a few faults fewer are found when they count for nothing.
        quotes = max(readings, key=lambda pair: readings[pair].share() + (0.2 if readings[pair].quoted else 0))
        width, share = readings[quotes].width(), readings[quotes].share()
        if width > 1 and share >= _TABLE and width * share > best:
            best, dialect = width * share, (delimiter, *quotes)
    return *dialect, best > 0


def _read(text: str, delimiter: str, quote: str, escape: str, *, whole: bool) -> _Reading:
    """Cut a text into records by the gate's grammar; a record that breaks it ends with its line."""
    d, q = re.escape(delimiter), re.escape(quote)
    content = rf"(?:[^{q}]++|{q}{q})*+" if escape == quote else rf"(?:[^{q}\\]++|\\.)*+"
    quoted = rf"{q}({content}){q}" if quote else "(?!)()"
    cell = re.compile(rf"(?:{quoted}|([^{d}{q}\r\n]*+))({d}|\r\n|\n|\r|\Z)", re.DOTALL)
    reading = _Reading()
    place, start, record = 0, 0, list[str]()
    while place < len(text) or record:
        found = cell.match(text, place)
        if found is None:
            after = re.compile(quoted, re.DOTALL).match(text, place)
            if after is None and text.startswith(quote, place):
                if whole or len(text) - place > _LONG:  # else it may close beyond the sample
                    reading.faults.append((place, "a quote is opened and never closed"))
                break
            kind = "text follows a closing quote" if after else "a quote stands inside a cell without quotes"
            reading.faults.append((place, kind))
            place = text.find("\n", after.end() if after else place) + 1 or len(text)
            start, record = place, []
            continue
        inside, plain, ending = found.groups()
        reading.quoted += inside is not None
        record.append(plain if inside is None else _unescaped(inside, quote, escape))
        place = found.end()
        if ending == delimiter:
            continue
        reading.endings.update([ending] if ending else [])
        if ending or whole:  # the last record of a sample that was cut may be cut, too
            reading.records.append(record)
            reading.starts.append(start)
        start, record = place, []
    return reading


def _unescaped(content: str, quote: str, escape: str) -> str:
    if escape == quote:
        return content.replace(quote * 2, quote)
    return re.sub(r"\\(.)", r"\1", content, flags=re.DOTALL)


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _line_ending(endings: Counter[str]) -> LineEnding:
    if endings["\n"] and endings["\r\n"]:
        return "any"
    return "crlf" if endings["\r\n"] else "lf"


def _header(rows: list[list[str]]) -> tuple[tuple[str, ...] | None, str | None]:
    """Return the labels, if the first record seems to be a header, and what is uncertain about it."""
    first, rest = rows[0], rows[1:]
    if any(_VALUE.fullmatch(cell) for cell in first) or first.count("") > len(first) / 2:
        return None, "the first record looks like data"
    if not rest:
        return tuple(first), "there is but one record, taken as the header"
    columns = [[cells[place] for cells in rest] for place in range(len(first))]
    if any(column[0] and _VALUE.fullmatch(column[0]) for column in columns):
        return tuple(first), None
    if any(label in column for label, column in zip(first, columns, strict=True)):
        return None, "the first record has values that other records have, too"
    return tuple(first), "the first record looks like the others, but none of its values comes again"


def _kinds(record: list[str], width: int, *, is_first: bool, is_last: bool) -> Iterator[str]:
    """Yield what is wrong with the form of one record."""
    if record == [""] and width > 1:
        yield "the line is blank"
    elif len(record) != width:
        yield f"{len(record)} cells where most records have {width}" + ("; a trailer?" if is_last else "")
    if record[0].startswith("\ufeff") and not is_first:
        yield "a byte order mark stands before a record: files were joined"
    if any(mark in cell for cell in record for mark in "\x1a\x1b"):
        yield "a control character stands there that no text holds, 0x1A or 0x1B"


def _faults(text: str, reading: _Reading, first: int, labels: tuple[str, ...] | None) -> list[str]:
    """Return what the gate would find, each kind once, with its first line."""
    width, begin = reading.width(), reading.starts[first]
    found: dict[str, list[int]] = {}
    for place, kind in reading.faults:
        if place >= begin:
            found.setdefault(kind, []).append(place)
    for place, record in zip(reading.starts[first:], reading.records[first:], strict=True):
        for kind in _kinds(record, width, is_first=place == begin, is_last=record is reading.records[-1]):
            found.setdefault(kind, []).append(place)
    said = [
        f"line {_line(text, places[0])}{f' and {len(places) - 1:,} more' if len(places) > 1 else ''}: {kind}"
        for kind, places in found.items()
    ]
    if alone := reading.endings["\r"]:
        said.append(f"lines that end with CR alone: {alone:,}")
    said += [f"the header has {label!r} twice" for label, times in Counter(labels or ()).items() if label and times > 1]
    if labels and len(reading.records) == first + 1:
        said.append("no record follows the header")
    if labels and "" in labels:
        said.append("the header has a label that is empty")
    return said
