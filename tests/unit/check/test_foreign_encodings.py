"""Files in encodings that no contract may declare: Korean, Chinese, Western; and one whose last line is in another."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.encodings import FOREIGN, files, foreign_files
from suimon.check.encoding_evidence import OTHER, EncodingEvidence, encoding_of
from suimon.check.verdict import Code, Verdict
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from suimon.report.messages import say

COLUMNS = (Column("id", "integer"), Column("name", "string", max_length=40))
CONTRACT = Contract("x", "1", "x", file=FileFormat(), columns=COLUMNS)
TEXTS = {
    "euc-kr": "주문 고객 서울",
    "gb18030": "订单客户北京市",
    "big5": "訂單客戶臺北市",
    "cp1252": "Müller – “Straße”",
}


def lines(name: str, count: int) -> str:
    return "id,name\n" + "".join(f"{number},{name}\n" for number in range(count))


@pytest.mark.parametrize("encoding", TEXTS)
def test_under_utf_8_every_cell_in_another_encoding_is_bad(check: Callable[..., Verdict], encoding: str) -> None:
    verdict = check(lines(TEXTS[encoding], 50).encode(encoding), CONTRACT, None)
    assert [(count.code, count.cells) for count in verdict.counts] == [(Code.ENCODING_ERROR, 50)]


@pytest.mark.parametrize("encoding", ["gb18030", "euc-kr"])
def test_what_happens_to_decode_is_caught_by_a_pattern_alone(check: Callable[..., Verdict], encoding: str) -> None:
    """The limit that docs/contract.md names."""
    data = lines(TEXTS[encoding], 50).encode(encoding)
    declared = replace(CONTRACT, file=FileFormat(encoding="euc-jp"))
    assert check(data, declared, None).accepted
    named = (COLUMNS[0], replace(COLUMNS[1], allowed=("東京", TEXTS[encoding])))
    assert not check(data, replace(declared, columns=named), None).accepted


def test_a_last_line_in_another_encoding_is_found_with_its_place(check: Callable[..., Verdict]) -> None:
    data = lines("山田", 50).encode() + "50,鈴木\n".encode("cp932")
    verdict = check(data, CONTRACT, None)
    assert [(cell.code, cell.line, cell.record, cell.column) for cell in verdict.bad_cells] == [
        (Code.ENCODING_ERROR, 52, 51, "name")
    ]
    assert verdict.cause is None  # not the whole file is


def test_no_japanese_encoding_is_named_for_files_of_other_languages() -> None:
    named = Counter(
        (encoding, size) for encoding, size, data in foreign_files(200, 7) if encoding_of(data) and size >= 10
    )
    assert named.total() <= 3, named


def test_those_of_japanese_files_are_named() -> None:
    missed = Counter[tuple[str, int]]()
    for script, size, text in files(300, 7):
        for encoding in ("cp932", "euc-jp") if script != "half-width" else ("cp932",):
            missed[script, size] += encoding_of(text.encode(encoding, "replace")) != encoding
    assert missed.total() <= 10, missed  # of some 500, all of one record or three


def test_a_korean_file_that_decodes_as_euc_jp_is_in_another_encoding_than_cp932() -> None:
    evidence = EncodingEvidence("cp932")
    for _ in evidence.watch(["".join(f"{n},{name}\n" for n, name in enumerate(korean_names())).encode("euc-kr")]):
        pass
    assert evidence.other() == OTHER
    assert "is another encoding, not CP932" in say(Code.WRONG_ENCODING, {"found": OTHER, "encoding": "cp932"})
    assert "別の文字コード" in say(Code.WRONG_ENCODING, {"found": OTHER, "encoding": "cp932"}, "ja")


def korean_names() -> list[str]:
    letters = FOREIGN["euc-kr"]
    return [letters[place : place + 3] for place in range(len(letters) - 3)]
