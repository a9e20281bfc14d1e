"""Conditions: SQL of a closed list over the columns of the contract, and nothing else, reaches DuckDB."""

import re
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from suimon.contract.file import Column, Condition
from suimon.contract.model import Contract
from suimon.contract.odcs.clauses import Clause
from suimon.contract.odcs.conditions import read_condition
from suimon.contract.odcs.reader import Reader

Draft = Callable[..., str]
Reads = Callable[[str], Contract]
Refused = Callable[[str], list[str]]

ENTRY = "type: custom, engine: suimon, name: {name}, implementation: {sql}"


def condition(sql: str, **more: str) -> str:
    further = "".join(f", {key}: {value}" for key, value in more.items() if key != "name")
    quoted = sql.replace('"', '\\"')
    return "{" + ENTRY.format(name=more.get("name", "c"), sql=f'"{quoted}"') + further + "}"


@pytest.mark.parametrize(
    ("sql", "compiled", "columns"),
    [
        ("pieces * price <= 1000", "t3 * t4 <= 1000", ("pieces", "price")),
        ("PIECES = pieces", "t3 = t3", ("pieces",)),
        ("\"code\" <> 'it''s'", "t0 <> 'it''s'", ("code",)),
        ("active", "t5", ("active",)),
        ("NOT active OR pieces > 0 AND price >= 0", "NOT t5 OR t3 > 0 AND t4 >= 0", ("active", "pieces", "price")),
        ("code IN ('A', 'B') -- one of two", "t0 IN ('A', 'B')", ("code",)),
        ("pieces NOT BETWEEN -1 AND 1", "NOT t3 BETWEEN -1 AND 1", ("pieces",)),
        ("price IS NOT NULL", "NOT t4 IS NULL", ("price",)),
        ("code LIKE 'A%'", "t0 LIKE 'A%'", ("code",)),
        ("CASE WHEN active THEN pieces ELSE 0 END < 10", "CASE WHEN t5 THEN t3 ELSE 0 END < 10", ("active", "pieces")),
        ("coalesce(pieces, 0) <> nullif(pieces, 1)", "COALESCE(t3, 0) <> NULLIF(t3, 1)", ("pieces",)),
        ("abs(price - round(price, 1)) < 0.1", "ABS(t4 - ROUND(t4, 1)) < 0.1", ("price",)),
        ("length(trim(lower(code))) = length(upper(code))", "LENGTH(TRIM(LOWER(t0))) = LENGTH(UPPER(t0))", ("code",)),
        ("substring(code, 1, 2) = 'AB'", "SUBSTRING(t0, 1, 2) = 'AB'", ("code",)),
        ("CAST(at AS DATE) = day", "CAST(t2 AS DATE) = t1", ("at", "day")),
        ("at - INTERVAL 1 DAY < day", "t2 - INTERVAL '1' DAY < t1", ("at", "day")),
        ("day >= DATE '2026-01-01'", "t1 >= CAST('2026-01-01' AS DATE)", ("day",)),
        ("day - CAST(at AS DATE) < 2", "t1 - CAST(t2 AS DATE) < 2", ("day", "at")),
        ("pieces % 5 = 0 AND pieces // 5 > - -1", "t3 % 5 = 0 AND t3 // 5 > - -1", ("pieces",)),
        ("price / pieces > 1", "t4 / NULLIF(t3, 0) > 1", ("price", "pieces")),
        ("7 % (pieces - 1) = 0", "7 % NULLIF((t3 - 1), 0) = 0", ("pieces",)),
        ("10 // pieces // 0 > 1", "10 // NULLIF(t3, 0) // NULLIF(0, 0) > 1", ("pieces",)),
        ("CAST(code AS INTEGER) > 0", "CAST(t0 AS INT) > 0", ("code",)),
        ("day = {ds}", "t1 = CAST('{ds}' AS DATE)", ("day",)),
        ("{ds} - INTERVAL 1 DAY < at", "CAST('{ds}' AS DATE) - INTERVAL '1' DAY < t2", ("at",)),
        ("make_date(pieces, 1, 2) = {ds}", "MAKE_DATE(t3, 1, 2) = CAST('{ds}' AS DATE)", ("pieces",)),
        (
            "extract(year FROM day) = extract(year FROM {ds})",
            "EXTRACT(YEAR FROM t1) = EXTRACT(YEAR FROM CAST('{ds}' AS DATE))",
            ("day",),
        ),
        ("code || 'x' <> 'it''s {d}'", "t0 || 'x' <> 'it''s {d}'", ("code",)),
        (
            "CAST(at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Tokyo' AS DATE) = {ds}",
            "CAST(t2 AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Tokyo' AS DATE) = CAST('{ds}' AS DATE)",
            ("at",),
        ),
    ],
)
def test_a_condition_is_compiled_to_places(
    draft: Draft, reads: Reads, sql: str, compiled: str, columns: tuple[str, ...]
) -> None:
    contract = reads(draft(quality=condition(sql)))
    assert contract.conditions == (Condition("c", compiled, columns, sql),)
    assert Contract.from_json(contract.to_json()) == contract


