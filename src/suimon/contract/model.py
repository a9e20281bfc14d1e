"""The compiled contract: what the functions, the Glue job and the checker know of a dataset. Standard library only."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, get_args

ColumnType = Literal["string", "integer", "decimal", "date", "timestamp", "boolean"]
COLUMN_TYPES: tuple[ColumnType, ...] = get_args(ColumnType)

_DS = "{ds}"
_DIGIT, _DIGITS = "\0", "0123456789"
_DATE = f"{_DIGIT * 4}-{_DIGIT * 2}-{_DIGIT * 2}"
_DS_REGEX = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


class ContractError(ValueError):
    """A compiled contract that cannot be used; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """An object key with `{ds}` where the business date stands, e.g. `sales/{ds}/sales_data.csv`."""

    text: str
    _regex: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        head, *rest = (re.escape(part) for part in self.text.split(_DS))
        if not rest:
            raise ContractError(f"key pattern {self.text!r} holds no {_DS}: write it where the business date stands")
        if "{" in self.text.replace(_DS, "") or "}" in self.text.replace(_DS, ""):
            raise ContractError(f"key pattern {self.text!r}: {_DS} is the only placeholder there is")
        # A second {ds} in one key must be the same date as the first.
        regex = head + f"(?P<ds>{_DS_REGEX})" + rest[0] + "".join("(?P=ds)" + part for part in rest[1:])
        object.__setattr__(self, "_regex", re.compile(regex))

    def match(self, key: str) -> str | None:
        """Give the partition (YYYY-MM-DD, a real date) if the whole key matches, else None."""
        found = self._regex.fullmatch(key)
        if found is None:
            return None
        partition = found["ds"]
        try:
            date.fromisoformat(partition)
        except ValueError:
            return None
        return partition

    def key_for(self, partition: str) -> str:
        """Give the one key that matches for a partition; ValueError if it is not a real YYYY-MM-DD."""
        key = self.text.replace(_DS, partition)
        if self.match(key) != partition:
            raise ValueError(f"partition {partition!r} is not a real date written YYYY-MM-DD")
        return key

    def may_meet(self, other: "KeyPattern") -> bool:
        """Tell whether some key could match both: place by place, a digit of a date meets any digit."""
        mine, theirs = (pattern.text.replace(_DS, _DATE) for pattern in (self, other))
        return len(mine) == len(theirs) and all(map(_may_equal, mine, theirs))


def _may_equal(one: str, other: str) -> bool:
    return one == other or (one == _DIGIT and other in _DIGITS) or (other == _DIGIT and one in _DIGITS)


@dataclass(frozen=True, slots=True)
class FileFormat:
    """The dialect of a CSV file: always declared, never guessed. A field equal to a null token is missing."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    null_tokens: tuple[str, ...] = ("",)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "FileFormat":
        """Read the compiled form."""
        return cls(
            encoding=raw["encoding"],
            delimiter=raw["delimiter"],
            quote=raw["quote"],
            escape=raw["escape"],
            header=raw["header"],
            null_tokens=tuple(raw["null_tokens"]),
        )

    def to_json(self) -> dict[str, Any]:
        """Give the compiled form."""
        return {
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "quote": self.quote,
            "escape": self.escape,
            "header": self.header,
            "null_tokens": list(self.null_tokens),
        }


@dataclass(frozen=True, slots=True)
class Column:
    """One column and every rule on its cells. Bounds are inclusive and stay text, so that decimals stay exact."""

    name: str
    type: ColumnType
    required: bool = False
    unique: bool = False
    personal: bool = False  # its values never appear in a report
    partition: bool = False  # its value must be the partition that the key names
    format: str | None = None  # strptime form of dates and timestamps
    precision: int | None = None
    scale: int | None = None
    min_length: int | None = None  # characters, not bytes
    max_length: int | None = None
    minimum: str | None = None
    maximum: str | None = None
    pattern: str | None = None  # RE2, matched against the whole value

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Column":
        """Read the compiled form."""
        if raw["type"] not in COLUMN_TYPES:
            raise ContractError(f"column {raw['name']!r}: type {raw['type']!r} is none of {', '.join(COLUMN_TYPES)}")
        return cls(**raw)

    def to_json(self) -> dict[str, Any]:
        """Give the compiled form: the four flags always, other rules only where they are set."""
        rules = ("format", "precision", "scale", "min_length", "max_length", "minimum", "maximum", "pattern")
        return {
            "name": self.name,
            "type": self.type,
            "required": self.required,
            "unique": self.unique,
            "personal": self.personal,
            "partition": self.partition,
            **{rule: getattr(self, rule) for rule in rules if getattr(self, rule) is not None},
        }


@dataclass(frozen=True, slots=True)
class Arrival:
    """When the file of a business date is due: `deadline` o'clock in `time_zone`, `days_after` days later."""

    days_after: int
    deadline: time
    time_zone: str
    lookback_days: int  # how many past business dates are looked after

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Arrival":
        """Read the compiled form."""
        return cls(
            days_after=raw["days_after"],
            deadline=time.fromisoformat(raw["deadline"]),
            time_zone=raw["time_zone"],
            lookback_days=raw["lookback_days"],
        )

    def to_json(self) -> dict[str, Any]:
        """Give the compiled form; the deadline as HH:MM."""
        return {
            "days_after": self.days_after,
            "deadline": self.deadline.isoformat(timespec="minutes"),
            "time_zone": self.time_zone,
            "lookback_days": self.lookback_days,
        }


