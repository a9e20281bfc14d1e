"""The columns of an ODCS schema: types, and the rules on their cells that the checker knows."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import duckdb

from suimon.contract.clauses import PROSE, READ, Clause, Grammar
from suimon.contract.model import Column, ColumnType
from suimon.contract.reader import Reader

PROPERTY: Grammar = {
    **dict.fromkeys(("id", "description", "tags", "businessName", "authoritativeDefinitions", "examples"), PROSE),
    **dict.fromkeys(("synonyms", "deprecated", "criticalDataElement"), PROSE),
    **dict.fromkeys(("transformSourceObjects", "transformLogic", "transformDescription"), PROSE),
    **dict.fromkeys(("name", "logicalType", "physicalType", "required", "unique", "classification"), READ),
    "logicalTypeOptions": dict.fromkeys(("minLength", "maxLength", "pattern", "format", "minimum", "maximum"), READ),
}
_TYPES: dict[str, ColumnType] = {
    "string": "string",
    "integer": "integer",
    "number": "decimal",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}
_OPTIONS = {
    "string": {"minLength", "maxLength", "pattern"},
    "integer": {"format", "minimum", "maximum"},
    "decimal": {"minimum", "maximum"},
    "date": {"format", "minimum", "maximum"},
    "timestamp": {"format"},
    "boolean": set[str](),
}
_PERSONAL = {"personal": True, "confidential": True, "restricted": True, "internal": False, "public": False}
_RULES = ("required", "unique", "logicalTypeOptions")
# The directives of Java's DateTimeFormatter, which ODCS uses, that mean the same everywhere.
_JAVA = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_INTEGER_MINIMUM, _INTEGER_MAXIMUM = -(2**31), 2**31 - 1
_MAX_PRECISION = 38


def read_columns(schema: Clause, reader: Reader, *, gated: bool, partition: Clause | None) -> tuple[Column, ...]:
    """Read the properties of a schema. Of a table that is only watched they are prose: rules on them are refused."""
    properties = list(schema["properties"] or ())
    if not gated:
        for clause in properties:
            reader.text(clause, "name")
            for rule in (clause[key] for key in _RULES):
                if rule:
                    reader.refuse(rule, "is not enforced: without a keyPattern no file is checked; remove it")
        return ()
    if not properties:
        reader.refuse(schema, "a contract with a keyPattern needs properties: the columns of the file, in order")
    columns: list[Column] = []
    for clause in properties:
        column = _column(clause, reader, partition=partition)
        # Spark, Redshift and DuckDB compare names without case.
        if column.name.lower() in {other.name.lower() for other in columns}:
            reader.refuse(clause, f"a second column {column.name!r}; names must differ by more than case")
        columns.append(column)
    if partition and not any(column.partition for column in columns):
        reader.refuse(partition, f"{partition.plain()!r} is no column; name the one that holds the business date")
    return tuple(columns)


def _column(clause: Clause, reader: Reader, *, partition: Clause | None) -> Column:
    name = reader.text(clause, "name")
    type_ = _TYPES.get(reader.text(clause, "logicalType", "|".join(_TYPES), f"one of {', '.join(_TYPES)}"), "string")
    options = clause["logicalTypeOptions"]
    for key, option in options.value.items() if options and isinstance(options.value, dict) else ():
        if key in PROPERTY["logicalTypeOptions"] and key not in _OPTIONS[type_]:
            reader.refuse(option, f"{key} is not enforced for logicalType {type_}; remove it")
    precision, scale = _digits(clause, reader) if type_ == "decimal" else (None, None)
    is_partition = partition is not None and partition.value == name
    if is_partition and type_ != "date":
        reader.refuse(clause, "the partition is a business date: its logicalType must be date")
    return Column(
        name=name,
        type=type_,
        required=reader.flag(clause, "required"),
        unique=reader.flag(clause, "unique"),
        personal=_personal(clause, reader),
        partition=is_partition,
        format=_format(clause, type_, reader),
        precision=precision,
        scale=scale,
        min_length=reader.whole(options, "minLength") if options and options["minLength"] else None,
        max_length=reader.whole(options, "maxLength", least=1) if options and options["maxLength"] else None,
        minimum=_bound(options["minimum"] if options else None, type_, precision, scale, reader),
        maximum=_bound(options["maximum"] if options else None, type_, precision, scale, reader),
        pattern=_pattern(options["pattern"] if options else None, reader),
    )


def _personal(clause: Clause, reader: Reader) -> bool:
    given = clause["classification"]
    if given is None:
        return False
    if given.value not in _PERSONAL:
        reader.refuse(given, f"{given.plain()!r} means nothing here; write one of {', '.join(_PERSONAL)}")
        return True
    return _PERSONAL[given.value]


def _digits(clause: Clause, reader: Reader) -> tuple[int, int]:
    """ODCS has no word for a number's digits but the physical type."""
    text = reader.text(clause, "physicalType", r"(?i)(decimal|numeric)\(\d+, ?\d+\)", "decimal(precision,scale)")
    if not text:
        return _MAX_PRECISION, 0
    precision, scale = (int(digits) for digits in re.findall(r"\d+", text))
    if not (1 <= precision <= _MAX_PRECISION and scale <= precision) and (given := clause["physicalType"]):
        reader.refuse(given, f"needs a precision from 1 to {_MAX_PRECISION} and a scale no greater")
    return precision, scale


