"""What is right and what is wrong in a cell, rule by rule, and where."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from suimon.check.verdict import Code, Verdict
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract

Check = Callable[..., Verdict]
Found = tuple[Code, int | None, int | None, str | None, str | None]

HEADER = "order_id,order_date,customer_id,product_name,quantity,unit_price,amount\n"


def found(verdict: Verdict) -> list[Found]:
    return [(cell.code, cell.line, cell.record, cell.column, cell.value) for cell in verdict.bad_cells]


def one_column(column: Column, *null_tokens: str) -> Contract:
    columns = (Column("n", "string"), column)
    return Contract("x", "1", "x", file=FileFormat(null_tokens=null_tokens or ("",)), columns=columns)


INTEGER = Column("c", "integer", minimum="-5", maximum="100")
DECIMAL = Column("c", "decimal", precision=5, scale=2, minimum="-1.50", maximum="999.99")
NO_SCALE = Column("c", "decimal", precision=3, scale=0)
ALL_SCALE = Column("c", "decimal", precision=2, scale=2)
DATE = Column("c", "date", format="%Y-%m-%d", minimum="2020-01-01", maximum="2029-12-31")
ANY_DATE = Column("c", "date", format="%Y-%m-%d")
SLASHED = Column("c", "date", format="%d/%m/%Y")
TIMESTAMP = Column("c", "timestamp", format="%Y-%m-%d %H:%M:%S")
# Values with a zone are loaded in UTC, where the first day of year 1 may be one before it.
ZONED = Column("c", "timestamp", format="%Y-%m-%dT%H:%M:%S%z")
COMPACT = Column("c", "timestamp", format="%Y%m%d%H%M%S%f%z")
BOOLEAN = Column("c", "boolean")
TEXT = Column("c", "string", min_length=2, max_length=4)
CODE = Column("c", "string", pattern="^[A-Z]{2}[0-9]+$")


@pytest.mark.parametrize(
    ("column", "good"),
    [
        (INTEGER, ["0", "-0", "+7", "007", "-5", "100", ""]),
        (DECIMAL, ["0", "-1.50", "+1.5", "999.99", "000001.00", "-0.00", "7", ""]),
        (NO_SCALE, ["999", "-999", "0001"]),
        (ALL_SCALE, ["0.5", "-0.55", "+00.05", "0", ""]),
        (DATE, ["2020-01-01", "2024-02-29", "2029-12-31", ""]),
        (ANY_DATE, ["0001-01-01", "9999-12-31"]),
        (SLASHED, ["29/02/2024"]),
        (TIMESTAMP, ["2026-11-20 23:59:59", "2026-01-01 00:00:00"]),
        (ZONED, ["0001-01-01T00:00:00Z", "0001-01-01T09:00:00+09:00", "0001-01-01T00:00:00-18:00", ""]),
        (ZONED, ["9999-12-31T23:59:59-18:00", "9999-12-31T23:59:59+18:00"]),
        (COMPACT, ["00010101000100000000+00:01"]),
        (BOOLEAN, ["true", "false", ""]),
        (TEXT, ["ab", "水門水門", "👩🏽", "  ", '"a,b"', '"a\nb"', '""""""']),
        (CODE, ["AB1", "ZZ999999"]),
    ],
)
def test_a_value_that_keeps_every_rule_is_accepted(check: Check, column: Column, good: list[str]) -> None:
    assert found(check("n,c\n" + "".join(f"x,{value}\n" for value in good), one_column(column))) == []


@pytest.mark.parametrize(
    ("column", "code", "bad"),
    [
        (
            INTEGER,
            Code.TYPE_ERROR,
            ["1.0", "1e2", " 1", "1 ", "1_0", "0x1F", "0b1", "１", "one", "1,5", "--1", "+", "-", "1\n", "2147483648"],
        ),
        (INTEGER, Code.MINIMUM_ERROR, ["-6", "-2147483648"]),
        (INTEGER, Code.MAXIMUM_ERROR, ["101", "+101", "2147483647"]),
        (
            DECIMAL,
            Code.TYPE_ERROR,
            [
                "1.005",
                "1.000",
                "1.",
                ".5",
                "1e1",
                "1 000",
                "1_0",
                "1,5",
                "NaN",
                "inf",
                "Infinity",
                "¥1",
                "1000",
                " 1.5",
            ],
        ),
        (DECIMAL, Code.MINIMUM_ERROR, ["-1.51", "-999.99"]),
        (NO_SCALE, Code.TYPE_ERROR, ["1.0", "1000", "1."]),
        (ALL_SCALE, Code.TYPE_ERROR, [".5", ".55", "-.55", "1.00", "0.555"]),
        (
            ZONED,
            Code.TYPE_ERROR,
            ["0001-01-01T00:00:00+09:00", "0001-01-01T17:59:59+18:00", "0000-12-31T23:00:00-18:00"],
        ),
        (COMPACT, Code.TYPE_ERROR, ["00010101000059999999+00:01"]),
        (
            DATE,
            Code.TYPE_ERROR,
            [
                "2026-02-30",
                "2025-02-29",
                "2026-1-05",
                "2026-11-5",
                "20261120",
                "2026/11/20",
                "epoch",
                "infinity",
                "today",
                "2026-11-20 00:00:00",
                " 2026-11-20",
                "2026-11-20\n",
                "0000-01-01",
                "12026-11-20",
                "2026-13-01",
                "２０２６-11-20",
            ],
        ),
        (DATE, Code.MINIMUM_ERROR, ["2019-12-31", "0001-01-01"]),
        (DATE, Code.MAXIMUM_ERROR, ["2030-01-01", "9999-12-31"]),
        (SLASHED, Code.TYPE_ERROR, ["02/29/2024", "2024-02-29", "9/02/2024"]),
        (
            TIMESTAMP,
            Code.TYPE_ERROR,
            ["2026-11-20", "2026-11-20T23:59:59", "2026-11-20 24:00:00", "2026-11-20 23:59:60"],
        ),
        (TIMESTAMP, Code.TYPE_ERROR, ["2026-11-20 23:59:59.5", "2026-11-20 23:59:59Z", "0000-01-01 00:00:00"]),
        (BOOLEAN, Code.TYPE_ERROR, ["True", "t", "1", "yes", " true"]),
        (TEXT, Code.MIN_LENGTH_ERROR, ["a", "水"]),
        (TEXT, Code.MAX_LENGTH_ERROR, ["abcde", "水門水門水", "     ", "a\nb\nc"]),
        (CODE, Code.PATTERN_ERROR, ["AB", "ab1", "xAB1", "AB1x", "AB1\n", "A\nAB1"]),
    ],
)
def test_a_value_that_breaks_a_rule_is_named_with_its_place(
    check: Check, column: Column, code: Code, bad: list[str]
) -> None:
    text, wanted, line = "n,c\n", [], 2
    for record, value in enumerate(bad, 1):
        text += f'x,"{value}"\n'
        wanted.append((code, line, record, "c", value))
        line += 1 + value.count("\n")
    verdict = check(text, one_column(column))
    assert found(verdict) == wanted
    assert [(count.code, count.column, count.cells) for count in verdict.counts] == [(code, "c", len(bad))]
    assert not verdict.accepted
    assert verdict.rows == len(bad)


def test_a_missing_value_is_an_empty_cell_quoted_or_not(check: Check) -> None:
    column = Column("c", "integer", required=True, minimum="1")
    verdict = check('n,c\nx,1\nx,\nx,""\n', one_column(column))
    assert found(verdict) == [(Code.REQUIRED_ERROR, 3, 2, "c", None), (Code.REQUIRED_ERROR, 4, 3, "c", None)]


def test_null_tokens_are_those_of_the_contract_and_no_others(check: Check) -> None:
    column = Column("c", "string", required=True, min_length=1)
    verdict = check("n,c\nx,NULL\nx,-\nx,null\nx,\n", one_column(column, "NULL", "-"))
    assert found(verdict) == [
        (Code.REQUIRED_ERROR, 2, 1, "c", None),
        (Code.REQUIRED_ERROR, 3, 2, "c", None),
        (Code.MIN_LENGTH_ERROR, 5, 4, "c", ""),
    ]


def test_every_repetition_of_a_value_but_the_first_is_an_error(check: Check) -> None:
    column = Column("c", "string", unique=True)
    verdict = check("n,c\nx,a\nx,b\nx,a\nx,\nx,\nx,A\nx,a\n", one_column(column))
    assert found(verdict) == [(Code.UNIQUE_ERROR, 4, 3, "c", "a"), (Code.UNIQUE_ERROR, 8, 7, "c", "a")]
    assert [cell.details for cell in verdict.bad_cells] == [{"first": 1}, {"first": 1}]


def test_blanks_at_the_end_of_a_text_make_no_other_value_as_in_the_warehouse(check: Check) -> None:
    column = Column("c", "string", unique=True)
    verdict = check("n,c\nx,a\nx,a \nx, a\nx,a\t\nx,a\u3000\nx,\nx, \nx,  \nx,b  \nx,b\n", one_column(column))
    assert found(verdict) == [
        (Code.UNIQUE_ERROR, 3, 2, "c", "a "),
        (Code.UNIQUE_ERROR, 9, 8, "c", "  "),
        (Code.UNIQUE_ERROR, 11, 10, "c", "b"),
    ]


def test_uniqueness_is_of_values_not_of_spellings(check: Check) -> None:
    assert found(check("n,c\nx,7\nx,+7\nx,07\nx,8\n", one_column(Column("c", "integer", unique=True)))) == [
        (Code.UNIQUE_ERROR, 3, 2, "c", "+7"),
        (Code.UNIQUE_ERROR, 4, 3, "c", "07"),
    ]


def test_a_date_other_than_that_of_the_key_is_an_error(check: Check) -> None:
    column = Column("c", "date", format="%Y-%m-%d", partition="ds")
    text = "n,c\nx,2026-11-20\nx,2026-11-21\nx,2026-11-31\n"
    type_error = (Code.TYPE_ERROR, 4, 3, "c", "2026-11-31")
    partition_error = (Code.PARTITION_ERROR, 3, 2, "c", "2026-11-21")
    assert found(check(text, one_column(column))) == [partition_error, type_error]
    assert found(check(text, one_column(column), partition=None)) == [type_error]


def test_all_bad_cells_of_a_mixed_sales_file_are_found_and_no_other(check: Check, sales: Contract) -> None:
    shown = replace(sales, columns=tuple(replace(column, personal=False) for column in sales.columns))
    verdict = check(
        HEADER
        + "A1,2026-11-20,C1,緑茶,1,1.00,1.00\n"
        + 'A2,2026-11-21,,"緑茶\n500ml, ""大""",1.0,1.005,-1.00\n'
        + 'A1,2026-02-30,C1,"a\r\nb",0,1e3,\n'
        + ",2026-11-20,C2,x,2,0,0\n",
        shown,
    )
    assert found(verdict) == [
        (Code.PARTITION_ERROR, 3, 2, "order_date", "2026-11-21"),
        (Code.REQUIRED_ERROR, 3, 2, "customer_id", None),
        (Code.TYPE_ERROR, 4, 2, "quantity", "1.0"),
        (Code.TYPE_ERROR, 4, 2, "unit_price", "1.005"),
        (Code.MINIMUM_ERROR, 4, 2, "amount", "-1.00"),
        (Code.UNIQUE_ERROR, 5, 3, "order_id", "A1"),
        (Code.TYPE_ERROR, 5, 3, "order_date", "2026-02-30"),
        (Code.MINIMUM_ERROR, 6, 3, "quantity", "0"),
        (Code.TYPE_ERROR, 6, 3, "unit_price", "1e3"),
        (Code.REQUIRED_ERROR, 6, 3, "amount", None),
        (Code.REQUIRED_ERROR, 7, 4, "order_id", None),
    ]
    assert verdict.rows == 4
    assert verdict.bad_cell_count == 11


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_are_counted_alike_whatever_their_ending(check: Check, ending: str) -> None:
    text = 'n,c\nx,1\n"a\nb",2\n"水\n門\n",x\ny,3'.replace("\n", ending)
    assert found(check(text, one_column(Column("c", "integer")))) == [(Code.TYPE_ERROR, 7, 3, "c", "x")]