@dataclass(frozen=True, slots=True)
class TableFreshness:
    """How old, in days, the newest value of a warehouse table's column may be."""

    table: str
    column: str
    max_age_days: int

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "TableFreshness":
        """Read the compiled form."""
        return cls(table=raw["table"], column=raw["column"], max_age_days=raw["max_age_days"])

    def to_json(self) -> dict[str, Any]:
        """Give the compiled form."""
        return {"table": self.table, "column": self.column, "max_age_days": self.max_age_days}


@dataclass(frozen=True, slots=True)
class Contract:
    """One dataset. A contract without key pattern is a table that is only watched: no file of it is gated."""

    dataset: str
    version: str
    table: str
    dag_id: str | None = None
    key_pattern: KeyPattern | None = None
    file: FileFormat | None = None
    columns: tuple[Column, ...] = ()
    min_rows: int = 0
    arrival: Arrival | None = None
    freshness: TableFreshness | None = None

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Contract":
        """Read the compiled form; ContractError if it is not one."""
        try:
            return cls(
                dataset=raw["dataset"],
                version=raw["version"],
                table=raw["table"],
                dag_id=raw["dag_id"],
                key_pattern=KeyPattern(raw["key_pattern"]) if raw["key_pattern"] else None,
                file=FileFormat.from_json(raw["file"]) if raw["file"] else None,
                columns=tuple(Column.from_json(column) for column in raw["columns"]),
                min_rows=raw["min_rows"],
                arrival=Arrival.from_json(raw["arrival"]) if raw["arrival"] else None,
                freshness=TableFreshness.from_json(raw["freshness"]) if raw["freshness"] else None,
            )
        except (KeyError, TypeError) as error:
            name = raw.get("dataset", "without a dataset") if isinstance(raw, Mapping) else "that is no object"
            raise ContractError(f"compiled contract {name}: {error!r}; compile it anew") from error

    def to_json(self) -> dict[str, Any]:
        """Give the compiled form, as it stands in contracts.json and beside every accepted copy."""
        return {
            "dataset": self.dataset,
            "version": self.version,
            "table": self.table,
            "dag_id": self.dag_id,
            "key_pattern": self.key_pattern.text if self.key_pattern else None,
            "file": self.file.to_json() if self.file else None,
            "columns": [column.to_json() for column in self.columns],
            "min_rows": self.min_rows,
            "arrival": self.arrival.to_json() if self.arrival else None,
            "freshness": self.freshness.to_json() if self.freshness else None,
        }


@dataclass(frozen=True, slots=True)
class Contracts:
    """Every contract of a release. No key matches two of them, and no two share a dataset."""

    all: tuple[Contract, ...]

    def __post_init__(self) -> None:
        for one, other in combinations(self.all, 2):
            if one.dataset == other.dataset:
                raise ContractError(f"two contracts for dataset {one.dataset!r}: keep one")
            if one.key_pattern and other.key_pattern and one.key_pattern.may_meet(other.key_pattern):
                raise ContractError(
                    f"contracts {one.dataset!r} and {other.dataset!r} could match the same key: "
                    f"{one.key_pattern.text!r} and {other.key_pattern.text!r}; make them differ"
                )

    def match(self, key: str) -> tuple[Contract, str] | None:
        """Give the contract of an object key and the partition that the key names; None if no contract has it."""
        for contract in self.all:
            if contract.key_pattern and (partition := contract.key_pattern.match(key)):
                return contract, partition
        return None

    def of(self, dataset: str) -> Contract:
        """Give the contract of a dataset; ContractError that names those there are."""
        for contract in self.all:
            if contract.dataset == dataset:
                return contract
        known = ", ".join(contract.dataset for contract in self.all)
        raise ContractError(f"no contract for dataset {dataset!r}; there are: {known}")

    def to_json(self) -> dict[str, Any]:
        """Give the compiled form of contracts.json."""
        return {"contracts": [contract.to_json() for contract in self.all]}


def read_contracts(path: Path) -> Contracts:
    """Read a compiled contracts.json; ContractError if it is not one."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Contracts(tuple(Contract.from_json(contract) for contract in raw["contracts"]))
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ContractError(f"{path}: not a compiled contracts file ({error!r}); compile the contracts anew") from error
