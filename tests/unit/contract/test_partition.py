"""A partition: its text, its time, its range, and what a contract may say of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suimon.contract.file import ContractError
from suimon.contract.keys import KeyPattern, is_ignored
from suimon.contract.partition import Part, Partition, Unit, is_date, is_partition, partition_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.contract.model import Contract

STORES = (Part("store", ("S01", "S02")),)


@pytest.mark.parametrize(
    ("text", "unit", "first", "last", "ends"),
    [
        ("2026-11-20", Unit.DAY, (2026, 11, 20), (2026, 11, 20), (2026, 11, 20, 15)),
        ("2026-11-20T13", Unit.HOUR, (2026, 11, 20), (2026, 11, 20), (2026, 11, 20, 5)),
        ("2026-11-20T00", Unit.HOUR, (2026, 11, 20), (2026, 11, 20), (2026, 11, 19, 16)),
        ("2026-02", Unit.MONTH, (2026, 2, 1), (2026, 2, 28), (2026, 2, 28, 15)),
        ("2026-12", Unit.MONTH, (2026, 12, 1), (2026, 12, 31), (2026, 12, 31, 15)),
        ("2026-W47", Unit.WEEK, (2026, 11, 16), (2026, 11, 22), (2026, 11, 22, 15)),
        ("2026-W53", Unit.WEEK, (2026, 12, 28), (2027, 1, 3), (2027, 1, 3, 15)),
        ("all", Unit.NONE, None, None, None),
        ("2026-11-20/store=S01", Unit.DAY, (2026, 11, 20), (2026, 11, 20), (2026, 11, 20, 15)),
        ("all/area=kanto/store=S01", Unit.NONE, None, None, None),
    ],
)
def test_the_text_of_a_partition_says_its_time(
    text: str, unit: Unit, first: tuple[int, int, int] | None, last: tuple[int, int, int] | None, ends: tuple[int, ...]
) -> None:
    found = partition_of(text)
    assert (str(found), found.unit) == (text, unit)
    assert (found.first, found.last) == (first and date(*first), last and date(*last))
    assert found.ends("Asia/Tokyo") == (datetime(*ends, tzinfo=UTC) if ends else None)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "2026-02-30",
            "2026-13",
            "2026-W54",
            "2025-W53",
            "2026-11-20T24",
            "20261120",
            "2026-W47-1",
            "ALL",
            "none",
        ),
        *("2026-11-20/", "2026-11-20/store", "2026-11-20/store=", "2026-11-20/store=a/area=b", "2026-11-20/s=1/s=1"),
        *("2026-11-20\n", "2026-11-20/store=a b", "２０２６-11-20", "2026-11-20/Store=a"),
    ],
)
def test_what_is_no_partition_is_refused(text: str) -> None:
    assert not is_partition(text)
    with pytest.raises(ValueError, match="is no partition"):
        partition_of(text)


def test_a_day_stays_as_it_was_and_is_its_own_value() -> None:
    assert str(Partition.of_day(date(2026, 11, 20))) == "2026-11-20"
    assert partition_of("2026-11-20").values == {}
    assert is_date("2026-11-20")
    assert not is_date("2026-11-20T13")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2026-11-20T03", {"partition_first": "2026-11-20", "partition_hour": "3"}),
        ("2026-W47", {"partition_first": "2026-11-16", "partition_last": "2026-11-22"}),
        ("2026-02", {"partition_first": "2026-02-01", "partition_last": "2026-02-28"}),
        ("2026-11-20/store=S01", {"partition_first": "2026-11-20", "partition_part_store": "S01"}),
        ("all", {}),
        ("all/store=S01", {"partition_part_store": "S01"}),
    ],
)
def test_what_the_load_binds_is_what_the_partition_is_made_of(text: str, values: dict[str, str]) -> None:
    assert partition_of(text).values == values


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("2026-11-20T22", "2026-11-21T01", ["2026-11-20T22", "2026-11-20T23", "2026-11-21T00", "2026-11-21T01"]),
        ("2026-12", "2027-02", ["2026-12", "2027-01", "2027-02"]),
        ("2026-W52", "2027-W01", ["2026-W52", "2026-W53", "2027-W01"]),
        ("2026-02-28", "2026-03-01", ["2026-02-28", "2026-03-01"]),
        ("2026-03-01", "2026-02-28", []),
        ("2026-03", "2026-04-01", []),
        ("all", "all", ["all"]),
        ("9999-12-31", "9999-12-31", ["9999-12-31"]),
    ],
)
def test_a_range_goes_from_one_to_the_next(first: str, last: str, found: list[str]) -> None:
    assert [str(one) for one in partition_of(first).to(partition_of(last))] == found


@given(st.sampled_from([Unit.HOUR, Unit.DAY, Unit.WEEK, Unit.MONTH]), st.lists(st.datetimes(), min_size=2))
def test_texts_sort_by_time(unit: Unit, moments: list[datetime]) -> None:
    every = [Partition.containing(unit, at.date(), at.hour) for at in moments if at.year < 9999 and at.year > 1]
    by_time = sorted(every, key=lambda one: (one.first, one.hour))
    assert sorted(map(str, every)) == [str(one) for one in by_time]
    assert all(partition_of(str(one)) == (one if unit is Unit.HOUR else one.at(())) for one in every)


def test_an_hour_that_summer_time_skips_is_not_there() -> None:
    assert not partition_of("2026-03-08T02").exists("America/New_York")
    assert partition_of("2026-03-08T03").exists("America/New_York")
    assert partition_of("2026-11-01T01").exists("America/New_York")


@pytest.mark.parametrize(
    ("pattern", "key", "partition"),
    [
        ("o/{ds}/{hour}.csv", "o/2026-11-20/13.csv", "2026-11-20T13"),
        ("o/{ds:yyyyMMddHH}.csv", "o/2026112013.csv", "2026-11-20T13"),
        ("o/dt={ds}/hh={HH}/o.csv", "o/dt=2026-11-20/hh=00/o.csv", "2026-11-20T00"),
        ("o/{month}.csv", "o/2026-11.csv", "2026-11"),
        ("o/{ds:yyyyMM}.csv", "o/202611.csv", "2026-11"),
        ("o/year={yyyy}/month={MM}/o.csv", "o/year=2026/month=11/o.csv", "2026-11"),
        ("o/{week}.csv", "o/2026-W47.csv", "2026-W47"),
        ("o/{YYYY}{ww}.csv", "o/202647.csv", "2026-W47"),
        ("o/{ds}/{store}.csv", "o/2026-11-20/S02.csv", "2026-11-20/store=S02"),
        ("o/{store}/{ds}_{store}.csv", "o/S01/2026-11-20_S01.csv", "2026-11-20/store=S01"),
        ("o/{store}/latest.csv", "o/S01/latest.csv", "all/store=S01"),
        ("o/latest.csv", "o/latest.csv", "all"),
        ("o/{ds}/{stamp}.csv", "o/2026-11-20/20261121031500.csv", "2026-11-20"),
        ("o/{month}/{stamp:yyyyMMdd}_{any}.csv", "o/2026-11/20261201_x-1.csv", "2026-11"),
    ],
)
def test_a_key_yields_its_partition_and_the_partition_its_key(pattern: str, key: str, partition: str) -> None:
    made = KeyPattern(pattern, STORES if "{store}" in pattern else ())
    assert made.match(key) == partition
    again = made.key_for(partition, at=datetime(2026, 11, 21, 3, 15, tzinfo=UTC))
    assert made.match(again) == partition
    assert key.startswith(made.prefix_for(partition))
    if "{stamp" not in pattern:
        assert again == key


@pytest.mark.parametrize(
    ("pattern", "key", "what"),
    [
        ("o/{ds:yyyyMMdd}.csv", "o/20261131.csv", "2026-11-31"),
        ("o/{ds}/{hour}.csv", "o/2026-11-20/24.csv", "2026-11-20T24"),
        ("o/{month}.csv", "o/2026-13.csv", "2026-13"),
        ("o/{week}.csv", "o/2025-W53.csv", "2025-W53"),
        ("o/{ds}_{stamp}.csv", "o/2026-11-20_20261121256000.csv", "20261121256000"),
    ],
)
def test_a_time_that_there_is_not_is_told_as_such(pattern: str, key: str, what: str) -> None:
    made = KeyPattern(pattern)
    assert made.match(key) is None
    assert made.impossible_date(key) == what
    assert made.shape(key)


def test_a_part_that_is_none_is_told_with_those_there_are() -> None:
    made = KeyPattern("o/{ds}/{store}.csv", STORES)
    assert made.match("o/2026-11-20/S03.csv") is None
    misfit = made.misfit("o/2026-11-20/S03.csv")
    assert (misfit.fits, misfit.expected, misfit.found) == ("o/2026-11-20/", "{store} (one of S01, S02)", "S03.csv")
    for wrong in ("2026-11-20", "2026-11-20/store=S03", "2026-11-20/shop=S01", "2026-11/store=S01"):
        with pytest.raises(ValueError, match="partition"):
            made.key_for(wrong)


def test_stamps_sort_by_time_in_whatever_order_they_are_written() -> None:
    made = KeyPattern("o/{ds}_{stamp:ddMMyyyy-HHmm}.csv")
    stamps = [made.stamp(f"o/2026-11-20_{one}.csv") for one in ("31102026-2359", "01112026-0000", "01112026-0100")]
    assert stamps == sorted(stamps)
    assert stamps[0] == "20261031235900"


def test_two_places_of_open_length_are_kept_apart() -> None:
    uneven = (Part("store", ("S1", "S10")), Part("area", ("A", "AB")))
    with pytest.raises(ContractError, match=r"nothing keeps \{store\} and \{area\} apart"):
        KeyPattern("o/{ds}/{store}{area}.csv", uneven)
    assert KeyPattern("o/{ds}/{store}.{area}.csv", uneven).match("o/2026-11-20/S10.A.csv")


@pytest.mark.parametrize(
    ("key", "size", "ignored"),
    [("o/x.csv.part", 1, True), ("o/x.tmp", 0, True), ("o/", 0, True), ("o/", 1, False), ("o/x.csv", 0, False)],
)
def test_what_tools_leave_lying_is_nobodys_file(key: str, size: int, ignored: bool) -> None:  # noqa: FBT001 a table
    assert is_ignored(key, size) is ignored


COLUMNS = (
    "name: day, logicalType: date, required: true",
    "name: hour, logicalType: integer, required: true",
    "name: store, logicalType: string, required: true, logicalTypeOptions: {maxLength: 8}",
    "name: at, logicalType: timestamp, required: true, logicalTypeOptions: {format: 'yyyy-MM-dd HH:mm:ss'}",
)


def contract_of(draft: Callable[..., str], key: str, *custom: str) -> str:
    return draft(*COLUMNS, custom="}\n  - {".join(custom)).replace("goods/{ds}.csv", key)


@pytest.mark.parametrize(
    ("key", "custom", "unit", "holds"),
    [
        (
            "g/{ds}/{hour}.csv",
            ["property: partition, value: {ds: day, hour: hour}"],
            Unit.HOUR,
            ["ds", "hour", None, None],
        ),
        ("g/{ds}/{hour}.csv", ["property: partition, value: at"], Unit.HOUR, [None, None, None, "hour"]),
        ("g/{month}.csv", ["property: partition, value: day"], Unit.MONTH, ["month", None, None, None]),
        ("g/{week}.csv", ["property: partition, value: {week: at}"], Unit.WEEK, [None, None, None, "week"]),
        ("g/all.csv", ["property: partition, value: {unit: none}"], Unit.NONE, [None] * 4),
        (
            "g/{ds}/{store}.csv",
            ["property: parts, value: {store: [S01]}", "property: partition, value: {ds: day, store: store}"],
            Unit.DAY,
            ["ds", None, "store", None],
        ),
    ],
)
def test_a_contract_says_which_columns_hold_the_partition(
    draft: Callable[..., str],
    reads: Callable[[str], Contract],
    key: str,
    custom: list[str],
    unit: Unit,
    holds: list[str | None],
) -> None:
    contract = reads(contract_of(draft, key, *custom))
    assert contract.unit is unit
    assert [column.partition for column in contract.columns] == holds
    assert type(contract).from_json(contract.to_json()) == contract


@pytest.mark.parametrize(
    ("key", "custom", "told"),
    [
        ("g/all.csv", [], "holds no {ds}"),
        ("g/all.csv", ["property: partition, value: day"], "partition: {unit: none} for a file that replaces"),
        ("g/{ds}.csv", ["property: partition, value: append"], "never appended blindly"),
        ("g/{ds}.csv", ["property: partition, value: {unit: append}"], "never appended blindly"),
        ("g/{ds}.csv", ["property: partition, value: {unit: none}"], "the key names a day"),
        ("g/{ds}.csv", ["property: partition, value: {unit: day}"], "only none is written out"),
        ("g/{ds}.csv", ["property: partition, value: {}"], "says nothing"),
        ("g/{ds}.csv", ["property: partition, value: {hour: hour}"], "the key has no 'hour'; what it has is ds"),
        ("g/{ds}.csv", ["property: partition, value: {ds: nowhere}"], "is no column"),
        ("g/{ds}.csv", ["property: parts, value: {store: [S01]}"], "lacks {store}"),
        ("g/{ds}/{store}.csv", [], "{store} is no placeholder"),
        ("g/{ds}/{store}.csv", ["property: parts, value: {store: any}"], "must be a list of 1 to"),
        ("g/{ds}/{store}.csv", ["property: parts, value: {store: [a b]}"], "must be up to 64"),
        ("g/{ds}/{ds}.csv", ["property: parts, value: {ds: [a]}"], "is no name of a part"),
        (
            "g/{ds}/{store}.csv",
            ["property: parts, value: {store: [S01]}", "property: partition, value: {store: hour}"],
            "its column must be a string",
        ),
        ("g/{ds}/{hour}.csv", ["property: partition, value: day"], "the hour must be an integer, or a timestamp"),
        ("g/{month}.csv", ["property: partition, value: store"], "the partition is a business date"),
        (
            "g/all.csv",
            ["property: partition, value: {unit: none}", "property: dates, value: {daysBack: 3}"],
            "has no date",
        ),
    ],
)
def test_what_could_not_be_enforced_is_refused(
    draft: Callable[..., str], refused: Callable[[str], list[str]], key: str, custom: list[str], told: str
) -> None:
    assert any(told in problem for problem in refused(contract_of(draft, key, *custom)))
