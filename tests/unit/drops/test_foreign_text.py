"""Texts of others as people see them."""

from __future__ import annotations

import pytest

from suimon.drops.foreign_text import leading, short_name, shown


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
