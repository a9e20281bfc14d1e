"""Kinds of columns, with texts that keep and texts that break their rules; conditions in SQL and in Python."""

from collections.abc import Callable
from dataclasses import dataclass

from suimon.contract.file import Column, Metric
from tests.unit.check.oracle_verdict import Holds

PARTITION = "2026-11-20"


@dataclass(frozen=True)
class Kind:
    """A column (its name comes later), texts that keep its rules and texts that may break them."""

    column: Column
    good: tuple[str, ...]
    odd: tuple[str, ...]


ODD = (
    *(
        "",
        " ",
        "0",
        "-0",
        "+7",
        "007",
        "1.0",
        "1e5",
        "1_000",
        "1,000",
        "1.000,00",
        "0x1F",
        "NaN",
        "inf",
        "１２",
        "١٢٣",
        "½",
    ),
    *(
        "2147483647",
        "2147483648",
        "-2147483649",
        "9" * 18,
        "9" * 19,
        "9" * 40,
        "0" * 50 + "1",
        "-",
        "+",
        ".5",
        "5.",
        "--1",
    ),
    *(
        "2026-02-29",
        "2024-02-29",
        "0000-01-01",
        "9999-12-31",
        "today",
        "epoch",
        "infinity",
        "2026-11-20 ",
        "12026-01-01",
    ),
    *("true", "TRUE", "t", "NULL", "null", "\\N", "-", "n/a", "None"),
    *("=1+1", "@SUM(A1)", "<b>x</b>", "&amp;", "\u202eabc", "\ufeff", "a\u0301", "👩🏽", "ｱｲｳ", "水門", "x" * 101),
    *('"', '""', '"a"', "'", "a,b", ";", "\t", "|", "a\nb", "\n", "\r\n", "a\rb", "\\", 'a\\"b', "#", "# x", "T"),
)
KINDS = (
    Kind(
        Column("", "string"),
        ("a", "b c", "水門", "x,y", 'say "so"', "two\nlines", "O'Hara", "a\\b", "a "),
        ("é", "T", "a  "),
    ),
    Kind(
        Column("", "string", min_length=2, max_length=4),
        ("ab", "水門水門", "a\nb", '""'),
        ("a", "水", "abcde", "👩🏽👩"),
    ),
    Kind(Column("", "string", pattern="^[A-Z]{2}[0-9]+$"), ("AB1", "ZZ99"), ("AB", "AB1\n", "xAB1", "ab1", "A\nAB1")),
    Kind(Column("", "string", pattern="[0-9]"), ("a1", "2", "1\n"), ("a", "１", "x")),
    Kind(Column("", "string", allowed=("red", "green", "水")), ("red", "green", "水"), ("Red", "red ", "gre")),
    Kind(Column("", "integer", bits=32, minimum="-5", maximum="100"), ("0", "-5", "100", "+7", "007"), ("-6", "101")),
    Kind(Column("", "integer", bits=32), ("1", "2147483647", "-2147483648", "65536"), ("2147483648", "x")),
    Kind(Column("", "integer", bits=64), ("1", "9223372036854775807", "-3"), ("9223372036854775808", "1.0")),
    Kind(
        Column("", "decimal", precision=5, scale=2, minimum="-1.50", maximum="999.99"),
        ("0", "-1.50", "+1.5", "999.99", "00001.00", "-0.00"),
        ("1.005", "-1.51", "1000", "1.", ".5"),
    ),
    Kind(Column("", "decimal", precision=3, scale=0), ("999", "-999", "0001"), ("1.0", "1000")),
    Kind(Column("", "decimal", precision=38, scale=10), ("1.5", "9" * 28 + ".1"), ("9" * 29, "0." + "1" * 11)),
    Kind(Column("", "decimal", precision=2, scale=2), ("0.5", "0.55", "-0.01"), ("1.0", "0.555", "1")),
    Kind(
        Column("", "date", format="%Y-%m-%d", minimum="2020-01-01", maximum="2029-12-31"),
        ("2020-01-01", "2024-02-29", "2029-12-31"),
        ("2019-12-31", "2025-02-29", "2026-1-05"),
    ),
    Kind(Column("", "date", format="%d/%m/%Y"), ("29/02/2024", "01/01/0001"), ("02/29/2024", "1/1/2024")),
    Kind(Column("", "date", format="%Y%m%d"), ("20240229", "99991231"), ("2024-02-29", "20240230")),
    Kind(Column("", "date", format="%Y年%m月%d日"), ("2024年02月29日",), ("2024年2月29日", "2024年13月01日")),
    Kind(Column("", "date", format="%Y-%m-%d", partition="ds"), (PARTITION,), ("2026-11-21", "2026-11-31")),
    Kind(
        Column("", "timestamp", format="%Y-%m-%d %H:%M:%S", minimum="2020-01-01T00:00:00"),
        ("2026-11-20 23:59:59", "2020-01-01 00:00:00"),
        ("2019-12-31 23:59:59", "2026-11-20 24:00:00", "2026-11-20 23:59:60", "2026-11-20T00:00:00", "2026-11-20"),
    ),
    Kind(
        Column("", "timestamp", format="%Y-%m-%dT%H:%M:%S.%g%z", partition="ds", maximum="2026-11-20T20:00:00"),
        ("2026-11-20T01:02:03.004Z", "2026-11-20T23:00:00.000+09:00"),
        (
            "2026-11-20T20:00:00.001Z",
            "2026-11-21T01:00:00.000+09:00",
            "2026-11-20T01:02:03Z",
            "2026-11-20T01:02:03.004z",
        ),
    ),
    Kind(
        Column("", "timestamp", format="%Y-%m-%d %H:%M:%S%z"),
        ("0001-01-01 00:00:00Z", "0001-01-01 09:00:00+09:00", "9999-12-31 23:59:59-18:00"),
        ("0001-01-01 00:00:00+09:00", "0001-01-01 17:59:59+18:00", "0000-12-31 23:59:59-09:00"),
    ),
    Kind(
        Column("", "timestamp", format="%d.%m.%Y %H:%M:%S.%f"), ("01.02.2024 03:04:05.000006",), ("1.2.2024 3:4:5.6",)
    ),
    Kind(
        Column("", "string", trimmed=True, max_length=3),
        (" a ", "水門", "\u3000b\xa0", "c d", "\te"),
        ("abcd", " a  b ", "\u2003"),
    ),
    Kind(
        Column("", "integer", bits=32, thousands=",", trimmed=True, maximum="2000000"),
        ("1,200", "-1,234,567", " 7 ", "1200", "+1,000", "0,001"),
        ("1,2", "12,00", "1,200,", ",200", "1,2000", "1,200.0", "2,000,001", "9,999,999,999"),
    ),
    Kind(
        Column("", "decimal", precision=9, scale=2, thousands="'", full_width=True),
        ("1'234.5", "１２３", "１'２００", "－1'000", "12.50"),
        ("1,234", "1'23", "１.２３４", "Ａ", "－", "1'234'567'890"),
    ),
    Kind(
        Column("", "date", format="%E%-n年%-m月%-d日", trimmed=True, full_width=True, minimum="1900-01-01"),
        (
            "令和8年11月20日",
            "平成31年4月30日",
            "令和元年5月1日",
            "昭和64年1月7日",
            "令和８年１月２日",
            " 大正15年12月24日",
        ),
        (
            "平成31年5月1日",
            "令和元年4月30日",
            "令和8年2月30日",
            "昭和元年12月24日",
            "令和0年5月1日",
            "明治5年1月1日",
            "2026-11-20",
        ),
    ),
    Kind(
        Column("", "date", format="%e%-n.%-m.%-d"),
        ("R8.11.20", "H1.1.8", "S64.1.7", "R08.01.02", "T1.7.30", "M6.1.1"),
        ("R8/11/20", "r8.11.20", "H31.5.1", "R8.13.1", "令和8.11.20", "M45.7.30", "R100.1.1"),
    ),
    Kind(
        Column("", "date", format="%y/%m/%d", pivot=1970, maximum="2050-12-31"),
        ("26/11/20", "70/01/01", "00/02/29"),
        ("69/12/31", "26/1/2", "26/02/30", "2026/11/20", "50/12/32"),
    ),
    Kind(
        Column("", "date", format="%Y/%-m/%-d"),
        ("2026/1/2", "2026/11/20", "2026/01/02"),
        ("26/1/2", "2026/0/1", "2026/1/100"),
    ),
    Kind(
        Column("", "timestamp", format="%Y-%m-%d %H:%M:%S", trimmed=True), (" 2026-11-20 23:59:59 ",), ("2026-11-20",)
    ),
    Kind(Column("", "boolean", trimmed=True), (" true", "false\t"), ("tr ue", " 1 ")),
    Kind(Column("", "boolean"), ("true", "false"), ("True", "1", "yes", " true")),
    Kind(
        Column("", "boolean", true_words=("yes", "はい"), false_words=("no", "いいえ")),
        ("yes", "no", "はい"),
        ("true", "YES", "n"),
    ),
)
METRICS = (
    Metric("rowCount", minimum="1"),
    Metric("rowCount", minimum="2", maximum="9", minimum_open=True),
    Metric("rowCount", minimum="3", maximum="3", negated=True, severity="warning"),
)
COLUMN_METRICS: tuple[Callable[[str], Metric], ...] = (
    lambda name: Metric("nullValues", (name,), maximum="0"),
    lambda name: Metric("nullValues", (name,), maximum="25", unit="percent", severity="warning"),
    lambda name: Metric("missingValues", (name,), maximum="1", values=("n/a", "None", "0")),
    lambda name: Metric(
        "invalidValues", (name,), maximum="50", maximum_open=True, unit="percent", values=("a", "true", "1")
    ),
    lambda name: Metric("invalidValues", (name,), maximum="0", pattern="^[a-z0-9.-]+$"),
    lambda name: Metric("duplicateValues", (name,), maximum="0", severity="warning"),
)