def _format(clause: Clause, type_: str, reader: Reader) -> str | None:
    options = clause["logicalTypeOptions"]
    given = options["format"] if options else None
    if type_ == "integer":
        if given and given.value != "i32":
            reader.refuse(given, f"{given.plain()!r} is not enforced; write i32, what the warehouse's INTEGER holds")
        return None
    if type_ not in {"date", "timestamp"}:
        return None
    if given is None:
        if type_ == "timestamp":
            reader.refuse(clause, "a timestamp needs logicalTypeOptions.format, such as yyyy-MM-dd HH:mm:ss")
        return "%Y-%m-%d"
    text = given.value if isinstance(given.value, str) else ""
    words = [found[0] for found in re.finditer(r"([A-Za-z])\1*|[^A-Za-z]", text)]
    known = [word for word in words if word[0].isalpha()]
    wanted = {"yyyy", "MM", "dd"} if type_ == "date" else set(_JAVA)
    if set(known) != wanted or len(known) != len(wanted) or "'" in words or "%" in words:
        reader.refuse(given, f"must hold each of {' '.join(sorted(wanted))} once and no other letter")
        return "%Y-%m-%d"
    return "".join(_JAVA.get(word, word) for word in words)


def _bound(clause: Clause | None, type_: str, precision: int | None, scale: int | None, reader: Reader) -> str | None:
    """Give a bound as exact text; a problem if no value of the column could equal it."""
    if clause is None:
        return None
    match type_:
        case "date":
            try:
                return date.fromisoformat(str(clause.value)).isoformat()
            except ValueError:
                reader.refuse(clause, f"{clause.plain()!r} is no date; write YYYY-MM-DD")
        case "integer":
            if isinstance(clause.value, int) and _INTEGER_MINIMUM <= clause.value <= _INTEGER_MAXIMUM:
                return str(int(clause.value))
            reader.refuse(clause, f"must be a whole number of 32 bits, is {clause.plain()!r}")
        case "decimal":
            number = _decimal(clause.value)
            if number is not None and precision is not None and scale is not None:
                if number == round(number, scale) and abs(number) < Decimal(10) ** (precision - scale):
                    return f"{number:f}"
                reader.refuse(clause, f"{number:f} does not fit {precision} digits with {scale} decimal places")
            else:
                reader.refuse(clause, f"must be a number, is {clause.plain()!r}")
    return None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _pattern(clause: Clause | None, reader: Reader) -> str | None:
    if clause is None:
        return None
    if not isinstance(clause.value, str) or not (clause.value.startswith("^") and clause.value.endswith("$")):
        # ODCS names ECMA-262, which searches; other tools match the whole value.
        reader.refuse(clause, "must start with ^ and end with $: tools differ over what a pattern without them means")
        return None
    try:
        duckdb.execute("SELECT regexp_matches('', ?)", [clause.value])
    except duckdb.Error as error:
        reader.refuse(clause, f"is no RE2 expression: {error}")
        return None
    return clause.value
