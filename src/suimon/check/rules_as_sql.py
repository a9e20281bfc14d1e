"""From a contract to SQL: what a cell's text means as a value, and each rule as a condition that marks a bad cell.

In SQL the contract's column number n is c{n} as read, v{n} as text (NULL when missing), t{n} as typed value (NULL when
missing or not of its type). A contract's names never become part of a statement, its values are named parameters; the
text of its conditions is DuckDB's own, checked and rewritten when the contract was compiled.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from itertools import chain

from suimon.check.cells_as_sql import narrowed_as_sql, plain_as_sql
from suimon.check.partition_rule import condition_of, details_of
from suimon.check.verdict import Code, Details
from suimon.contract.file import Column, Metric
from suimon.contract.model import Contract
from suimon.contract.partition import Partition, partition_of
from suimon.contract.placeholders import DS
from suimon.values import dataclass

# What the directives of strptime take, in full width: by itself it would take one digit for two.
_DIRECTIVES = {
    "%Y": "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])",  # there is no year 0
    "%m": "[0-9]{2}",
    "%d": "[0-9]{2}",
    "%H": "(?:[01][0-9]|2[0-3])",
    "%M": "[0-5][0-9]",
    "%S": "[0-5][0-9]",  # no leap seconds
    "%g": "[0-9]{3}",
    "%f": "[0-9]{6}",
    "%z": "(?:Z|[+-](?:(?:0[0-9]|1[0-7]):[0-5][0-9]|18:00))",  # as far as Java goes, which casts what is accepted
}
_DIRECTIVE = re.compile("%.")
_ISO_DATE, _ISO_TIMESTAMP = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"
# The longest text of a list of allowed values that a report repeats.
_LISTED_CHARACTERS = 200
_LONGEST_PATTERN = 8 * 1024  # of more DuckDB may take seconds to make an automaton


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `condition` is SQL that is true of a record whose cell is bad."""

    code: Code
    columns: tuple[int, ...]  # places in the contract: one, or those that a condition reads
    condition: str
    details: Details = field(default_factory=dict)
    metric: int | None = None  # its place among the contract's metrics, when its cells only count for one


@dataclass(frozen=True, slots=True)
class Key:
    """Columns whose values (combinations) may stand once only; what repeats them is found across the whole file."""

    code: Code
    columns: tuple[int, ...]
    metric: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """All that SQL needs to judge the known columns of a file."""

    narrowed: dict[int, str]  # place -> w, an expression over c, of columns whose cells may be written otherwise
    plain: dict[int, str]  # place -> p, the plain text over w, of the same
    values: dict[int, str]  # place -> v, an expression over c and p
    casts: dict[int, str]  # place -> a, a lax cast over v, where there is one
    typed: dict[int, str]  # place -> t, an expression over v and a
    rules: tuple[Rule, ...]
    keys: tuple[Key, ...]
    sums: tuple[int, ...]  # places of the columns whose sum the trailer gives, or the volume compares
    parameters: dict[str, str]


def rules_for(contract: Contract, partition: str | None, places: Iterable[int]) -> Rules:
    """Return the rules for the columns that a file has; without a partition those that name it fall away."""
    present, of = sorted(places), partition_of(partition) if partition else None
    parameters = dict[str, str]()
    narrowed, plain = dict[int, str](), dict[int, str]()
    values, casts, typed = dict[int, str](), dict[int, str](), dict[int, str]()
    rules = list[Rule]()
    dialect = contract.file
    tokens, decimal = (dialect.null_tokens, dialect.decimal) if dialect else (("",), ".")
    parameters |= {f"null_{number}": token for number, token in enumerate(tokens)}
    for place in present:
        column = contract.columns[place]
        if form := column.form(decimal):
            narrowed[place] = narrowed_as_sql(f"c{place}", form, parameters)
            plain[place] = f"coalesce({plain_as_sql(f'w{place}', place, form, parameters)}, '')"
        values[place] = _value(place, tokens, plain=place in plain)
        cast, typed[place] = _typed(place, column, decimal, of, parameters)
        if cast:
            casts[place] = cast
        required = column.required or column.name in contract.primary_key
        rules += _rules(place, column, of, decimal, parameters, required=required)
    where = {contract.columns[place].name: place for place in present}
    rules += _conditions(contract, where, of)
    rules += _metric_rules(contract, where, parameters)
    trailer = dialect.trailer if dialect else None
    summed = [name for name, _ in trailer.sums] if trailer else []
    summed += contract.volume.columns if contract.volume else ()
    sums = tuple(where[name] for name in dict.fromkeys(summed) if name in where)
    keys = tuple(_keys(contract, where))
    return Rules(narrowed, plain, values, casts, typed, tuple(rules), keys, sums, parameters)


