"""Which drops a replay means, and which requests it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

from suimon.contract.partition import Partition, Unit
from suimon.drops.drop import Accepted, Drop, DropRecord, Rejection
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.replay.plan import Item, Plan, Skip, Window, gather, windows
from suimon.replay.plan import plan as planned_of
from suimon.replay.request import MAX_PARTITIONS, Request, RequestError, StalePlanError

if TYPE_CHECKING:
    from suimon.contract.file import Language

DAY, MIDNIGHT = "2026-11-20", datetime(2026, 11, 21, tzinfo=UTC)
NO_FILE: dict[Language, str] = {"en": "no file has come", "ja": "ファイルが届いていません"}
NO_SET: dict[Language, str] = {"en": "no whole set has come", "ja": "揃ったセットが届いていません"}


def record(state: State, sequencer: str = "0100", attempt: int = 1, received_at: datetime = MIDNIGHT) -> DropRecord:
    drop = Drop("raw", f"sales/{DAY}/sales_data.csv", f"{sequencer}@{received_at}", "etag", 10, sequencer)
    return DropRecord(drop, Match("sales", DAY), state, attempt, received_at, received_at)


def request(**changes: Any) -> dict[str, Any]:
    return {"dataset": "sales", "from": "2026-11-01", "to": "2026-11-03", **changes}


def plan(drops: dict[str, list[DropRecord]], *, sets: bool = False, **changes: Any) -> Plan:
    return planned_of(drops, Request.from_event(request(**changes)), sets=sets)


@pytest.mark.parametrize("state", [State.LOADED, State.FAILED, State.REJECTED], ids=str)
def test_a_drop_at_its_end_runs_again_as_its_next_attempt(state: State) -> None:
    last = record(state, attempt=2)
    assert plan({DAY: [last]}).items == (Item(last.id, DAY, 3),)


@pytest.mark.parametrize("state", [State.RECEIVED, State.VALIDATING, State.ACCEPTED, State.TRIGGERED], ids=str)
def test_a_drop_on_its_way_is_left_out_with_the_reason(state: State) -> None:
    running = record(state)
    (skip,) = plan({DAY: [running]}).skipped
    assert (skip.partition, skip.reason) == (
        DAY,
        {
            "en": f"drop {running.id} is {state}: it is on its way already",
            "ja": f"ドロップ {running.id} は {state} で、すでに処理中です",
        },
    )


def test_a_file_that_was_deleted_before_its_check_is_left_out_with_what_to_do() -> None:
    loaded, gone = record(State.LOADED, "01"), record(State.GONE, "02")
    (skip,) = plan({DAY: [loaded, gone]}).skipped
    assert skip.reason["en"] == f"drop {gone.id} was deleted before it could be checked: send the file again"


def test_a_day_without_a_file_is_left_out_with_the_reason() -> None:
    assert plan({DAY: []}).skipped == (Skip(DAY, NO_FILE),)


def test_the_newest_write_of_a_day_is_meant_even_when_its_sequencer_is_shorter() -> None:
    older, newer = record(State.LOADED, "00F1AB"), record(State.REJECTED, "00F2")
    for drops in ([older, newer], [newer, older]):
        assert plan({DAY: drops}).items == (Item(newer.id, DAY, 2),)


def test_writes_with_the_same_sequencer_are_ordered_by_their_arrival() -> None:
    older = record(State.LOADED, received_at=MIDNIGHT)
    newer = record(State.LOADED, received_at=MIDNIGHT + timedelta(seconds=1))
    for drops in ([older, newer], [newer, older]):
        assert plan({DAY: drops}).items[0].drop_id == newer.id


@pytest.mark.parametrize("state", [State.DUPLICATE, State.SUPERSEDED], ids=str)
def test_a_write_that_was_never_the_days_content_is_passed_over(state: State) -> None:
    loaded = record(State.LOADED, "01")
    assert plan({DAY: [loaded, record(state, "02")]}).items == (Item(loaded.id, DAY, 2),)


def test_a_range_is_planned_day_by_day_with_both_ends() -> None:
    asked: list[tuple[str, str, str]] = []

    def drops_between(*named: str) -> list[DropRecord]:
        asked.append(named)  # type: ignore[arg-type]
        return []

    planned = gather(Request.from_event(request()), drops_between)
    assert asked == [("sales", "2026-11-01", "2026-11-03")]
    assert planned.skipped == tuple(Skip(day, NO_FILE) for day in ("2026-11-01", "2026-11-02", "2026-11-03"))


def test_of_a_range_that_names_parts_each_partition_is_asked_for() -> None:
    store = (("store", "S01"),)
    first, last = (Partition(Unit.DAY, date(2026, 11, day), None, store) for day in (1, 2))
    wanted = Request("sales", first, last, parts=(store,))
    assert wanted.ranges() == [(f"2026-11-0{day}/store=S01",) * 2 for day in (1, 2)]


def test_what_lies_between_and_is_of_another_kind_is_left_out() -> None:
    others = [replace(record(State.FAILED), match=Match("sales", name)) for name in (f"{DAY}T05", f"{DAY}/store=S01")]
    planned = gather(Request.from_event(request(**{"from": DAY, "to": DAY})), lambda *_: others)
    assert planned.skipped == (Skip(DAY, NO_FILE),)


def test_one_day_is_a_range() -> None:
    assert Request.from_event(request(to="2026-11-01")).partitions() == ["2026-11-01"]


def test_three_at_once_unless_said_otherwise() -> None:
    assert Request.from_event(request()).max_concurrency == 3
    assert Request.from_event(request(max_concurrency=None)).max_concurrency == 3
    assert Request.from_event(request(max_concurrency=40)).max_concurrency == 40


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"from": "2026-11-04"}, "swap them"),
        ({"from": "20261101"}, "YYYY-MM-DD"),
        ({"from": "2026-02-30"}, "YYYY-MM-DD"),
        ({"to": "tomorrow"}, "YYYY-MM-DD"),
        ({"to": "2041-11-02"}, "^2026-11-01 to 2041-11-02 are more than 5,000 days: replay at most 5,000 at once$"),
        ({"tolerate": 101}, "give a percentage from 0 to 100"),
        ({"tolerate": True}, "give a percentage from 0 to 100"),
        ({"max_concurrency": 41}, "from 1 to 40"),
        ({"max_concurrency": 0}, "from 1 to 40"),
        ({"max_concurrency": "3"}, "whole number"),
        ({"max_concurrency": True}, "whole number"),
        ({"what": "late"}, "one of missing, failed, rejected, loaded, all"),
        ({"order": "random"}, "one of oldest, newest"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_with_what_to_change(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(RequestError, match=says):
        Request.from_event(request(**changes))


def test_a_request_without_a_dataset_is_refused() -> None:
    with pytest.raises(RequestError, match="'dataset' is missing"):
        Request.from_event({"from": "2026-11-01", "to": "2026-11-03"})


def test_a_whole_year_may_be_replayed_at_once() -> None:
    assert len(Request.from_event(request(to="2040-07-09")).partitions()) == MAX_PARTITIONS


def test_of_a_set_the_set_runs_again_and_not_its_newest_shard() -> None:
    shard, whole = record(State.LOADED, "02"), replace(record(State.LOADED, "01"), members=("a", "b"))
    newer = replace(record(State.FAILED, "01.0001"), members=("a", "c"))
    assert plan({DAY: [whole, newer, shard]}, sets=True).items == (Item(newer.id, DAY, 2),)
    assert plan({DAY: [shard]}, sets=True).skipped == (Skip(DAY, NO_SET),)


@pytest.mark.parametrize("place", ["from", "to"])
def test_a_day_that_is_none_is_refused_under_its_name(place: str) -> None:
    with pytest.raises(RequestError, match=rf"\b{place}\b"):
        Request.from_event(request(**{place: "2026-02-30"}))


@pytest.mark.parametrize(
    ("what", "meant"),
    [
        ("all", {"loaded", "failed", "rejected", "corrected badly", "failed again"}),
        ("loaded", {"loaded"}),
        ("failed", {"failed", "failed again"}),
        ("rejected", {"rejected", "corrected badly"}),
        ("missing", {"failed", "rejected"}),
    ],
)
def test_only_the_days_that_are_asked_for_are_planned(what: str, meant: set[str]) -> None:
    loaded = record(State.LOADED, "01")
    days = {
        "loaded": [loaded],
        "failed": [record(State.FAILED, "01")],
        "rejected": [record(State.REJECTED, "01")],
        "corrected badly": [loaded, record(State.REJECTED, "02")],
        "failed again": [replace(record(State.FAILED, "01", attempt=2), loaded_at=MIDNIGHT)],
    }
    found = plan(days, what=what)
    assert {item.partition for item in found.items} == meant
    assert (found.others, found.skipped) == (len(days) - len(meant), ())


def test_each_day_of_a_plan_has_its_reason_and_what_it_replaces() -> None:
    loaded = record(State.LOADED, "01")
    rejection = Rejection(1, "2 faults", ("type-error", "extra-cell"))
    rejected = replace(record(State.REJECTED, "02"), rejection=rejection)
    (item,) = plan({DAY: [loaded, rejected]}).items
    assert item.reason["en"] == (
        f"rejected 2026-11-21 (type-error, extra-cell): it is checked again, and takes the place of drop {loaded.id}"
    )
    (item,) = plan({DAY: [replace(loaded, accepted=Accepted("data.csv", 1200), members=("a", "b"))]}).items
    assert item.reason["en"] == "loaded 2026-11-21, a set of 2 objects: its 1,200 rows are loaded again"


def test_the_newest_day_may_begin_first() -> None:
    days = {day: [record(State.FAILED, sequencer)] for day, sequencer in (("2026-11-01", "01"), ("2026-11-02", "02"))}
    assert [item.partition for item in plan(days, order="newest").items] == ["2026-11-02", "2026-11-01"]
    assert [item.partition for item in plan(days).items] == ["2026-11-01", "2026-11-02"]


@pytest.mark.hits("stale-plan")
@pytest.mark.parametrize(
    "now",
    [
        [record(State.FAILED, attempt=2)],  # another replay has failed
        [record(State.TRIGGERED, attempt=2)],  # and one runs
        [record(State.FAILED), record(State.FAILED, "0200")],  # a new file has come
    ],
)
def test_a_plan_that_the_ledger_has_overtaken_is_refused(now: list[DropRecord]) -> None:
    of_day = {"from": DAY, "to": DAY}
    seen = gather(Request.from_event(request(**of_day)), lambda *_: [record(State.FAILED)])
    confirmed = Request.from_event(request(**of_day, plan=seen.fingerprint))
    assert gather(confirmed, lambda *_: [record(State.FAILED)]) == seen
    with pytest.raises(StalePlanError, match="Nothing was started"):
        gather(confirmed, lambda *_: now)


def test_what_has_failed_is_covered_by_a_range_of_each_dataset_the_newest_first() -> None:
    days = ("2026-11-03", "2026-11-01", "2024-01-01", "2025-11-03")
    found = windows([*(("sales", day) for day in days), ("events", "2026-11-02")])
    assert [(one.dataset, one.first, one.last) for one in found] == [
        ("sales", "2024-01-01", "2026-11-03"),
        ("events", "2026-11-02", "2026-11-02"),
    ]
    for one in found:
        Request.from_event({"dataset": one.dataset, "from": one.first, "to": one.last})


def test_a_range_that_is_too_long_has_halves_the_newer_one_first_until_it_is_one_partition() -> None:
    whole = Window("sales", ("2024-01-01", "2025-11-03", "2026-11-03"))
    newer, older = whole.halves()
    assert (newer.times, older.times) == (("2025-11-03", "2026-11-03"), ("2024-01-01",))
    assert older.halves() == (older,)


@pytest.mark.parametrize(
    ("tolerate", "planned", "tolerated"),
    [(None, 3, 3), (None, 30, 5), (None, 5_000, 500), (0, 300, 0), (100, 300, 300), (10, 9, 0), (50.0, 3, 1)],
)
def test_a_share_of_a_plan_may_fail(tolerate: float | None, planned: int, tolerated: int) -> None:
    assert Request.from_event(request(tolerate=tolerate)).tolerated(planned) == tolerated


def test_what_a_replay_had_not_begun_is_all_that_resuming_it_plans() -> None:
    def loaded(day: str, sequencer: str) -> DropRecord:
        return replace(record(State.LOADED, sequencer), match=Match("sales", day))

    drops = {day: [loaded(day, f"0{number}")] for number, day in enumerate(("2026-11-01", "2026-11-02"))}
    before = plan(drops).items
    (one,) = drops["2026-11-01"]
    since = {**drops, "2026-11-01": [replace(one, attempt=2)], "2026-11-03": [loaded("2026-11-03", "07")]}
    resumed = gather(Request.from_event(request(resume="r")), lambda *_: chain(*since.values()), resumed=before)
    assert resumed.items == before[1:]
    assert resumed.others == 2


def test_only_what_was_accepted_is_loaded_as_it_was() -> None:
    loaded = replace(record(State.LOADED), accepted=Accepted("data.csv", 7))
    (item,) = plan({DAY: [loaded]}, as_accepted=True).items
    assert item.attempt == 2
    rejected = replace(loaded, state=State.REJECTED, rejection=Rejection(1, "bad"))
    (skip,) = plan({DAY: [rejected]}, as_accepted=True).skipped
    assert skip.reason["en"] == (
        f"drop {loaded.id} was not accepted when it was last checked: there is nothing to load as it was"
    )
    assert plan({DAY: [rejected]}).items
