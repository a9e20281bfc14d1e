"""What the checker says of a file: yes, or every bad cell with its place. Personal values never get in here."""

import re
from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from enum import StrEnum

from suimon.contract.file import Metric, Severity
from suimon.values import dataclass

MASK = "***"
VALUE_LENGTH = 100  # longer values are cut in reports

Details = Mapping[str, str | int]
Shared = tuple[tuple[str, str | int], ...]  # those details that all bad cells of a rule have alike


class Code(StrEnum):
    """Stable error codes, in the manner of Frictionless; `messages` says what each means, and in which words."""

    # The file as bytes
    EMPTY_FILE = "empty-file"
    COMPRESSION_ERROR = "compression-error"  # not of the declared compression, or damaged
    TRUNCATED_FILE = "truncated-file"  # compressed bytes that end too early
    DECOMPRESSION_LIMIT = "decompression-limit"  # more than the declared ratio or size
    BYTE_ORDER_MARK = "byte-order-mark"  # one that is not declared
    MISSING_BYTE_ORDER_MARK = "missing-byte-order-mark"  # UTF-16 without one
    WRONG_ENCODING = "wrong-encoding"  # bytes that decode as declared, but are text of another encoding
    DATE_OUT_OF_BOUNDS = "date-out-of-bounds"  # the key's date is further back or ahead than the contract allows
    OUTSIDE_WINDOW = "outside-window"  # the file came at another time of the day than the contract allows
    VOLUME_ERROR = "volume-error"  # much less, or much more, than on comparable days
    TOO_MANY_FAULTS = "too-many-faults"  # so many broken records or bad cells that reading stopped
    # The file as a table
    ROW_COUNT_ERROR = "row-count-error"
    QUALITY_ERROR = "quality-error"  # another metric past its threshold
    MISSING_TRAILER = "missing-trailer"
    TRAILER_COUNT_ERROR = "trailer-count-error"
    TRAILER_SUM_ERROR = "trailer-sum-error"
    # The header
    MISSING_HEADER = "missing-header"
    MISSING_LABEL = "missing-label"
    EXTRA_LABEL = "extra-label"
    DUPLICATE_LABEL = "duplicate-label"
    MISPLACED_LABEL = "misplaced-label"
    TOO_MANY_LABELS = "too-many-labels"  # reading stopped at the header
    # Records
    BLANK_ROW = "blank-row"
    EXTRA_CELL = "extra-cell"
    MISSING_CELL = "missing-cell"
    QUOTE_ERROR = "quote-error"
    UNTERMINATED_QUOTE = "unterminated-quote"
    LINE_ENDING_ERROR = "line-ending-error"
    RECORD_TOO_LONG = "record-too-long"
    ENCODING_ERROR = "encoding-error"
    NULL_BYTE = "null-byte"
    CONTROL_CHARACTER = "control-character"
    CONDITION_ERROR = "condition-error"
    PRIMARY_KEY_ERROR = "primary-key-error"
    # Cells
    REQUIRED_ERROR = "required-error"
    TYPE_ERROR = "type-error"
    MIN_LENGTH_ERROR = "min-length-error"
    MAX_LENGTH_ERROR = "max-length-error"
    MINIMUM_ERROR = "minimum-error"
    MAXIMUM_ERROR = "maximum-error"
    PATTERN_ERROR = "pattern-error"
    ALLOWED_VALUES_ERROR = "allowed-values-error"
    UNIQUE_ERROR = "unique-error"
    PARTITION_ERROR = "partition-error"


class CauseKind(StrEnum):
    """What the whole file seems to be; `report` has the words."""

    COMPRESSED = "compressed"
    NOT_COMPRESSED = "not-compressed"
    OTHER_KIND = "other-kind"
    ENCODING = "encoding"
    DELIMITER = "delimiter"
    LINE_ENDING = "line-ending"
    HEADER_WIDTH = "header-width"
    UNICODE_FORM = "unicode-form"
    END_MARK = "end-mark"
    JOINED = "joined"
    OTHER_CONTRACT = "other-contract"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause; `details` are the contract's terms and what stands there instead, never a value of the file."""

    kind: CauseKind
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadCell:
    """One fault and its place. A fault of a record or of the file has no column; one of the header no record.

    `details` are what `messages.say` needs to put the fault in words: contract terms and figures, never cell values.
    """

    code: Code
    line: int | None = None  # physical line on which the cell starts, from 1
    record: int | None = None  # data record, from 1, the header not counted
    column: str | None = None  # its name in the contract; the columns of a primary key joined by ", "
    value: str | None = None  # masked when personal, cut when long
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many cells break one rule of one column, listed or not."""

    code: Code
    column: str | None
    cells: int
    details: Details = field(default_factory=dict)  # those that all its cells share, to put the rule in words


@dataclass(frozen=True, slots=True)
class Measurement:
    """A quality metric of the contract as this file has it. `value` is a count of records or cells."""

    metric: Metric
    value: int
    percent: str  # of all records, with four decimals
    kept: bool  # within its threshold

    @property
    def severity(self) -> Severity:
        """What it means when it is not kept: an error rejects the file, a warning does not."""
        return self.metric.severity


@dataclass(frozen=True, slots=True)
class Verdict:
    """The checker's answer. `bad_cells` is in file order and exact, unless `truncated`; `counts` are always exact.

    A file with bad records may still be accepted within its contract's tolerance: then `set_aside` of its `rows`
    are not among the accepted ones. Otherwise an accepted file has no bad cells.
    """

    accepted: bool
    rows: int  # records in the file, bad ones included
    bad_cells: tuple[BadCell, ...] = ()
    counts: tuple[RuleCount, ...] = ()
    truncated: bool = False  # more bad cells than are listed
    measurements: tuple[Measurement, ...] = ()
    bad_records: int | None = None  # with at least one fault; counted when the contract has a tolerance
    set_aside: int = 0
    unknown_labels: tuple[str, ...] = ()  # columns that the contract does not know and only warns of
    cause: Cause | None = None  # of a rejected file: what is behind its faults, as a guess for people
    sums: Mapping[str, Decimal] = field(default_factory=dict)  # by column, of all records; those that are known

    @property
    def accepted_rows(self) -> int:
        """How many records go on."""
        return self.rows - self.set_aside if self.accepted else 0

    @property
    def bad_cell_count(self) -> int:
        """How many bad cells there are, listed or not."""
        return sum(count.cells for count in self.counts)

    @property
    def warnings(self) -> tuple[Measurement, ...]:
        """The measurements that are past a threshold that only warns."""
        return tuple(one for one in self.measurements if not one.kept and one.severity == "warning")

    @property
    def warns(self) -> bool:
        """Whether people are to be told of something that rejects nothing."""
        return bool(self.warnings or self.unknown_labels)


# What differs from one bad cell to the next of the same rule.
_OWN = {"first", "cells", "byte", "found", "place", "after", "bytes", "kind", "to", "clause"}


def shared(details: Details) -> Shared:
    """Return the details that all bad cells of a rule have alike."""
    return tuple(sorted((name, value) for name, value in details.items() if name not in _OWN))


_STRAY = re.compile("[\udc00-\udcff]")  # a byte that is none of the encoding


def shown(value: str, *, personal: bool) -> str:
    """Return a value as a report may show it."""
    if personal:
        return MASK
    text = _STRAY.sub(lambda stray: f"\\x{ord(stray[0]) - 0xDC00:02x}", value)
    return text if len(text) <= VALUE_LENGTH else text[: VALUE_LENGTH - 1] + "…"
