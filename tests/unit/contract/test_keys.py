"""What a key pattern may say of a date, and how a key is told where it leaves its pattern."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suimon.contract.file import ContractError
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts

DAY = "2026-11-20"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("sales/{ds:yyyyMMdd}.csv", "sales/20261120.csv"),
        ("sales/{ds:yyyy/MM/dd}/data.csv", "sales/2026/11/20/data.csv"),
        ("sales/{ds:yyyy_MM_dd}.csv", "sales/2026_11_20.csv"),
        ("sales/{ds:dd.MM.yyyy}.csv", "sales/20.11.2026.csv"),
        ("sales/{ds:yyyy年MM月dd日}.csv", None),
        ("s/year={yyyy}/month={MM}/day={dd}/s.csv", "s/year=2026/month=11/day=20/s.csv"),
        ("{dd}{MM}{yyyy}", "20112026"),
        ("s/{yyyy}/{MM}/s_{ds:yyyyMMdd}.csv", "s/2026/11/s_20261120.csv"),
        ("s/{ds}/s_{ds:yyyyMMdd}.csv", "s/2026-11-20/s_20261120.csv"),
        ("s/{yyyy}/{ds:MMdd}.csv", "s/2026/1120.csv"),
    ],
)
def test_a_date_may_be_written_in_any_form_of_fixed_length(text: str, key: str | None) -> None:
    if key is None:
        with pytest.raises(ContractError, match="is none of yyyy, MM, dd"):
            KeyPattern(text)
        return
    pattern = KeyPattern(text)
    assert pattern.match(key) == DAY
    assert pattern.key_for(DAY) == key


@pytest.mark.parametrize(
    "key",
    ["s/2026/11/s_20261220.csv", "s/2026/12/s_20261120.csv", "s/2025/11/s_20261120.csv", "s/2026/11/s_2026112.csv"],
)
def test_parts_of_a_date_that_stand_twice_must_agree(key: str) -> None:
    assert KeyPattern("s/{yyyy}/{MM}/s_{ds:yyyyMMdd}.csv").match(key) is None


def test_a_date_that_no_calendar_has_is_told_in_whatever_form_it_came() -> None:
    pattern = KeyPattern("s/{ds:yyyyMMdd}.csv")
    assert pattern.match("s/20260230.csv") is None
    assert pattern.impossible_date("s/20260230.csv") == "2026-02-30"
    assert pattern.filled("2026-02-30") == "s/20260230.csv"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("s/{dd}.csv", r"lacks \{yyyy\} and \{MM\}"),
        ("s/{ds:yyyymmdd}.csv", "'mm' is none of yyyy, MM, dd"),
        ("s/{ds:yyyy-MM-DD}.csv", "'-DD' is none of"),
        ("s/{ds:yyMMdd}.csv", "'yy' is none of"),
        ("s/{ds:%Y%m%d}.csv", "is none of"),
        ("s/{ds:yyyyMMdd0}.csv", "'0' is none of"),
        ("s/{ds:}.csv", r"\{ds:\} holds none of yyyy"),
        ("s/{ds}{store}.csv", r"\{store\} is no placeholder; there are \{ds\}"),
        ("s/{ds}/{}.csv", r"\{\} is no placeholder"),
        ("s/{ds}/{YYYY}.csv", r"names no whole week"),
        ("s/{yyyy}/{dd}.csv", r"lacks \{MM\}"),
        ("s/{hour}.csv", r"lacks \{yyyy\} and \{MM\} and \{dd\}"),
        ("s/{ds}/{week}.csv", "names no whole week"),
        ("s/{ds}/{any}.csv", "S3 orders the writes of one key only"),
        ("s/{ds}/{stamp:MMdd}.csv", "must hold a whole date"),
        ("s/{ds}/{stamp:yyyyMM}.csv", "must hold a whole date"),
        ("s/{ds}/{stamp:yyyyMMddmm}.csv", "must hold a whole date"),
        ("s/{ds}/{stamp:mmss}.csv", "must hold a whole date"),
        ("s/{ds}/{stamp:}.csv", "holds none of"),
        ("s/{ds}/{month:yyyyMM}.csv", "takes no form"),
        ("s/{ds}/{stamp}_{any}{any}.csv", r"nothing keeps \{any\} and \{any\} apart"),
        ("s/{ds}/{ shard }.csv", r"is no placeholder"),
        ("s/{{ds}}.csv", "opens or closes no placeholder"),
        ("s/{ds}/}.csv", "opens or closes no placeholder"),
        ("s/{ds}/{shard}/{shard}.csv", "twice"),
    ],
)
def test_a_pattern_that_says_no_whole_date_or_something_else_is_refused(text: str, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        KeyPattern(text)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("s/{ds:yyyyMMdd}.csv", "s/{ds}.csv", False),
        ("s/{ds:yyyyMMdd}.csv", "s/{dd}{MM}{yyyy}.csv", True),
        ("s/{ds:yyyyMMdd}.csv", "s/{shard}{ds:yyyyMMdd}.csv", False),
        ("s/{ds}/{shard}.csv", "s/{ds}/{ds:yyyyMMdd}.csv", True),
        ("s/{yyyy}/{MM}/{dd}", "s/{ds:yyyy/MM/dd}", True),
    ],
)
def test_patterns_meet_where_their_dates_could_be_the_same_characters(one: str, other: str, meet: bool) -> None:  # noqa: FBT001
    assert KeyPattern(one).may_meet(KeyPattern(other)) is meet
    assert KeyPattern(other).may_meet(KeyPattern(one)) is meet


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("o/{ds}/{shard}", True),
        ("o/{yyyy}/{MM}/{dd}/{shard}", True),
        ("o/{yyyy}/{MM}/{shard}/{dd}", False),
        ("o/{shard}/{ds}", False),
        ("o/{yyyy}/{shard}/{ds}", False),
        ("o/{ds}/{shard}/{ds}", True),
    ],
)
def test_shards_are_listed_by_their_date_where_all_of_it_stands_before_them(text: str, before: bool) -> None:  # noqa: FBT001
    assert KeyPattern(text).has_date_before_shard is before


@given(
    st.sampled_from(["{ds}", "{ds:yyyyMMdd}", "{ds:dd/MM/yyyy}", "{yyyy}-{MM}_{dd}", "{ds}{ds:yyyyMMdd}"]), st.dates()
)
def test_the_key_of_a_date_is_read_as_that_date_again(form: str, day: object) -> None:
    pattern = KeyPattern(f"a1/{form}2{{shard}}.csv")
    key = pattern.key_for(str(day), "x")
    assert (pattern.match(key), pattern.shard(key)) == (str(day), "x")
    assert key.startswith(pattern.prefix_for(str(day)))


@pytest.mark.parametrize(
    ("key", "misfit"),
    [
        ("sales/20261120/sales_data.csv", ("sales/", "{ds}", "20261120/sales_data.csv")),
        ("sales/2026-11-20/salesdata.csv", ("sales/2026-11-20/sales", "_data.csv", "data.csv")),
        ("sales/2026-11-20/sales_data.csv.gz", ("sales/2026-11-20/sales_data.csv", "the end of the key", ".gz")),
        ("sales/2026-11-20/", ("sales/2026-11-20/", "sales_data.csv", "")),
        ("Sales/2026-11-20/sales_data.csv", ("", "sales/", "Sales/2026-11-20/sales_data.csv")),
        ("", ("", "sales/", "")),
    ],
)
def test_a_key_is_told_where_it_leaves_the_pattern(key: str, misfit: tuple[str, str, str]) -> None:
    found = KeyPattern("sales/{ds}/sales_data.csv").misfit(key)
    assert (found.fits, found.expected, found.found) == misfit


@given(st.text(max_size=40))
def test_any_key_fits_a_pattern_as_far_as_its_own_beginning(key: str) -> None:
    misfit = KeyPattern("a/{ds}/{shard}_{ds:yyyyMMdd}.csv").misfit(key)
    assert misfit.fits + misfit.found == key


def test_the_pattern_is_found_that_a_key_was_meant_for() -> None:
    sales = Contract("sales", "1", "sales", key_pattern=KeyPattern("sales/{ds}/sales_data.csv"))
    stock = Contract("stock", "1", "stock", key_pattern=KeyPattern("stock/{ds:yyyyMMdd}.csv"))
    contracts = Contracts((sales, stock))
    assert contracts.nearest("Sales/2026-11-20/sales_data.csv") == (sales, sales.key_pattern)
    assert contracts.nearest("stock/2026-11-20.csv") == (stock, stock.key_pattern)
    assert contracts.nearest("photos/cat.jpg") is None
    assert contracts.nearest("") is None
