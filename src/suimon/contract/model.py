"""The compiled contract: what the functions, the Glue job and the checker know of a dataset. Standard library only."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import Any

from suimon.contract.arrival import Arrival
from suimon.contract.calendar import EVERY_DAY, Calendar
from suimon.contract.conflicts import conflict_of
from suimon.contract.dates import USUAL, DateBounds, Window
from suimon.contract.file import Column, Condition, ContractError, FileFormat, Language, Metric, Tolerance
from suimon.contract.keys import KeyPattern
from suimon.contract.owner import Owner
from suimon.contract.partition import Part, Partition, Unit, combinations_of, partition_of
from suimon.contract.placeholders import SHARD
from suimon.contract.reserved import refused_dataset, refused_table
from suimon.contract.set_rule import SetRule
from suimon.contract.table_freshness import TableFreshness
from suimon.contract.volume import Volume
from suimon.values import dataclass


class Role(StrEnum):
    """What an object of a dataset is."""

    FILE = "file"  # all of a partition
    SHARD = "shard"  # a part of a set
    CONTROL = "control"  # a set's manifest or marker
    SET = "set"  # no object: what the ledger knows a set by


# Where a contract names no share of the Glue job's concurrent runs.
RUNS_AT_ONCE = 2


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
    primary_key: tuple[str, ...] = ()  # names of columns, in key order; each is required
    conditions: tuple[Condition, ...] = ()
    metrics: tuple[Metric, ...] = ()
    tolerance: Tolerance | None = None  # without one the first bad record rejects the file
    language: Language = "en"  # of the reports on its files, and of its messages
    dates: DateBounds = USUAL  # of the dates in its keys
    arrival: Arrival | None = None
    volume: Volume | None = None  # of its files, as compared with comparable days
    freshness: TableFreshness | None = None
    set_rule: SetRule | None = None  # with it a run is opened for whole sets, and the key pattern has shards
    owner: Owner | None = None
    runs_at_once: int = RUNS_AT_ONCE  # of its DAG; the others wait in Airflow's queue
    max_run_minutes: int | None = None  # after so long a run is asked about, and reported if it has not ended
    effective_from: date | None = None  # the first day of its time; None: from the beginning
    earlier: tuple["Contract", ...] = ()  # its earlier versions, the newest first, each up to the next one's time

    @property
    def versions(self) -> tuple["Contract", ...]:
        """Every version by itself, the newest first."""
        return (replace(self, earlier=()), *self.earlier)

    def at(self, partition: str) -> "Contract":
        """Return the version by which files of a partition are judged; the oldest before them all."""
        first = partition_of(partition).first if self.earlier else None
        if first is None:
            return self
        return next((one for one in self.versions if (one.effective_from or date.min) <= first), self.versions[-1])

    def match(self, key: str) -> str | None:
        """Return the partition of a key of this dataset, be it a file, a shard or what says which shards there are."""
        for pattern in self.patterns:
            if partition := pattern.match(key):
                return partition
        return None

    def stamp(self, key: str) -> str:
        """Return the time in a key that says which file of a partition is the newest, as digits; "" without one."""
        return self.key_pattern.stamp(key) if self.key_pattern else ""

    def shard(self, key: str) -> str:
        """Return the name of the shard in a key; "" of any other."""
        return self.key_pattern.shard(key) if self.key_pattern else ""

    @property
    def unit(self) -> Unit:
        """How much time a partition covers."""
        return self.key_pattern.unit if self.key_pattern else Unit.DAY

    @property
    def parts(self) -> tuple[Part, ...]:
        """What tells partitions of one time apart."""
        return self.key_pattern.parts if self.key_pattern else ()

    def has_partition(self, text: str) -> bool:
        """Whether a text is that of a partition which files of this dataset may have."""
        try:
            return self.key_pattern is not None and bool(self.key_pattern.key_for(text))
        except ValueError:
            return False

    @property
    def partition_form(self) -> str:
        """How people write a partition, such as `date written YYYY-MM-DD`."""
        return self.key_pattern.partition_form if self.key_pattern else ""

    def partitions_at(self, time: Partition) -> list[Partition]:
        """Return every partition of the time of another."""
        return [time.at(parts) for parts in combinations_of(self.parts)]

    def role_of(self, key: str) -> Role:
        """Return what a key of this dataset is."""
        if self.set_rule is None:
            return Role.FILE
        if SHARD in key:
            return Role.SET
        return Role.SHARD if self.key_pattern and self.key_pattern.match(key) else Role.CONTROL

    @property
    def calendar(self) -> Calendar:
        """The calendar that ages are counted by: of its table, or else of its files; without any, every day is open."""
        if self.freshness and self.freshness.calendar:
            return self.freshness.calendar
        return self.arrival.calendar if self.arrival else EVERY_DAY

    def comes_outside(self, arrived: datetime) -> Window | None:
        """Return the window of its files that one which arrived then has missed; None if it has missed none."""
        arrival = self.arrival
        window = arrival.window if arrival else None
        return window if window and arrival and not window.has(arrived, arrival.time_zone) else None

    @property
    def patterns(self) -> tuple[KeyPattern, ...]:
        """Every pattern of keys that are this dataset's."""
        return tuple(one for one in (self.key_pattern, self.set_rule and self.set_rule.control) if one)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Contract":
        """Read the compiled form; ContractError if it is not one."""
        try:
            parts = tuple(Part(name, tuple(values)) for name, values in raw["parts"].items())
            return cls(
                dataset=raw["dataset"],
                version=raw["version"],
                table=raw["table"],
                dag_id=raw["dag_id"],
                runs_at_once=raw["runs_at_once"],
                max_run_minutes=raw.get("max_run_minutes"),
                key_pattern=KeyPattern(raw["key_pattern"], parts) if raw["key_pattern"] else None,
                file=FileFormat.from_json(raw["file"]) if raw["file"] else None,
                columns=tuple(Column.from_json(column) for column in raw["columns"]),
                primary_key=tuple(raw["primary_key"]),
                conditions=tuple(Condition.from_json(condition) for condition in raw["conditions"]),
                metrics=tuple(Metric.from_json(metric) for metric in raw["metrics"]),
                tolerance=Tolerance.from_json(raw["tolerance"]) if raw["tolerance"] else None,
                language=raw["language"],
                dates=DateBounds.from_json(raw["dates"]),
                arrival=Arrival.from_json(raw["arrival"]) if raw["arrival"] else None,
                volume=Volume.from_json(raw["volume"]) if raw.get("volume") else None,
                freshness=TableFreshness.from_json(raw["freshness"]) if raw["freshness"] else None,
                set_rule=SetRule.from_json(raw["set_rule"], parts) if raw["set_rule"] else None,
                owner=Owner.from_json(raw["owner"]) if raw["owner"] else None,
                effective_from=date.fromisoformat(given) if (given := raw.get("effective_from")) else None,
                earlier=tuple(map(cls.from_json, raw.get("earlier", ()))),
            )
        except ContractError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            name = raw.get("dataset", "without a dataset") if isinstance(raw, Mapping) else "that is no object"
            raise ContractError(f"compiled contract {name}: {error!r}; compile it again") from error

    def to_json(self) -> dict[str, Any]:
        """Return the compiled form, as it stands in contracts.json and beside every accepted copy."""
        return {
            "dataset": self.dataset,
            "version": self.version,
            "table": self.table,
            "dag_id": self.dag_id,
            "runs_at_once": self.runs_at_once,
            "max_run_minutes": self.max_run_minutes,
            "key_pattern": self.key_pattern.text if self.key_pattern else None,
            "parts": {part.name: list(part.values) for part in self.parts},
            "file": self.file.to_json() if self.file else None,
            "columns": [column.to_json() for column in self.columns],
            "primary_key": list(self.primary_key),
            "conditions": [condition.to_json() for condition in self.conditions],
            "metrics": [metric.to_json() for metric in self.metrics],
            "tolerance": self.tolerance.to_json() if self.tolerance else None,
            "language": self.language,
            "dates": self.dates.to_json(),
            "arrival": self.arrival.to_json() if self.arrival else None,
            "volume": self.volume.to_json() if self.volume else None,
            "freshness": self.freshness.to_json() if self.freshness else None,
            "set_rule": self.set_rule.to_json() if self.set_rule else None,
            "owner": self.owner.to_json() if self.owner else None,
            **({"effective_from": self.effective_from.isoformat()} if self.effective_from else {}),
            **({"earlier": [one.to_json() for one in self.earlier]} if self.earlier else {}),
        }


