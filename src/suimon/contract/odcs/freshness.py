"""How old a table may be: ODCS's own `freshness`, or the custom property of that name, which says more."""

from collections.abc import Sequence
from datetime import time

from suimon.contract.calendar import EVERY_DAY
from suimon.contract.file import COLUMN_TYPES, Column
from suimon.contract.odcs.arrival import read_open_days, read_zone
from suimon.contract.odcs.clauses import READ, Clause, Grammar, brief
from suimon.contract.odcs.columns import TYPES
from suimon.contract.odcs.conditions import read_filter
from suimon.contract.odcs.reader import Reader
from suimon.contract.redshift_names import is_plain
from suimon.contract.table_freshness import Age, AgeUnit, OpenHours, TableFreshness
from suimon.values import dataclass

_OPEN = ("weekdays", "holidays", "closures")
_HOURS = ("timeZone", "openFrom", "openUntil")
_AGE: Grammar = dict.fromkeys(("count", "period"), READ)
FRESHNESS: Grammar = {
    "warnAfter": _AGE,
    "errorAfter": _AGE,
    **dict.fromkeys(("column", "filter", *_OPEN, *_HOURS), READ),
}
_UNITS: dict[str, AgeUnit] = {
    **dict.fromkeys(("min", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
}
_MOST = {"min": 100 * 24 * 60, "h": 100 * 24, "d": 100_000}
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_QUOTED = (
    "needs quotes in Redshift, so that its age cannot be asked: a name has small letters, digits and _ and is no "
    "reserved word"
)


@dataclass(frozen=True, slots=True)
class _Table:
    """What a table is called, and its columns."""

    schema: Clause
    gated: bool
    reader: Reader

    def name(self) -> str:
        """Return the table's name; one that Redshift takes with quotes only is refused."""
        if (physical := self.schema["physicalName"]) is None:
            return ""
        if not all(map(is_plain, str(physical.value).split("."))):
            self.reader.refuse(physical, f"{brief(physical)} {_QUOTED}")
        elif self.gated and "." in str(physical.value):
            self.reader.refuse(physical, f"{brief(physical)} needs no schema: loads write to the schema public")
        return str(physical.value)

    def column(self, given: Clause, name: str, unit: AgeUnit | None, form: str) -> str:
        """Return the name of a column that has an age in a unit."""
        found = next((one for one in self.schema["properties"] or () if _text(one, "name") == name), None)
        if found is None or not name:
            self.reader.refuse(given, f"{brief(given)} is no column here; write {form}")
        elif not is_plain(name):
            self.reader.refuse(given, f"{brief(name)} {_QUOTED}")
        elif unit not in (None, "d") and _text(found, "logicalType") == "date":
            self.reader.refuse(given, f"{brief(name)} is a date, which has no hours; count its age in days")
        elif _text(found, "logicalType") in {"string", "integer", "number", "boolean"}:
            self.reader.refuse(given, f"{brief(name)} is no date or timestamp, and only those have an age")
        return name


def read_freshness(
    entries: Sequence[Clause], custom: Clause | None, schema: Clause, reader: Reader, *, gated: bool
) -> TableFreshness | None:
    """Return how old a table may be, as one of the two places says; entries: of slaProperties."""
    for entry in (*entries[1:], *([custom] if custom and entries else ())):
        reader.refuse(entry, "a second freshness is not enforced; keep one")
    table = _Table(schema, gated, reader)
    if entries:
        return _of_sla(entries[0], table, reader)
    return _of_custom(custom, table, reader) if custom else None


def _of_sla(sla: Clause, table: _Table, reader: Reader) -> TableFreshness:
    unit = _unit(sla, "unit", reader)
    age = Age(reader.whole(sla, "value", least=1, most=_MOST[unit]), unit)
    name, column = table.name(), ""
    if element := reader.needed(sla, "element"):
        dataset, _, column = str(element.value).rpartition(".")
        form = "<schema name>.<property name>"
        column = table.column(element, column if dataset == _text(table.schema, "name") else "", unit, form)
    return TableFreshness(name, column, age)


def _of_custom(clause: Clause, table: _Table, reader: Reader) -> TableFreshness:
    error = _age(reader.needed(clause, "errorAfter"), reader) or Age(1)
    warn = _age(clause["warnAfter"], reader)
    if (given := clause["warnAfter"]) and warn:
        if warn.by_the_clock != error.by_the_clock:
            reader.refuse(given, "days end at midnight, hours do not: write both in days, or neither")
        elif warn.minutes >= error.minutes and reader.sound(clause, "errorAfter"):
            reader.refuse(given, "is not sooner than errorAfter: nothing would ever be warned of")
    name, column = table.name(), ""
    if found := reader.needed(clause, "column"):
        column = table.column(found, str(found.value), error.unit, "the name of a property")
    hours = _hours(clause, error, reader) if any(clause[key] for key in _HOURS) else None
    calendar = read_open_days(clause, reader)
    if not calendar.weekdays:
        calendar = EVERY_DAY  # which was refused
    where = ""
    if given := clause["filter"]:
        where = read_filter(given, _columns(table.schema), reader)
    return TableFreshness(
        name, column, error, warn, where, hours, calendar if any(clause[key] for key in _OPEN) else None
    )


def _columns(schema: Clause) -> tuple[Column, ...]:
    """Return the columns that a filter may name: of a plain name and a known type."""
    typed = ((_text(one, "name"), TYPES.get(_text(one, "logicalType"))) for one in schema["properties"] or ())
    return tuple(Column(name, type_) for name, type_ in typed if type_ in COLUMN_TYPES and is_plain(name))


def _age(clause: Clause | None, reader: Reader) -> Age | None:
    if clause is None:
        return None
    unit = _unit(clause, "period", reader)
    return Age(reader.whole(clause, "count", least=1, most=_MOST[unit]), unit)


def _unit(clause: Clause, key: str, reader: Reader) -> AgeUnit:
    found = reader.needed(clause, key)
    if found and str(found.value) not in _UNITS:
        reader.refuse(found, f"{brief(found)} is not enforced; write min, h or d, for minutes, hours or days")
    return _UNITS.get(str(found.value) if found else "", "d")


def _hours(clause: Clause, error: Age, reader: Reader) -> OpenHours:
    zone = read_zone(clause, reader)
    first, until = (
        time.fromisoformat(text)
        if clause[key] and (text := reader.text(clause, key, _TIME, 'HH:MM in quotes, as in "08:00"'))
        else None
        for key in ("openFrom", "openUntil")
    )
    for key in ("openFrom", "openUntil", "timeZone"):
        if (given := clause[key]) and not error.by_the_clock and reader.sound(clause, "errorAfter"):
            reader.refuse(given, "counts hours, and errorAfter counts days; write hours or minutes, or remove it")
            break
    if first and until and until <= first:
        reader.refuse(clause["openUntil"] or clause, "is not after openFrom: no hour would be open")
    return OpenHours(zone, first or time(), until)


def _text(clause: Clause, key: str) -> str:
    found = clause[key]
    return str(found.value) if found else ""
