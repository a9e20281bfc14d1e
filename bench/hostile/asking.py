"""Hostile files of many columns of which the contract asks much: keys, patterns, lists, sums, personal values."""

from collections.abc import Callable, Iterator
from typing import Any

from bench.hostile.kind import PLAIN, Kind, again
from bench.hostile.wide import COLUMNS, WIDTH, over
from suimon.contract.file import MOST_KEYS, Column, FileFormat, Metric, Tolerance

_BLOCK = 1024 * 1024
_HALF = Tolerance(max_percent="60")


def _columns(kind: Any, width: int = WIDTH, **rules: Any) -> tuple[Column, ...]:
    return tuple(Column(f"c{number}", kind, **rules) for number in range(width))


def _asked(name: str, code: str, columns: tuple[Column, ...], *records: str, **further: Any) -> Kind:
    """Return a kind whose records are made of these cells, each as often as there are columns."""
    dialect = further.pop("dialect", PLAIN)
    text = "".join(dialect.delimiter.join([cell] * len(columns)) + "\n" for cell in records)
    return _kind(name, code, columns, text, dialect=dialect, **further)


def _kind(name: str, code: str, columns: tuple[Column, ...], text: str, **further: Any) -> Kind:
    dialect = further.setdefault("dialect", PLAIN)
    header = dialect.delimiter.join(column.name for column in columns) + "\n"
    encoded = text.encode(dialect.encoding.replace("utf-16", "utf-16-le"), "surrogateescape")
    first = header.encode(dialect.encoding)
    return Kind(name, code, again(encoded), header=first, columns=columns, **further)


def _forms(width: int) -> Callable[[], Iterator[bytes]]:
    """Half of each record is of ever another form, as if personal, the other half no number."""

    def parts() -> Iterator[bytes]:
        number = 0
        while True:
            block, size = list[bytes](), 0
            while size < _BLOCK:
                cells = list[str]()
                for _ in range(width):
                    number += 1
                    cells.append(f"{number:b}".replace("0", "a").replace("1", "-"))
                block.append(",".join([*cells, *["x1y2"] * width]).encode() + b"\n")
                size += len(block[-1])
            yield b"".join(block)

    return parts


def _of_two(width: int) -> tuple[Column, ...]:
    first = tuple(Column(f"p{number}", "string", personal=True) for number in range(width))
    return (*first, *(Column(f"n{number}", "integer") for number in range(width)))


def _personal(width: int) -> Kind:
    columns = _of_two(width)
    header = ",".join(column.name for column in columns).encode() + b"\n"
    return Kind(
        f"{width} personal columns of ever other forms", "type-error", _forms(width), header=header, columns=columns
    )


_ROW = ",".join(["abc"] * WIDTH) + "\n"
_LISTED = tuple(f"value {number}" for number in range(100))

_CP932, _UTF16, _NULLS = FileFormat(encoding="cp932"), FileFormat(encoding="utf-16"), ("", "NA", "-", "null")
_EIGHTS = [range(at, WIDTH, 8) for at in range(8)]
_LATE = over("{0} < TIMESTAMP '2026-01-01'", _EIGHTS[0])

ASKING: tuple[Kind, ...] = (
    _personal(20),
    _personal(800),
    _asked(
        "1,600 personal columns, every cell bad",
        "max-length-error",
        _columns("string", personal=True, max_length=2),
        "abc",
    ),
    _asked("1,600 patterns, every cell bad", "pattern-error", _columns("string", pattern="^[a-z]{2}[0-9]+$"), "abcde"),
    _asked(
        "1,600 patterns of branches, every cell bad",
        "pattern-error",
        _columns("string", pattern="^(a|b)*c?(d|e)+f$"),
        "abcde",
    ),
    _asked(
        "1,600 lists of values, none of which it is",
        "allowed-values-error",
        _columns("string", allowed=_LISTED),
        "abcde",
    ),
    _asked(
        "8 keys, each many times", "unique-error", _columns("string", MOST_KEYS, unique=True, max_length=4), "abc", "de"
    ),
    _asked(
        "1,600 numbers with marks of thousands, in full width",
        "",
        _columns("integer", thousands=",", full_width=True),
        '"１,234"',
    ),
    _asked(
        "1,600 decimals with a comma, every cell bad",
        "type-error",
        _columns("decimal", precision=10, scale=2),
        "1;2",
        dialect=FileFormat(decimal=",", delimiter="|"),
    ),
    _asked("1,600 numbers", "", _columns("integer"), "123"),
    _asked("1,600 numbers, half of the records bad, set aside", "", _columns("integer"), "123", "x", tolerance=_HALF),
    _asked(
        "1,600 numbers, a condition that reads 200 of them",
        "condition-error",
        _columns("integer"),
        "123",
        conditions=(over("{0} <> 123", _EIGHTS[0]),),
    ),
    _asked(
        "1,600 decimals, conditions that read 200 of them",
        "condition-error",
        _columns("decimal", precision=38, scale=4),
        "123.5",
        conditions=tuple(over("{0} <> 123.5", _EIGHTS[0][at:]) for at in range(8)),
    ),
    _asked(
        "1,600 moments, a condition that reads 200 of them",
        "condition-error",
        _columns("timestamp", format="%Y-%m-%d %H:%M:%S"),
        "2026-11-20 01:02:03",
        conditions=(_LATE,),
    ),
    _asked(
        "1,600 metrics",
        "quality-error",
        COLUMNS,
        "abc",
        metrics=tuple(Metric("missingValues", (one.name,), maximum="0", values=("abc",)) for one in COLUMNS),
    ),
    _asked("1,600 columns as CP932 in quotes", "", COLUMNS, '"山田"', dialect=_CP932),
    _asked("1,600 columns as UTF-16, every cell bad", "max-length-error", COLUMNS, "山田太郎様", dialect=_UTF16),
    _kind("1,600 columns, half of the records ragged, set aside", "", COLUMNS, _ROW + "abc,abc\n", tolerance=_HALF),
    _kind(
        "1,600 columns, half of the records stained, set aside",
        "",
        COLUMNS,
        _ROW + _ROW.replace("abc", "a\udcff"),
        tolerance=_HALF,
    ),
    _kind(
        "1,600 columns, half of the records quoted wrongly",
        "quote-error",
        COLUMNS,
        _ROW + _ROW.replace("abc", 'a"b'),
        tolerance=_HALF,
    ),
    _asked(
        "1,600 columns, null tokens and escapes",
        "",
        COLUMNS,
        '"a\\"b"',
        "NA",
        "-",
        dialect=FileFormat(escape="\\", null_tokens=_NULLS),
    ),
    _asked("1,600 columns, line breaks, and comments", "", COLUMNS, '"a\nb"', dialect=FileFormat(comment="#")),
)