@pytest.mark.parametrize(
    "division", ["pieces / (pieces - pieces)", "pieces // (price - price)", "pieces % (pieces * 0)"]
)
def test_a_division_by_zero_is_null(draft: Draft, reads: Reads, division: str) -> None:
    [compiled] = reads(draft(quality=condition(f"({division}) IS NULL"))).conditions
    row = "CAST(3 AS INTEGER) AS t3, CAST(2.5 AS DECIMAL(9, 2)) AS t4"
    assert duckdb.execute(f"SELECT {compiled.sql} FROM (SELECT {row})").fetchone() == (True,)  # noqa: S608 our own


def test_people_read_the_description_if_there_is_one(draft: Draft, reads: Reads) -> None:
    quality = condition("pieces > 0", description="There is at least one piece.")
    assert reads(draft(quality=quality)).conditions[0].text == "There is at least one piece."


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("pieces >", "is no condition in SQL: "),
        ("pieces > 'a", "is no condition in SQL: "),
        ("pieces > 0; pieces < 2", "must be one condition"),
        ("-- nothing", "must be one condition"),
        ("", "must be a condition in SQL"),
        ("SELECT 1", "SELECT 1 may not stand in a condition; allowed are columns, literals, "),
        ("pieces IN (SELECT 1)", "(SELECT 1) may not"),
        ("EXISTS (SELECT 1)", "EXISTS(SELECT 1) may not"),
        ("(SELECT true)", "(SELECT TRUE) may not"),
        ("count(pieces) > 1", "COUNT(pieces) may not"),
        ("sum(pieces) OVER () > 1", "SUM(pieces) OVER () may not"),
        ("abs(DISTINCT pieces) > 1", "DISTINCT pieces may not"),
        ("random() > pieces", "RANDOM() may not"),
        ("pieces < getenv('HOME')", "GETENV('HOME') may not"),
        ("code = (TABLE secrets)", "(SELECT * FROM secrets) may not"),
        ("read_text('x') = code", "READ_TEXT('x') may not"),
        ("day = current_date", "CURRENT_DATE may not"),
        ("pieces = $1", "$1 may not"),
        ("pieces = ?", "? may not"),
        ("pieces = :n", "$n may not"),
        ("code ~ 'x'", "REGEXP_MATCHES(code, 'x') may not"),
        ("code = '{ds}'", "'{ds}' is a text; write {ds} without quotes"),
        ("{ds} = DATE '2026-01-01'", "reads no column"),
        ("code = {ds}", "cannot be evaluated: Conversion Error"),
        ("hour(at) = 1", 'HOUR("at") may not'),
        ("extract(epoch FROM at) > 1", 'EXTRACT(EPOCH FROM "at") may not'),
        (
            "CAST(at AT TIME ZONE 'Asia/Tokyo' AS DATE) = {ds}",
            "\"at\" AT TIME ZONE 'Asia/Tokyo' is half a change of zone",
        ),
        (
            "at AT TIME ZONE 'Asia/Tokyo' AT TIME ZONE 'UTC' = at",
            "\"at\" AT TIME ZONE 'Asia/Tokyo' AT TIME ZONE 'UTC' must",
        ),
        (
            "at AT TIME ZONE 'UTC' AT TIME ZONE code = at",
            "\"at\" AT TIME ZONE 'UTC' AT TIME ZONE code must name its zones",
        ),
        (
            "at AT TIME ZONE 'UTC' AT TIME ZONE 'Tokio' = at",
            "\"at\" AT TIME ZONE 'UTC' AT TIME ZONE 'Tokio' names 'Tokio', ",
        ),
        ("TRY_CAST(code AS INTEGER) = 1", "TRY_CAST(code AS INT) may not"),
        ("CAST(code AS BLOB) = 'x'", "a cast to BLOB may not"),
        ("CAST(at AS TIMESTAMPTZ) > at", "a cast to TIMESTAMPTZ may not"),
        ("[pieces] = [1]", "[pieces] may not"),
        ("code[1] = 'x'", "code[1] may not"),
        ("goods.code = 'x'", "goods.code is no column; there are code, day, at, pieces, price, active"),
        ("stock > 0", "stock is no column; there are code, day, at, pieces, price, active"),
        ("t0 = 'x'", "t0 is no column"),
        ("1 = 1", "reads no column"),
        ("pieces + 1", "is no condition: it gives INTEGER, not true or false"),
        ("code > 5", "cannot be evaluated: Binder Error"),
        ("length(pieces) = 1", "cannot be evaluated: Binder Error"),
        ("pieces > 'many'", "cannot be evaluated: Conversion Error"),
        ("day > 'soon'", "cannot be evaluated: Conversion Error"),
        ("day > CAST('2026-02-30' AS DATE)", "cannot be evaluated: Conversion Error"),
        ("day + INTERVAL 1 fortnight > at", "cannot be evaluated"),
    ],
)
def test_what_is_not_on_the_list_is_refused_at_its_line(draft: Draft, refused: Refused, sql: str, said: str) -> None:
    text = draft(quality=condition(sql))
    line = 1 + text[: text.index("type: custom")].count("\n")
    (problem,) = refused(text)
    assert problem.startswith(f"{line}: schema[0].quality[0].implementation: {said}")