def _keys(contract: Contract, where: dict[str, int]) -> Iterator[Key]:
    for place in where.values():
        if contract.columns[place].unique:
            yield Key(Code.UNIQUE_ERROR, (place,))
    if contract.primary_key and all(name in where for name in contract.primary_key):
        yield Key(Code.PRIMARY_KEY_ERROR, tuple(where[name] for name in contract.primary_key))
    for number, metric in enumerate(contract.metrics):
        if metric.name == "duplicateValues" and all(name in where for name in metric.columns):
            yield Key(Code.QUALITY_ERROR, tuple(where[name] for name in metric.columns), number)


def _value(place: int, tokens: tuple[str, ...], *, plain: bool) -> str:
    """The reader gives NULL for an empty cell, quoted or not. A null token may stand as it is, or written otherwise."""
    listed = ", ".join(f"$null_{number}" for number in range(len(tokens)))
    if plain:
        known = f"p{place} NOT IN ({listed}) AND coalesce(c{place}, '') NOT IN ({listed})"
        return f"CASE WHEN {known} THEN p{place} END" if tokens else f"p{place}"
    if tokens == ("",):
        return f"c{place}"
    text = f"c{place}" if "" in tokens else f"coalesce(c{place}, '')"
    return f"CASE WHEN {text} NOT IN ({listed}) THEN {text} END" if tokens else text


def _typed(
    place: int, column: Column, decimal: str, partition: Partition | None, parameters: dict[str, str]
) -> tuple[str, str]:
    """Return the lax cast, if it takes one, and the exact value.

    A cast alone takes blanks, 1e3, 1_000, 'epoch', and rounds. What it gives is right if it is written as the cell is,
    which costs little; only what is written otherwise (+7, 007, 1.5 for 1.50) is held against a regular expression.
    """
    v, a, sql_type = f"v{place}", f"a{place}", column.sql_type
    form = f"form_{place}"
    match column.type:
        case "string":
            return "", v
        case "integer":
            parameters[form] = "[+-]?[0-9]+"
            return f"TRY_CAST({v} AS {sql_type})", _as_written(place, f"CAST({a} AS VARCHAR) = {v}")
        case "decimal":
            fraction = f"({re.escape(decimal)}[0-9]{{1,{column.scale}}})?" if column.scale else ""
            parameters[form] = f"[+-]?[0-9]+{fraction}"
            plain, written = v, f"CAST({a} AS VARCHAR)"
            if decimal != ".":
                plain, written = f"replace({v}, '{decimal}', '.')", f"replace({written}, '.', '{decimal}')"
            # Of a number that has nothing but decimal places DuckDB writes .5 for 0.5.
            same = "false" if column.scale == column.precision else f"{written} = {v}"
            return f"TRY_CAST({plain} AS {sql_type})", _as_written(place, same)
        case "boolean":
            lists = []
            for word, words in (("true", column.true_words), ("false", column.false_words)):
                names = [f"{word}_{place}_{number}" for number in range(len(words or (word,)))]
                parameters |= dict(zip(names, words or (word,), strict=True))
                lists.append(f"WHEN {v} IN ({', '.join(f'${name}' for name in names)}) THEN {word}")
            return "", f"CASE {' '.join(lists)} END"
        case "date" | "timestamp":
            return _moment(place, column, partition, parameters)


def _as_written(place: int, same: str) -> str:
    return f"CASE WHEN {same} THEN a{place} WHEN regexp_full_match(v{place}, $form_{place}) THEN a{place} END"


