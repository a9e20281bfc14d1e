"""Text that decodes and is wrong all the same: another encoding, a mark of joined files, control characters."""

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from suimon.check.encoding_evidence import EncodingEvidence, encoding_of
from suimon.check.verdict import CauseKind, Code, Verdict
from suimon.contract.file import Column, FileFormat, Tolerance
from suimon.contract.model import Contract
from tests.unit.check.japanese import HALF_WIDTH, WORDS

TEXTS = Contract(
    "t", "1", "t", file=FileFormat(encoding="cp932"), columns=(Column("id", "string"), Column("note", "string"))
)
Check = Callable[..., Verdict]
CODECS = {"utf-8": "utf-8", "euc-jp": "euc-jp", "cp932": "cp932", "iso-2022-jp": "iso-2022-jp"}


def under(encoding: str, **more: object) -> Contract:
    return replace(TEXTS, file=replace(TEXTS.file, encoding=encoding), **more)  # type: ignore[type-var,arg-type] # of the tests


def file_of(words: list[str], encoding: str) -> bytes:
    lines = [f"{number},{word}" for number, word in enumerate(words, 1)]
    return "\n".join(["id,note", *lines, ""]).encode(CODECS[encoding])


def codes(verdict: Verdict) -> set[Code]:
    return {count.code for count in verdict.counts}


@pytest.mark.parametrize("declared", ["cp932", "shift_jis", "euc-jp"])
@pytest.mark.parametrize("word", WORDS)
def test_a_word_in_utf_8_under_a_legacy_encoding_is_never_accepted(check: Check, declared: str, word: str) -> None:
    verdict = check(file_of([word], "utf-8"), under(declared), None)
    assert not verdict.accepted
    assert verdict.cause
    assert (verdict.cause.kind, verdict.cause.details["found"]) == (CauseKind.ENCODING, "utf-8")


