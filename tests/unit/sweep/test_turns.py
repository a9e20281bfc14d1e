"""What the sweep decides from values alone: which keys to list, and what a walk has seen."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from suimon.aws.versions import Page, Version
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Arrival, Contract
from suimon.drops.drop import Drop
from suimon.sweep.findings import Finding, Findings
from suimon.sweep.lost_events import GRACE, SEEN_MARGIN, UPLOAD_MARGIN, Walk, near_prefixes, unseen

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def contract(pattern: str, dataset: str = "sales", arrival: Arrival | None = None) -> Contract:
    return Contract(dataset, "1", "t", dag_id="dag", key_pattern=KeyPattern(pattern), arrival=arrival)


def test_prefixes_reach_from_tomorrow_to_the_days_that_a_late_file_may_be_of() -> None:
    due = Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=1)
    assert near_prefixes([contract("sales/{ds}/data.csv", arrival=due)], NOON) == [
        f"sales/2026-11-{day}/data.csv" for day in (23, 22, 21, 20, 19)
    ]


def test_prefixes_of_every_contract_come_by_date_the_newest_first() -> None:
    both = [contract("a/{ds}.csv"), contract("{ds}/b.csv", "other")]
    assert near_prefixes(both, NOON)[:3] == ["a/2026-11-23.csv", "2026-11-23/b.csv", "a/2026-11-22.csv"]


def version(written: datetime, etag: str = "e") -> Version:
    return Version(Drop("raw", "k", "v", etag, 1, ""), written)


@pytest.mark.parametrize(
    ("written", "etag", "is_asked_for"),
    [
        (NOON, "e", True),
        (NOON - GRACE, "e", True),  # within its grace when the walk came by
        (NOON - SEEN_MARGIN, "e", True),
        (NOON - SEEN_MARGIN - HOUR, "e", False),
        (NOON - SEEN_MARGIN - HOUR, "e-2", True),  # perhaps still being uploaded when the walk came by
        (NOON - UPLOAD_MARGIN - HOUR, "e-2", False),
    ],
)
def test_a_walk_asks_for_what_the_last_one_cannot_have_seen(
    written: datetime, etag: str, *, is_asked_for: bool
) -> None:
    page = Page((version(written, etag),), None)
    assert bool(unseen(page, NOON)) == is_asked_for
    assert unseen(page, None)  # there was none


def test_a_walk_that_comes_to_its_end_is_what_the_next_one_goes_by() -> None:
    walk = Walk("k", "v", began="t2", complete="t1")
    assert walk.at(None) == Walk(complete="t2")


def test_unexplained_is_what_was_found_neither_healed_nor_under_an_incident() -> None:
    findings = Findings((Finding("a", 9, 5, 2, 1), Finding("b", 1, 1, 1)))
    assert findings.unexplained == 2
    assert findings.of("c") == Finding("c")
    assert (findings.of("a") + Finding("a", 1, 1, 1)).unexplained == 2
