"""From a contract to SQL: what a column's text means as a value, and each rule as a condition that marks a bad cell.

Columns are c0, c1, … in SQL: a contract's names never become part of a statement, its values are named parameters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from suimon.check.verdict import Code
from suimon.contract.model import Column, Contract

# What the directives of strptime take: regex, and how people write them.
_DIRECTIVES = {
    "%Y": ("(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])", "YYYY"),  # there is no year 0
    "%m": ("[0-9]{2}", "MM"),
    "%d": ("[0-9]{2}", "DD"),
    "%H": ("[0-9]{2}", "hh"),
    "%M": ("[0-9]{2}", "mm"),
    "%S": ("[0-9]{2}", "ss"),
}
_DIRECTIVE = re.compile("%.")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one column. `condition` is SQL over v (the text, NULL when missing), t (typed) and first."""

    code: Code
    column: int  # its place in the contract
    condition: str
    message: str
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """All that SQL needs to judge the columns of a file: per column the value's expressions, and the rules in order."""

    values: dict[int, str]  # column's place -> text or NULL, an expression over c
    typed: dict[int, str]  # column's place -> typed value or NULL, an expression over v
    rules: tuple[Rule, ...]
    parameters: dict[str, str]

    @property
    def unique(self) -> tuple[int, ...]:
        """The places of the columns whose values may not repeat."""
        return tuple(rule.column for rule in self.rules if rule.code is Code.UNIQUE_ERROR)


def rules_for(contract: Contract, partition: str | None, columns: tuple[int, ...]) -> Rules:
    """Give the rules for the columns (places in the contract) of a file. Without a partition its rule falls away."""
    parameters: dict[str, str] = {}
    values, typed = {}, {}
    rules: list[Rule] = []
    tokens = contract.file.null_tokens if contract.file else ("",)
    for token_number, token in enumerate(tokens):
        parameters[f"null_{token_number}"] = token
    for place in columns:
        column = contract.columns[place]
        values[place] = _value(place, tokens)
        expression, extra = _typed(place, column)
        typed[place] = expression
        parameters |= extra
        for rule in _rules(place, column, partition):
            rules.append(rule)
            parameters |= rule.parameters
    return Rules(values, typed, tuple(rules), parameters)


def _value(place: int, tokens: tuple[str, ...]) -> str:
    """The reader gives NULL for an empty cell, quoted or not."""
    if tokens == ("",):
        return f"c{place}"
    listed = ", ".join(f"$null_{number}" for number in range(len(tokens)))
    text = f"coalesce(c{place}, '')"
    return f"CASE WHEN {text} NOT IN ({listed}) THEN {text} END" if tokens else text


def _typed(place: int, column: Column) -> tuple[str, dict[str, str]]:
    """A cast alone is too lax: it takes blanks, 1e3, 1_000, 'epoch', and rounds. The form guards it, exactly."""
    form, cast = f"form_{place}", ""
    match column.type:
        case "string":
            return f"v{place}", {}
        case "integer":
            cast = f"TRY_CAST(v{place} AS {_sql_type(column)})"
            parameters = {form: "[+-]?[0-9]+"}
        case "decimal":
            cast = f"TRY_CAST(v{place} AS {_sql_type(column)})"
            parameters = {form: "[+-]?[0-9]+" + (rf"(\.[0-9]{{1,{column.scale}}})?" if column.scale else "")}
        case "boolean":
            cast = f"TRY_CAST(v{place} AS BOOLEAN)"
            parameters = {form: "true|false"}
        case "date" | "timestamp":
            written = column.format or "%Y-%m-%d"
            cast = f"CAST(TRY_STRPTIME(v{place}, $written_{place}) AS {_sql_type(column)})"
            parameters = {form: _date_form(written), f"written_{place}": written}
    return f"CASE WHEN regexp_full_match(v{place}, $form_{place}) THEN {cast} END", parameters


def _date_form(written: str) -> str:
    """Digits in full width for each directive of strptime, which by itself would take one digit for two."""
    form, position = "", 0
    for directive in _DIRECTIVE.finditer(written):
        form += re.escape(written[position : directive.start()])
        form += _DIRECTIVES[directive[0]][0]
        position = directive.end()
    return form + re.escape(written[position:])


def _sql_type(column: Column) -> str:
    match column.type:
        case "integer":
            return "INTEGER"  # 32 bits, ODCS's default and Redshift's INTEGER
        case "decimal":
            return f"DECIMAL({int(column.precision or 38)}, {int(column.scale or 0)})"
        case "date":
            return "DATE"
        case "timestamp":
            return "TIMESTAMP"
        case "boolean":
            return "BOOLEAN"
        case "string":
            return "VARCHAR"


def _rules(place: int, column: Column, partition: str | None) -> Iterator[Rule]:
    v, t, sql_type = f"v{place}", f"t{place}", _sql_type(column)
    if column.required:
        yield Rule(Code.REQUIRED_ERROR, place, f"{v} IS NULL", "a value is required")
    if column.type != "string":
        yield Rule(Code.TYPE_ERROR, place, f"{v} IS NOT NULL AND {t} IS NULL", f"is not {_written(column)}")
    if column.min_length is not None:
        yield Rule(
            Code.MIN_LENGTH_ERROR,
            place,
            f"length({v}) < {int(column.min_length)}",
            f"has fewer than {column.min_length} characters",
        )
    if column.max_length is not None:
        yield Rule(
            Code.MAX_LENGTH_ERROR,
            place,
            f"length({v}) > {int(column.max_length)}",
            f"has more than {column.max_length} characters",
        )
    for code, bound, sign, word in (
        (Code.MINIMUM_ERROR, column.minimum, "<", "less"),
        (Code.MAXIMUM_ERROR, column.maximum, ">", "greater"),
    ):
        if bound is not None:
            name = f"bound_{place}_{word}"
            condition = f"{t} {sign} CAST(${name} AS {sql_type})"
            yield Rule(code, place, condition, f"is {word} than {bound}", {name: bound})
    if column.pattern is not None:
        name = f"pattern_{place}"
        condition = f"NOT regexp_matches({v}, ${name})"
        yield Rule(Code.PATTERN_ERROR, place, condition, f"does not match {column.pattern}", {name: column.pattern})
    if column.partition and partition is not None:
        condition = f"{t} <> CAST($partition AS {sql_type})"
        message = f"is not the partition {partition} that the key names"
        yield Rule(Code.PARTITION_ERROR, place, condition, message, {"partition": partition})
    if column.unique:
        yield Rule(Code.UNIQUE_ERROR, place, f"record > first{place}", "stands already in record {first}")


def _written(column: Column) -> str:
    match column.type:
        case "integer":
            return "a whole number of 32 bits"
        case "decimal":
            places = f"at most {column.scale} decimal places" if column.scale else "no decimal places"
            return f"a number of at most {(column.precision or 38) - (column.scale or 0)} digits with {places}"
        case "boolean":
            return "true or false"
        case "date" | "timestamp":
            form = _DIRECTIVE.sub(lambda directive: _DIRECTIVES[directive[0]][1], column.format or "%Y-%m-%d")
            return f"a real {column.type} written {form}"
        case "string":
            return "text"
