"""Hostile files, each with all that is wrong with it: in `corpus/expected.json`, or here if they are made here."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from suimon.check import segments
from suimon.check.verdict import Code, Verdict
from suimon.contract.file import Column, FileFormat, Metric, Trailer
from suimon.contract.model import Contract
from tests.unit.check.oracle import judge
from tests.unit.check.oracle_verdict import Place

Check = Callable[..., Verdict]

CORPUS = Path(__file__).parent / "corpus"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))
ABC = (Column("a", "string"), Column("b", "string"), Column("c", "integer", bits=32, minimum="0"))


def contract(*columns: Column, **dialect: Any) -> Contract:
    return Contract("x", "1", "x", file=FileFormat(**dialect), columns=columns or ABC)


def of_one(column: Column, **dialect: Any) -> Contract:
    return contract(Column("n", "string"), column, **dialect)


CONTRACTS = {
    "abc": contract(),
    "backslash": contract(escape="\\"),
    "boolean": of_one(Column("c", "boolean")),
    "code": of_one(Column("c", "string", pattern="^[A-Z]{2}[0-9]+$")),
    "colour": of_one(Column("c", "string", allowed=("red", "green", "水"))),
    "comments": contract(comment="#"),
    "cp932": contract(encoding="cp932"),
    "crlf": contract(line_ending="crlf"),
    "date": of_one(Column("c", "date", format="%Y-%m-%d")),
    "decimal": of_one(Column("c", "decimal", precision=10, scale=2)),
    "decimal-comma": of_one(Column("c", "decimal", precision=10, scale=2), delimiter=";", decimal=","),
    "euc-jp": contract(encoding="euc-jp"),
    "gzip": contract(compression="gzip"),
    "gzip-small": contract(compression="gzip", max_bytes=1000),
    "integer": of_one(Column("c", "integer", bits=32)),
    "integer-64": of_one(Column("c", "integer", bits=64)),
    "japanese-date": of_one(Column("c", "date", format="%Y年%m月%d日")),
    "lax-header": contract(header_order="free", header_case="ignore", extra_columns="ignore"),
    "lf": contract(line_ending="lf"),
    "long-sums": contract(
        Column("a", "decimal", precision=38, scale=0), trailer=Trailer("T", count=2, sums=(("a", 3),))
    ),
    "no-header": contract(header=False),
    "no-quote": contract(quote="", escape=""),
    "null-tokens": contract(replace(ABC[0], required=True), *ABC[1:], null_tokens=("NULL", "-")),
    "one-column": contract(Column("a", "string", required=True)),
    "one-row": replace(contract(), metrics=(Metric("rowCount", minimum="1"),)),
    "personal": contract(*(replace(column, personal=True) for column in ABC)),
    "shift_jis": contract(encoding="shift_jis"),
    "single-quotes": contract(quote="'", escape="'"),
    "skip-two": contract(skip_lines=2),
    "tabs": contract(delimiter="\t"),
    "timestamp": of_one(Column("c", "timestamp", format="%Y-%m-%d %H:%M:%S")),
    "trailer": contract(trailer=Trailer("T", count=2, sums=(("c", 3),))),
    "two-to-four": of_one(Column("c", "string", min_length=2, max_length=4)),
    "unique-integer": of_one(Column("c", "integer", bits=32, unique=True)),
    "unique-text": of_one(Column("c", "string", unique=True)),
    "utf-16": contract(encoding="utf-16"),
    "utf-8-sig": contract(encoding="utf-8-sig"),
    "zip": contract(compression="zip"),
    "zoned": of_one(Column("c", "timestamp", format="%Y-%m-%dT%H:%M:%S.%g%z")),
}


@pytest.mark.parametrize("size", [16, segments.SEGMENT_BYTES])
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_hostile_file_is_told_of_exactly(check: Check, name: str, size: int) -> None:
    with patch.object(segments, "SEGMENT_BYTES", size):
        verdict = check((CORPUS / name).read_bytes(), CONTRACTS[EXPECTED[name]["contract"]], None)
    assert found(verdict) == wanted(name)
    assert (verdict.rows, verdict.accepted) == (EXPECTED[name]["rows"], not EXPECTED[name]["bad"])


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_slow_reading_says_the_same_of_it(name: str) -> None:
    told = judge((CORPUS / name).read_bytes(), CONTRACTS[EXPECTED[name]["contract"]], None)
    assert sorted((place._replace(about=None) for place in told.places), key=str) == wanted(name)
    assert (told.rows, told.accepted) == (EXPECTED[name]["rows"], not EXPECTED[name]["bad"])


def test_every_file_of_the_corpus_is_expected_to_be_something() -> None:
    assert {path.name for path in CORPUS.iterdir()} - {"expected.json", ".gitattributes"} == set(EXPECTED)


def wanted(name: str) -> list[Place]:
    return sorted((Place(Code(code), *place) for code, *place in EXPECTED[name]["bad"]), key=str)


def found(verdict: Verdict) -> list[Place]:
    cells = verdict.bad_cells
    return sorted((Place(cell.code, cell.line, cell.record, cell.column, cell.value) for cell in cells), key=str)


GOOD = "a,b,c\n1,水,3\n"
ZIPPED = gzip.compress(GOOD.encode() * 50, mtime=0)


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as members:
        for name in names:
            members.writestr(name, GOOD)
    return out.getvalue()


BAD_B = Place(Code.ENCODING_ERROR, 2, 1, "b")
MADE: list[tuple[str, str, bytes, list[Place]]] = [
    ("utf-16, little end first", "utf-16", b"\xff\xfe" + GOOD.encode("utf-16-le"), []),
    ("utf-16, big end first", "utf-16", b"\xfe\xff" + GOOD.encode("utf-16-be"), []),
    ("utf-16 without mark", "utf-16", GOOD.encode("utf-16-le"), [Place(Code.MISSING_BYTE_ORDER_MARK)]),
    ("utf-8 for utf-16", "utf-16", GOOD.encode(), [Place(Code.MISSING_BYTE_ORDER_MARK)]),
    (
        "utf-16 with half a pair",
        "utf-16",
        "\ufeffa,b,c\n1,\ud800,3\n".encode("utf-16-le", "surrogatepass"),
        [BAD_B._replace(value="\\x00\\xd8")],
    ),
    (
        "utf-16 with half a character",
        "utf-16",
        "\ufeffa,b,c\n1,2,3".encode("utf-16-le") + b"4",
        [Place(Code.ENCODING_ERROR, 2, 1, "c", "3\\x34")],
    ),
    ("cp932", "cp932", "a,b,c\n表,ｱｲｳ①㈱,3\n".encode("cp932"), []),
    ("cp932, half a character", "cp932", b"a,b,c\n1,\x83,3\n", [BAD_B._replace(value="\\x83")]),
    ("cp932, half a character in quotes", "cp932", b'a,b,c\n1,"\x83",3\n', [BAD_B._replace(value="\\x83")]),
    ("cp932, a byte of no character", "cp932", b"a,b,c\n1,\x80x,3\n", [BAD_B._replace(value="\\x80x")]),
    ("utf-8 for cp932", "cp932", "a,b,c\n1,é,-3\n".encode(), [Place(Code.MINIMUM_ERROR, 2, 1, "c", "-3")]),
    ("shift_jis", "shift_jis", "a,b,c\n表,ｱｲｳ,3\n".encode("shift_jis"), []),
    (
        "vendors' characters in shift_jis",
        "shift_jis",
        "a,b,c\n1,①,3\n".encode("cp932"),
        [BAD_B._replace(value="\\x87@")],
    ),
    ("euc-jp", "euc-jp", "a,b,c\n水門,丂ｱ,3\n".encode("euc-jp"), []),
    ("euc-jp, half a character at the end", "euc-jp", b"a,b,c\n1,\xbf,3\n", [BAD_B._replace(value="\\xbf")]),
    ("gzip", "gzip", gzip.compress(GOOD.encode()), []),
    ("gzip of two members", "gzip", gzip.compress(b"a,b,c\n1,") + gzip.compress(b"2,3\n"), []),
    ("gzip of nothing", "gzip", gzip.compress(b""), [Place(Code.EMPTY_FILE)]),
    ("gzip of no bytes", "gzip", b"", [Place(Code.EMPTY_FILE)]),
    ("no gzip", "gzip", GOOD.encode(), [Place(Code.COMPRESSION_ERROR)]),
    (
        "gzip where none is declared",
        "abc",
        b"\x1f\x8b\x08\0\0\0\0\0",
        [Place(Code.ENCODING_ERROR, 1), Place(Code.MISSING_HEADER, 1), Place(Code.NULL_BYTE, 1)],
    ),
    ("gzip, cut", "gzip", ZIPPED[:-1], [Place(Code.TRUNCATED_FILE)]),
    ("gzip, cut within its head", "gzip", ZIPPED[:5], [Place(Code.TRUNCATED_FILE)]),
    ("gzip and garbage", "gzip", ZIPPED + b"garbage", [Place(Code.COMPRESSION_ERROR)]),
    ("gzip of a wrong checksum", "gzip", ZIPPED[:-8] + bytes(8), [Place(Code.COMPRESSION_ERROR)]),
    ("gzip, too dense", "gzip", gzip.compress(b"a,b,c\n" + b"1,2,3\n" * 10**6), [Place(Code.DECOMPRESSION_LIMIT)]),
    ("gzip, too much", "gzip-small", gzip.compress(b"a,b,c\n" + b"1,2,3\n" * 999), [Place(Code.DECOMPRESSION_LIMIT)]),
    ("zip", "zip", archive("x.csv"), []),
    ("zip of two files", "zip", archive("x.csv", "y.csv"), [Place(Code.COMPRESSION_ERROR)]),
    ("zip of no file", "zip", archive(), [Place(Code.COMPRESSION_ERROR)]),
    ("zip, cut", "zip", archive("x.csv")[:-30], [Place(Code.TRUNCATED_FILE)]),
    ("no zip", "zip", GOOD.encode(), [Place(Code.COMPRESSION_ERROR)]),
    (
        "a million quotes",
        "abc",
        b'a,b,c\n1,"' + b'""' * 500_000 + b'",-3\n',
        [Place(Code.MINIMUM_ERROR, 2, 1, "c", "-3")],
    ),
    (
        "a million quotes and one",
        "abc",
        b'a,b,c\n1,"' + b'""' * 500_000 + b"x,3\n",
        [Place(Code.UNTERMINATED_QUOTE, 2, 1)],
    ),
    (
        "a million line breaks",
        "abc",
        b'a,b,c\n1,"' + b"\n" * 10**6 + b'",x\n',
        [Place(Code.TYPE_ERROR, 1_000_002, 1, "c", "x")],
    ),
    (
        "a line without end",
        "abc",
        b"a,b,c\n1,2,3\n" + b"x" * 2_100_000 + b"\n4,5,6\n",
        [Place(Code.RECORD_TOO_LONG, 3, 2)],
    ),
    ("a line that is just not too long", "abc", b"a,b,c\n" + b"x" * 1_999_000 + b",2,3\n", []),
    (
        "a quote left open for long",
        "abc",
        b'a,b,c\n1,2,3\n4,"\n' + b"x,\n" * 700_000,
        [Place(Code.UNTERMINATED_QUOTE, 3, 2)],
    ),
]


@pytest.mark.parametrize(("name", "contents", "places"), [pytest.param(*made[1:], id=made[0]) for made in MADE])
def test_a_hostile_file_of_bytes_is_told_of_exactly(
    check: Check, name: str, contents: bytes, places: list[Place]
) -> None:
    verdict = check(contents, CONTRACTS[name], None)
    assert found(verdict) == places
    assert verdict.accepted is not bool(places)


def test_a_hundred_thousand_blank_lines_are_counted(check: Check) -> None:
    verdict = check(b"a,b,c\n" + b"\n" * 100_000 + b"1,2,-3\n", CONTRACTS["abc"], None, limit=10)
    assert [(count.code, count.cells) for count in verdict.counts] == [
        (Code.BLANK_ROW, 100_000),
        (Code.MINIMUM_ERROR, 1),
    ]
    assert [cell.line for cell in verdict.bad_cells] == list(range(2, 12))
    assert verdict.rows == 1
