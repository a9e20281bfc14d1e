"""Sets as values: who is in, when one is whole, what becomes of one more, and who ends as it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import permutations

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract
from suimon.contract.set_rule import MOST_SHARDS, SetRule
from suimon.drops.drop import Accepted, Drop, DropRecord, written_order
from suimon.drops.match import Match
from suimon.drops.sets import (
    LISTED,
    DropSet,
    Joined,
    JoinResult,
    Member,
    Opened,
    SetError,
    declare,
    drop_of,
    followers,
    is_open,
    join,
    listed,
    names_among,
    names_in,
    sources_of,
)
from suimon.drops.states import State
from suimon.freshness.late_or_missing import judge_set

DAY, NOW = "2026-11-20", datetime(2026, 11, 21, 12, tzinfo=UTC)
PATTERN = KeyPattern("orders/{ds}/part-{shard}.csv")
THREE = SetRule(3, None, None, reload=False, complete_within_minutes=60)
MANIFEST = SetRule(None, KeyPattern("orders/{ds}/manifest.json"), None, reload=False, complete_within_minutes=60)
MARKER = SetRule(None, None, KeyPattern("orders/{ds}/_SUCCESS"), reload=False, complete_within_minutes=60)
EMPTY = DropSet("orders", DAY)
ONE = Opened(1, "x", "01")


def member(name: str, written: str = "01") -> Member:
    return Member(f"{name}@{written}", written_order(written))


def joined(*names: str, rule: SetRule = THREE, was: DropSet = EMPTY) -> DropSet:
    for name in names:
        was = join(was, name, member(name), rule, NOW).whole
    return was


def opened(whole: DropSet) -> Opened:
    assert whole.opened
    return whole.opened


def record_of(whole: DropSet, *members: str) -> DropRecord:
    return DropRecord(
        drop_of(whole, "raw", PATTERN), Match("orders", DAY), State.TRIGGERED, 1, NOW, NOW, members=members
    )


def test_a_set_is_whole_with_its_last_shard_whatever_the_order() -> None:
    wholes = [joined(*names) for names in permutations("abc")]
    assert {whole.opened for whole in wholes} == {wholes[0].opened}
    assert is_open(wholes[0])
    assert not is_open(joined("a", "b"))
    assert joined("a", "b").waiting_since == NOW
    assert wholes[0].waiting_since is None


def test_the_same_shard_again_changes_nothing() -> None:
    for whole in (joined("a"), joined("a", "b", "c")):
        assert join(whole, "a", member("a"), THREE, NOW + timedelta(hours=1)) == Joined(JoinResult.IN, whole)


def test_a_later_write_of_a_shard_takes_its_place_and_an_earlier_one_does_not() -> None:
    whole = joined("a", "b", "c")
    newer = join(whole, "b", member("b", "02"), THREE, NOW)
    assert (newer.result, newer.left) == (JoinResult.IN, ("b@01",))
    assert join(newer.whole, "b", member("b", "01"), THREE, NOW) == Joined(JoinResult.SUPERSEDED, newer.whole)
    assert opened(newer.whole).version.startswith("2.")
    assert is_open(newer.whole)


def test_of_two_writes_that_no_order_tells_apart_the_first_to_come_stays() -> None:
    first, other = (Member(name, written_order("01")) for name in ("a", "b"))
    was = join(EMPTY, "0", first, THREE, NOW).whole
    assert join(was, "0", other, THREE, NOW) == Joined(JoinResult.SUPERSEDED, was)
    assert join(was, "0", first, THREE, NOW).result is JoinResult.IN


def test_a_set_comes_after_the_one_before_and_after_all_that_was_ever_in_it() -> None:
    whole, before = joined("a", "b", "c"), ""
    for written in ("0F", "10", "20"):
        whole = join(whole, "b", member("b", written), THREE, NOW).whole
        assert written_order(opened(whole).sequencer) > max(before, written_order(written))
        before = written_order(opened(whole).sequencer)
    # A manifest that asks for less makes a set of older writes; it is the newer one all the same.
    rule = replace(MANIFEST, reload=False)
    first = declare(joined("a", "b", rule=rule), member("m", "30"), {"a", "b"}, rule, NOW).whole
    second = declare(first, member("m", "31"), {"a"}, rule, NOW).whole
    assert written_order(opened(second).sequencer) > written_order(opened(first).sequencer)


def test_what_is_whole_again_is_no_longer_awaited() -> None:
    whole = joined("a", "b", "c")
    again = join(replace(whole, waiting_since=NOW), "a", member("a"), THREE, NOW + timedelta(hours=1)).whole
    assert again == whole


def test_a_set_that_was_before_is_another_set_when_it_comes_again() -> None:
    first = declare(joined("a", "b", rule=MANIFEST), member("m", "02"), {"a", "b"}, MANIFEST, NOW).whole
    second = declare(first, member("m", "03"), {"a"}, MANIFEST, NOW).whole
    third = declare(second, member("m", "04"), {"a", "b"}, MANIFEST, NOW).whole
    assert first.shards == third.shards
    assert len({opened(whole).version for whole in (first, second, third)}) == 3


@pytest.mark.parametrize(
    ("whole", "name", "rule", "result"),
    [
        (joined("a", "b", "c"), "d", THREE, JoinResult.CLOSED),
        (joined("a", "b", "c"), "d", replace(THREE, reload=True), JoinResult.IN),
        (joined("a", "b"), "d", THREE, JoinResult.IN),
        (joined("a", rule=MANIFEST), "d", MANIFEST, JoinResult.IN),
        (replace(joined("a", rule=MANIFEST), expected=frozenset("ab")), "d", MANIFEST, JoinResult.CLOSED),
        (replace(joined("a", rule=MANIFEST), expected=frozenset("ab")), "b", MANIFEST, JoinResult.IN),
        (replace(joined("a", rule=MARKER), expected=frozenset("ab")), "d", MARKER, JoinResult.IN),
        (replace(joined("a", rule=MARKER), opened=ONE), "d", MARKER, JoinResult.CLOSED),
        (
            replace(joined("a", rule=MARKER), opened=Opened(1, "x", "01")),
            "d",
            replace(MARKER, reload=True),
            JoinResult.IN,
        ),
    ],
)
def test_one_more_shard_is_taken_as_the_contract_says(
    whole: DropSet, name: str, rule: SetRule, result: JoinResult
) -> None:
    assert join(whole, name, member(name), rule, NOW).result is result


def test_a_set_takes_no_more_than_its_item_holds() -> None:
    full = replace(EMPTY, members={str(number): member(str(number)) for number in range(MOST_SHARDS)})
    assert join(full, "more", member("more"), replace(MARKER, reload=True), NOW).result is JoinResult.CLOSED
    assert join(full, "1", member("1", "02"), MARKER, NOW).result is JoinResult.IN


def test_what_a_manifest_does_not_list_leaves_the_set() -> None:
    told = declare(joined("a", "x", rule=MANIFEST), member("m"), {"a", "b"}, MANIFEST, NOW)
    assert (set(told.whole.members), told.left) == ({"a"}, ("x@01",))
    kept = declare(joined("a", "x", rule=MANIFEST), member("m"), {"a"}, replace(MANIFEST, reload=True), NOW)
    assert (set(kept.whole.members), kept.left, is_open(kept.whole)) == ({"a", "x"}, (), True)


def test_an_older_manifest_says_nothing_any_more() -> None:
    newer = declare(EMPTY, member("m", "02"), {"a"}, MANIFEST, NOW).whole
    assert declare(newer, member("m", "01"), {"b"}, MANIFEST, NOW) == Joined(JoinResult.SUPERSEDED, newer)


def test_a_marker_that_comes_again_does_not_ask_for_what_was_rejected() -> None:
    first = declare(joined("a", rule=MARKER), member("m", "01"), {"a"}, MARKER, NOW).whole
    again = declare(first, member("m", "02"), {"a", "late"}, MARKER, NOW)
    assert (again.whole.expected, is_open(again.whole), again.left) == (frozenset("a"), True, ("m@01",))


def test_those_that_a_newer_set_has_end_with_that() -> None:
    first = joined("a", "b", "c")
    older = record_of(first, *first.shards)
    assert followers(older, first) == {"a@01", "b@01", "c@01"}
    second = join(first, "b", member("b", "02"), THREE, NOW).whole
    assert followers(older, second) == {"b@01"}
    assert followers(record_of(second, *second.shards), second) == {"a@01", "b@02", "c@01"}


def test_the_sets_own_drop_is_no_object_that_a_contract_could_match() -> None:
    drop = drop_of(joined("a", "b", "c"), "raw", PATTERN)
    assert drop.key == f"orders/{DAY}/part-{{shard}}.csv"
    assert PATTERN.match(drop.key) is None
    assert (drop.bucket, drop.size, drop.etag) == ("raw", 0, drop.version_id)


def test_a_set_that_was_never_opened_has_no_drop() -> None:
    with pytest.raises(ValueError, match=f"the set orders {DAY} was never opened"):
        drop_of(joined("a"), "raw", PATTERN)


@pytest.mark.parametrize(("count", "more"), [(LISTED, ""), (LISTED + 1, " and 1 more")])
def test_a_message_lists_the_first_names_and_how_many_more(count: int, more: str) -> None:
    names = [f"part-{number}.csv" for number in range(count)]
    assert listed(names) == ", ".join(names[:LISTED]) + more


def test_sources_are_named_as_seen_from_the_sets_own_folder() -> None:
    drop = Drop("raw", f"orders/{DAY}/part-1.csv", "v", "etag", 1, "01")
    shard = DropRecord(drop, Match("orders", DAY), State.ACCEPTED, 1, NOW, NOW, accepted=Accepted("data.csv.gz", 7))
    assert sources_of([shard]) == {
        "sources": [{"name": drop.key, "path": f"../{drop.id}/data.csv.gz", "rows": 7}],
        "rows": 7,
    }


def listing(*files: object) -> bytes:
    return json.dumps({"files": files, "made by": "the order system"}).encode()


def test_a_manifest_lists_keys_or_names_beside_itself() -> None:
    manifest = listing("part-1.csv", f"orders/{DAY}/part-2.csv", "part-1.csv")
    assert names_in(manifest, f"orders/{DAY}/manifest.json", DAY, PATTERN) == {"1", "2"}


@pytest.mark.parametrize(
    "manifest",
    [b"", b"\xff", b"[]", b"3", b'{"files": {}}', b'{"files": "part-1.csv"}', listing(), listing(1), listing("x.csv")],
)
def test_a_manifest_that_cannot_be_read_says_what_is_wrong(manifest: bytes) -> None:
    with pytest.raises(SetError, match="manifest"):
        names_in(manifest, f"orders/{DAY}/manifest.json", DAY, PATTERN)


def test_a_marker_finds_the_shards_of_its_own_day_only() -> None:
    keys = [f"orders/{DAY}/part-1.csv", f"orders/{DAY}/part-1.csv.tmp", "orders/2026-11-19/part-2.csv"]
    assert names_among(keys, DAY, PATTERN) == {"1"}
    with pytest.raises(SetError, match="too many"):
        names_among((f"orders/{DAY}/part-{number}.csv" for number in range(MOST_SHARDS + 1)), DAY, PATTERN)


def test_a_set_is_due_by_its_minutes_or_by_its_deadline_whichever_is_first() -> None:
    # Due at 06:00 in Tokyo of the 21st, which is 21:00 UTC of the 20th.
    arrival = Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=5)
    contract = Contract("orders", "1", "orders", key_pattern=PATTERN, set_rule=THREE, arrival=arrival)
    whole = replace(joined("a"), waiting_since=datetime(2026, 11, 20, 20, 30, tzinfo=UTC))
    deadline = datetime(2026, 11, 20, 21, tzinfo=UTC)
    assert judge_set(contract, whole, deadline - timedelta(seconds=1)).problem is None
    assert judge_set(contract, whole, deadline).problem
    without = replace(contract, arrival=None)
    assert judge_set(without, whole, deadline).problem is None
    assert judge_set(without, whole, deadline + timedelta(minutes=30)).problem
    # What is sent at the deadline or later gets its minutes.
    assert judge_set(contract, replace(whole, waiting_since=deadline), deadline).problem is None
    late = replace(whole, waiting_since=datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert judge_set(contract, late, datetime(2026, 11, 22, 12, 59, tzinfo=UTC)).problem is None


@pytest.mark.parametrize(
    ("whole", "rule", "missing"),
    [
        (joined("a"), THREE, "Missing: 2 of 3 shards."),
        (joined("a", rule=MANIFEST), MANIFEST, f"Missing: orders/{DAY}/manifest.json."),
        (joined("a", rule=MARKER), MARKER, f"Missing: orders/{DAY}/_SUCCESS."),
        (
            replace(joined("a", rule=MARKER), expected=frozenset("abc")),
            MARKER,
            f"Missing: orders/{DAY}/part-b.csv, orders/{DAY}/part-c.csv.",
        ),
    ],
)
def test_what_is_missing_is_named(whole: DropSet, rule: SetRule, missing: str) -> None:
    contract = Contract("orders", "1", "orders", key_pattern=PATTERN, set_rule=rule)
    problem = judge_set(contract, whole, datetime(2026, 11, 22, tzinfo=UTC)).problem
    assert problem
    assert missing in problem.body


def test_a_manifest_that_comes_again_opens_what_it_waits_for() -> None:
    told = declare(EMPTY, member("m"), {"a"}, MANIFEST, NOW).whole
    later = NOW + timedelta(hours=1)
    assert declare(told, member("m"), {"a"}, MANIFEST, later) == Joined(JoinResult.IN, told)
    fresh = replace(told, waiting_since=None)
    assert declare(fresh, member("m"), {"a"}, MANIFEST, later).whole.waiting_since == later


def test_a_manifest_keeps_the_newest_of_too_many_shards_that_it_no_longer_lists() -> None:
    count = MOST_SHARDS + 1
    members = {f"{number:04}": member(f"{number:04}", f"{count - number:04X}") for number in range(count)}
    whole = replace(EMPTY, outside=members)
    told = declare(whole, member("m", "FFFF"), {"other"}, MANIFEST, NOW)
    assert set(members) - set(told.whole.outside) == {f"{MOST_SHARDS:04}"}
    assert told.left == (member(f"{MOST_SHARDS:04}", "0001").drop_id,)


def test_a_marker_ends_with_its_set_only_while_that_is_of_the_same_shards() -> None:
    first = declare(joined("a", rule=MARKER), member("m", "02"), {"a"}, MARKER, NOW).whole
    record = record_of(first, *first.shards)
    assert followers(record, first) == {"a@01", "m@02"}
    awaited = replace(first, waiting_since=NOW)
    assert followers(record, awaited) == {"a@01"}


def test_a_manifest_at_the_top_of_the_bucket_lists_names_beside_itself() -> None:
    flat = KeyPattern("{ds}-{shard}.csv")
    assert names_in(listing(f"{DAY}-1.csv"), "manifest.json", DAY, flat) == {"1"}
    beside = KeyPattern("orders/{ds}-{shard}.csv")
    with pytest.raises(SetError, match="lists what is no"):
        names_in(listing(f"{DAY}-1.csv"), "manifest.json", DAY, beside)


def test_a_marker_without_shards_says_which_are_missing() -> None:
    with pytest.raises(SetError) as caught:
        names_among([], DAY, PATTERN)
    assert str(caught.value) == f"no orders/{DAY}/part-{{shard}}.csv has come before it"


@pytest.mark.parametrize(("waits", "note"), [(False, "The set is whole."), (True, "It is not yet due again.")])
def test_a_set_that_recovers_says_whether_it_is_whole(waits: bool, note: str) -> None:  # noqa: FBT001 a parameter
    contract = Contract("orders", "1", "orders", key_pattern=PATTERN, set_rule=THREE)
    whole = joined("a") if waits else joined("a", "b", "c")
    check = judge_set(contract, whole, NOW)
    assert (check.problem, check.note, str(check.incident_id)) == (None, note, f"incomplete-set:orders:{DAY}")


@pytest.mark.parametrize("manifest", [b"[" * 100_000, b'{"files": ' + b"[" * 100_000])
def test_a_manifest_that_is_nested_without_end_is_told_as_any_other_bad_one(manifest: bytes) -> None:
    with pytest.raises(SetError, match="not JSON of the form"):
        names_in(manifest, "orders/2026-11-20/manifest.json", DAY, PATTERN)