def _moment(place: int, column: Column, partition: Partition | None, parameters: dict[str, str]) -> tuple[str, str]:
    v, a, form, sql_type = f"v{place}", f"a{place}", column.plain_format or _ISO_DATE, column.sql_type
    parameters[f"form_{place}"] = _form(form)
    if form in {_ISO_DATE, _ISO_TIMESTAMP}:
        length = len("YYYY-MM-DD") if form == _ISO_DATE else len("YYYY-MM-DD hh:mm:ss")
        same = f"CAST({{0}} AS VARCHAR) = {v} AND strlen({v}) = {length}"  # longer: BC, year 10000, infinity
        exact = f"WHEN {same} THEN {{0}} WHEN regexp_full_match({v}, $form_{place}) THEN {{0}} END"
        cast = f"TRY_CAST({v} AS {sql_type})"
        if column.type == "date" and column.partition == "ds" and partition:
            # Nearly every cell is the partition itself: nothing else is cast.
            return "", f"CASE WHEN {v} = $partition THEN CAST($partition AS DATE) {exact.format(cast)}"
        return cast, f"CASE {exact.format(a)}"
    parameters[f"written_{place}"] = form
    if form.endswith("%z"):
        text = f"CASE WHEN ends_with({v}, 'Z') THEN left({v}, -1) || '+00:00' ELSE {v} END"
        cast = f"CAST(TRY_STRPTIME({text}, $written_{place}) AS {sql_type})"
        # In UTC, as it is loaded: midnight of the first day of year 1 in Japan is before that year.
        return cast, f"CASE WHEN regexp_full_match({v}, $form_{place}) AND {a} >= TIMESTAMP '0001-01-01' THEN {a} END"
    cast = f"CAST(TRY_STRPTIME({v}, $written_{place}) AS {sql_type})"
    return "", f"CASE WHEN regexp_full_match({v}, $form_{place}) THEN {cast} END"


def _form(written: str) -> str:
    form, position = "", 0
    for directive in _DIRECTIVE.finditer(written):
        form += re.escape(written[position : directive.start()]) + _DIRECTIVES[directive[0]]
        position = directive.end()
    return form + re.escape(written[position:])


def _rules(
    place: int, column: Column, partition: Partition | None, decimal: str, parameters: dict[str, str], *, required: bool
) -> Iterator[Rule]:
    v, t, sql_type, here = f"v{place}", f"t{place}", column.sql_type, (place,)
    if required:
        yield Rule(Code.REQUIRED_ERROR, here, f"{v} IS NULL")
    if column.type != "string":
        yield Rule(Code.TYPE_ERROR, here, f"{v} IS NOT NULL AND {t} IS NULL", _type_details(column, decimal))
    # strlen counts bytes, at once; characters, which cost more, only where the bytes leave it open.
    if (least := column.min_length) is not None:
        condition = f"CASE WHEN strlen({v}) < {4 * least} THEN length({v}) < {least} ELSE false END"
        yield Rule(Code.MIN_LENGTH_ERROR, here, condition, {"length": least})
    if (most := column.max_length) is not None:
        condition = f"CASE WHEN strlen({v}) > {most} THEN length({v}) > {most} ELSE false END"
        yield Rule(Code.MAX_LENGTH_ERROR, here, condition, {"length": most})
    for code, bound, sign, word in (
        (Code.MINIMUM_ERROR, column.minimum, "<", "minimum"),
        (Code.MAXIMUM_ERROR, column.maximum, ">", "maximum"),
    ):
        if bound is not None:
            parameters[f"{word}_{place}"] = bound
            yield Rule(code, here, f"{t} {sign} CAST(${word}_{place} AS {sql_type})", {word: bound})
    if column.pattern is not None:
        parameters[f"pattern_{place}"] = column.pattern
        condition = f"NOT regexp_matches({v}, $pattern_{place})"
        yield Rule(Code.PATTERN_ERROR, here, condition, {"pattern": column.pattern})
    if column.allowed is not None:
        condition = f"NOT {_is_one(v, f'allowed_{place}', column.allowed, parameters)}"
        yield Rule(Code.ALLOWED_VALUES_ERROR, here, condition, {"allowed": _shortened(column.allowed)})
    if column.partition and partition is not None:
        condition = condition_of(place, column, partition, parameters)
        yield Rule(Code.PARTITION_ERROR, here, condition, details_of(column, partition))


