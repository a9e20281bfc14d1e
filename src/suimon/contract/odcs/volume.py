"""`volume`: how much a file should have, as compared with those of comparable days."""

from suimon.contract.odcs.clauses import READ, Clause, Grammar
from suimon.contract.odcs.reader import Reader
from suimon.contract.partition import Unit
from suimon.contract.volume import Bound, Measure, Side, Volume

_SIDES: dict[str, Side] = {"atLeastPercent": "few", "atMostPercent": "many"}
VOLUME: Grammar = {
    **dict.fromkeys(("days", "severity"), READ),
    **{str(measure): dict.fromkeys(_SIDES, READ) for measure in Measure},
}
_USUAL_DAYS, _MOST_DAYS, _MOST_PERCENT = 5, 31, 100_000


def read_file_volume(custom: dict[str, Clause], unit: Unit, reader: Reader) -> Volume | None:
    """Read `volume` of a dataset of files; refused where no file has comparable days."""
    if (clause := custom.get("volume")) is None:
        return None
    if unit is Unit.NONE:
        reader.refuse(clause, "is not enforced where each file replaces the whole table: it has no days")
    if "set" in custom:
        reader.refuse(clause, "is not enforced for sets; remove it, or ask for rowCount")
    return _volume(clause, reader)


def _volume(clause: Clause, reader: Reader) -> Volume:
    given = [(measure, clause[measure]) for measure in Measure]
    bounds = tuple(bound for measure, one in given if one and (bound := _bound(one, measure, reader)))
    if not any(one for _, one in given):
        reader.refuse(clause, f"watches nothing: add {' or '.join(Measure)} with {' or '.join(_SIDES)}")
    days = reader.optional_whole(clause, "days", least=3, most=_MOST_DAYS) or _USUAL_DAYS
    return Volume(bounds, days, reader.choice(clause, "severity", ("warning", "error"), "warning"))


def _bound(clause: Clause, measure: Measure, reader: Reader) -> Bound | None:
    given = [name for name in _SIDES if clause[name]]
    if len(given) != 1:
        reader.refuse(clause, f"needs one of {' and '.join(_SIDES)}: a bound is to one side")
        return None
    [name] = given
    least, most = (1, 100) if _SIDES[name] == "few" else (100, _MOST_PERCENT)
    return Bound(measure, _SIDES[name], reader.whole(clause, name, least=least, most=most))
