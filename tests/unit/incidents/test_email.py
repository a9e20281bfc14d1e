"""What fits into an SNS message."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from suimon.incidents.email import clock, fitted, on_the_wall, plain_lines, subject_line


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\t", "\x00", "\x7f", "\u2028", "\u2029", "\x85"])
def test_a_subject_is_one_line_without_control_characters(break_: str) -> None:
    assert subject_line(f"sales{break_}2026-11-20") == "sales 2026-11-20"


def test_a_subject_of_ninety_nine_characters_is_left_alone() -> None:
    assert subject_line("x" * 99) == "x" * 99


def test_a_longer_subject_is_cut_at_a_word() -> None:
    cut = subject_line("the sales file of 2026-11-20 " * 5)
    assert cut.endswith(("file…", "of…", "2026-11-20…", "sales…", "the…"))
    assert len(cut) <= 99


@pytest.mark.parametrize("character", ["水", "🌊", "e\u0301"])
def test_a_subject_without_blanks_is_cut_all_the_same_and_stays_valid(character: str) -> None:
    cut = subject_line(character * 120)
    assert cut.endswith("…")
    assert 90 <= len(cut.encode("utf-16-le")) // 2 <= 99


def test_a_lone_surrogate_never_reaches_the_topic() -> None:
    assert subject_line("a\ud800b") == "a b"
    assert plain_lines("a\ud800b") == "a b"


def test_a_body_keeps_its_lines_and_tabs() -> None:
    assert plain_lines("Line one.\n\tLine\x00 two.\n") == "Line one.\n\tLine  two."


@pytest.mark.parametrize("text", ["水門" * 2_000, '"\n\\' * 2_000, "x" * 20_000])
def test_a_long_text_is_cut_by_its_bytes_in_json_and_says_so(text: str) -> None:
    cut = fitted(text, 1_000)
    assert 900 < len(json.dumps(cut, ensure_ascii=False).encode()) <= 1_000
    assert f"(Cut here: the whole text has {len(text.encode()):,} bytes.)" in cut
    assert text.startswith(cut.partition("\n\n(Cut here")[0])


def test_a_text_that_fits_to_the_byte_is_left_alone() -> None:
    for text in ("水門\n" * 80, "x" * 400):
        assert fitted(text, len(json.dumps(text, ensure_ascii=False).encode())) == text


def test_a_moment_stands_on_the_wall_of_its_readers_zone() -> None:
    text = f"since {clock(datetime(2026, 11, 20, 21, 30, tzinfo=UTC))}."
    assert on_the_wall(text, "Asia/Tokyo") == "since 2026-11-21 06:30 Asia/Tokyo."


@pytest.mark.parametrize("said", ["", "soon", "2026-13-01", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_what_only_looks_like_a_moment_keeps_no_message_back(said: str, zone: str) -> None:
    mark = clock(datetime(2026, 11, 20, tzinfo=UTC))[0]
    assert on_the_wall(f"a {mark}{said}{mark} b", zone).startswith("a ")
