"""`volume`: how much a file should have, as compared with those of comparable days."""

from suimon.contract.file import Column
from suimon.contract.odcs.clauses import READ, Clause, Grammar, brief
from suimon.contract.odcs.reader import Reader
from suimon.contract.volume import Bound, Measure, Side, Volume

_SIDES: dict[str, Side] = {"atLeastPercent": "few", "atMostPercent": "many"}
_COUNTED = (Measure.ROWS, Measure.BYTES)
VOLUME: Grammar = {
    **dict.fromkeys(("days", "severity"), READ),
    **{str(measure): dict.fromkeys(_SIDES, READ) for measure in _COUNTED},
    "sums": [{"column": READ, **dict.fromkeys(_SIDES, READ)}],
}
_USUAL_DAYS, _MOST_DAYS, _MOST_PERCENT, _MOST_SUMS = 5, 31, 100_000, 10


def read_file_volume(custom: dict[str, Clause], columns: tuple[Column, ...], reader: Reader) -> Volume | None:
    """Read `volume` of a dataset of files or sets."""
    if (clause := custom.get("volume")) is None:
        return None
    volume = _volume(clause, columns, reader)
    if volume.severity == "error" and "set" in custom:
        reader.refuse(clause["severity"] or clause, "a set is not rejected as a whole: warn, or ask for rowCount")
    return volume


def _volume(clause: Clause, columns: tuple[Column, ...], reader: Reader) -> Volume:
    given = [(measure, clause[str(measure)]) for measure in _COUNTED]
    sums = list(clause["sums"] or ())
    bounds = [bound for measure, one in given if one and (bound := _bound(one, measure, reader))]
    bounds += [bound for one in sums if (bound := _sum(one, columns, reader))]
    if not sums and not any(one for _, one in given):
        reader.refuse(clause, f"watches nothing: add rows, bytes or sums with {' or '.join(_SIDES)}")
    if len(sums) > _MOST_SUMS:
        reader.refuse(clause, f"compares up to {_MOST_SUMS} sums; there are {len(sums)}")
    if len({bound.name for bound in bounds}) < len(bounds):
        reader.refuse(clause, "compares the sum of a column twice; keep one")
    days = reader.optional_whole(clause, "days", least=3, most=_MOST_DAYS) or _USUAL_DAYS
    return Volume(tuple(bounds), days, reader.choice(clause, "severity", ("warning", "error"), "warning"))


def _bound(clause: Clause, measure: Measure, reader: Reader, column: str = "") -> Bound | None:
    given = [name for name in _SIDES if clause[name]]
    if len(given) != 1:
        reader.refuse(clause, f"needs one of {' and '.join(_SIDES)}: a bound is to one side")
        return None
    [name] = given
    least, most = (1, 100) if _SIDES[name] == "few" else (100, _MOST_PERCENT)
    return Bound(measure, _SIDES[name], reader.whole(clause, name, least=least, most=most), column)


def _sum(clause: Clause, columns: tuple[Column, ...], reader: Reader) -> Bound | None:
    by_name = {column.name: column for column in columns}
    name = reader.text(clause, "column")
    column = by_name.get(name)
    if column is None or column.type not in {"integer", "decimal"}:
        reader.refuse(clause["column"] or clause, f"{brief(clause['column'] or clause)} is no column of numbers")
        return None
    if column.personal:
        reader.refuse(clause["column"] or clause, f"{name} is personal: its sum would stand in messages and the ledger")
        return None
    return _bound(clause, Measure.SUM, reader, name)
