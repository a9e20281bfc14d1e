"""What fits into an SNS message."""

from __future__ import annotations

import pytest

from suimon.incidents.email import MESSAGE_BYTES, message, subject_line


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
    assert message("a\ud800b", "x").encode().startswith(b"a b")


def test_a_message_ends_with_the_incident() -> None:
    assert message("Line one.\n\tLine two.\n", "missing-file:sales:2026-11-20") == (
        "Line one.\n\tLine two.\n\nIncident: missing-file:sales:2026-11-20\n"
    )


def test_a_long_message_is_cut_in_bytes_and_says_so_before_the_incident() -> None:
    cut = message("水門" * 200_000, "rejected:0123456789abcdef")
    assert MESSAGE_BYTES - 3 <= len(cut.encode()) <= MESSAGE_BYTES
    assert "(Cut here: the whole text has 1,200,000 bytes" in cut
    assert cut.endswith("\n\nIncident: rejected:0123456789abcdef\n")
    assert "\ufffd" not in cut
