"""DuckDB reads one sheet at a time; nothing is guessed."""

# ruff: noqa: S608 - statements are made of generated names (c0, t0, …); what a contract or file holds is a parameter

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate, compress
from pathlib import Path
from typing import Any, NamedTuple, Self

from suimon.check.duckdb_connection import Connection, connected
from suimon.check.duckdb_input import Sheet
from suimon.check.duckdb_statements import (
    COLUMNS_AT_ONCE,
    HALF,
    Numbers,
    Share,
    as_key_text,
    figures_of,
    judged,
    literal,
    marked,
    names_of,
    newlines,
    newlines_before,
    of_key,
    parted,
    repetitions_of,
    shares_of,
)
from suimon.check.found import (
    SUSPECTED,
    BadRecord,
    Repetition,
    Totals,
)
from suimon.check.rules_as_sql import Key, Rules
from suimon.check.verdict import VALUE_LENGTH
from suimon.contract.file import Column

_SHOWN = VALUE_LENGTH + 1  # one more than a report shows tells that there is more


class _ShareTotals(NamedTuple):
    """What one statement finds: cells that break each rule, sums by place."""

    rows: int
    holding: int
    cell_bytes: int
    failing: dict[int, int]
    sums: dict[int, int]


class Duck:
    """One DuckDB connection that may read and spill in one folder. Each thread needs its own: see `another`."""

    def __init__(self, connection: Connection, columns: tuple[Column, ...]) -> None:
        self._connection = connection
        self._run = connection.run
        self._columns = columns

    def another(self) -> Self:
        """Return a connection to the same database for another thread."""
        return type(self)(self._connection.another(), self._columns)

    def prepare(self, rules: Rules) -> None:
        """Make the tables that hold the keys of the whole file."""
        self._run("CREATE TABLE bad_records (record BIGINT, breaks BIGINT)", {})
        for number, key in enumerate(rules.keys):
            cells = ", ".join(f"t{place} {self._columns[place].sql_type}, x{place} VARCHAR" for place in key.columns)
            cells += "".join(f", x{place} VARCHAR" for place in self._beside(key))
            self._run(f"CREATE TABLE keys_{number} (hash UBIGINT)", {})
            self._run(f"CREATE TABLE candidates_{number} (record BIGINT, line BIGINT, {cells})", {})

    def totals(self, sheet: Sheet, rules: Rules, number: int, *, keys: bool = True) -> Totals:
        """Judge every cell in one scan, with the hashes of `keys`; MalformedSheetError if the sheet cannot be read.

        A wide sheet is scanned once for each share of its columns.
        """
        first, *others = (
            self._totals_of(share, sheet, rules, number if place == 0 and keys and rules.keys else None)
            for place, share in enumerate(shares_of(sheet, rules))
        )
        failing, sums = [0] * len(rules.rules), dict.fromkeys(rules.sums, 0)
        for share in (first, *others):
            for place, cells in share.failing.items():
                failing[place] = cells
            sums |= share.sums
        return Totals(
            first.rows,
            tuple(failing),
            tuple(sums.values()),
            sum(share.cell_bytes for share in (first, *others)),
            sum(share.holding for share in (first, *others)),
        )

    def _totals_of(self, share: Share, sheet: Sheet, rules: Rules, number: int | None) -> _ShareTotals:
        """Judge a share of the columns; with `number`, keep the hashes of all keys in a table of that number."""
        figures = figures_of(share, sheet, rules, self._columns)
        columns = [f"{figure} AS f{place}" for place, figure in enumerate(figures)]
        cells = names_of(sheet)[share.columns]
        query = f"SELECT {', '.join(columns)} FROM ({judged(sheet, rules, share.places, cells=cells)})"
        if number is not None:
            found = [
                f"list(hash({', '.join(of_key(key, self._columns))})) "
                f"FILTER (WHERE {' AND '.join(f't{place} IS NOT NULL' for place in key.columns)}) AS key_{place}"
                for place, key in enumerate(rules.keys)
            ]
            places = share.places.union(*(key.columns for key in rules.keys))
            query = f"SELECT {', '.join(columns + found)} FROM ({judged(sheet, rules, places, cells=cells)})"
            self._run(f"CREATE TABLE found_{number} AS {query}", rules.parameters | _source(sheet))
            query = f"SELECT {', '.join(f'f{place}' for place in range(len(figures)))} FROM found_{number}"
        (row,) = self._run(query, rules.parameters | _source(sheet))
        rows, holding, cell_bytes, *rest = row
        failing = [cells or 0 for cells in rest[: len(share.rules)]]  # NULL where every value is
        halves = [half or 0 for half in rest[len(share.rules) :]]
        sums = [int(high) * HALF + int(low) for high, low in zip(halves[::2], halves[1::2], strict=True)]
        return _ShareTotals(
            rows,
            holding,
            int(cell_bytes),
            dict(zip(share.rules, failing, strict=True)),
            dict(zip(share.sums, sums, strict=True)),
        )

    def keep_keys(self, rules: Rules, number: int) -> None:
        """Add the keys that `totals` found to those of the whole file."""
        for place in range(len(rules.keys)):
            self._run(f"INSERT INTO keys_{place} SELECT unnest(key_{place}) FROM found_{number}", {})
        self.forget_keys(number)

    def forget_keys(self, number: int) -> None:
        """Drop what `totals` found."""
        self._run(f"DROP TABLE IF EXISTS found_{number}", {})
        self._run(f"DROP TABLE IF EXISTS bad_{number}", {})

    def bad_records(
        self,
        sheet: Sheet,
        rules: Rules,
        wanted: tuple[int, ...],
        limit: int,
        also: Iterable[int] = (),
        *,
        after: int = 0,
    ) -> list[BadRecord]:
        """Return the first `limit` records behind `after` that break one of the `wanted` rules, in the sheet's order.

        Each has the cells that the rules are about, and those of the places `also`.
        """
        found, apart = dict[int, BadRecord](), tuple(also)
        together = len(apart) <= COLUMNS_AT_ONCE // 2
        # With line breaks in cells each of them is counted, too.
        for part in parted(rules, wanted, COLUMNS_AT_ONCE // 2 if sheet.embedded else COLUMNS_AT_ONCE):
            for bad in self._bad_records(sheet, rules, part, limit, apart if together else (), after):
                found[bad.record] = found[bad.record].and_of(bad) if bad.record in found else bad
        first = [bad for _, bad in sorted(found.items())][:limit]
        if first and not together:
            for start in range(0, len(apart), COLUMNS_AT_ONCE):
                self._add_cells(sheet, rules, first, apart[start : start + COLUMNS_AT_ONCE])
        return first

    def _add_cells(self, sheet: Sheet, rules: Rules, records: list[BadRecord], places: tuple[int, ...]) -> None:
        """Add the cells of some places to records that were found bad."""
        numbers, known = Numbers(sheet), {bad.record: bad for bad in records}
        own = {numbers.own(record): record for record in known}
        cells = ", ".join(f"left(coalesce(c{place}, ''), {_SHOWN})" for place in places)
        read = judged(sheet, rules, (), cells=[f"c{place}" for place in places], numbered=True)
        every = f"SELECT own_record, {cells} FROM ({read})"
        rows = self._run(
            f"{every} WHERE own_record IN (SELECT unnest($listed))", _source(sheet) | {"listed": list(own)}
        )
        for number, *texts in rows:
            known[own[number]].cells.update(zip(places, texts, strict=True))

    def _bad_records(
        self, sheet: Sheet, rules: Rules, wanted: tuple[int, ...], limit: int, also: Iterable[int], after: int
    ) -> list[BadRecord]:
        known = sorted({*also, *(place for number in wanted for place in rules.rules[number].columns)})
        known.sort(key=sheet.places.index)
        # Counted as the cells are read: else all cells that stand before one would be carried along until it is chosen.
        breaks = newlines_before(sheet, known) if sheet.embedded else []
        reading = [f"{one} AS b{number}" for number, one in enumerate(breaks)]
        above = [f"b{number}" for number in range(len(breaks))]
        cells = [f"left(coalesce(c{place}, ''), {_SHOWN}) AS k{place}" for place in known]
        columns = [*above, *(f"k{place}" for place in known), *(f"m{number}" for number in wanted)]
        numbers = Numbers(sheet)
        read = [f"c{place}" for place in known]
        found = marked(sheet, rules, wanted, [*above, *cells], cells=read, reading=reading)
        # The first are the first in the sheet, whose order is kept: to sort them would take them all to memory.
        records = f"SELECT * FROM ({found}) WHERE own_record > {numbers.own(after)} LIMIT {int(limit)}"
        rows = self._run(
            f"SELECT {numbers.record}, {numbers.line}, {', '.join(columns)} FROM ({records}) AS own {numbers.join}",
            rules.parameters | _source(sheet) | numbers.parameters,
        )
        return [_bad_record(row, known, wanted, embedded=sheet.embedded) for row in rows]

    def broken_rules(self, sheet: Sheet, rules: Rules, wanted: tuple[int, ...]) -> dict[int, list[int]]:
        """Return which of the `wanted` rules each bad record breaks, by its number in the file."""
        numbers, broken = Numbers(sheet), defaultdict[int, list[int]](list)
        for part in parted(rules, wanted):
            marks = ", ".join(f"m{number}" for number in part)
            query = f"SELECT {numbers.record}, {marks} FROM ({marked(sheet, rules, part, [])}) AS own {numbers.join}"
            for record, *marked_so in self._run(query, rules.parameters | _source(sheet) | numbers.parameters):
                broken[record] += compress(part, marked_so)
        return broken

    def find_bad(self, sheet: Sheet, rules: Rules, wanted: tuple[int, ...], number: int) -> None:
        """Remember under `number` which records break one of the `wanted` rules, and how many lines break in each."""
        breaks = "breaks" if sheet.embedded else "0 AS breaks"
        numbers = Numbers(sheet)
        self._run(f"CREATE TABLE bad_{number} (record BIGINT, breaks BIGINT)", {})
        for part in parted(rules, wanted):
            self._run(
                f"INSERT INTO bad_{number} SELECT {numbers.record}, breaks "
                f"FROM ({marked(sheet, rules, part, [breaks])}) AS own {numbers.join}",
                rules.parameters | _source(sheet) | numbers.parameters,
            )

    def note_found_bad(self, number: int, further: int) -> None:
        """Remember for the whole file what `find_bad` found, so many records further down."""
        self._run(f"INSERT INTO bad_records SELECT record + {int(further)}, breaks FROM bad_{number}", {})
        self._run(f"DROP TABLE bad_{number}", {})

    def note_bad(self, records: list[int]) -> None:
        """Remember bad records by their number in the file."""
        # As one text: a list's items are handed over one by one.
        self._run("INSERT INTO bad_records SELECT unnest(CAST($records AS BIGINT[])), 0", {"records": str(records)})

    def note_repetitions(self, key: int, rules: Rules) -> None:
        """Remember as bad the records that repeat a key; after `collect_candidates`."""
        self._run(
            f"INSERT INTO bad_records SELECT record, 0 FROM ({repetitions_of(key, rules)}) WHERE record > first", {}
        )

    def count_bad(self) -> tuple[int, int]:
        """Return how many records are bad, each counted once, and how many lines break in those that DuckDB read."""
        once = "SELECT max(breaks) AS breaks FROM bad_records GROUP BY record"
        (row,) = self._run(f"SELECT count(*), coalesce(sum(breaks), 0) FROM ({once})", {})
        return int(row[0]), int(row[1])

    def bad_between(self, first: int, last: int) -> list[int]:
        """Return the numbers of the bad records from `first` to `last`."""
        query = "SELECT DISTINCT record FROM bad_records WHERE record BETWEEN $first AND $last ORDER BY 1"
        return [row[0] for row in self._run(query, {"first": first, "last": last})]

    def repeats_suspected(self, key: int) -> bool:
        """Return whether a key's hash stands twice: then the values themselves must be compared."""
        self._run(f"CREATE TABLE suspects_{key} AS SELECT hash FROM keys_{key} GROUP BY hash HAVING count(*) > 1", {})
        self._run(f"DROP TABLE keys_{key}", {})
        return bool(self._run(f"SELECT 1 FROM suspects_{key} LIMIT 1", {}))

    def write_keys(self, sheet: Sheet, rules: Rules, key: int, target: Path) -> None:
        """Write the key of every record that has one, as the kernel reads it, behind the record's place."""
        columns = rules.keys[key].columns
        parts = [f"{as_key_text(place, self._columns[place])} AS k{place}" for place in columns]
        texts = [f"k{place}" for place in columns if self._columns[place].type == "string"]
        present = " AND ".join(f"t{place} IS NOT NULL" for place in columns)
        records = judged(sheet, rules, columns, numbered=True)
        query = f"SELECT own_record, {', '.join(parts)} FROM ({records}) WHERE {present}"
        options = "FORMAT csv, HEADER false, DELIMITER ',', QUOTE '\"', ESCAPE '\"'"
        if texts:
            options += f", FORCE_QUOTE ({', '.join(texts)})"
        self._run(f"COPY ({query}) TO {literal(str(target))} ({options})", rules.parameters | _source(sheet))

    def collect_candidates(self, sheet: Sheet, rules: Rules, key: int, chosen: str = SUSPECTED, **known: Any) -> None:
        """Remember the records of a sheet whose key is suspected, as they are numbered in the file.

        `chosen` is SQL: by default the records with a hash that stands twice; of parameters that are `known`.
        """
        columns = rules.keys[key].columns
        before = names_of(sheet)[: sheet.places.index(columns[0])] if sheet.embedded else []
        above = newlines(before)
        values = of_key(rules.keys[key], self._columns)
        if chosen is SUSPECTED:
            chosen = f"hash({', '.join(values)}) IN (SELECT hash FROM suspects_{key})"
        texts = (f"left(coalesce(c{place}, ''), {_SHOWN})" for place in columns)
        cells = ", ".join(f"{value}, {text}" for value, text in zip(values, texts, strict=True))
        read = [*before, *(f"c{place}" for place in self._beside(rules.keys[key]))]
        for place in self._beside(rules.keys[key]):
            cells += f", left(coalesce(c{place}, ''), {_SHOWN})" if place in sheet.places else ", NULL"
        present = " AND ".join(f"t{place} IS NOT NULL" for place in columns)
        numbers = Numbers(sheet)
        self._run(
            f"INSERT INTO candidates_{key} SELECT {numbers.record}, {numbers.line} + {above}, {cells} "
            f"FROM (SELECT * FROM ({judged(sheet, rules, columns, cells=read, numbered=True)}) "
            f"WHERE {present} AND {chosen}) AS own {numbers.join}",
            rules.parameters | _source(sheet) | numbers.parameters | known,
        )

    def repetitions(self, key: int, rules: Rules, limit: int) -> tuple[int, list[Repetition]]:
        """Return how many records repeat an earlier one's key, and the first `limit` of them."""
        repeated = f"FROM ({repetitions_of(key, rules)}) WHERE record > first"
        (count,) = self._run(f"SELECT count(*) {repeated}", {})[0]
        places = (*rules.keys[key].columns, *self._beside(rules.keys[key]))
        cells, width = ", ".join(f"x{place}" for place in places), len(rules.keys[key].columns)
        rows = self._run(f"SELECT record, line, first, {cells} {repeated} ORDER BY record LIMIT {int(limit)}", {})
        repetitions = list[Repetition]()
        for record, line, first, *texts in rows:
            found = zip(places, texts, strict=True)
            personal = {place: text for place, text in found if self._columns[place].personal and text is not None}
            repetitions.append(Repetition(record, line, first, tuple(texts[:width]), personal))
        return count, repetitions

    def _beside(self, key: Key) -> tuple[int, ...]:
        """The personal columns that are no part of a key: what their cells look like decides what may be shown."""
        return tuple(
            place for place, column in enumerate(self._columns) if column.personal and place not in key.columns
        )

    def repeated_between(self, key: int, rules: Rules, first: int, last: int) -> list[int]:
        """Return the numbers of the records from `first` to `last` that repeat an earlier one's key."""
        query = f"SELECT record FROM ({repetitions_of(key, rules)}) WHERE record > first"
        rows = self._run(f"{query} AND record BETWEEN $from AND $to", {"from": first, "to": last})
        return [row[0] for row in rows]


@contextmanager
def open_duck(
    folder: Path, columns: tuple[Column, ...], *, memory_limit: str, disk_limit: int, threads: int
) -> Iterator[Duck]:
    """Open a database that may read, write and spill in `folder`, up to `disk_limit` bytes there, and nowhere else."""
    with connected(folder, memory_limit=memory_limit, disk_limit=disk_limit, threads=threads) as connection:
        yield Duck(connection, columns)


def _source(sheet: Sheet) -> dict[str, Any]:
    """Return the parameters of a statement that reads a sheet: its file and its columns, all of them text."""
    return {"path": str(sheet.path), "columns": dict.fromkeys(names_of(sheet), "VARCHAR")}


def _bad_record(row: tuple[Any, ...], known: list[int], wanted: tuple[int, ...], *, embedded: bool) -> BadRecord:
    record, line, *rest = row
    breaks = rest[: len(known)] if embedded else [0] * len(known)
    cells, marks = rest[-len(known) - len(wanted) : -len(wanted)], rest[-len(wanted) :]
    return BadRecord(
        record=record,
        line=line,
        cells=dict(zip(known, cells, strict=True)),
        lines={place: line + above for place, above in zip(known, accumulate(breaks), strict=True)},
        failing=tuple(number for number, mark in zip(wanted, marks, strict=True) if mark),
    )
