"""What people paste and mistype: keys in any form that a console shows, quotes around them, dates as they say them."""

from __future__ import annotations

from datetime import date

import click
import pytest
from click.testing import CliRunner

from suimon.cli.main import main
from suimon.cli.pasted import is_drop_id, like, not_a_partition, plain, split_address

TODAY = date(2026, 11, 22)
KEY = "sales/2026-11-20/sales data.csv"


@pytest.mark.parametrize(
    "address",
    [
        f"s3://raw/{KEY}",
        f"arn:aws:s3:::raw/{KEY}",
        "https://raw.s3.ap-northeast-1.amazonaws.com/sales/2026-11-20/sales%20data.csv",
        "https://raw.s3.amazonaws.com/sales/2026-11-20/sales%20data.csv?versionId=1",
        "https://s3.ap-northeast-1.amazonaws.com/raw/sales/2026-11-20/sales%20data.csv",
        "https://ap-northeast-1.console.aws.amazon.com/s3/object/raw?region=ap-northeast-1&prefix=sales%2F2026-11-20%2Fsales+data.csv",
        "https://s3.console.aws.amazon.com/s3/object/raw?prefix=sales/2026-11-20/sales%20data.csv&tab=versions",
    ],
)
def test_a_key_is_read_as_tools_and_consoles_write_it(address: str) -> None:
    assert split_address(address) == ("raw", KEY)


@pytest.mark.parametrize(
    "address",
    [
        "sales.csv",
        "s3://raw",
        "s3://raw/",
        "https://example.com/raw/sales.csv",
        "https://",
        "http://[",
        "arn:aws:s3:::raw",
    ],
)
def test_what_is_no_key_is_refused_with_how_one_is_written(address: str) -> None:
    with pytest.raises(click.UsageError, match="is not written s3://bucket/key"):
        split_address(address)


@pytest.mark.parametrize("text", ["'a b'", '"a b"', " a b\n", "`a b`", "「a b」", "a b,", "<a b>"])
def test_quotes_and_blanks_around_a_word_are_not_part_of_it(text: str) -> None:
    assert plain(text) == "a b"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("yesterday", "2026-11-21"),
        ("昨日", "2026-11-21"),
        ("11/20", "2026-11-20"),
        ("20/11", "2026-11-20"),
        ("11月20日", "2026-11-20"),
        ("12/31", "2025-12-31"),
        ("20261120", "2026-11-20"),
        ("2026/1/5", "2026-01-05"),
        ("2026年11月20日", "2026-11-20"),
    ],
)
def test_a_date_in_another_form_is_refused_with_the_one_that_was_meant(text: str, meant: str) -> None:
    assert not_a_partition(text, TODAY).endswith(f"; did you mean {meant}?")


@pytest.mark.parametrize("text", ["13/32", "2026-02-30", "20260230", "soon", "１１/２０日日", "0000-00-00"])
def test_what_means_no_date_is_refused_without_one(text: str) -> None:
    told = not_a_partition(text, TODAY)
    assert "is not a date written YYYY-MM-DD" in told
    assert "did you mean" not in told


def test_an_id_is_known_though_it_is_cut_off() -> None:
    assert is_drop_id("2fc7d57aacb886d4")
    assert is_drop_id("2fc7d57")
    assert not is_drop_id("sales")


def test_a_name_is_suggested_only_where_one_is_like_it() -> None:
    assert like("slaes", ["sales", "stock"]) == "; did you mean sales?"
    assert like("zz", ["sales"]) == ""


def test_a_printed_command_whose_reason_was_left_open_is_not_carried_out() -> None:
    for open_one in ("…", "..."):
        done = CliRunner().invoke(main, ["retract", "2fc7d57aacb886d4", "--reason", open_one])
        assert (done.exit_code, "write why, in the place of" in done.output) == (2, True)
