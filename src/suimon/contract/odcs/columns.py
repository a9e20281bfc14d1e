"""The columns of an ODCS schema: types, and the rules on their cells that the checker knows."""

import math
from dataclasses import replace
from decimal import Decimal

from suimon.contract.file import Column, ColumnType, FileFormat
from suimon.contract.odcs.bounds_and_patterns import (
    read_bits,
    read_bound,
    read_digits,
    read_format,
    read_pattern,
    read_values,
)
from suimon.contract.odcs.cells import CELLS, read_cells
from suimon.contract.odcs.clauses import PROSE, READ, Clause, ContractFileError, Grammar, Problem, brief
from suimon.contract.odcs.dialect import unwritable
from suimon.contract.odcs.partition import Holding, refuse_unfit
from suimon.contract.odcs.quality import QUALITY
from suimon.contract.odcs.reader import Reader
from suimon.contract.redshift_names import MOST_COLUMNS

_ABOUT = dict.fromkeys(("id", "description", "tags", "businessName", "authoritativeDefinitions"), PROSE)
PROPERTY: Grammar = {
    **_ABOUT,
    **dict.fromkeys(("examples", "synonyms", "deprecated", "criticalDataElement"), PROSE),
    **dict.fromkeys(("transformSourceObjects", "transformLogic", "transformDescription"), PROSE),
    **dict.fromkeys(("name", "logicalType", "physicalType", "required", "unique", "classification"), READ),
    **dict.fromkeys(("primaryKey", "primaryKeyPosition"), READ),
    "logicalTypeOptions": dict.fromkeys(("minLength", "maxLength", "pattern", "format", "minimum", "maximum"), READ),
    "enum": [{**_ABOUT, "label": PROSE, "value": READ}],
    "quality": [QUALITY],
    "customProperties": [{**_ABOUT, "property": READ, "value": READ}],
}
PROPERTY_CUSTOM: Grammar = dict.fromkeys(("label", "mayBeAbsent", "trueWords", "falseWords", *CELLS), READ)
TYPES: dict[str, ColumnType] = {
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
    "timestamp": {"format", "minimum", "maximum"},
    "boolean": set[str](),
}
_PERSONAL = {"personal": True, "confidential": True, "restricted": True, "internal": False, "public": False}
# A VARCHAR of Redshift ends at 65,535 bytes, of which a character takes up to four.
_MAX_CHARACTERS = 65_535 // 4
# Spark quotes names in backticks.
_NAME = r"[^\x00-\x1f\x7f`]+"
_RULES = (
    *("required", "unique", "primaryKey", "primaryKeyPosition"),
    *("logicalTypeOptions", "enum", "quality", "customProperties"),
)


def refuse_rules(schema: Clause, reader: Reader) -> None:
    """Of a table that is only watched, properties are prose: rules on them are refused."""
    for clause in schema["properties"] or ():
        reader.text(clause, "name")
        for rule in (clause[key] for key in _RULES):
            if rule:
                reader.refuse(rule, "is not enforced: without a keyPattern no file is checked; remove it")


def read_columns(schema: Clause, dialect: FileFormat, holding: Holding, reader: Reader) -> tuple[Column, ...]:
    """Read the properties of a schema: the columns of the file, in order. holding: which hold the partition."""
    properties = list(schema["properties"] or ())
    if not properties:
        reader.refuse(schema, "a contract with a keyPattern needs properties: the columns of the file, in order")
    if len(properties) > MOST_COLUMNS:  # to look at each would take longer than anybody waits
        said = f"{len(properties):,} columns; a table of Redshift has {MOST_COLUMNS:,} at most: split it"
        raise ContractFileError([Problem(schema.file, schema.line, schema.path, said)])
    columns: list[Column] = []
    names, labels = set[str](), set[str]()
    for clause in properties:
        column = _column(clause, dialect, holding, reader)
        # Spark, Redshift and DuckDB compare names without case.
        if column.name.lower() in names:
            reader.refuse(clause, f"a second column {brief(column.name)}; names must differ by more than case")
        elif dialect.header and _label(column, dialect) in labels:
            reader.refuse(clause, f"a second column that the header calls {brief(column.title)}; labels must differ")
        names.add(column.name.lower())
        labels.add(_label(column, dialect))
        columns.append(column)
    if all(reader.sound(clause, "name", "logicalType", "physicalType", "format") for clause in properties):
        refuse_unfit(holding, tuple(columns), reader)
    return tuple(columns)


