"""What the kernel must answer, by cases. `python -m tests.unit.check.kernel.cases LIBRARY` runs them on a library.

Each function yields the names of what went wrong, so that they can be tried on a library that has a mistake in it.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from suimon.check.kernel import library
from suimon.check.kernel.keys import Keys, wanted_of
from suimon.check.kernel.sift import Sieve
from suimon.contract.file import Column, Metric, Trailer
from tests.unit.check.kernel.cases_of_values import calendar, cells, characters, days, decimals, integers
from tests.unit.check.kernel.guarded import sifted
from tests.unit.check.kernel.sieves import AB, TEXT, kinds_of, passes, sieve_of


def blocks(kernel: Any) -> Iterator[str]:
    """Characters are the same wherever a block of 64 bytes or a window of 4,096 ends, and where the text does."""
    sieve = sieve_of(kernel, *AB)
    sound = ("é".encode(), "水".encode(), "👩".encode(), b"\xed\x9f\xbf", b"\xf4\x8f\xbf\xbf")
    wrong = (
        *(b"\xc3", b"\xe6\xb0", b"\xf0\x9f\x91", b"\xff", b"\x80", b"\xc3\xa9\xa9", b"\xe6\xb0\xb4\xb4", b"\xc0\x80"),
        *(b"\xe0\x80\x80", b"\xf0\x80\x80\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x9f\x91\xa9\x80"),
    )
    for before, raw in product((*range(130), *range(4088, 4098)), (*sound, *wrong)):
        head = b"a," + b"x" * before + raw
        for text in (head, head + b"\n", head + b"y" * 70 + b"\nb,z\n"):
            if passes(sieve, text) != (raw in sound):
                yield f"{raw!r} behind {before} bytes of {len(text)}"


def places(kernel: Any) -> Iterator[str]:
    """A mark is seen wherever it stands among the sixty-four bytes that are looked at together."""
    sieve = sieve_of(kernel, *AB)
    for at in range(140):
        for name, text, wanted in (
            ("quoted", b"x" * at + b',"y"\n', []),
            ("doubled", b"x" * at + b',"y""z"\n', []),
            ("delimiter in quotes", b"x" * at + b',",,"\r\n', []),
            ("line break in quotes", b"x" * at + b',"\n\r\n"\n', []),
            ("quote inside", b"x" * at + b'x"y",z\nx,y\n', [(0, at + 7, library.FORM)]),
            ("quote behind", b'"' + b"x" * at + b'"y,z\nx,y\n', [(0, at + 6, library.FORM)]),
            ("lone return", b"x" * at + b",y\rz\nx,y\n", [(0, at + 5, library.FORM)]),
            ("return at the end", b"x" * at + b",y\r", [(0, at + 3, library.FORM)]),
            ("control", b"x" * at + b"\x1a,y\n", [(0, at + 4, library.FORM)]),
            ("null in quotes", b"x" * at + b',"\0"\n', [(0, at + 5, library.FORM)]),
            ("stray byte", b"x" * at + b"\xff,y\n", [(0, at + 4, library.FORM)]),
            ("three cells", b"x" * at + b",y,z\n", [(0, at + 5, library.FORM)]),
            ("one cell", b"x" * at + b"z\nx,y\n", [(0, at + 2, library.FORM)]),
            ("blank line", b"x" * at + b",y\n\nx,y\n", [(at + 3, at + 4, library.BLANK)]),
            ("mark of a file", b"\xef\xbb\xbf" + b"x" * at + b",y\n", [(0, at + 6, library.FORM)]),
            ("mark in quotes", b'"\xef\xbb\xbf' + b"x" * at + b'",y\n', [(0, at + 8, library.FORM)]),
            ("mark further on", b"x" * at + b',"\xef\xbb\xbf"\n', []),
            ("tab", b"x" * at + b"\t,y\n", []),
        ):
            if kinds_of(sieve, text) != wanted:
                yield f"{name} at {at}"


def ends(kernel: Any) -> Iterator[str]:
    """Where a piece ends its last record must end, unless it is the file's last."""
    sieve = sieve_of(kernel, *AB)
    text = b'a,b\r\n"c\n""",d\ne,"f"\n'
    whole = {0, 5, 14, len(text)}
    for size in range(len(text) + 1):
        open_quote = text[:size].count(b'"') % 2 == 1 and size < len(text)
        for last in (False, True):
            found = sifted(sieve, text[:size], last=last)
            if found.settled is not (size in whole or (last and not open_quote)):
                yield f"{size} {last}"
    for last in (False, True):
        if sifted(sieve, b'a,b\nc,"d', last=last).settled:
            yield "an open quote"
    lf, crlf = sieve_of(kernel, *AB, line_ending="lf"), sieve_of(kernel, *AB, line_ending="crlf")
    if kinds_of(lf, b"a,b\nc,d\r\n") != [(4, 9, library.FORM)] or kinds_of(crlf, b"a,b\nc,d\r\n") != [
        (0, 4, library.FORM)
    ]:
        yield "another line ending"
    comments = sieve_of(kernel, *AB, comment="#")
    if kinds_of(comments, b'#"\na,b\n#,\r\n#') or not kinds_of(comments, b'"#",b\nx#,"\n'[:6] + b"c\n"):
        yield "a comment"
    backslash = sieve_of(kernel, *AB, escape="\\")
    if kinds_of(backslash, b'a\\,"b\\"\\\\\\\n,"\n') or kinds_of(backslash, b'a,"b""c"\n') != [(0, 9, library.FORM)]:
        yield "a backslash"


