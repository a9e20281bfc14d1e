"""The clauses `parts` and `partition`: what tells partitions apart beside their time, and which columns hold it."""

import re
from collections.abc import Mapping
from dataclasses import field

from suimon.contract.file import Column
from suimon.contract.keys import KeyPattern
from suimon.contract.odcs.clauses import Clause, brief
from suimon.contract.odcs.reader import Reader
from suimon.contract.partition import Part, Unit
from suimon.contract.placeholders import RESERVED_PARTS
from suimon.values import dataclass

MOST_VALUES, MOST_PARTS = 1_000, 2
_NAME, _VALUE = re.compile("[a-z][a-z0-9_]{0,30}"), re.compile("[A-Za-z0-9_-]{1,64}")
# What of its time the column of a contract that names just one holds, and what else columns may hold.
_TIME_OF = {Unit.DAY: "ds", Unit.HOUR: "hour", Unit.WEEK: "week", Unit.MONTH: "month"}
_ROLES = {Unit.DAY: ("ds",), Unit.HOUR: ("ds", "hour"), Unit.WEEK: ("week",), Unit.MONTH: ("month",), Unit.NONE: ()}
_APPEND = (
    "rows are never appended blindly: a file that is sent or run again would be there twice. Replace the partition "
    "that the key names, or the whole table: {unit: none}"
)


@dataclass(frozen=True, slots=True)
class Holding:
    """Which column holds what of the partition, ds, hour, month, week or the name of a part; and its clause."""

    of: Mapping[str, str] = field(default_factory=dict)
    clauses: Mapping[str, Clause] = field(default_factory=dict)


def read_parts(clause: Clause | None, reader: Reader) -> tuple[Part, ...]:
    """Read `parts`: every value that each part may have, so that one that is missing is noticed."""
    if clause is None:
        return ()
    if not isinstance(clause.value, dict) or not clause.value:
        reader.refuse(clause, f"must be a mapping such as {{store: [S01, S02]}}, is {brief(clause)}")
        return ()
    if len(clause.value) > MOST_PARTS:
        reader.refuse(clause, f"names {len(clause.value)} parts; the text of a partition has room for {MOST_PARTS}")
    parts = []
    for name, given in clause.value.items():
        if not _NAME.fullmatch(name) or name in RESERVED_PARTS:
            wanted = f"small letters, digits and _, and none of {', '.join(sorted(RESERVED_PARTS))}"
            reader.refuse(given, f"{brief(name)} is no name of a part; take {wanted}")
            continue
        if not isinstance(given.value, list) or not given.value or len(given.value) > MOST_VALUES:
            reader.refuse(given, f"must be a list of 1 to {MOST_VALUES:,} values: all that keys may have there")
            continue
        values = reader.texts(given)
        for item in given:
            if isinstance(item.value, str) and not _VALUE.fullmatch(item.value):
                reader.refuse(item, f"{brief(item)} must be up to 64 of A-Z a-z 0-9 _ -")
        parts.append(Part(name, tuple(value for value in values if _VALUE.fullmatch(value)) or ("_",)))
    return tuple(parts)


def read_partition(clause: Clause | None, place: Clause, pattern: KeyPattern | None, reader: Reader) -> Holding:
    """Read `partition` of a contract with this key pattern; `place`: the clause of the pattern."""
    if pattern is None:
        return Holding()
    unit, given = pattern.unit, clause.value if clause else None
    said = clause["unit"] if clause else None
    whole = said is not None
    if said and said.value != Unit.NONE.value:
        why = _APPEND if said.value == "append" else "the key pattern says the unit; only none is written out"
        reader.refuse(said, f"is {brief(said)}: {why}")
    elif clause and whole and unit is not Unit.NONE:
        reader.refuse(clause, f"unit: none replaces the whole table, but the key names a {unit}; take one of them out")
    elif unit is Unit.NONE and not whole:
        text = "holds no {ds}: write it where the business date stands, or partition: {unit: none} for a file that "
        reader.refuse(place, f"{text}replaces the whole table. A date is never taken from when a file arrives")
    if clause is None:
        return Holding()
    if isinstance(given, dict):
        return _mapping(clause, {name: one for name, one in given.items() if name != "unit"}, pattern, reader)
    if not isinstance(given, str):
        reader.refuse(clause, f"must name a column, or be a mapping such as {{ds: order_date}}, is {brief(clause)}")
        return Holding()
    if given == "append":
        reader.refuse(clause, _APPEND)
    return Holding({given: _TIME_OF.get(unit, "")}, {given: clause})


def _mapping(clause: Clause, given: dict[str, Clause], pattern: KeyPattern, reader: Reader) -> Holding:
    known = (*_ROLES[pattern.unit], *(part.name for part in pattern.parts))
    of, clauses = dict[str, str](), dict[str, Clause]()
    for role, column in given.items():
        if role not in known:
            has = f"what it has is {', '.join(known)}" if known else "it has nothing that a column could hold"
            reader.refuse(column, f"the key has no {brief(role)}; {has}")
        elif not isinstance(column.value, str):
            reader.refuse(column, f"must name a column, is {brief(column)}")
        elif column.value in of:
            reader.refuse(column, f"{brief(column)} holds {of[column.value]} already")
        else:
            of[column.value], clauses[column.value] = role, column
    if not clause.value:
        reader.refuse(clause, "says nothing; name the columns that hold the partition, or remove it")
    return Holding(of, clauses)


def refuse_unfit(holding: Holding, columns: tuple[Column, ...], reader: Reader) -> None:
    """Refuse a column that is none, or whose values cannot be what it should hold."""
    by_name = {column.name: column for column in columns}
    for name, role in holding.of.items():
        clause, column = holding.clauses[name], by_name.get(name)
        if column is None:
            reader.refuse(clause, f"{brief(name)} is no column; name the one that holds {_MEANS.get(role, role)}")
        elif wrong := _unfit(column, role):
            reader.refuse(clause, wrong)


_MEANS = {"ds": "the business date", "hour": "the hour", "month": "the date", "week": "the date"}


def _unfit(column: Column, role: str) -> str | None:
    if role in {"ds", "month", "week"}:
        what = "of logicalType date, or a timestamp whose format starts with yyyy-MM-dd"
        return None if column.names_a_day else f"the partition is a business date: it must be {what}"
    if role == "hour":
        what = "an integer, or a timestamp whose format starts with yyyy-MM-dd HH or yyyy-MM-dd'T'HH"
        return None if column.type == "integer" or column.names_an_hour else f"the hour must be {what}"
    return None if column.type == "string" else f"{role} stands in the key as a text: its column must be a string"
