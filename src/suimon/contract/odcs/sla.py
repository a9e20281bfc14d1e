"""`slaProperties`: what ODCS's own words say of files and tables, as far as they suffice."""

from dataclasses import replace

from suimon.contract.odcs.clauses import Clause, brief
from suimon.contract.odcs.reader import Reader

FRESHNESS = "freshness"
# The word -> what it stands for under `arrival`. No word of ODCS says the time zone of a place, which a deadline needs.
AS_ARRIVAL = {
    "latency": "daysAfter",
    "ly": "daysAfter",
    "timeOfAvailability": "deadline",
    "ta": "deadline",
    "schedule": "cron",
}
_INSTEAD = dict.fromkeys(("frequency", "fy"), "weekdays, monthDays or businessDays")
_READ = f"{FRESHNESS}, {', '.join(AS_ARRIVAL)}"
DAYS = ("d", "day", "days")


def read_words(document: Clause, schema: Clause, reader: Reader) -> tuple[list[Clause], dict[str, Clause]]:
    """Return the entries about freshness, and the values of the others by their names under `arrival`."""
    freshness: list[Clause] = []
    found: dict[str, Clause] = {}
    for sla in document["slaProperties"] or ():
        property_ = reader.needed(sla, "property")
        if property_ is None:
            continue
        if property_.value == FRESHNESS:
            freshness.append(sla)
            continue
        name = AS_ARRIVAL.get(str(property_.value))
        if name is None:
            instead = _INSTEAD.get(str(property_.value))
            advice = f"Write customProperties, property arrival: {instead}" if instead else "Remove it"
            reader.refuse(property_, f"{brief(property_.value)} is not enforced; read are {_READ}. {advice}")
        elif name in found:
            reader.refuse(property_, f"{brief(property_.value)} says {name} a second time; keep one")
        elif value := _value(sla, name, schema, reader):
            found[name] = value
    return freshness, found


def _value(sla: Clause, name: str, schema: Clause, reader: Reader) -> Clause | None:
    """Return the value of a word; its unit is days where it has one, and its element, if any, is of this schema."""
    unit, element = sla["unit"], sla["element"]
    if name == "daysAfter":
        unit = reader.needed(sla, "unit")
        if unit and unit.value not in DAYS:
            reader.refuse(unit, f"{brief(unit)} is not enforced; write d, for days after the business date")
    elif unit:
        reader.refuse(unit, "says nothing of a time of the day; remove it")
    dataset = schema["name"]
    if element and dataset and str(element.value).partition(".")[0] != dataset.value:
        reader.refuse(element, f"{brief(element)} is none of this contract; write {dataset.value}, or remove it")
    return reader.needed(sla, "value")


def with_words(arrival: Clause | None, words: dict[str, Clause], reader: Reader) -> Clause | None:
    """Return `arrival` with what ODCS's own words say; one that stands in both places is refused."""
    if arrival is None or not isinstance(arrival.value, dict):
        for value in words.values():
            text = "does not suffice: add customProperties, property arrival, with timeZone and lookbackDays"
            reader.refuse(value, text)
        return arrival
    for name, value in words.items():
        if arrival[name]:
            reader.refuse(value, f"stands under arrival as {name}, too; keep one")
    return replace(arrival, value={**words, **arrival.value})