def test_beyond_the_limit_cells_are_counted_not_listed(check: Check) -> None:
    text = "n,c\n" + "x,1\n" * 3 + "x,bad\n" * 20
    verdict = check(text, one_column(Column("c", "integer")), limit=5)
    assert [cell.record for cell in verdict.bad_cells] == [4, 5, 6, 7, 8]
    assert (verdict.truncated, verdict.bad_cell_count) == (True, 20)
    nothing_listed = check(text, one_column(Column("c", "integer")), limit=0)
    assert (nothing_listed.bad_cells, nothing_listed.accepted, nothing_listed.bad_cell_count) == ((), False, 20)


def test_a_long_value_is_cut(check: Check) -> None:
    (cell,) = check("n,c\nx," + "9" * 5000 + "\n", one_column(Column("c", "integer"))).bad_cells
    assert cell.value == "9" * 99 + "…"


@pytest.mark.parametrize(("zone", "bad"), [("Z", 0), ("+18:00", 0), ("-17:59", 0), ("+18:01", 1), ("-23:00", 1)])
def test_no_zone_is_accepted_that_the_load_could_not_read(check: Check, zone: str, bad: int) -> None:
    column = Column("c", "timestamp", format="%Y-%m-%dT%H:%M:%S%z")
    assert check(f"n,c\nx,2026-11-20T10:00:00{zone}\n", one_column(column)).bad_cell_count == bad
