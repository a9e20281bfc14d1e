"""Hostile files of many columns: as many as a table of Redshift has, and more."""

from collections.abc import Iterable

from bench.hostile.kind import Kind, again
from suimon.contract.file import Column, Condition, Tolerance

WIDTH = 1_600
COLUMNS = tuple(Column(f"c{number}", "string", max_length=4) for number in range(WIDTH))
HEADER = b",".join(b"c%d" % number for number in range(WIDTH)) + b"\n"
_DATES = tuple(Column(f"c{number}", "date") for number in range(WIDTH))
_KEYED = (Column("c0", "string", unique=True, max_length=4), *COLUMNS[1:])
_LABELS = b",".join(b"x%d" % number for number in range(3_900))


def _wide(
    name: str,
    code: str,
    cell: bytes,
    *,
    columns: tuple[Column, ...] = COLUMNS,
    width: int = WIDTH,
    conditions: tuple[Condition, ...] = (),
) -> Kind:
    header = b",".join(b"c%d" % number for number in range(width)) + b"\n"
    parts = again(b",".join([cell] * width) + b"\n")
    return Kind(name, code, parts, header=header, columns=columns[:width], conditions=conditions)


def over(wanted: str, places: Iterable[int]) -> Condition:
    """Return a condition that reads all of these columns."""
    read = tuple(dict.fromkeys(places))
    sql = " AND ".join(wanted.format(f"t{place}") for place in read)
    return Condition(f"of {read[0]} to {read[-1]}", sql, tuple(f"c{place}" for place in read), "all of them")


WIDE: tuple[Kind, ...] = (
    Kind("1,600 columns", "", again(b",".join([b"abc"] * WIDTH) + b"\n"), header=HEADER, columns=COLUMNS),
    Kind(
        "1,600 columns, the last cell stained",
        "encoding-error",
        again(b",".join([b"abc"] * (WIDTH - 1) + [b"\xff"]) + b"\n"),
        header=HEADER,
        columns=COLUMNS,
    ),
    Kind(
        "1,600 columns in quotes, the last cell stained",
        "encoding-error",
        again(b",".join([b'"a"'] * (WIDTH - 1) + [b'"\xff"']) + b"\n"),
        header=HEADER,
        columns=COLUMNS,
    ),
    Kind(
        "1,600 columns, every cell bad",
        "max-length-error",
        again(b",".join([b"abcde"] * WIDTH) + b"\n"),
        header=HEADER,
        columns=COLUMNS,
    ),
    Kind(
        "1,600 columns, one cell too many",
        "extra-cell",
        again(b",".join([b"abc"] * (WIDTH + 1)) + b"\n"),
        header=HEADER,
        columns=COLUMNS,
    ),
    _wide("100 columns in quotes", "", b'"abc"', width=100),
    _wide("1,000 columns in quotes", "", b'"abc"', width=1_000),
    _wide("1,600 columns in quotes", "", b'"abc"'),
    _wide("1,600 columns in quotes, every cell bad", "max-length-error", b'"abcde"'),
    _wide("1,600 columns, line breaks in every cell", "", b'"a\nc"'),
    _wide("1,600 columns, quotes in every cell", "", b'"a""c"'),
    _wide("1,600 columns of dates that the kernel doubts", "", b"1500-01-01", columns=_DATES),
    _wide(
        "1,600 columns, a condition that reads 200 of them",
        "condition-error",
        b'"abc"',
        conditions=(over("{0} <> 'abc'", range(0, WIDTH, 8)),),
    ),
    Kind(
        "200 columns, a condition that reads all of them",
        "condition-error",
        again(b",".join([b"abc"] * 200) + b"\n"),
        header=b",".join(b"c%d" % number for number in range(200)) + b"\n",
        columns=COLUMNS[:200],
        conditions=(over("{0} <> 'abc'", range(200)),),
    ),
    _wide("1,600 columns, one key", "unique-error", b"abc", columns=_KEYED),
    Kind(
        "1,600 columns, one record of two bad, set aside",
        "",
        again(b",".join([b"abc"] * WIDTH) + b"\n" + b",".join([b'"abcde"'] * WIDTH) + b"\n"),
        header=HEADER,
        columns=COLUMNS,
        tolerance=Tolerance(max_percent="90"),
    ),
    Kind(
        "1,600 columns, line breaks in the bad records, set aside",
        "",
        again(b",".join([b"abc"] * WIDTH) + b"\n" + b",".join([b'"ab\nde"'] * WIDTH) + b"\n"),
        header=HEADER,
        columns=COLUMNS,
        tolerance=Tolerance(max_percent="99.99"),
    ),
    Kind(
        "3,900 unknown columns",
        "extra-label",
        again(b"1,2026-11-20,n" + b",x" * 3_900 + b"\n"),
        header=b"id,day,name," + _LABELS + b"\n",
    ),
    Kind(
        "10,000 columns",
        "too-many-labels",
        again(b",".join([b"x"] * 10_000) + b"\n"),
        header=b"id,day,name" + b",x" * 9_997 + b"\n",
    ),
    Kind(
        "one label half a million times",
        "too-many-labels",
        again(b"1,2026-11-20,name\n"),
        header=b"id" + b",id" * 500_000 + b"\n",
    ),
)
