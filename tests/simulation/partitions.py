"""Partitions of every kind: the files of sales come hourly, weekly, by store, or replace the whole table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contracts
from suimon.contract.partition import Part, Partition, Unit, combinations_of
from suimon.drops.drop import DropRecord, written_order
from suimon.intake import run_start
from suimon.mwaa.conf import conf_for
from tests.simulation.bug import Bug
from tests.simulation.plan import KEYS, SALES

if TYPE_CHECKING:
    from datetime import date

    from suimon.contract.model import Contract
    from tests.simulation.plan import Plan

STORES = (Part("store", ("S01", "S02")),)


@dataclass(frozen=True)
class Kind:
    """A kind of partition: the pattern, and for each of two keys of sales another key and the partition it names."""

    name: str
    pattern: KeyPattern
    first: tuple[str, str]
    second: tuple[str, str]

    def is_for(self, plan: Plan) -> bool:
        """Whether the plan has files that may be of this kind: none that are parts of a set."""
        return plan.contracts.all[0].set_rule is None

    def over(self, plan: Plan) -> Plan:
        """Return the plan with files of this kind in the place of those of sales."""
        arrival = replace(SALES.arrival, unit=self.pattern.unit) if SALES.arrival else None
        sales = replace(SALES, key_pattern=self.pattern, arrival=None if self.pattern.unit is Unit.NONE else arrival)
        others = tuple(one for one in plan.contracts.all if one.dataset != SALES.dataset)
        keys = {KEYS[0]: self.first[0], KEYS[1]: self.second[0]}
        puts = tuple(replace(put, key=keys.get(put.key, put.key)) for put in plan.puts)
        return replace(plan, contracts=Contracts((sales, *others)), puts=puts, named=dict([self.first, self.second]))


def range_of(contract: Contract, first: date, last: date) -> tuple[Partition, Partition]:
    """Return the first and the last partition of some days."""
    return Partition.containing(contract.unit, first), Partition.containing(contract.unit, last, 23)


def every_part(contract: Contract) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Return the combinations of parts that a replay of a range means."""
    return tuple(combinations_of(contract.parts))


KINDS = (
    Kind(
        "hours",
        KeyPattern("sales/{ds}/{hour}.csv"),
        ("sales/2026-11-20/13.csv", "2026-11-20T13"),
        ("sales/2026-11-20/14.csv", "2026-11-20T14"),
    ),
    Kind(
        "weeks", KeyPattern("sales/{week}.csv"), ("sales/2026-W47.csv", "2026-W47"), ("sales/2026-W46.csv", "2026-W46")
    ),
    Kind(
        "months", KeyPattern("sales/{ds:yyyyMM}.csv"), ("sales/202611.csv", "2026-11"), ("sales/202610.csv", "2026-10")
    ),
    Kind(
        "stores",
        KeyPattern("sales/{ds}/{store}.csv", STORES),
        ("sales/2026-11-20/S01.csv", "2026-11-20/store=S01"),
        ("sales/2026-11-20/S02.csv", "2026-11-20/store=S02"),
    ),
    Kind(
        "tables of stores",
        KeyPattern("sales/{store}/latest.csv", STORES),
        ("sales/S01/latest.csv", "all/store=S01"),
        ("sales/S02/latest.csv", "all/store=S02"),
    ),
    Kind("whole tables", KeyPattern("sales/latest.csv"), ("sales/latest.csv", "all"), ("sales/latest.csv", "all")),
)


_text_of, _time_of = KeyPattern._text_of, KeyPattern._time_of


def _day_of_the_hour(self: KeyPattern, found: object) -> str:
    return _time_of(self, found).partition("T")[0]  # type: ignore[arg-type] # a match


def _first_of_its_year(self: KeyPattern, found: object) -> str:
    time = _time_of(self, found)  # type: ignore[arg-type] # a match
    year, _, _ = time.partition("-")
    return f"{year}-W01" if "W" in time else f"{year}-01"


def _last_of_all(record: DropRecord) -> str:
    return (
        "F" * 32 + ".99999999" if record.match and record.partition == "all" else written_order(record.drop.sequencer)
    )


def _conf_of_the_time(record: DropRecord, settings: object) -> dict[str, object]:
    told = conf_for(record, settings)  # type: ignore[arg-type] # as it is given
    return told | {"partition": str(told["partition"]).partition("/")[0]}


# Each with the kind of partition that it is about.
BUGS_OF_PARTITIONS = (
    (
        "stores",
        Bug(
            "the store is forgotten",
            "The partition of a key is its time alone: one store's file takes the other's place.",
            ("the_table_is_the_newest",),
            ((KeyPattern, "_text_of", _time_of),),
        ),
    ),
    (
        "hours",
        Bug(
            "an hour is told as its day",
            "The hour in a key is read and left out: the second hour takes the first one's place.",
            ("the_table_is_the_newest",),
            ((KeyPattern, "_time_of", _day_of_the_hour),),
        ),
    ),
    (
        "weeks",
        Bug(
            "a week is told as its year",
            "The week in a key is read and left out: each week's file takes the place of the one before.",
            ("the_table_is_the_newest",),
            ((KeyPattern, "_time_of", _first_of_its_year),),
        ),
    ),
    (
        "months",
        Bug(
            "a month is told as its year",
            "The month in a key is read and left out: each month's file takes the place of the one before.",
            ("the_table_is_the_newest",),
            ((KeyPattern, "_time_of", _first_of_its_year),),
        ),
    ),
    (
        "tables of stores",
        Bug(
            "a store's table is the whole table",
            "Of a table that each store replaces its part of, the store is forgotten: the last one replaces all.",
            ("the_table_is_the_newest",),
            ((KeyPattern, "_text_of", _time_of),),
        ),
    ),
    (
        "stores",
        Bug(
            "a run is told the time alone",
            "The conf of a run leaves out the store: its load replaces a partition that no key names.",
            ("the_table_is_the_newest",),
            ((run_start, "conf_for", _conf_of_the_time),),
        ),
    ),
    (
        "whole tables",
        Bug(
            "the order of a whole table is ignored",
            "Whatever replaces the whole table has the order of the last write: the fence lets an older one pass.",
            ("the_table_is_the_newest",),
            ((DropRecord, "written", property(_last_of_all)),),
        ),
    ),
)