def read_primary_key(schema: Clause, reader: Reader) -> tuple[str, ...]:
    """Read which properties are the key, in its order."""
    keys: list[tuple[int, str, Clause]] = []
    for clause in schema["properties"] or ():
        position = clause["primaryKeyPosition"]
        if reader.flag(clause, "primaryKey"):
            place = reader.whole(clause, "primaryKeyPosition", least=1) if position else 0
            keys.append((place, reader.text(clause, "name"), clause))
        elif position and reader.sound(clause, "primaryKey"):
            reader.refuse(position, "is not enforced without primaryKey: true; add it or remove this")
    if all(reader.sound(clause, "primaryKey", "primaryKeyPosition") for clause in schema["properties"] or ()):
        _refuse_places(keys, reader)
    return tuple(name for _, name, _ in sorted(keys, key=lambda key: key[0]))


def _refuse_places(keys: list[tuple[int, str, Clause]], reader: Reader) -> None:
    places = sorted(place for place, _, _ in keys)
    if len(keys) == 1:
        ((place, _, clause),) = keys
        if places not in ([0], [1]) and (position := clause["primaryKeyPosition"]):
            reader.refuse(position, f"is {place}, but the key has this column alone; write 1")
        if unique := clause["unique"]:
            reader.refuse(unique, "is what primaryKey says already; remove it")
    elif places != list(range(1, len(keys) + 1)):
        for place, _, clause in keys:
            if places.count(place) > 1 or not 1 <= place <= len(keys):
                given = clause["primaryKeyPosition"] or clause["primaryKey"] or clause
                reader.refuse(given, f"primaryKeyPosition must be one of 1 to {len(keys)}, each once")


def _column(clause: Clause, dialect: FileFormat, holding: Holding, reader: Reader) -> Column:
    name = reader.text(clause, "name", _NAME, "a text without control characters and backticks")
    type_ = TYPES.get(reader.text(clause, "logicalType", "|".join(TYPES), f"one of {', '.join(TYPES)}"), "string")
    known_type = reader.sound(clause, "logicalType")
    given = clause["logicalTypeOptions"]
    options = given or Clause(clause.file, clause.path, clause.line, {})
    for key, option in options.value.items() if isinstance(options.value, dict) else ():
        if known_type and key in PROPERTY["logicalTypeOptions"] and key not in _OPTIONS[type_]:
            reader.refuse(option, f"{key} is not enforced for logicalType {type_}; remove it")
    custom = reader.custom_properties(clause, PROPERTY_CUSTOM)
    precision, scale = read_digits(clause, reader) if type_ == "decimal" else (None, None)
    true_words, false_words = _words(clause, type_ if known_type else "boolean", custom, dialect, reader)
    column = Column(
        name=name,
        type=type_,
        label=_given_label(clause, name, custom.get("label"), dialect, reader),
        required=_required(clause, reader),
        may_be_absent=_may_be_absent(custom.get("mayBeAbsent"), reader),
        unique=reader.flag(clause, "unique"),
        personal=_personal(clause, reader),
        partition=holding.of.get(name),
        format=read_format(clause, options["format"], type_, dialect, reader)
        if type_ in {"date", "timestamp"}
        else None,
        bits=read_bits(options["format"], reader) if type_ == "integer" else None,
        precision=precision,
        scale=scale,
        min_length=reader.optional_whole(options, "minLength"),
        max_length=reader.optional_whole(options, "maxLength", least=1, most=_MAX_CHARACTERS),
        pattern=read_pattern(options["pattern"], reader) if type_ == "string" else None,
        allowed=_allowed(clause["enum"], type_, dialect, reader) if known_type else None,
        true_words=true_words,
        false_words=false_words,
    )
    if known_type:
        column = read_cells(clause, custom, column, dialect, reader)
    if not (reader.sound(clause, "logicalType", "physicalType", "format") and reader.sound(options, "format")):
        return column
    bounded = replace(
        column,
        minimum=read_bound(options["minimum"], column, reader),
        maximum=read_bound(options["maximum"], column, reader),
    )
    _refuse_empty_ranges(options, bounded, reader)
    return bounded


