"""Texts of others as people see them."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest

from suimon.drops.foreign_text import harmless, leading, short_name, shown, straight


@pytest.mark.parametrize(
    ("text", "longest", "kept"),
    [
        ("One. Two.", 20, "One. Two."),
        ("One fault. The whole file is CP932. Send it", 36, "One fault. The whole file is CP932."),
        ("See s3://a.b/c.csv for it. And more of it", 30, "See s3://a.b/c.csv for it."),
        ("1 件の誤りがあります。全体が CP932 です。", 15, "1 件の誤りがあります。"),
        ("no sentence ends in here at all", 12, "no sentence…"),
    ],
)
def test_a_text_is_cut_where_a_sentence_ends(text: str, longest: int, kept: str) -> None:
    assert leading(text, longest) == kept
    assert len(kept) <= longest


def test_a_long_text_loses_its_middle_and_keeps_its_ending() -> None:
    assert short_name(f"sales/{'x' * 500}.csv") == f"{'x' * 26}…{'x' * 9}.csv"
    assert shown("a\tb\r\n c") == "a b c"


def test_every_letter_that_is_written_from_right_to_left_is_an_escape() -> None:
    turned = [
        char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.bidirectional(char) in {"R", "AL", "AN"}
    ]
    assert len(turned) > 1_000
    assert [ascii(char) for char in turned if char.isprintable() and not straight(char).isascii()] == []


@pytest.mark.parametrize(
    "text", ["売上\u3000データ", "Käthe", "か\u3099き\u3099", "葛\U000e0100城", "❤\ufe0f", "ที่นี่", "Nguye\u0302\u0303n"]
)
def test_what_languages_write_from_left_to_right_stays(text: str) -> None:
    assert straight(text) == text
    assert harmless(text) == text


def test_a_tower_of_marks_has_three_floors() -> None:
    assert straight("e" + "\u0301" * 5 + "x") == "e\u0301\u0301\u0301\\u0301\\u0301x"


@pytest.mark.parametrize("text", ["\u05d0\U00010800", "a\u3164b", "e" + "\u0301" * 9, "\x1b\u05d0"])
def test_json_that_is_made_harmless_says_the_same(text: str) -> None:
    written = harmless(json.dumps(text, ensure_ascii=False))
    assert json.loads(written) == text
    assert straight(written) == written
