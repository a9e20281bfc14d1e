"""A file that is other than declared as a whole: one sentence says so, and innocent records are not blamed."""

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest

from suimon.check.verdict import CauseKind, Code, Verdict
from suimon.contract.file import Column, FileFormat, Tolerance
from suimon.contract.model import Contract
from suimon.report.causes import explain
from suimon.report.messages import LANGS

Check = Callable[..., Verdict]
COLUMNS = (
    Column("id", "integer", required=True),
    Column("name", "string"),
    Column("price", "decimal", precision=10, scale=2),
)
PLAIN = Contract("goods", "1", "goods", file=FileFormat(), columns=COLUMNS)
RIGHT = "id,name,price\n" + "".join(f"{number},緑茶,1.50\n" for number in range(1, 30))


def dialect(**more: object) -> Contract:
    return replace(PLAIN, file=FileFormat(**more))  # type: ignore[arg-type] # of the tests


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, RIGHT)
    return stream.getvalue()


CASES: dict[str, tuple[bytes, Contract, CauseKind, dict[str, str | int]]] = {
    "gzip": (gzip.compress(RIGHT.encode()), PLAIN, CauseKind.COMPRESSED, {"found": "gzip"}),
    "zip": (zipped("x.csv"), PLAIN, CauseKind.COMPRESSED, {"found": "zip"}),
    "excel": (zipped("xl/workbook.xml"), PLAIN, CauseKind.OTHER_KIND, {"found": "xlsx"}),
    "excel for zip": (
        zipped("xl/a.xml", "xl/b.xml"),
        dialect(compression="zip"),
        CauseKind.OTHER_KIND,
        {"found": "xlsx"},
    ),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), PLAIN, CauseKind.OTHER_KIND, {"found": "xls"}),
    "pdf": (b"%PDF-1.7\n1 0 obj\n", PLAIN, CauseKind.OTHER_KIND, {"found": "pdf"}),
    "login page": (b"<!DOCTYPE html>\n<html><body>Log in</body>\n", PLAIN, CauseKind.OTHER_KIND, {"found": "html"}),
    "json": (b'{"error": "expired"}\n', PLAIN, CauseKind.OTHER_KIND, {"found": "json"}),
    "plain for gzip": (RIGHT.encode(), dialect(compression="gzip"), CauseKind.NOT_COMPRESSED, {}),
    "gzip for zip": (
        gzip.compress(RIGHT.encode()),
        dialect(compression="zip"),
        CauseKind.COMPRESSED,
        {"found": "gzip", "compression": "zip"},
    ),
    "utf-16": (RIGHT.encode("utf-16"), PLAIN, CauseKind.ENCODING, {"found": "utf-16", "encoding": "utf-8"}),
    "utf-16 without mark": (RIGHT.encode("utf-16-le"), PLAIN, CauseKind.ENCODING, {"found": "utf-16"}),
    "utf-8 for utf-16": (RIGHT.encode(), dialect(encoding="utf-16"), CauseKind.ENCODING, {"found": "utf-8"}),
    "cp932": (RIGHT.encode("cp932"), PLAIN, CauseKind.ENCODING, {"found": "cp932"}),
    "euc-jp": (RIGHT.encode("euc-jp"), PLAIN, CauseKind.ENCODING, {"found": "euc-jp"}),
    "utf-8 for cp932": (RIGHT.encode(), dialect(encoding="cp932"), CauseKind.ENCODING, {"found": "utf-8"}),
    "cp932 in gzip": (
        gzip.compress(RIGHT.encode("cp932")),
        dialect(compression="gzip"),
        CauseKind.ENCODING,
        {"found": "cp932"},
    ),
    "semicolon": (RIGHT.replace(",", ";").encode(), PLAIN, CauseKind.DELIMITER, {"found": ";", "delimiter": ","}),
    "tab, quoted": (
        ('"' + RIGHT.replace(",", '"\t"').replace("\n", '"\n"')).removesuffix('"').encode(),
        PLAIN,
        CauseKind.DELIMITER,
        {"found": "\t"},
    ),
    "semicolon without header": (
        b"1;a;2\n2;b;3\n",
        dialect(header=False),
        CauseKind.DELIMITER,
        {"found": ";"},
    ),
    "carriage returns": (RIGHT.replace("\n", "\r").encode(), PLAIN, CauseKind.LINE_ENDING, {"found": "CR"}),
    "a label too many": (
        RIGHT.replace("name", "na,me", 1).encode(),
        PLAIN,
        CauseKind.HEADER_WIDTH,
        {"cells": 4, "expected": 3},
    ),
    "a label too few": (RIGHT.replace("name,", "", 1).encode(), PLAIN, CauseKind.HEADER_WIDTH, {"cells": 2}),
    "nfd": (
        "id,カ\u3099,price\n1,x,1\n".encode(),
        replace(PLAIN, columns=(COLUMNS[0], Column("name", "string", label="ガ"), COLUMNS[2])),
        CauseKind.UNICODE_FORM,
        {},
    ),
    "another kind of file": (b"date,amount,shop\n1,2,3\n", PLAIN, CauseKind.OTHER_CONTRACT, {"dataset": "goods"}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_cause_of_a_whole_file_is_named_first(check: Check, name: str) -> None:
    contents, contract, kind, details = CASES[name]
    verdict = check(contents, contract, None)
    assert not verdict.accepted
    assert verdict.cause
    assert verdict.cause.kind is kind
    assert details.items() <= verdict.cause.details.items()
    for lang in LANGS:
        assert explain(verdict.cause, lang).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        RIGHT.replace("1.50", "x"),
        RIGHT.replace("1.50", "1.50,9", 1),
        RIGHT.replace("緑茶", 'a"b', 1),
        "",
        "id,name,price\n",
        "id,name,price,extra\n1,a,2,3\n",
        "id,price,name\n1,a,2\n",
        "name,id,price\n1,2,3\n",
        RIGHT.replace("29,緑茶,1.50", ""),
    ],
)
def test_ordinary_faults_have_no_such_cause(check: Check, text: str) -> None:
    assert check(text, PLAIN, None).cause is None


