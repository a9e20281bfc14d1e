"""A replay of a range of partitions that are no days."""

from __future__ import annotations

from typing import Any

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract
from suimon.contract.partition import Part
from suimon.drops.replay_record import Running
from suimon.replay.plan import Window, windows
from suimon.replay.request import Request, RequestError

STORES = (Part("store", ("S01", "S02")),)


def contract(pattern: str, parts: tuple[Part, ...] = ()) -> Contract:
    return Contract("sales", "1", "sales", key_pattern=KeyPattern(pattern, parts))


HOURS, MONTHS, WHOLE = contract("s/{ds}/{hour}.csv"), contract("s/{month}.csv"), contract("s/latest.csv")
BY_STORE = contract("s/{ds}/{store}.csv", STORES)


def asked(first: str, last: str, of: Contract, **more: Any) -> list[str]:
    return Request.from_event({"dataset": "sales", "from": first, "to": last, **more}, of).partitions()


@pytest.mark.parametrize(
    ("of", "first", "last", "found"),
    [
        (HOURS, "2026-11-20T23", "2026-11-21T00", ["2026-11-20T23", "2026-11-21T00"]),
        (MONTHS, "2026-12", "2027-01", ["2026-12", "2027-01"]),
        (WHOLE, "all", "all", ["all"]),
        (BY_STORE, "2026-11-20", "2026-11-20", ["2026-11-20/store=S01", "2026-11-20/store=S02"]),
        (BY_STORE, "2026-11-20/store=S02", "2026-11-21/store=S02", ["2026-11-20/store=S02", "2026-11-21/store=S02"]),
    ],
)
def test_a_range_is_every_partition_from_one_to_the_other(
    of: Contract, first: str, last: str, found: list[str]
) -> None:
    assert asked(first, last, of) == found
    assert Request.from_event({"dataset": "sales", "from": first, "to": last}).dataset == "sales"


@pytest.mark.parametrize(
    ("of", "first", "last", "told"),
    [
        (HOURS, "2026-11-20", "2026-11-21", "write an hour as YYYY-MM-DDTHH"),
        (MONTHS, "2026-11-01", "2026-11-30", "write a month as YYYY-MM"),
        (WHOLE, "2026-11-20", "2026-11-20", "write all: a file replaces the whole table"),
        (HOURS, "2026-11-20T05", "2026-11-20T04", "swap them"),
        (HOURS, "2026-11-01T00", "2027-06-01T06", "at most 5,000"),
        (BY_STORE, "2020-01-01", "2026-11-06", "more than 5,000 days of 2 parts each"),
        (BY_STORE, "2026-11-20/store=S01", "2026-11-20", "both must name the same parts"),
        (BY_STORE, "2026-11-20/store=S09", "2026-11-20/store=S09", "both must name the same parts"),
    ],
)
def test_a_range_that_the_dataset_cannot_have_is_refused(of: Contract, first: str, last: str, told: str) -> None:
    with pytest.raises(RequestError, match=told):
        asked(first, last, of)


def test_what_has_failed_of_a_dataset_is_one_range_whatever_its_partitions_are() -> None:
    failed = [
        *(("sales", f"2026-11-20T{hour}") for hour in (13, 12)),
        *(("stock", f"2026-11-{day}/store=S0{store}") for day in (20, 19) for store in (1, 2)),
        ("users", "all"),
    ]
    assert windows(failed) == [
        Window("users", ("all",)),
        Window("sales", ("2026-11-20T12", "2026-11-20T13")),
        Window("stock", ("2026-11-19", "2026-11-20")),
    ]


@pytest.mark.parametrize(
    ("first", "last", "overlaps"),
    [
        ("2026-11-02", "2026-11-02", True),
        ("2026-11-03", "2026-11-09", True),
        ("2026-11-04", "2026-11-09", False),
        ("2026-10-01", "2026-10-31", False),
        ("2026-11-02/store=S01", "2026-11-02/store=S01", True),
        ("2026-11-03/store=S02", "2026-11-04/store=S02", False),
        ("2026-11-04/store=S01", "2026-11-04/store=S01", False),
    ],
)
def test_ranges_overlap_that_share_a_partition(first: str, last: str, *, overlaps: bool) -> None:
    running = Running("sales", {"one": ("2026-11-01/store=S01", "2026-11-03/store=S01")})
    assert running.overlapping("other", first, last) == (["one"] if overlaps else [])
    assert running.overlapping("one", first, last) == []
    other = Running("sales", {"other": (first, last)})
    assert other.overlapping("one", *running.ranges["one"]) == (["other"] if overlaps else [])
