"""What stands before the records: a byte order mark, skipped lines, and the header, held against the contract."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import chain

from suimon.check.grammar import BYTE_ORDER_MARK, MAX_RECORD_BYTES, Grammar
from suimon.check.scanned import Fault
from suimon.check.structure import first_record
from suimon.check.verdict import BadCell, Code, shown
from suimon.contract.file import FileFormat
from suimon.contract.model import Contract
from suimon.values import dataclass

# Of ten letters one may be wrong.
_SLIP = 0.85
_SAMPLE_BYTES = 256 * 1024
# A table of Redshift has 1,600 columns at most, and DuckDB takes ever more time and memory for each.
MOST_LABELS = 4_000
# The column that the report's bad records have before their own. A file with it is a part of a file: as a load replaces
# a whole partition, it is refused where other unknown columns are allowed, too.
REASON = "suimon_reason"
# Of so many unknown labels it is asked whether they are like a known one.
_MOST_COMPARED = 200


@dataclass(frozen=True, slots=True)
class Head:
    """What was found before the records; `lines` were read so far, `body` is what follows.

    `places` are the file's columns as places in the contract, None where it knows none or cannot tell which.
    """

    places: tuple[int | None, ...]
    lines: int
    faults: tuple[BadCell, ...]
    body: Iterator[bytes]
    empty: bool = False
    stopped: bool = False  # the header does not end or has too many labels: what follows cannot be judged
    labels: tuple[str, ...] = ()
    width: int = 0  # cells of the first record, where it can be read
    sample: bytes = b""  # the first records
    unknown: tuple[str, ...] = ()  # labels that the contract does not know, and only warns of


def read_head(chunks: Iterator[bytes], contract: Contract, dialect: FileFormat) -> Head:
    """Read up to the first record."""
    text, ended = _read_on(b"", chunks)
    columns = tuple(range(len(contract.columns)))
    faults, unknown = list[BadCell](), list[str]()
    if not text:
        return Head(columns, 0, (BadCell(Code.EMPTY_FILE),), iter(()), empty=True)
    if text.startswith(BYTE_ORDER_MARK):
        faults.append(BadCell(Code.BYTE_ORDER_MARK, 1))
        text = text.removeprefix(BYTE_ORDER_MARK)
    text, lines, ended = _after_skipped(text, chunks, dialect, ended=ended)
    if not dialect.header:
        return Head(columns, lines, tuple(faults), chain([text], chunks), sample=text[:_SAMPLE_BYTES])
    grammar = Grammar(dialect, len(contract.columns))
    labels, broken, end = tuple[str, ...](), list[Fault](), 0
    if text:  # a line that is not there has no faults
        labels, broken, end = first_record(grammar, text, last=ended)
    line = lines + 1
    crowded = len(labels) > MOST_LABELS
    labels = labels[:MOST_LABELS]
    known = _places(labels, contract, dialect)
    titles = {_plain(column.title, dialect) for column in contract.columns}
    if any(_plain(label, dialect) in titles for label in labels):
        masked = any(column.personal for column in contract.columns)
        for fault in broken:
            label = None if fault.value is None else shown(fault.value, personal=masked)
            faults.append(BadCell(fault.code, line + fault.line - 1, value=label, details=fault.details))
        wrong, unknown = _apart(
            _label_faults(labels, contract, dialect, _lines_of(labels, line), masked=masked), dialect
        )
        faults += wrong
    else:
        # What stands there may be a first record, with personal values: show nothing of it.
        faults += [BadCell(fault.code, line + fault.line - 1, details=fault.details) for fault in broken]
        if labels or not broken:  # of one that cannot be read nobody knows what it holds
            wanted = ", ".join(column.title for column in contract.columns)
            faults.append(BadCell(Code.MISSING_HEADER, line, details={"labels": wanted}))
        known = (None,) * len(columns)
    if crowded:
        faults.append(BadCell(Code.TOO_MANY_LABELS, line, details={"most": MOST_LABELS}))
    header = text[:end]
    lines += header.count(b"\n") + (header != b"" and not header.endswith(b"\n"))
    stopped = crowded or any(fault.code in {Code.UNTERMINATED_QUOTE, Code.RECORD_TOO_LONG} for fault in broken)
    body = iter(()) if stopped else chain([text[end:]], chunks)
    width = _width(grammar, text[end:])
    if faults and width == len(columns) != len(known):
        # The header alone is broken: records are not blamed for being as wide as the contract, and which of their
        # cells is which nobody knows.
        known = (None,) * width
    sample = text[end : end + _SAMPLE_BYTES]
    return Head(
        known,
        lines,
        tuple(faults),
        body,
        stopped=stopped,
        labels=labels,
        width=width,
        sample=sample,
        unknown=tuple(unknown),
    )


def _width(grammar: Grammar, text: bytes) -> int:
    """Return how many cells the first record has; 0 where there is none that can be read."""
    start = 0
    while grammar.comment and text.startswith(grammar.comment, start):
        start = text.find(b"\n", start) + 1 or len(text)
    if text.startswith(BYTE_ORDER_MARK, start):  # as where a header was put before a file that has one
        start += len(BYTE_ORDER_MARK)
    record = grammar.record_at(text, start, min(len(text), start + MAX_RECORD_BYTES))
    return grammar.width_of(record) if record and record.strip(b"\r\n") else 0


def _read_on(text: bytes, chunks: Iterator[bytes]) -> tuple[bytes, bool]:
    """Read until there is enough to hold every header there may be; tell whether that is all."""
    buffer = bytearray(text)
    for chunk in chunks:
        buffer += chunk
        if len(buffer) > 2 * MAX_RECORD_BYTES:
            return bytes(buffer), False
    return bytes(buffer), True


def _after_skipped(
    text: bytes, chunks: Iterator[bytes], dialect: FileFormat, *, ended: bool
) -> tuple[bytes, int, bool]:
    """Skip the lines above the header: return what follows, how many there are, and whether the file ends there."""
    position = lines = 0
    comment = dialect.comment.encode() if dialect.comment else None
    while position < len(text) and (lines < dialect.skip_lines or (comment and text.startswith(comment, position))):
        while (end := text.find(b"\n", position)) < 0 and not ended:
            text, ended = _read_on(b"", chunks)
            position = 0
        position = end + 1 or len(text)
        lines += 1
        if len(text) - position <= MAX_RECORD_BYTES and not ended:
            text, ended = _read_on(text[position:], chunks)
            position = 0
    return text[position:], lines, ended


def _places(labels: tuple[str, ...], contract: Contract, dialect: FileFormat) -> tuple[int | None, ...]:
    wanted = {_plain(column.title, dialect): place for place, column in enumerate(contract.columns)}
    plain = [_plain(label, dialect) for label in labels]
    times = Counter(plain)
    return tuple(wanted.get(label) if times[label] == 1 else None for label in plain)


def _is_like(label: str, titles: Iterable[str]) -> bool:
    """Whether an unknown label is one of the contract's but for case, blanks, Unicode form or a slip of the pen.

    What is not may be a personal value: of a record that a lost line ending has joined to the header.
    """
    plain = _folded(label)
    return any(plain == (title := _folded(one)) or _is_slip(plain, title) for one in titles)


def _is_reason(label: str) -> bool:
    return _folded(label) == REASON


def _is_slip(label: str, title: str) -> bool:
    matcher = SequenceMatcher(None, label, title)
    return matcher.real_quick_ratio() > _SLIP and matcher.quick_ratio() > _SLIP and matcher.ratio() > _SLIP


def _folded(label: str) -> str:
    return "".join(unicodedata.normalize("NFKC", label).casefold().split())


def _plain(label: str, dialect: FileFormat) -> str:
    return label.casefold() if dialect.header_case == "ignore" else label


def _apart(found: Iterable[BadCell], dialect: FileFormat) -> tuple[list[BadCell], list[str]]:
    """Return the faults of labels that reject a file, and the labels that are only warned of."""
    every = list(found)
    warned = [
        one
        for one in every
        if dialect.extra_columns == "warn" and one.code is Code.EXTRA_LABEL and not _is_reason(one.value or "")
    ]
    return [one for one in every if one not in warned], [one.value or "" for one in warned]


def _lines_of(labels: tuple[str, ...], line: int) -> list[int]:
    """Return the line on which each label starts: a quoted one may hold line breaks."""
    lines = [line]
    for label in labels:
        lines.append(lines[-1] + label.count("\n"))
    return lines


def _label_faults(
    labels: tuple[str, ...], contract: Contract, dialect: FileFormat, lines: list[int], *, masked: bool
) -> Iterator[BadCell]:
    names = {_plain(column.title, dialect): column.name for column in contract.columns}
    wanted = list(names)
    plain = [_plain(label, dialect) for label in labels]
    first = {label: place for place, label in reversed(list(enumerate(plain)))}
    compared = 0
    for column in contract.columns:
        if not column.may_be_absent and _plain(column.title, dialect) not in first:
            yield BadCell(Code.MISSING_LABEL, lines[0], column=column.name, details={"label": column.title})
    for place, label in enumerate(plain):
        if label not in names:
            if dialect.extra_columns != "ignore" or _is_reason(label):
                compared += masked
                hidden = not _is_reason(label) and (
                    compared > _MOST_COMPARED
                    or (masked and not _is_like(labels[place], (column.title for column in contract.columns)))
                )
                value = shown(labels[place], personal=hidden)
                yield BadCell(Code.EXTRA_LABEL, lines[place], value=value, details={"place": place + 1})
        elif first[label] < place:
            details = {"place": place + 1, "first": first[label] + 1}
            yield BadCell(Code.DUPLICATE_LABEL, lines[place], column=names[label], details=details)
    if dialect.header_order == "free":
        return
    ours = [label for place, label in enumerate(plain) if label in names and first[label] == place]
    expected = [(place, label) for place, label in enumerate(wanted) if label in first]
    for (place, label), other in zip(expected, ours, strict=True):
        if label != other:
            after = contract.columns[place - 1].title if place else ""
            there = first[label]
            yield BadCell(
                Code.MISPLACED_LABEL, lines[there], column=names[label], details={"place": there + 1, "after": after}
            )
