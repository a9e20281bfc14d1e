"""The SQL of a check: statements of generated names (c0, t0, …); what a contract or file holds is a parameter."""

# ruff: noqa: S608 - as the docstring says

from operator import sub
from typing import Any

from suimon.check.duckdb_input import Sheet
from suimon.check.grammar import MAX_RECORD_BYTES
from suimon.check.rules_as_sql import Key, Rules
from suimon.contract.file import Column

_BUFFER_BYTES = 8 * 1024 * 1024  # by default sixteen of the longest records, for every thread


def judged(sheet: Sheet, rules: Rules, *, numbered: bool = False) -> str:
    """SQL: every record with its cells c, their texts v and typed values t; numbered with its record and line."""
    names = names_of(sheet)
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    quote = literal(sheet.quote)
    read = (
        f"read_csv($path, auto_detect = false, columns = {{{columns}}}, header = true, parallel = false, "
        f"delim = {literal(sheet.delimiter)}, quote = {quote}, escape = {quote}, strict_mode = true, "
        f"null_padding = false, ignore_errors = false, compression = 'none', hive_partitioning = false, "
        f"max_line_size = {MAX_RECORD_BYTES + (-1 if sheet.rows is None else 1)}, buffer_size = {_BUFFER_BYTES})"
    )
    number = list[str]()
    if numbered:
        number = ["row_number() OVER () AS own_record", "row_number() OVER () AS own_line"]
    if numbered and sheet.embedded:
        read = f"(SELECT *, {added(list(map(newlines, names)))} AS breaks FROM {read})"
        above = "(sum(breaks) OVER (ROWS UNBOUNDED PRECEDING))::BIGINT - breaks"
        number[1] = f"row_number() OVER () + {above} AS own_line"
    query = f"SELECT {', '.join(['*', *number])} FROM {read}"
    for prefix, expressions in (("v", rules.values), ("a", rules.casts), ("t", rules.typed)):
        named = [f"{expression} AS {prefix}{place}" for place, expression in expressions.items()]
        query = f"SELECT {', '.join(['*', *named])} FROM ({query})"
    return query


def marked(sheet: Sheet, rules: Rules, wanted: tuple[int, ...]) -> str:
    """SQL: the records that break one of the `wanted` rules, with a mark m for each that they break."""
    marks = [f"coalesce({rules.rules[number].condition}, false) AS m{number}" for number in wanted]
    anything = " OR ".join(f"m{number}" for number in wanted)
    return f"SELECT * FROM (SELECT *, {', '.join(marks)} FROM ({judged(sheet, rules, numbered=True)})) WHERE {anything}"


def of_key(key: Key, columns: tuple[Column, ...]) -> list[str]:
    """SQL: the values of a key as they are compared: without blanks at their end, which for Redshift mean nothing.

    Documentation: "Character types", "Significance of trailing blanks". Few values end in one, and RTRIM costs more
    than the look whether they do.
    """
    return [
        f"CASE WHEN ends_with(t{place}, ' ') THEN rtrim(t{place}, ' ') ELSE t{place} END"
        if columns[place].type == "string"
        else f"t{place}"
        for place in key.columns
    ]


def as_key_text(place: int, column: Column) -> str:
    """SQL: a key's value as the kernel reads it: a text as it is, all else as a whole number."""
    value = f"t{place}"
    match column.type:
        case "string":
            return value
        case "date":
            return f"CAST({value} - DATE '1970-01-01' AS VARCHAR)"
        case "timestamp":
            return f"CAST(epoch_us({value}) AS VARCHAR)"
        case "boolean":
            return f"CASE WHEN {value} THEN '1' ELSE '0' END"
        case _:
            return f"replace(CAST({value} AS VARCHAR), '.', '')"


def repetitions_of(key: int, rules: Rules) -> str:
    """SQL: the candidates of a key with the record that had it first."""
    columns = ", ".join(f"t{place}" for place in rules.keys[key].columns)
    return (
        f"SELECT candidates.*, first FROM candidates_{key} AS candidates JOIN (SELECT {columns}, min(record) AS first "
        f"FROM candidates_{key} GROUP BY ALL HAVING count(*) > 1) USING ({columns})"
    )


def newlines(name: str) -> str:
    """SQL: how many line breaks a cell holds."""
    return f"CASE WHEN contains({name}, chr(10)) THEN strlen({name}) - strlen(replace({name}, chr(10), '')) ELSE 0 END"


def added(terms: list[str]) -> str:
    """SQL: the sum of terms. In a row of a thousand each would stand deeper than DuckDB's parser goes."""
    if len(terms) <= 1:
        return terms[0] if terms else "0"
    half = len(terms) // 2
    return f"({added(terms[:half])} + {added(terms[half:])})"


def names_of(sheet: Sheet) -> list[str]:
    """Name the columns of a sheet: c and the contract's place, u and its own place where the contract knows it not."""
    return [f"u{own}" if place is None else f"c{place}" for own, place in enumerate(sheet.places)]


def literal(text: str) -> str:
    """SQL: a dialect's mark, or a path of our own, as a literal: options of a reader take no parameters."""
    return "'" + text.replace("'", "''") + "'"


class Numbers:
    """SQL: from a record's place in its sheet to its number and line in the file."""

    def __init__(self, sheet: Sheet) -> None:
        numbering = sheet.numbering
        self.join, self.parameters = "", dict[str, Any]()
        if len(numbering.record) == 1:
            self.record = f"own_record + {numbering.record[0] - numbering.own_record[0]}"
            self.line = f"own_line + {numbering.line[0] - numbering.own_line[0]}"
            return
        if sheet.rows is None:
            raise AssertionError("a sheet of several runs is one of our own, whose records are counted")
        self.record = "own_record + numbers.record_shift"
        self.line = "own_line + numbers.line_shift"
        # Every record has a row of its own here: DuckDB compares each record with each run in an ASOF JOIN, whose size
        # it guesses wrongly, and so takes minutes.
        self.join = (
            "JOIN (SELECT unnest(range(first, beyond)) AS own_record, record_shift, line_shift FROM "
            "(SELECT unnest($own_records) AS first, unnest($beyond) AS beyond, "
            "unnest($record_shifts) AS record_shift, unnest($line_shifts) AS line_shift)) AS numbers USING (own_record)"
        )
        self.parameters = {
            "own_records": numbering.own_record,
            "beyond": [*numbering.own_record[1:], sheet.rows + 1],
            "record_shifts": list(map(sub, numbering.record, numbering.own_record)),
            "line_shifts": list(map(sub, numbering.line, numbering.own_line)),
        }