def _conditions(contract: Contract, where: dict[str, int], partition: Partition | None) -> Iterator[Rule]:
    for condition in contract.conditions:
        if condition.names_date and partition is None:
            continue
        if not all(name in where for name in condition.columns):
            continue  # a column that it reads is not in the file, which the header's faults say
        # A literal may look like one of our parameters.
        day = partition.first.isoformat() if partition and partition.first else ""
        sql = condition.sql.replace("$", "' || chr(36) || '").replace(DS, day)
        # TRY makes NULL of an error such as an overflow: what cannot be found true is bad. NULL itself is not.
        holds = f"TRY(CASE WHEN NOT ({sql}) THEN true ELSE false END)"
        places = tuple(where[name] for name in condition.columns)
        details = {"name": condition.name, "text": condition.text.replace(DS, day or DS)}
        yield Rule(Code.CONDITION_ERROR, places, f"coalesce({holds}, true)", details)


def _metric_rules(contract: Contract, where: dict[str, int], parameters: dict[str, str]) -> Iterator[Rule]:
    for number, metric in enumerate(contract.metrics):
        if metric.name in {"rowCount", "duplicateValues"} or metric.columns[0] not in where:
            continue
        place = where[metric.columns[0]]
        yield Rule(Code.QUALITY_ERROR, (place,), _metric(metric, number, place, parameters), metric=number)


def _metric(metric: Metric, number: int, place: int, parameters: dict[str, str]) -> str:
    v = f"v{place}"
    listed = _is_one(v, f"values_{number}", metric.values, parameters) if metric.values else ""
    if metric.name == "nullValues":
        return f"{v} IS NULL"
    if metric.name == "missingValues":
        return f"{v} IS NULL" + (f" OR {listed}" if listed else "")
    invalid = [f"NOT {listed}"] if listed else []
    if metric.pattern is not None:
        parameters[f"metric_{number}"] = metric.pattern
        invalid.append(f"NOT regexp_matches({v}, $metric_{number})")
    return f"{v} IS NOT NULL AND ({' OR '.join(invalid)})"


def _is_one(v: str, name: str, values: Sequence[str], parameters: dict[str, str]) -> str:
    """SQL: whether a text is one of a list.

    As one expression it takes as long for a hundred values as for three, and little memory: of each value of an `IN`
    DuckDB would keep a thousand.
    """
    pattern = "|".join(map(re.escape, values))
    if len(pattern) > _LONGEST_PATTERN:
        return f"{v} IN ({_listed(name, values, parameters)})"
    parameters[name] = f"(?:{pattern})"
    return f"regexp_full_match({v}, ${name})"


def _listed(name: str, values: Iterable[str], parameters: dict[str, str]) -> str:
    names = {f"{name}_{number}": value for number, value in enumerate(values)}
    parameters |= names
    return ", ".join(f"${name}" for name in names)


def _shortened(values: tuple[str, ...]) -> str:
    text = ", ".join(values)
    return text if len(text) <= _LISTED_CHARACTERS else text[: _LISTED_CHARACTERS - 1] + "…"


def _type_details(column: Column, decimal: str) -> dict[str, str | int]:
    match column.type:
        case "integer":
            return {"type": "integer", "bits": column.bits or 32}
        case "decimal":
            return {
                "type": "decimal",
                "precision": column.precision or 38,
                "scale": column.scale or 0,
                "decimal": decimal,
            }
        case "boolean":
            words = chain(column.true_words or ("true",), column.false_words or ("false",))
            return {"type": "boolean", "words": ", ".join(words)}
        case _:
            pivot = {"pivot": column.pivot} if column.pivot is not None else {}
            return {"type": column.type, "format": column.format or _ISO_DATE, **pivot}
