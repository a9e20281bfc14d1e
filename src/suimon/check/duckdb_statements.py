"""The SQL of a check: statements of generated names (c0, t0, …); what a contract or file holds is a parameter."""

# ruff: noqa: S608 - as the docstring says

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from operator import sub
from typing import Any

from suimon.check.duckdb_input import Sheet
from suimon.check.grammar import MAX_RECORD_BYTES
from suimon.check.rules_as_sql import Key, Rules
from suimon.contract.file import Column
from suimon.values import dataclass

# Of every column that a statement reads DuckDB keeps some thousand cells, many times over and beyond its limit.
COLUMNS_AT_ONCE = 200
HALF = 10**19
_BUFFER_BYTES = 8 * 1024 * 1024  # by default sixteen of the longest records, for every thread


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a wide sheet that one statement judges: `columns` of it, and the `rules` and `sums` of these."""

    columns: slice
    rules: tuple[int, ...]
    sums: tuple[int, ...]
    places: frozenset[int]  # of all columns in the contract whose values it needs


def shares_of(sheet: Sheet, rules: Rules) -> list[Share]:
    """Part a sheet so that no statement reads more columns than fit its memory; what a condition reads is one part."""
    shares, others = list[Share](), list[int]()
    for start in range(0, len(sheet.places), COLUMNS_AT_ONCE):
        columns = slice(start, start + COLUMNS_AT_ONCE)
        own = frozenset(place for place in sheet.places[columns] if place is not None)
        begun = [number for number, rule in enumerate(rules.rules) if rule.columns[0] in own]
        numbers = tuple(number for number in begun if own.issuperset(rules.rules[number].columns))
        others += (number for number in begun if number not in numbers)
        shares.append(Share(columns, numbers, tuple(place for place in rules.sums if place in own), own))
    for part in parted(rules, tuple(others)):
        read = frozenset(place for number in part for place in rules.rules[number].columns)
        shares.append(Share(slice(0), part, (), read))
    return shares


def figures_of(share: Share, sheet: Sheet, rules: Rules, columns: tuple[Column, ...]) -> list[str]:
    """SQL: records, those whose cells hold quotes, bytes of cells; cells that break each rule; each sum's halves.

    Of neighbouring cells at once: of hundreds each by itself takes longer to plan than to read.
    """
    quote, text = literal(sheet.quote), _together(names_of(sheet)[share.columns])
    unquoted = f"replace({text}, {quote}, '')" if sheet.doubled else text
    return [
        "count(*)",
        f"coalesce(count_if(contains({text}, {quote})), 0)" if sheet.quotes and not sheet.doubled else "0",
        f"coalesce(sum(strlen({unquoted})), 0)",
        *(f"count_if({rules.rules[rule].condition})" for rule in share.rules),
        *(half for place in share.sums for half in _halves(place, columns[place])),
    ]


def _together(names: list[str]) -> str:
    """SQL: the text of several cells as one; without those that are empty, which are NULL."""
    if len(names) > 1:
        return f"concat({', '.join(names)})"
    return f"coalesce({names[0]}, '')" if names else "''"


def _halves(place: int, column: Column) -> tuple[str, str]:
    """SQL: the sum of a column in two parts, for 38 digits hold the values but not every sum of them."""
    digits = f"t{place}" if column.type == "integer" else f"replace(CAST(t{place} AS VARCHAR), '.', '')"
    whole = f"CAST({digits} AS HUGEINT)"
    return f"sum({whole} // {HALF})", f"sum({whole} % {HALF})"


def parted(rules: Rules, wanted: tuple[int, ...], columns: int = COLUMNS_AT_ONCE) -> Iterator[tuple[int, ...]]:
    """Part rules so that each part reads no more columns than fit the memory of a statement."""
    part, places = list[int](), set[int]()
    for number in wanted:
        further = places.union(rules.rules[number].columns)
        if part and len(further) > columns:
            yield tuple(part)
            part, further = [], set(rules.rules[number].columns)
        part.append(number)
        places = further
    if part:
        yield tuple(part)


def judged(
    sheet: Sheet,
    rules: Rules,
    places: Collection[int],
    *,
    cells: Collection[str] = (),
    numbered: bool = False,
    reading: Sequence[str] = (),
) -> str:
    """SQL: every record with its cells c, texts v and typed values t of `places`; numbered with record and line.

    `cells` are names of others to be had. Named one by one: of all columns of a wide sheet DuckDB would plan each at
    every level. `reading` are named expressions over any cells, taken as they are read.
    """
    names = names_of(sheet)
    quote = literal(sheet.quote)
    read = (
        "read_csv($path, auto_detect = false, columns = $columns, header = true, parallel = false, "
        f"delim = {literal(sheet.delimiter)}, quote = {quote}, escape = {quote}, strict_mode = true, "
        f"null_padding = false, ignore_errors = false, compression = 'none', hive_partitioning = false, "
        f"max_line_size = {MAX_RECORD_BYTES + (-1 if sheet.rows is None else 1)}, buffer_size = {_BUFFER_BYTES})"
    )
    taken = [name for name, place in zip(names, sheet.places, strict=True) if place in places or name in cells]
    number = list[str]()
    if numbered:
        number = ["row_number() OVER () AS own_record", "row_number() OVER () AS own_line"]
    if numbered and sheet.embedded:
        read = f"(SELECT {', '.join([*taken, f'{newlines(names)} AS breaks', *reading])} FROM {read})"
        above = "(sum(breaks) OVER (ROWS UNBOUNDED PRECEDING))::BIGINT - breaks"
        number[1] = f"row_number() OVER () + {above} AS own_line"
        taken = ["*"]
    query = f"SELECT {', '.join([*taken, *number])} FROM {read}"
    levels = {"w": rules.narrowed, "p": rules.plain, "v": rules.values, "a": rules.casts, "t": rules.typed}
    for prefix, expressions in levels.items():
        named = [f"{expression} AS {prefix}{place}" for place, expression in expressions.items() if place in places]
        if named:
            query = f"SELECT {', '.join(['*', *named])} FROM ({query})"
    return query


def marked(
    sheet: Sheet,
    rules: Rules,
    wanted: tuple[int, ...],
    kept: Sequence[str],
    *,
    cells: Collection[str] = (),
    reading: Sequence[str] = (),
) -> str:
    """SQL: the records that break one of the `wanted` rules: place, what is `kept` of them, a mark m for each rule."""
    marks = [f"coalesce({rules.rules[number].condition}, false) AS m{number}" for number in wanted]
    names = [f"m{number}" for number in wanted]
    places = {place for number in wanted for place in rules.rules[number].columns}
    read = judged(sheet, rules, places, cells=cells, numbered=True, reading=reading)
    records = f"SELECT *, {', '.join(marks)} FROM ({read})"
    # Named one by one: of all columns each would be sorted, in so many thousand cells.
    return f"SELECT {', '.join(['own_record', 'own_line', *kept, *names])} FROM ({records}) WHERE {' OR '.join(names)}"


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


def newlines(names: list[str]) -> str:
    """SQL: how many line breaks neighbouring cells hold. Counted one by one, a thousand of them take memory each."""
    if not names:
        return "0"
    text = _together(names)
    return f"CASE WHEN contains({text}, chr(10)) THEN strlen({text}) - strlen(replace({text}, chr(10), '')) ELSE 0 END"


def newlines_before(sheet: Sheet, places: list[int]) -> list[str]:
    """SQL: for each of some places in the sheet's order, the line breaks between the place before it and itself."""
    names, at = names_of(sheet), [sheet.places.index(place) for place in places]
    return [newlines(names[start:end]) for start, end in pairwise([0, *at])]


def names_of(sheet: Sheet) -> list[str]:
    """Name the columns of a sheet: c and the contract's place, u and its own place where the contract knows it not."""
    return [f"u{own}" if place is None else f"c{place}" for own, place in enumerate(sheet.places)]


def literal(text: str) -> str:
    """SQL: a dialect's mark, or a path of our own, as a literal: options of a reader take no parameters."""
    return "'" + text.replace("'", "''") + "'"


class Numbers:
    """SQL: from a record's place in its sheet to its number and line in the file."""

    def __init__(self, sheet: Sheet) -> None:
        self._numbering = numbering = sheet.numbering()
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

    def own(self, record: int) -> int:
        """Return the place in its sheet of a record of the file; 0 of one before all of them."""
        run = bisect_right(self._numbering.record, record) - 1
        return self._numbering.own_record[run] + record - self._numbering.record[run] if run >= 0 else 0