@pytest.mark.parametrize(
    ("entry", "path", "said"),
    [
        ("{type: custom, engine: suimon, name: c}", "", "implementation is missing; add it"),
        ("{type: custom, engine: suimon, implementation: pieces > 0}", "", "name is missing; add it"),
        ("{type: custom, name: c, implementation: pieces > 0}", "", "engine is missing; add it"),
        (condition("pieces > 0").replace("suimon", "soda"), ".engine", "must be one of suimon, is 'soda'"),
        (condition("pieces > 0", severity="warning"), ".severity", "must be one of error, is 'warning'"),
        (condition("pieces > 0", unit="percent"), ".unit", "unit is not enforced for a condition"),
        (condition("pieces > 0", mustBe="0"), ".mustBe", "mustBe is not enforced for a condition"),
        (condition("pieces > 0", schedule="daily"), ".schedule", "is not enforced by any part of Suimon; remove it"),
        (
            "{type: custom, engine: suimon, name: c, implementation: {a: b}}",
            ".implementation",
            "must be a condition in SQL",
        ),
    ],
)
def test_an_entry_that_is_no_condition_is_refused(
    draft: Draft, refused: Refused, entry: str, path: str, said: str
) -> None:
    (problem,) = refused(draft(quality=entry))
    assert problem.partition(": ")[2].startswith(f"schema[0].quality[0]{path}: {said}")


def test_two_conditions_of_one_name_are_refused(draft: Draft, refused: Refused) -> None:
    (problem,) = refused(draft(quality=f"{condition('pieces > 0')}, {condition('pieces > 1')}"))
    assert "schema[0].quality[1].name: a second condition 'c'; names must differ" in problem