def _may_be_absent(given: Clause | None, reader: Reader) -> bool:
    if given and not isinstance(given.value, bool):
        reader.refuse(given, f"must be true or false, is {brief(given)}")
    return given is not None and given.value is True


def _required(clause: Clause, reader: Reader) -> bool:
    """Whatever is part of a primary key is required."""
    required = reader.flag(clause, "required")
    key = clause["primaryKey"]
    if not key or key.value is not True:
        return required
    if (given := clause["required"]) and not required and reader.sound(clause, "required"):
        reader.refuse(given, "contradicts primaryKey: true, whose cells are never missing; remove it")
    return True


def _label(column: Column, dialect: FileFormat) -> str:
    return column.title.casefold() if dialect.header_case == "ignore" else column.title


def _given_label(clause: Clause, name: str, given: Clause | None, dialect: FileFormat, reader: Reader) -> str | None:
    if given and not dialect.header:
        reader.refuse(given, "is not enforced: the dialect says that there is no header; remove it")
    elif given and (not isinstance(given.value, str) or not given.value):
        reader.refuse(given, f"must be a text, is {brief(given)}")
    elif dialect.header and (why := unwritable(given.value if given else name, dialect)):
        reader.refuse(given or clause["name"] or clause, why)
    else:
        return given.value if given else None
    return None


def _words(
    clause: Clause, type_: ColumnType, custom: dict[str, Clause], dialect: FileFormat, reader: Reader
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Return what means true and what means false, if the contract says so."""
    yes, no = custom.get("trueWords"), custom.get("falseWords")
    for given in (yes, no):
        if given and type_ != "boolean":
            reader.refuse(given, f"is not enforced for logicalType {type_}; remove it")
        elif given and not (isinstance(given.value, list) and given.value):
            reader.refuse(given, f"must be a list of texts, is {brief(given)}")
    if type_ == "boolean" and (yes is None) != (no is None):
        reader.refuse(yes or no or clause, "needs both trueWords and falseWords")
    if yes is None or no is None:
        return None, None
    true_words, false_words = (read_values(list(words), "string", dialect, reader) for words in (yes, no))
    for word in no:
        if word.value in true_words:
            reader.refuse(word, f"{brief(word.value)} means true already")
    return true_words, false_words


def _allowed(given: Clause | None, type_: ColumnType, dialect: FileFormat, reader: Reader) -> tuple[str, ...] | None:
    if given is None:
        return None
    if type_ not in {"string", "integer"}:
        reader.refuse(given, f"enum is not enforced for logicalType {type_}; write minimum and maximum, or a condition")
        return None
    if isinstance(given.value, list) and not given.value:
        reader.refuse(given, "allows nothing at all; list the values or remove it")
    entries = [reader.needed(entry, "value") for entry in given]
    return read_values([entry for entry in entries if entry], type_, dialect, reader)


def _personal(clause: Clause, reader: Reader) -> bool:
    given = clause["classification"]
    if given is None:
        return False
    if not isinstance(given.value, str) or given.value not in _PERSONAL:
        reader.refuse(given, f"{brief(given)} means nothing here; write one of {', '.join(_PERSONAL)}")
        return True
    return _PERSONAL[given.value]


def _refuse_empty_ranges(options: Clause, column: Column, reader: Reader) -> None:
    if column.minimum is not None and column.maximum is not None and (given := options["minimum"]):
        # Dates and moments as they are compiled sort as texts.
        number = column.type in {"integer", "decimal"}
        low, high = ((Decimal(bound) if number else bound) for bound in (column.minimum, column.maximum))
        if low > high:  # type: ignore[operator] # both are of one type
            reader.refuse(given, "is greater than maximum: no value is both")
    too_long = (column.min_length or 0) > (column.max_length or math.inf)
    if too_long and reader.sound(options, "minLength", "maxLength") and (given := options["minLength"]):
        reader.refuse(given, "is greater than maxLength: no text is both")
