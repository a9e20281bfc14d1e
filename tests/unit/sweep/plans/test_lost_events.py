"""Which versions are looked up, and which place a lost write gets, from values alone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from suimon.aws.versions import Page, Position, Version
from suimon.contract.arrival import Arrival
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract
from suimon.drops.drop import Drop, DropRecord
from suimon.drops.states import State
from suimon.sweep.plans.lost_events import (
    BACKLOG,
    BACKLOG_GRACE,
    GRACE,
    NEAR_AGE,
    SEEN_MARGIN,
    UPLOAD_MARGIN,
    Gap,
    Walk,
    known_above,
    near_prefixes,
    past_grace,
    recent,
    unseen,
    walk_of,
    was_there,
)
from tests.unit.drop_records import HOUR, MINUTE, NOON, drop_record


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


@pytest.mark.parametrize(
    ("pattern", "prefixes"),
    [
        ("s/{ds}/{hour}.csv", [f"s/2026-11-{day}/" for day in (23, 22, 21, 20, 19, 18)]),
        ("s/{ds:yyyyMMdd}.csv", [f"s/202611{day}.csv" for day in (23, 22, 21, 20, 19, 18)]),
        ("s/{month}.csv", ["s/2026-11.csv", "s/2026-10.csv"]),
        ("s/{week}.csv", [f"s/2026-W{week}.csv" for week in (48, 47, 46)]),
        ("s/latest.csv", ["s/latest.csv"]),
        # Of a whole table the day in the name; else every round would list all that ever came.
        ("s/{stamp}_{any}.csv", [f"s/202611{day}" for day in (23, 22, 21, 20, 19, 18)]),
        ("s/{stamp:HHmm}.csv", ["s/"]),
        ("s/{ds}/{stamp}.csv", [f"s/2026-11-{day}/" for day in (23, 22, 21, 20, 19, 18)]),
    ],
)
def test_prefixes_name_each_time_once_whatever_a_partition_is(pattern: str, prefixes: list[str]) -> None:
    assert near_prefixes([contract(pattern)], NOON) == prefixes


def version(written: datetime, etag: str = "e", name: str = "v") -> Version:
    return Version(Drop("raw", "k", name, etag, 1, ""), written)


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


def test_each_round_looks_up_what_is_a_day_old_at_most() -> None:
    old, young = version(NOON - NEAR_AGE - MINUTE), version(NOON - NEAR_AGE)
    assert recent([old, young], NOON) == [young]


@pytest.mark.parametrize(("backlog", "grace"), [(0, GRACE), (BACKLOG, GRACE), (BACKLOG + 1, BACKLOG_GRACE)])
def test_an_event_is_waited_for_and_for_longer_while_the_queue_is_full(backlog: int, grace: timedelta) -> None:
    may_come, lost = version(NOON - grace), version(NOON - grace - MINUTE)
    assert past_grace([may_come, lost], backlog, NOON) == [lost]


# ---------------------------------------------------------------- the place of a lost write

A, B, C, D = (version(NOON - (5 - number) * MINUTE, name=name) for number, name in enumerate("abcd"))


def known(one: Version, sequencer: str, received: datetime | None = None) -> DropRecord:
    return drop_record(
        State.LOADED, "k", version=one.drop.version_id, sequencer=sequencer, received=received or one.written
    )


def test_the_nearest_known_write_above_a_version_is_one_of_its_key_on_its_page() -> None:
    other = Version(Drop("raw", "j", "x", "e", 1, ""), NOON)
    records = {one.drop.id: known(one, "0A") for one in (D, C, other)}
    assert known_above(B, [other, D, C, B, A], records) == records[C.drop.id]
    assert known_above(B, [other, B, A], records) is None
    assert known_above(D, [D, C, B], records) is None


def test_a_lost_write_gets_the_place_behind_the_newest_one_below_it() -> None:
    gap = Gap((C, B), known(A, "0A"))
    assert gap.newest_below(B, "0A") == "0A"
    assert gap.drop_behind(B, "0A").sequencer == "0A.00000001"
    assert gap.drop_behind(C, "0A.00000001").sequencer == "0A.00000002"
    # Before all writes of the key.
    assert Gap((B,)).drop_behind(B, "").sequencer == ".00000001"


def test_an_entry_that_a_crash_left_without_its_record_keeps_its_own_sequencer() -> None:
    told = Drop("raw", "k", "b", "e", 1, "0B")
    assert Gap((C, B), recorded={B.drop.id: told}).drop_behind(B, "0A") is told


def test_a_deleted_write_lies_below_what_was_written_after_it_was_in_the_ledger() -> None:
    deleted = known(version(NOON, name="deleted"), "0C", received=B.written + MINUTE / 2)
    gap = Gap((C, B), deleted=(deleted,))
    assert [gap.newest_below(one, "") for one in (B, C)] == ["", "0C"]
    # Sequencers are compared as writes are ordered, not as texts.
    assert gap.newest_below(C, "0C.00000001") == "0C.00000001"


def test_s3_rounds_the_time_of_a_version_down_to_a_second() -> None:
    second = timedelta(seconds=1)
    assert was_there(known(A, "0A", received=B.written + second / 2), B)
    assert not was_there(known(A, "0A", received=B.written + second), B)


def test_without_contracts_there_are_no_prefixes() -> None:
    assert near_prefixes([], NOON) == []


def test_prefixes_of_every_contract_end_with_its_own_days() -> None:
    late = Arrival(days_after=3, deadline=time(6), time_zone="UTC", lookback_days=2)
    due = Arrival(days_after=1, deadline=time(6), time_zone="UTC", lookback_days=1)
    found = near_prefixes([contract("a/{ds}", arrival=late), contract("b/{ds}", "other", due)], NOON)
    assert [one for one in found if one.startswith("a")][-1] == "a/2026-11-16"
    assert [one for one in found if one.startswith("b")][-1] == "b/2026-11-19"


def test_tomorrow_is_meant_of_the_day_in_utc() -> None:
    in_tokyo = datetime.fromisoformat("2026-11-22T23:30:00+00:00").astimezone(ZoneInfo("Asia/Tokyo"))
    assert near_prefixes([contract("a/{ds}")], in_tokyo)[0] == "a/2026-11-23"


def test_a_walk_goes_on_behind_the_last_version_that_was_read() -> None:
    assert Walk().at(Position("b", "v2")).position == Position("b", "v2")


WALKED = {"key": "k", "version_id": "v", "began": NOON.isoformat(), "complete": "", "left_out": "yes"}


def test_a_walk_is_read_as_it_was_recorded() -> None:
    assert walk_of(WALKED, NOON) == Walk("k", "v", NOON.isoformat(), "", "yes")
    assert walk_of({}, NOON) == Walk()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"owner": "x", "name": "y"}, "^it has name, owner, of which a walk knows nothing$"),
        ({"began": (NOON + timedelta(days=2)).isoformat()}, "lies ahead"),
        ({"complete": (NOON + timedelta(days=2)).isoformat()}, "lies ahead"),
        ({"complete": "yesterday"}, "yesterday"),
    ],
)
def test_a_walk_that_no_round_can_have_recorded_is_refused(changes: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        walk_of(WALKED | changes, NOON)
