"""What a contract says of the file itself: dialect, columns, conditions, metrics, tolerance. Standard library only."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any, Literal, Self, get_args

from suimon.contract.written import ISO_DATE, CellForm, is_of_strptime
from suimon.values import dataclass

ColumnType = Literal["string", "integer", "decimal", "date", "timestamp", "boolean"]
COLUMN_TYPES: tuple[ColumnType, ...] = get_args(ColumnType)
Encoding = Literal["utf-8", "utf-8-sig", "utf-16", "cp932", "shift_jis", "euc-jp"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
Compression = Literal["none", "gzip", "zstd", "zip"]
COMPRESSIONS: tuple[Compression, ...] = get_args(Compression)
LineEnding = Literal["any", "lf", "crlf"]
LINE_ENDINGS: tuple[LineEnding, ...] = get_args(LineEnding)
MetricName = Literal["rowCount", "nullValues", "missingValues", "invalidValues", "duplicateValues"]
METRICS: tuple[MetricName, ...] = get_args(MetricName)
Severity = Literal["error", "warning"]
Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

# Text of a table compresses ten- to thirty-fold; a hundred is a bomb or a mistake. A file may be declared otherwise.
MAX_RATIO = 100
MAX_BYTES = 100 * 2**30  # decompressed
MOST_KEYS = 8  # beside the primary key: each value of each is kept until the file has been read


class ContractError(ValueError):
    """A compiled contract that cannot be used; the message says which one and why."""


class _Json:
    """To and from the compiled form: an object of the fields that are not at their default."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Return the compiled form."""
        return {
            field.name: asdict(value) if hasattr(value := getattr(self, field.name), "__dataclass_fields__") else value
            for field in fields(self)  # type: ignore[arg-type] # every subclass is a dataclass
            if getattr(self, field.name) is not None
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read the compiled form; lists become tuples."""
        return cls(**{name: _tuple(value) for name, value in raw.items()})


def _tuple(value: Any) -> Any:
    return tuple(_tuple(item) for item in value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Trailer(_Json):
    """The last line of a file, which is no record: `marker` in its first cell, control totals in others (from 1)."""

    marker: str
    count: int | None = None  # the cell that holds the number of records
    sums: tuple[tuple[str, int], ...] = ()  # column -> the cell that holds its sum


@dataclass(frozen=True, slots=True)
class FileFormat(_Json):
    """The dialect of a CSV file: always declared, never guessed. A cell equal to a null token is missing."""

    encoding: Encoding = "utf-8"
    delimiter: str = ","
    quote: str = '"'  # "" when nothing is quoted: then a quote is a character like any other
    escape: str = '"'  # inside quotes: the quote doubled, or "\\" before any character
    line_ending: LineEnding = "any"  # any: LF or CRLF, record by record
    header: bool = True
    header_order: Literal["fixed", "free"] = "fixed"
    header_case: Literal["exact", "ignore"] = "exact"
    extra_columns: Literal["refuse", "warn", "ignore"] = "refuse"
    null_tokens: tuple[str, ...] = ("",)
    decimal: str = "."  # the decimal separator: "." or ","
    skip_lines: int = 0  # physical lines before the header
    comment: str | None = None  # a line that starts with this, outside quotes, is no record
    compression: Compression = "none"
    max_ratio: int = MAX_RATIO  # decompressed bytes for one byte of the object
    max_bytes: int = MAX_BYTES  # decompressed bytes in all
    trailer: Trailer | None = None

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read the compiled form."""
        trailer = raw.get("trailer")
        plain = {name: _tuple(value) for name, value in raw.items()}
        return cls(**plain | ({"trailer": Trailer.from_json(trailer)} if trailer else {}))

    def plain(self) -> "FileFormat":
        """Return the dialect of accepted rows that were rewritten: UTF-8, a header, then only records."""
        return replace(
            self,
            encoding="utf-8",
            quote='"',
            escape='"',
            header=True,
            line_ending="lf",
            header_order="fixed",
            header_case="exact",
            extra_columns="refuse",
            skip_lines=0,
            comment=None,
            compression="none",
            trailer=None,
        )


@dataclass(frozen=True, slots=True)
class Column(_Json):
    """One column and every rule on its cells. Bounds are inclusive and stay text, so that decimals stay exact."""

    name: str
    type: ColumnType
    label: str | None = None  # what the header calls it, when that is not its name
    required: bool = False
    may_be_absent: bool = False  # from the file: then all its values are missing
    unique: bool = False
    personal: bool = False  # its values never appear in a report
    partition: str | None = None  # what of the key's each value must be: ds, hour, month, week or a part's name
    # strptime form of dates and timestamps: %Y %m %d %H %M %S %g (ms) %f (us) %z (zone); of dates also of `written`
    format: str | None = None
    bits: int | None = None  # of an integer: 32 or 64
    precision: int | None = None
    scale: int | None = None
    min_length: int | None = None  # characters, not bytes
    max_length: int | None = None
    minimum: str | None = (
        None  # written as JSON writes numbers, as YYYY-MM-DD, or as YYYY-MM-DDThh:mm:ss (UTC if zoned)
    )
    maximum: str | None = None
    pattern: str | None = None  # RE2, matched against any part of the value: anchor it to match the whole
    allowed: tuple[str, ...] | None = None  # the only values there may be, as texts
    true_words: tuple[str, ...] | None = None  # of a boolean, exactly as written
    false_words: tuple[str, ...] | None = None
    trimmed: bool = False  # blanks around a value are none of it
    full_width: bool = False  # of numbers, dates and timestamps: full-width characters are what they look like
    thousands: str | None = None  # of numbers: what may stand between groups of three digits
    pivot: int | None = None  # of a date with a two-digit year: the first of the hundred years that it may be

    def __post_init__(self) -> None:
        if self.type not in COLUMN_TYPES:
            raise ContractError(f"column {self.name!r}: type {self.type!r} is none of {', '.join(COLUMN_TYPES)}")

    @property
    def title(self) -> str:
        """What the header calls it."""
        return self.label or self.name

    @property
    def sql_type(self) -> str:
        """DuckDB's type of its values."""
        match self.type:
            case "integer":
                return "BIGINT" if self.bits == 64 else "INTEGER"  # noqa: PLR2004 the one other width there is
            case "decimal":
                return f"DECIMAL({int(self.precision or 38)}, {int(self.scale or 0)})"
            case "date" | "timestamp" | "boolean":
                return self.type.upper()
            case "string":
                return "VARCHAR"

    def form(self, decimal: str) -> CellForm | None:
        """Return how its cells are written, where that is not plain; `decimal` is the dialect's."""
        return CellForm.of(self.to_json(), decimal)

    @property
    def plain_format(self) -> str | None:
        """The format of its plain cells."""
        return self.format if is_of_strptime(self.format) else ISO_DATE

    @property
    def names_an_hour(self) -> bool:
        """Whether every value is written with a day and, one mark behind it, an hour."""
        form = self.format or ""
        return self.type == "timestamp" and form.startswith("%Y-%m-%d") and form[len("%Y-%m-%d") + 1 :].startswith("%H")

    @property
    def names_a_day(self) -> bool:
        """Whether every value is written with a day, which the partition of a key can be."""
        return self.type == "date" or (self.type == "timestamp" and (self.format or "").startswith("%Y-%m-%d"))


@dataclass(frozen=True, slots=True)
class Condition(_Json):
    """A condition over the cells of one record, which must not be false (missing values make it neither).

    `sql` is DuckDB's, checked and rewritten when the contract is compiled: column n of the contract is t{n}, its typed
    value (DATE, TIMESTAMP in UTC, DECIMAL, INTEGER or BIGINT, BOOLEAN, VARCHAR; NULL when missing or not of its type);
    '{ds}' in it stands for the date in the file's key, and nowhere else.
    """

    name: str
    sql: str
    columns: tuple[str, ...]  # those it reads, for the report
    text: str  # as the contract writes it, or its description, for people

    @property
    def names_date(self) -> bool:
        """Whether it compares with the date in the file's key."""
        return "{ds}" in self.sql


@dataclass(frozen=True, slots=True)
class Metric(_Json):
    """An ODCS library metric and its threshold. Bounds are inclusive texts of decimals; None is no bound.

    rowCount counts records; nullValues missing cells (null tokens); missingValues cells that equal one of `values`
    or are missing; invalidValues cells that are there and are none of `values` or do not match `pattern`;
    duplicateValues cells (combinations, over several `columns`) that stand in an earlier record.
    """

    name: MetricName
    columns: tuple[str, ...] = ()  # none for rowCount, several for duplicateValues only
    minimum: str | None = None
    maximum: str | None = None
    minimum_open: bool = False  # the bound itself is outside
    maximum_open: bool = False
    negated: bool = False  # mustNotBe, mustNotBeBetween: outside the bounds
    unit: Literal["rows", "percent"] = "rows"  # percent of all records
    severity: Severity = "error"
    values: tuple[str, ...] | None = None
    pattern: str | None = None
    text: str = ""  # the threshold as people read it, such as "at least 1"


@dataclass(frozen=True, slots=True)
class Tolerance(_Json):
    """How many bad records are set aside instead of rejecting the file. Both given: both must hold."""

    max_rows: int | None = None
    max_percent: str | None = None  # of the file's records, a decimal as text
