"""The `quality` of an ODCS schema and of its properties: conditions on records, and metrics with their thresholds."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal, get_args

from suimon.contract.file import METRICS, MOST_KEYS, SEVERITIES, Column, Condition, FileFormat, Metric
from suimon.contract.odcs.bounds_and_patterns import read_pattern, read_values
from suimon.contract.odcs.clauses import PROSE, READ, Clause, Grammar, brief
from suimon.contract.odcs.conditions import read_condition
from suimon.contract.odcs.reader import Reader, number, written

MOST_READ = 200  # columns, of all conditions together: their cells are in memory at once
Unit = Literal["rows", "percent"]
UNITS: tuple[Unit, ...] = get_args(Unit)
# Operator -> how people read it, and which of the two bounds it sets.
_OPERATORS = {
    "mustBe": "exactly {}",
    "mustNotBe": "anything but {}",
    "mustBeGreaterThan": "more than {}",
    "mustBeGreaterOrEqualTo": "at least {}",
    "mustBeLessThan": "less than {}",
    "mustBeLessOrEqualTo": "at most {}",
    "mustBeBetween": "from {} to {}",
    "mustNotBeBetween": "less than {} or more than {}",
}
_ARGUMENTS = {
    "rowCount": (),
    "nullValues": (),
    "missingValues": ("missingValues",),
    "invalidValues": ("validValues", "pattern"),
    "duplicateValues": ("properties",),
}
QUALITY: Grammar = {
    **dict.fromkeys(("id", "description", "tags", "authoritativeDefinitions", "dimension", "businessImpact"), PROSE),
    **dict.fromkeys(("name", "type", "metric", "unit", "severity", "engine", "implementation"), READ),
    **dict.fromkeys(_OPERATORS, READ),
    "arguments": dict.fromkeys(("validValues", "pattern", "missingValues", "properties"), READ),
}


def read_quality(
    schema: Clause, columns: tuple[Column, ...], dialect: FileFormat, reader: Reader
) -> tuple[tuple[Condition, ...], tuple[Metric, ...]]:
    """Read every quality entry of a schema and of its properties, in the order of the file."""
    conditions: list[Condition] = []
    metrics: list[Metric] = []
    for entry, column in _entries(schema, columns):
        match _type(entry, reader):
            case "library":
                if metric := _metric(entry, column, columns, dialect, reader):
                    metrics.append(metric)
            case "custom" if column:
                reader.refuse(entry, "a condition is one of a record; move it to the quality of the schema")
            case "custom":
                for key in ("metric", "unit", "arguments", *_OPERATORS):
                    if given := entry[key]:
                        reader.refuse(given, f"{key} is not enforced for a condition; remove it")
                reader.choice(entry, "severity", ("error",), "error")
                condition = read_condition(entry, columns, reader)
                if condition and condition.name and condition.name in {other.name for other in conditions}:
                    reader.refuse(
                        entry["name"] or entry, f"a second condition {brief(condition.name)}; names must differ"
                    )
                elif condition:
                    conditions.append(condition)
                    _refuse_too_many(entry, conditions, reader)
    return tuple(conditions), tuple(metrics)


def _refuse_too_many(entry: Clause, conditions: list[Condition], reader: Reader) -> None:
    read = {column for condition in conditions for column in condition.columns}
    if len(read) > MOST_READ:
        reader.refuse(entry, f"with this condition {len(read)} columns are read by conditions, more than {MOST_READ}")


def refuse_many_keys(schema: Clause, columns: tuple[Column, ...], metrics: tuple[Metric, ...], reader: Reader) -> None:
    """Refuse more keys than the memory of a check has room for."""
    keys = sum(column.unique for column in columns) + sum(metric.name == "duplicateValues" for metric in metrics)
    if keys > MOST_KEYS:
        said = f"{keys} columns or combinations are to be unique, more than {MOST_KEYS}: keep those that are keys"
        reader.refuse(schema, said)


def as_rules(columns: tuple[Column, ...], metrics: tuple[Metric, ...]) -> tuple[tuple[Column, ...], tuple[Metric, ...]]:
    """Turn the metrics that let no cell of a column pass into rules on its cells: so each is named with its place."""
    ruled = {column.name: column for column in columns}
    left: list[Metric] = []
    for metric in metrics:
        column = ruled.get(metric.columns[0]) if len(metric.columns) == 1 and _allows_none(metric) else None
        if column and (rule := _rule(metric, column)):
            ruled[column.name] = replace(column, **rule)
        else:
            left.append(metric)
    return tuple(ruled[column.name] for column in columns), tuple(left)


def _allows_none(metric: Metric) -> bool:
    return metric.severity == "error" and not metric.negated and metric.maximum == "0" and not metric.maximum_open


def _rule(metric: Metric, column: Column) -> dict[str, Any]:
    match metric.name:
        case "nullValues":
            return {"required": True}
        case "duplicateValues":
            return {"unique": True}
        case "invalidValues" if metric.pattern is None and column.allowed is None:
            return {"allowed": metric.values}
        case "invalidValues" if metric.values is None and column.pattern is None:
            return {"pattern": metric.pattern}
        case _:
            return {}


def refuse_quality(schema: Clause, reader: Reader) -> None:
    """Of a table that is only watched, no record is seen."""
    for entry in schema["quality"] or ():
        reader.refuse(entry, "is not enforced: without a keyPattern no file is checked; remove it")


def _entries(schema: Clause, columns: tuple[Column, ...]) -> Iterator[tuple[Clause, Column | None]]:
    for entry in schema["quality"] or ():
        yield entry, None
    for clause, column in zip(schema["properties"] or (), columns, strict=True):
        for entry in clause["quality"] or ():
            yield entry, column


def _type(entry: Clause, reader: Reader) -> str | None:
    given = entry["type"]
    if given is None or given.value == "library":
        return "library"
    if given.value == "custom":
        return "custom"
    advice = "write type: library with a metric, or type: custom, engine: suimon with a condition"
    reader.refuse(given, f"{brief(given)} is not enforced; {advice}")
    return None


def _metric(
    entry: Clause, column: Column | None, columns: tuple[Column, ...], dialect: FileFormat, reader: Reader
) -> Metric | None:
    for key in ("engine", "implementation"):
        if given := entry[key]:
            reader.refuse(given, f"{key} is not enforced for type: library; remove it, or write type: custom")
    if reader.needed(entry, "metric") is None:
        return None
    name = reader.choice(entry, "metric", METRICS)
    if not reader.sound(entry, "metric"):
        return None
    if name == "rowCount" and column:
        reader.refuse(entry, "rowCount counts records; move it to the quality of the schema")
    elif name not in {"rowCount", "duplicateValues"} and column is None:
        reader.refuse(entry, f"{name} counts cells of one column; move it to the quality of a property")
    arguments = entry["arguments"]
    for key, given in arguments.value.items() if arguments and isinstance(arguments.value, dict) else ():
        if key in QUALITY["arguments"] and key not in _ARGUMENTS[name]:
            reader.refuse(given, f"{key} is not enforced for metric {name}; remove it")
    values, pattern = _sought(entry, name, column, dialect, reader)
    unit = reader.choice(entry, "unit", UNITS, "rows")
    if name == "rowCount" and unit == "percent" and (given := entry["unit"]):
        reader.refuse(given, "the records are always 100 percent of the records; write rows")
    metric = Metric(
        name=name,
        columns=_columns(entry, name, column, columns, reader),
        unit=unit,
        severity=reader.choice(entry, "severity", SEVERITIES, "error"),
        values=values,
        pattern=pattern,
    )
    return _with_threshold(entry, metric, reader) if reader.sound(entry, "unit") else None


def _sought(
    entry: Clause, name: str, column: Column | None, dialect: FileFormat, reader: Reader
) -> tuple[tuple[str, ...] | None, str | None]:
    """Return the values and the pattern by which a metric tells cells apart."""
    arguments = entry["arguments"]
    values, pattern, missing = (
        arguments[key] if arguments else None for key in ("validValues", "pattern", "missingValues")
    )
    type_ = column.type if column else "string"
    if name == "invalidValues":
        if values is None and pattern is None:
            reader.refuse(entry, "invalidValues needs arguments: validValues, pattern or both")
        listed = read_values(list(values), type_, dialect, reader) if values and _is_list(values, reader) else None
        return listed, read_pattern(pattern, reader)
    if name == "missingValues":
        # ODCS lists null too; a missing cell is always counted.
        texts = [item for item in missing or () if item.value is not None]
        if not texts:
            reader.refuse(missing or entry, "missingValues needs arguments.missingValues: texts; or write nullValues")
        return reader.texts(texts), None
    return None, None


def _columns(
    entry: Clause, name: str, column: Column | None, columns: tuple[Column, ...], reader: Reader
) -> tuple[str, ...]:
    arguments = entry["arguments"]
    given = arguments["properties"] if arguments else None
    if column:
        if given and name == "duplicateValues":
            reader.refuse(given, "is not enforced within a property; move the entry to the quality of the schema")
        return (column.name,)
    if name != "duplicateValues":
        return ()
    if given is None:
        reader.refuse(
            entry, "duplicateValues needs arguments.properties here: the columns whose values belong together"
        )
        return ()
    known = [one.name for one in columns]
    names = reader.texts(given) if _is_list(given, reader) else ()
    for item in given:
        if isinstance(item.value, str) and item.value not in known:
            reader.refuse(item, f"{brief(item.value)} is no column; there are {', '.join(known)}")
    return names


def _is_list(given: Clause, reader: Reader) -> bool:
    if isinstance(given.value, list) and given.value:
        return True
    reader.refuse(given, f"must be a list with something in it, is {brief(given)}")
    return False


def _with_threshold(entry: Clause, metric: Metric, reader: Reader) -> Metric | None:
    operators = [operator for operator in _OPERATORS if entry[operator]]
    for further in operators[1:]:
        reader.refuse(entry[further] or entry, f"stands beside {operators[0]}; write an entry of its own for it")
    if not operators:
        reader.refuse(entry, f"needs a threshold: one of {', '.join(_OPERATORS)}")
        return None
    (operator, *_) = operators
    given = entry[operator] or entry
    figures = _figures(given, operator, metric, reader)
    if figures is None:
        return None
    low, high = figures[0], figures[-1]
    impossible = {
        "mustBeLessThan": high == 0,
        "mustBeGreaterThan": metric.unit == "percent" and low == 100,  # noqa: PLR2004 percent
        "mustNotBeBetween": metric.unit == "percent" and low == 0 and high == 100,  # noqa: PLR2004 percent
    }
    if impossible.get(operator):
        reader.refuse(given, "no file can keep it")
    above = operator not in {"mustBeLessThan", "mustBeLessOrEqualTo"}
    below = operator not in {"mustBeGreaterThan", "mustBeGreaterOrEqualTo"}
    text = _OPERATORS[operator].format(*map(written, figures))
    return replace(
        metric,
        minimum=written(low) if above else None,
        maximum=written(high) if below else None,
        minimum_open=operator == "mustBeGreaterThan",
        maximum_open=operator == "mustBeLessThan",
        negated=operator in {"mustNotBe", "mustNotBeBetween"},
        text=f"{text} percent" if metric.unit == "percent" else text,
    )


def _figures(given: Clause, operator: str, metric: Metric, reader: Reader) -> list[Decimal] | None:
    """Return the figures of a threshold, one or two; None after a problem."""
    pair = operator in {"mustBeBetween", "mustNotBeBetween"}
    clauses = list(given) if pair else [given]
    figures: list[Decimal] = []
    for clause in clauses:
        value = number(clause)
        if metric.unit == "percent":
            fits, wanted = value is not None and 0 <= value <= 100, "a number from 0 to 100"  # noqa: PLR2004 percent
        else:
            fits, wanted = value is not None and value >= 0 and value == int(value), "a whole number of at least 0"
        if value is None or not fits:
            reader.refuse(clause, f"must be {wanted}, is {brief(clause)}")
            return None
        figures.append(value)
    if pair and (len(figures) != 2 or figures[0] >= figures[1]):  # noqa: PLR2004 a pair
        reader.refuse(given, f"must be two numbers, the smaller one first, is {brief(given)}")
        return None
    return figures
