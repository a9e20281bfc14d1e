"""What the kernel must answer of single values: cells of every kind, days, numbers, characters."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

from suimon.check.kernel import library
from suimon.check.kernel.plan import UnplannedError
from suimon.contract.file import Column, FileFormat
from tests.unit.check.kernel.sieves import TEXT, kinds_of, passes, quoted, sieve_of
from tests.unit.check.kinds import KINDS, ODD, PARTITION
from tests.unit.check.oracle_cells import judge_cell

# Good cells that the kernel leaves to others, by the type of the column.
DOUBTED = {
    "date": {"01/01/0001", "99991231", "9999-12-31"},
    "timestamp": {"9999-12-31 23:59:59-18:00", "0001-01-01 00:00:00Z", "0001-01-01 09:00:00+09:00"},
    "integer": {"0" * 50 + "1"},
}
DOUBTED["decimal"] = DOUBTED["integer"]


def cells(kernel: Any) -> Iterator[str]:
    """Every cell that breaks a rule is in doubt, and few others; most kinds of columns have a plan."""
    planned = 0
    for kind, required in product(KINDS, (False, True)):
        column = replace(kind.column, name="c", required=required)
        for decimal in (".", ",") if column.type == "decimal" else (".",):
            try:
                sieve = sieve_of(kernel, column, partition=PARTITION, decimal=decimal, null_tokens=("", "-"))
            except UnplannedError:  # left to others: test_left_out.py
                continue
            planned += 1
            dialect = FileFormat(decimal=decimal, null_tokens=("", "-"))
            good = tuple(text.replace(".", decimal) if column.type == "decimal" else text for text in kind.good)
            for text in {*good, *kind.odd, *ODD}:
                bad = list(judge_cell(column, text, dialect, PARTITION, required=required))
                # A record that starts with a byte order mark is of another file, whatever its first column may hold.
                wrong = bool(bad) or text.startswith("\ufeff")
                if passes(sieve, quoted(text) + b"\n"):
                    mistaken = wrong
                else:  # what may be written otherwise than plain is left to others
                    mistaken = not wrong and text not in DOUBTED.get(column.type, ()) and not column.form(decimal)
                if mistaken:
                    yield f"{column.type} {column.format or ''} {text!r}: {bad}"
    if planned < len(KINDS):  # of each kind two or four are tried
        yield f"only {planned} have a plan"
    listed = sieve_of(kernel, replace(TEXT, allowed=("JPY", "USD")))
    for text in ("JPY", "USD", "JPX", "UPY", "JP", "JPYX"):
        if passes(listed, quoted(text) + b"\n") is (text not in {"JPY", "USD"}):
            yield f"one of a list: {text}"


def calendar(kernel: Any) -> Iterator[str]:
    """Every day of centuries that have a leap day or have none, and no other."""
    sieve = sieve_of(kernel, Column("d", "date", format="%Y-%m-%d", minimum="1899-12-31", maximum="2100-03-01"))
    for year, month, day in product((1900, 1904, 1999, 2000, 2023, 2024, 2100), range(14), range(33)):
        try:
            there = date(1899, 12, 31) <= date(year, month, day) <= date(2100, 3, 1)
        except ValueError:
            there = False
        if passes(sieve, f"{year}-{month:02}-{day:02}\n".encode()) is not there:
            yield f"{year}-{month}-{day}"
    zoned = sieve_of(
        kernel,
        Column(
            "d", "timestamp", format="%Y-%m-%d %H:%M:%S%z", minimum="2024-02-29T12:00:00", maximum="2024-02-29T12:00:01"
        ),
    )
    for text, there in (
        ("2024-02-29 12:00:00Z", True),
        ("2024-02-29 21:00:01+09:00", True),
        ("2024-02-29 21:00:02+09:00", False),
        ("2024-03-01 00:00:00+12:00", True),
        ("2024-02-29 03:00:00-09:00", True),
        ("2024-02-29 03:30:00-08:30", True),
        ("2024-02-29 02:59:59-09:00", False),
        ("2024-02-29 11:59:59Z", False),
        ("2024-02-29 24:00:00Z", False),
        ("2024-02-29 12:60:00Z", False),
        ("2024-02-29 12:00:60Z", False),
        ("2024-02-29 12:00:00", False),
        ("2024-02-29 12:00:00z", False),
    ):
        if passes(zoned, text.encode() + b"\n") is not there:
            yield text


def days(kernel: Any) -> Iterator[str]:
    """Days are counted right over four centuries: each is itself as bound, its neighbours are not."""
    for number in range(0, 146_097, 1_234):
        day = date(1600, 1, 1) + timedelta(days=number)
        sieve = sieve_of(
            kernel, Column("d", "date", format="%d.%m.%Y", minimum=day.isoformat(), maximum=day.isoformat())
        )
        for step in (-1, 0, 1):
            text = (day + timedelta(days=step)).strftime("%d.%m.") + f"{(day + timedelta(days=step)).year:04}\n"
            if passes(sieve, text.encode()) is (step != 0):
                yield f"{day} {step}"


def integers(kernel: Any) -> Iterator[str]:
    """Signs and widths of whole numbers, to the last digit; and what is no number."""
    for bits, sign in product((32, 64), (-1, 1)):
        edge = 2 ** (bits - 1) - (sign > 0)
        sieve = sieve_of(kernel, Column("n", "integer", bits=bits))
        for value, there in ((edge, True), (edge + 1, False), (edge - 1, True), (10 * edge, False)):
            if passes(sieve, f"{sign * value}\n".encode()) is not there:
                yield f"{sign * value} of {bits} bits"
    for column in (Column("n", "integer", bits=32), Column("n", "decimal", precision=4, scale=2)):
        sieve = sieve_of(kernel, column)
        for mark in "/:;.,eE+- ":
            if passes(sieve, f"1{mark}\n".encode()) or passes(sieve, f"{mark}\n".encode()):
                yield f"1{mark}"


def decimals(kernel: Any) -> Iterator[str]:
    """Signs, bounds and places of decimals, to the last digit."""
    sieve = sieve_of(kernel, Column("n", "decimal", precision=4, scale=2, minimum="-12.34", maximum="56.78"))
    for value in (*range(-10_100, 10_101, 7), -1235, -1234, -1233, 5677, 5678, 5679):
        text = f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02}"
        if passes(sieve, text.encode() + b"\n") is not (-1234 <= value <= 5678):
            yield text
    wide = sieve_of(kernel, Column("n", "decimal", precision=38, scale=10, maximum="1" + "0" * 27))
    for text, there in (("1" + "0" * 27, True), ("1" + "0" * 27 + ".0000000001", False), ("-" + "9" * 28, True)):
        if passes(wide, text.encode() + b"\n") is not there:
            yield text


def characters(kernel: Any) -> Iterator[str]:
    """Exactly the bytes that are characters are taken, in each encoding."""
    heads = [bytes([byte]) for byte in range(1, 256) if byte not in b'\n\r"\x1a\x1b']
    tails = (
        b"",
        b"\x30",
        b"\x7f",
        b"\x80",
        b"\x8f",
        b"\x90",
        b"\x9f",
        b"\xa0",
        b"\xa1",
        b"\xbf",
        b"\xc0",
        b"\xfc",
        b"\xff",
    )
    for encoding in ("utf-8", "cp932", "shift_jis", "euc-jp"):
        sieve = sieve_of(kernel, replace(TEXT, max_length=2), encoding=encoding)
        for head, tail, last in product(
            heads, tails, (b"", b"\x80", b"\xa4", b"\xbf\xbf", b"\xbf\xc0", b"\xbf\xbf\xbf")
        ):
            raw = head + tail + last
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError:
                text = None
            # One character may have several names; what Python reads of no character set is none.
            sure = text is not None and text.encode(encoding, "replace") == raw and not _private(text)
            there = passes(sieve, b'"' + raw + b'"\n')
            if (there and (text is None or len(text) > 2)) or (sure and text and len(text) <= 2 and not there):
                yield f"{encoding} {raw!r}"

    cut = sieve_of(kernel, TEXT)
    for raw in (b"\xc3", b"\xe6\xb0", b"\xf0\x9f\x98", b"x" * 7 + b"\xe6"):
        if kinds_of(cut, raw) != [(0, len(raw), library.FORM)]:
            yield f"cut by the end: {raw!r}"


def _private(text: str) -> bool:
    return any(character in "\x80\xa0" or "\ue000" <= character <= "\uf8ff" for character in text)