@pytest.mark.parametrize("declared", ["cp932", "shift_jis", "euc-jp", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("word", WORDS[:20])
def test_a_word_in_iso_2022_jp_is_never_accepted(check: Check, declared: str, word: str) -> None:
    verdict = check(file_of([word], "iso-2022-jp"), under(declared), None)
    assert Code.WRONG_ENCODING in codes(verdict)
    assert verdict.cause
    assert verdict.cause.details["found"] == "iso-2022-jp"


def test_tolerance_loads_no_garbled_text(check: Check) -> None:
    tolerant = under("cp932", tolerance=Tolerance(max_rows=3))
    assert not check(file_of(["北海道", "青森県", "岩手県", "宮城県"], "utf-8"), tolerant, None).accepted


def test_a_file_in_euc_jp_under_cp932_is_told_when_there_is_enough_of_it(check: Check) -> None:
    verdict = check(file_of(["ありがとう"], "euc-jp"), TEXTS, None)
    assert not verdict.accepted
    assert verdict.cause
    assert verdict.cause.details["found"] == "euc-jp"
    assert not check(file_of(WORDS, "euc-jp"), TEXTS, None).accepted


def test_five_words_of_katakana_are_enough_of_euc_jp(check: Check) -> None:
    words = ["サトウ", "スズキ", "タナカ", "イトウ", "ユウコ"]
    assert check(file_of(words[:4] * 9, "euc-jp"), TEXTS, None).accepted
    assert not check(file_of(words, "euc-jp"), TEXTS, None).accepted


def test_half_width_kana_are_taken_for_nothing_else() -> None:
    """Banks send files of nothing else. A seed's files hold between 1 and 500 words."""
    chance = random.Random(5)  # noqa: S311 a sample
    for _ in range(200):
        words = chance.choices(HALF_WIDTH, k=chance.randint(1, 500))
        evidence = EncodingEvidence("cp932")
        list(evidence.watch([file_of(words, "cp932")]))
        assert evidence.other() is None, words


@pytest.mark.parametrize("word", ["・" * 7, "････････", "｡｡､､", "ﾅｵ", "ﾀﾞｲｺﾞ", "､ｱ､ｲ､", "･ｱ･ｲ･ｳ･"])
def test_short_half_width_texts_are_left_alone(check: Check, word: str) -> None:
    assert check(file_of([word], "cp932"), TEXTS, None).accepted


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("encoding", ["cp932", "euc-jp"])
def test_a_right_word_is_accepted(check: Check, encoding: str, word: str) -> None:
    assert check(file_of([word], encoding), under(encoding), None).accepted


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_evidence_is_the_same_however_a_file_comes_in_pieces(size: int) -> None:
    for declared, written in product(("cp932", "euc-jp", "utf-8"), ("utf-8", "euc-jp", "cp932")):
        contents = file_of(WORDS, written)
        whole, parts = EncodingEvidence(declared), EncodingEvidence(declared)
        list(whole.watch([contents]))
        list(parts.watch(contents[start : start + size] for start in range(0, len(contents), size)))
        assert parts.other() == whole.other()


@pytest.mark.parametrize("declared", ["utf-8", "utf-8-sig", "cp932", "shift_jis", "euc-jp"])
def test_a_byte_order_mark_before_a_record_is_told_with_its_line(check: Check, declared: str) -> None:
    mark = "\ufeff".encode()
    text = b"id,note\n1,a\n" + mark + b"id,note\n4,b\n" + mark + b'"5","c\nd"\n6,e\n'
    verdict = check(text, under(declared), None)
    assert not verdict.accepted
    if declared.startswith("utf-8"):
        places = [(cell.code, cell.line, cell.record) for cell in verdict.bad_cells]
        assert places == [(Code.BYTE_ORDER_MARK, 3, 2), (Code.BYTE_ORDER_MARK, 5, 4)]
        assert verdict.rows == 5
        assert verdict.cause
        assert (verdict.cause.kind, verdict.cause.details) == (CauseKind.JOINED, {"line": 3})


def test_a_mark_within_a_value_is_the_sender_s_business(check: Check) -> None:
    assert check("id,note\n1,a\ufeffb\n2,\ufeffc\n", under("utf-8"), None).accepted


@pytest.mark.parametrize("byte", [0x1A, 0x1B])
@pytest.mark.parametrize("declared", ["utf-8", "cp932", "euc-jp"])
def test_control_characters_that_no_text_holds_are_faults(check: Check, declared: str, byte: int) -> None:
    verdict = check(b"id,note\n1,a" + bytes([byte]) + b"b\n2,c\n", under(declared), None)
    assert [(cell.code, cell.line, cell.column) for cell in verdict.bad_cells] == [(Code.CONTROL_CHARACTER, 2, "note")]


@pytest.mark.parametrize("columns", [1, 2])
def test_the_end_mark_of_dos_is_no_record(check: Check, columns: int) -> None:
    contract = replace(under("utf-8"), columns=TEXTS.columns[:columns])
    header, record = ",".join(["id", "note"][:columns]), ",".join("1a"[:columns])
    verdict = check(f"{header}\n{record}\n\x1a".encode(), contract, None)
    assert not verdict.accepted
    assert verdict.cause
    assert verdict.cause.kind is CauseKind.END_MARK


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"a,b\n1,2\n", None),
        ("表,b\n".encode(), "utf-8"),
        ("ひらがな,b\n".encode("cp932"), "cp932"),
        ("ひらがな,b\n".encode("euc-jp"), "euc-jp"),
        ("a,b\n".encode("utf-16"), "utf-16"),
        ("a,b\n".encode("utf-16-le"), "utf-16"),
        ("表".encode("iso-2022-jp"), "iso-2022-jp"),
        ("表示".encode()[:-1], "utf-8"),
    ],
)
def test_an_encoding_is_guessed_for_words_alone(head: bytes, encoding: str | None) -> None:
    assert encoding_of(head) == encoding


@pytest.mark.parametrize("start", ["\ufeff", '"\ufeff'])
@pytest.mark.parametrize("tolerance", [None, Tolerance(max_rows=5, max_percent="50")])
def test_joined_files_are_rejected_whatever_is_tolerated(check: Check, start: str, tolerance: Tolerance | None) -> None:
    end = '"' if start.startswith('"') else ""
    text = f"id,note\n1,a\n2,b\n{start}id{end},note\n3,c\n4,d\n".encode()
    verdict = check(text, under("utf-8", tolerance=tolerance), None)
    assert not verdict.accepted
    assert [(cell.code, cell.line) for cell in verdict.bad_cells] == [(Code.BYTE_ORDER_MARK, 4)]


@pytest.mark.parametrize("tolerance", [None, Tolerance(max_rows=5, max_percent="50")])
@pytest.mark.parametrize("mark", [b"", b"\xfe\xff"])
@pytest.mark.parametrize("before", ["id,note\n", "id,note\n1,a\n2,b\n"])
def test_utf16_of_the_other_order_behind_it_rejects_a_file(
    check: Check, before: str, mark: bytes, tolerance: Tolerance | None
) -> None:
    contents = b"\xff\xfe" + before.encode("utf-16-le") + mark + "id,note\n3,c\n".encode("utf-16-be")
    verdict = check(contents, under("utf-16", tolerance=tolerance), None)
    assert not verdict.accepted
    assert [cell.code for cell in verdict.bad_cells] == [Code.BYTE_ORDER_MARK]