# So many characters of a key are compared with patterns: a comparison takes the square of them.
_COMPARED = 200


@dataclass(frozen=True, slots=True)
class Contracts:
    """Every contract of a release. No key matches two of them, and no two share a dataset, a table or a DAG."""

    all: tuple[Contract, ...]

    def __post_init__(self) -> None:
        for one, other in combinations(self.all, 2):
            if conflict := conflict_of(one, other):
                raise ContractError(conflict.message)
        for one in self.all:
            if one.key_pattern and (refused := refused_dataset(one.dataset)):
                raise ContractError(f"contract {one.dataset!r}: its name {refused}")
            if one.key_pattern and (refused := refused_table(one.table)):
                raise ContractError(f"contract {one.dataset!r}: table {one.table!r} {refused}")

    @property
    def names(self) -> list[str]:
        """The datasets that there are contracts of."""
        return [contract.dataset for contract in self.all]

    def match(self, key: str) -> tuple[Contract, str] | None:
        """Return the contract of an object key and the partition that the key names; None if no contract has it."""
        for contract in self.all:
            if partition := contract.match(key):
                return contract, partition
        return None

    def nearest(self, key: str) -> tuple[Contract, KeyPattern] | None:
        """Return the pattern that a key which matches none was most likely meant for; None if none is like it."""
        written = {pattern.of_zeros: (one, pattern) for one in self.all for pattern in one.patterns}
        near = get_close_matches(re.sub("[0-9]", "0", key[:_COMPARED]), written, n=1)
        return written[near[0]] if near else None

    def of(self, dataset: str) -> Contract:
        """Return the contract of a dataset; ContractError that names those there are."""
        for contract in self.all:
            if contract.dataset == dataset:
                return contract
        like = get_close_matches(dataset, self.names, 1)
        hint = f"; did you mean {like[0]}?" if like else ""
        raise ContractError(f"no contract for dataset {dataset!r}; there are: {', '.join(self.names)}{hint}")

    def to_json(self) -> dict[str, Any]:
        """Return the compiled form of contracts.json."""
        return {"contracts": [contract.to_json() for contract in self.all]}


def read_contracts(path: Path) -> Contracts:
    """Read a compiled contracts.json; ContractError if it is not one."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Contracts(tuple(Contract.from_json(contract) for contract in raw["contracts"]))
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ContractError(
            f"{path}: not a compiled contracts file ({error!r}); compile the contracts again"
        ) from error