def test_an_accepted_file_has_no_cause(check: Check) -> None:
    assert check(RIGHT, PLAIN, None).cause is None


@pytest.mark.parametrize("header", ["id,na,me,price", "id,price", "id,name,price,", ",id,name,price"])
def test_records_are_not_blamed_for_a_broken_header(check: Check, header: str) -> None:
    verdict = check(RIGHT.replace("id,name,price", header, 1), PLAIN, None)
    assert not verdict.accepted
    assert all(cell.record is None for cell in verdict.bad_cells)
    assert verdict.rows == 29


def test_records_that_are_as_wide_as_a_broken_header_are_still_read_by_it(check: Check) -> None:
    verdict = check("id,name,price,extra\n1,a,x,4\n", PLAIN, None)
    assert {cell.code for cell in verdict.bad_cells} == {Code.EXTRA_LABEL, Code.TYPE_ERROR}


@pytest.mark.parametrize(
    "contents",
    [
        RIGHT.encode("cp932") + "30,緑茶,1.50\n".encode("cp932") * 60_000,  # every record
        RIGHT.encode() + b"30,a\0b,1.50\n" * 60_000,
        RIGHT.encode() + b'30,a"b,1.50\n30,a,1.5,9\n30\n' * 30_000,  # ever changing
    ],
)
def test_reading_stops_when_so_much_is_broken(check: Check, contents: bytes) -> None:
    verdict = check(contents, PLAIN, None)
    assert Code.TOO_MANY_FAULTS in {count.code for count in verdict.counts}
    assert len(verdict.bad_cells) == 10_000
    assert verdict.rows <= 30_000  # of broken records that are only counted, twice 15,000 are read


def test_reading_does_not_stop_within_what_is_tolerated(check: Check) -> None:
    tolerant = replace(PLAIN, tolerance=Tolerance(max_percent="60"))
    verdict = check("id,name,price\n" + "1,a,1\n2,a\n" * 20_000, tolerant, None)
    assert (verdict.accepted, verdict.set_aside) == (True, 20_000)