def test_a_condition_stands_at_the_schema(draft: Draft, refused: Refused) -> None:
    (problem,) = refused(draft(f"name: pieces, logicalType: integer, quality: [{condition('pieces > 0')}]"))
    assert "schema[0].properties[0].quality[0]: a condition is one of a record; move it to the quality" in problem


COLUMNS = (Column("a", "integer", bits=64), Column("b", "decimal", precision=9, scale=2), Column("c", "string"))
_WORDS = st.sampled_from(
    [
        *"abc()+-*/%=<>,;'\"$?:[]{}|~^&!.",
        *("1", "2.5", "'x'", "NULL", "AND", "OR", "NOT", "IN", "IS", "LIKE", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE"),
        *("END", "SELECT", "FROM", "CAST", "AS", "DATE", "INTERVAL", "abs", "read_csv"),
    ]
)


@given(st.lists(_WORDS, max_size=12).map(" ".join))
def test_whatever_is_written_is_refused_or_reads_the_columns_alone(sql: str) -> None:
    entry = {
        key: Clause("f", key, 1, value)
        for key, value in {"type": "custom", "engine": "suimon", "name": "n", "implementation": sql}.items()
    }
    reader = Reader([])
    found = read_condition(Clause("f", "", 1, entry), COLUMNS, reader)
    assert (found is None) == bool(reader.problems)
    if found:
        row = "SELECT CAST(NULL AS BIGINT) t0, CAST(NULL AS DECIMAL(9, 2)) t1, CAST(NULL AS VARCHAR) t2"
        query = f"SELECT typeof({found.sql}) FROM ({row})"  # noqa: S608 - what is compiled is what is tested
        assert duckdb.execute(query).fetchone() == ("BOOLEAN",)


@pytest.mark.parametrize(
    "sql",
    [
        "(" * 400 + "pieces = 1" + ")" * 400,
        "NOT " * 900 + "active",
        "- " * 2000 + "pieces = 1",
        "abs(" * 300 + "pieces" + ")" * 300 + " = 1",
    ],
)
def test_a_condition_of_too_many_levels_is_refused_plainly(draft: Draft, refused: Refused, sql: str) -> None:
    (problem,) = refused(draft(quality=condition(sql)))
    assert re.search("too many levels|cannot be evaluated|no condition in SQL", problem), problem


def test_a_condition_that_nobody_would_write_is_refused_unread(draft: Draft, refused: Refused) -> None:
    (problem,) = refused(draft(quality=condition(" AND ".join(f"pieces <> {n}" for n in range(5_000)))))
    assert "characters, more than 20000; write it in several conditions" in problem


def test_a_long_condition_is_written_as_sql_once_not_for_each_of_its_parts(
    draft: Draft, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, sql = list[exp.Expression](), exp.Expression.sql

    def counted(node: exp.Expression, *arguments: Any, **options: Any) -> str:
        written.append(node)
        return sql(node, *arguments, **options)

    monkeypatch.setattr(exp.Expression, "sql", counted)
    reads(draft(quality=condition(" AND ".join(f"pieces <> {n}" for n in range(500)))))
    assert len(written) == 1


def test_conditions_that_read_very_many_columns_together_are_refused(
    draft: Draft, reads: Reads, refused: Refused
) -> None:
    names = [f"c{place}" for place in range(202)]
    columns = [f"name: {name}, logicalType: string, logicalTypeOptions: {{maxLength: 4}}" for name in names]

    def over(first: int, beyond: int) -> str:
        return condition(" OR ".join(f"{name} = 'x'" for name in names[first:beyond]), name=f"of{first}")

    assert len(reads(draft(*columns, quality=f"{over(0, 110)}, {over(100, 200)}")).conditions) == 2
    (problem,) = refused(draft(*columns, quality=f"{over(0, 110)}, {over(100, 201)}"))
    assert "with this condition 201 columns are read by conditions, more than 200" in problem
