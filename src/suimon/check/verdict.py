"""What the checker says of a file: yes, or every bad cell with its place. Personal values never get in here."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

MASK = "***"
VALUE_LENGTH = 100  # longer values are cut in reports


class Code(StrEnum):
    """Stable error codes, in the manner of Frictionless; `meaning` is one line for people."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Make a member of its code and its meaning."""
        code = str.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    # The file
    EMPTY_FILE = "empty-file", "the file holds no bytes"
    BYTE_ORDER_MARK = "byte-order-mark", "the file starts with a byte order mark that the contract does not declare"
    ROW_COUNT_ERROR = "row-count-error", "the file holds fewer rows than the contract asks for"
    # The header
    MISSING_HEADER = "missing-header", "the first line holds none of the contract's labels"
    MISSING_LABEL = "missing-label", "a column of the contract is not in the header"
    EXTRA_LABEL = "extra-label", "the header has a column that the contract does not know"
    DUPLICATE_LABEL = "duplicate-label", "the header has a label twice"
    MISPLACED_LABEL = "misplaced-label", "a label stands at another place than in the contract"
    # Records
    BLANK_ROW = "blank-row", "a line is empty"
    EXTRA_CELL = "extra-cell", "a record has more cells than the header"
    MISSING_CELL = "missing-cell", "a record has fewer cells than the header"
    QUOTE_ERROR = "quote-error", "text stands beside the quotes of a quoted cell"
    UNTERMINATED_QUOTE = "unterminated-quote", "a quote is opened and never closed: what follows cannot be judged"
    LINE_ENDING_ERROR = "line-ending-error", "a carriage return stands alone outside quotes"
    RECORD_TOO_LONG = "record-too-long", "a record is too long to be one: what follows cannot be judged"
    ENCODING_ERROR = "encoding-error", "bytes that are not in the declared encoding"
    NULL_BYTE = "null-byte", "a NUL byte"
    # Cells
    REQUIRED_ERROR = "required-error", "a required value is missing"
    TYPE_ERROR = "type-error", "the value is not of the column's type"
    MIN_LENGTH_ERROR = "min-length-error", "the value is too short"
    MAX_LENGTH_ERROR = "max-length-error", "the value is too long"
    MINIMUM_ERROR = "minimum-error", "the value is too small"
    MAXIMUM_ERROR = "maximum-error", "the value is too large"
    PATTERN_ERROR = "pattern-error", "the value does not match the column's pattern"
    UNIQUE_ERROR = "unique-error", "the value stands in an earlier record"
    PARTITION_ERROR = "partition-error", "the value is not the partition that the key names"


@dataclass(frozen=True, slots=True)
class BadCell:
    """One fault and its place. A fault of a record or of the file has no column; one of the header no record."""

    code: Code
    message: str
    line: int | None = None  # physical line on which the cell starts, from 1
    record: int | None = None  # data record, from 1, the header not counted
    column: str | None = None
    value: str | None = None  # masked when personal, cut when long


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many cells break one rule of one column, listed or not."""

    code: Code
    column: str | None
    cells: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The checker's answer. `bad_cells` is in file order and exact, unless `truncated`; `counts` are always exact."""

    accepted: bool
    rows: int
    bad_cells: tuple[BadCell, ...] = ()
    counts: tuple[RuleCount, ...] = ()
    truncated: bool = False

    @property
    def bad_cell_count(self) -> int:
        """How many bad cells there are, listed or not."""
        return sum(count.cells for count in self.counts)


def shown(value: str, *, personal: bool) -> str:
    """Give a value as a report may show it."""
    if personal:
        return MASK
    text = value.encode("utf-8", "backslashreplace").decode()  # a stray byte is a lone surrogate here
    return text if len(text) <= VALUE_LENGTH else text[: VALUE_LENGTH - 1] + "…"