def keys(kernel: Any) -> Iterator[str]:
    """Keys that differ have hashes that differ, keys that are the same the same; hashes are found again."""
    sieve = sieve_of(kernel, replace(TEXT, unique=True))
    texts = ["".join(one) for size in range(1, 4) for one in product("abc", repeat=size)]
    texts += [("x" * 40)[:at] + "y" + ("x" * 40)[at:] for at in range(41)] + ["x" * size for size in range(1, 60)]
    yield from _same_or_not(kernel, sieve, [f"{text}\n" for text in texts], "texts")
    yield from _same_or_not(kernel, sieve, ["水\n", "門\n", "水門\n", "門水\n"], "characters")
    integer = sieve_of(kernel, Column("n", "integer", bits=64, unique=True))
    yield from _same_or_not(kernel, integer, [f"{number}\n" for number in range(-300, 300)], "numbers")
    pair = sieve_of(kernel, *AB, primary_key=("a", "b"))
    yield from _same_or_not(kernel, pair, ["a,b\n", "b,a\n", "a,a\n", "b,b\n"], "pairs")
    for name, made, text in (
        ("blanks", sieve, b"a \na\n"),
        ("signs", integer, b"7\n+7\n"),
        ("zeros", integer, b"007\n7\n"),
        ("pairs", pair, b'x,y\n"x",y  \n'),
        (
            "one of two characters",
            sieve_of(kernel, replace(TEXT, unique=True), encoding="cp932"),
            b"\x81\xca\n\xee\xf9\n",
        ),
    ):
        if len(_repeated(kernel, made, text) or ()) != 1:
            yield f"the same: {name}"
    found = sifted(sieve, b"a\nb\nc\na\n")
    again = _repeated(kernel, sieve, b"a\nb\nc\na\n")
    wanted = wanted_of(kernel, 0, again or set())
    others = b"".join(b"%d\n" % number for number in range(300))
    listed = [doubt.record for doubt in sifted(sieve, b"a\nb\nc\na\n" + others, wanted=wanted).doubts]
    if listed != [0, 3] or found.doubts or sum(sum(one.counts) for one in found.hashes[0]) != 4:
        yield f"wanted {listed}"


def _repeated(kernel: Any, sieve: Sieve, text: bytes) -> set[int] | None:
    kept = Keys(kernel, Path(), 0)
    for hashes in sifted(sieve, text).hashes[0]:
        kept.add(hashes)
    again = kept.repeated()
    return None if again is None else set(again)


def _same_or_not(kernel: Any, sieve: Sieve, lines: list[str], name: str) -> Iterator[str]:
    unique = list(dict.fromkeys(lines))
    if _repeated(kernel, sieve, "".join(unique).encode()):
        yield f"one hash for two {name}"
    if len(_repeated(kernel, sieve, "".join([*unique, *unique]).encode()) or ()) != len(unique):
        yield f"two hashes for one of {name}"


def figures(kernel: Any) -> Iterator[str]:
    """Sums and counts are those of the records that are not in doubt."""
    trailer = Trailer("T", 2, (("n", 3), ("d", 4)))
    columns = (Column("n", "integer", bits=64), Column("d", "decimal", precision=20, scale=2), Column("t", "string"))
    metrics = (
        Metric("nullValues", ("t",), maximum="0"),
        Metric("missingValues", ("t",), values=("n/a", "-")),
        Metric("invalidValues", ("t",), values=("a", "n/a", "b")),
        Metric("invalidValues", ("t",), pattern="^[a-z/]+$"),
    )
    sieve = sieve_of(kernel, *columns, trailer=trailer, metrics=metrics)
    text = b"1,-1.50,a\n-4,,n/a\n9223372036854775807,0.5,\n9223372036854775807,999999999999999999.99,b\nx,7,b\n5,5,Q\n"
    found = sifted(sieve, text)
    if found.sums != [2 * (2**63 - 1) - 3, 99999999999999999999 + 50 - 150]:
        yield f"sums {found.sums}"
    if found.metrics != [1, 2, 0, 0] or [doubt.record for doubt in found.doubts] != [4, 5]:
        yield f"counts {found.metrics}, {found.doubts}"
    if found.records != 6:
        yield "records"


def cuts(kernel: Any) -> Iterator[str]:
    """A piece is cut behind the last line outside quotes."""
    sieve = sieve_of(kernel, *AB)
    for text, wanted in (
        (b"a,b\nc", 4),
        (b'a,b\n"c\nd', 4),
        (b'a,"\n"\n"c\nd', 6),
        (b"abc", 0),
        (b"", 0),
        (b'"a\n', 0),
        (b"x" * 63 + b"\n" + b"y", 64),
        (b"x" * 63 + b'"\n"\n"', 67),
    ):
        if sieve.cut(text, len(text)) != wanted:
            yield repr(text)
    if sieve_of(kernel, *AB, quote="", escape="").cut(b'a,"\nb', 5) != 4:
        yield "without quotes"


# The quick ones first: most mistakes are found before the last, which takes longer than all others together.
CASES: dict[str, Callable[[Any], Iterator[str]]] = {
    case.__name__: case
    for case in (figures, cuts, integers, ends, keys, days, places, decimals, calendar, cells, blocks, characters)
}


def main(path: str) -> int:
    """Print the first wrong answer; return 1 if there is one."""
    kernel = library.load(Path(path))
    for name, case in CASES.items():
        if first := next(case(kernel), None):
            sys.stdout.write(f"{name}: {first}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