def _both(one: object, other: object) -> bool:
    return one is not None and other is not None


# By the columns' types: SQL over their places, and the same in Python over their typed values.
CONDITIONS: tuple[tuple[tuple[str, ...], str, Holds], ...] = (
    (("integer",), "t{0} < 100", lambda a: None if a is None else a < 100),
    (("integer",), "t{0} % 2 = 0", lambda a: None if a is None else a % 2 == 0),
    # What overflows is bad, and only that.
    (("integer of 32 bits",), "t{0} * t{0} >= 0", lambda a: None if a is None else a * a < 2**31),
    (("integer", "integer"), "t{0} <= t{1}", lambda a, b: a <= b if _both(a, b) else None),
    (("decimal",), "t{0} >= 0", lambda a: None if a is None else a >= 0),
    (("string",), "length(t{0}) < 5", lambda a: None if a is None else len(a) < 5),
    (("string", "string"), "t{0} <> t{1}", lambda a, b: a != b if _both(a, b) else None),
    (("string", "string"), "t{0} IS NOT NULL OR t{1} IS NOT NULL", lambda a, b: a is not None or b is not None),
    (("date", "date"), "t{0} <= t{1}", lambda a, b: a <= b if _both(a, b) else None),
    # Beside the values the oracle hands in the date in the key.
    (("date",), "t{0} = CAST('{{ds}}' AS DATE)", lambda day, a: None if a is None else a == day),
    (("boolean", "boolean"), "t{0} OR t{1}", lambda a, b: True if a or b else (False if _both(a, b) else None)),
)
