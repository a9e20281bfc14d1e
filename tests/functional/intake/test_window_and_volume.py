"""The gate of a dataset whose files come within a window, and have about as much as on comparable days."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.dates import Outside, Window
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contracts
from suimon.contract.volume import Bound, Measure, Volume
from suimon.drops.hold import Hold
from suimon.drops.states import State
from suimon.intake.replays import ReplayRequest, replay
from tests.functional.conftest import open_ids
from tests.functional.intake.gated import GOOD, KEY, NOON, Clock, FakeMwaa, loaded, put, tolerant

if TYPE_CHECKING:
    from suimon.intake.gate import Gate
    from tests.functional.conftest import Post

HOUR = timedelta(hours=1)
OTHER = GOOD.replace("水筒", "茶筒")
NIGHT = Window(time(1), time(9))  # in Tokyo, where it is 21:00 at NOON: it opens at 16:00 in UTC
OPENS = NOON + 4 * HOUR


def of_sales(gate: Gate, **more: Any) -> Gate:
    sales = replace(gate.contracts.of("sales"), **more)
    return replace(gate, contracts=Contracts((sales, *(one for one in gate.contracts.all if one.dataset != "sales"))))


def within(gate: Gate, outside: Outside) -> Gate:
    window = replace(NIGHT, outside=outside)
    return of_sales(gate, arrival=Arrival(1, time(6), "Asia/Tokyo", 5, window=window))


def test_what_comes_outside_its_window_is_checked_kept_and_started_once_it_opens(
    gate: Gate, mwaa: FakeMwaa, clock: Clock, post: Post
) -> None:
    gate = within(gate, Outside.HOLD)
    taken = gate.take(put(GOOD))
    assert (taken.state, taken.rows, mwaa.runs, post.letters()) == (State.ACCEPTED, 2, {}, [])
    assert taken.opens_at == OPENS
    clock.now = OPENS - timedelta(seconds=1)
    assert gate.resume(taken.id).state is State.ACCEPTED
    clock.now = OPENS
    assert gate.resume(taken.id).state is State.TRIGGERED
    assert list(mwaa.runs) == [taken.run_id]


def test_what_comes_within_its_window_is_not_held_though_its_run_starts_later(gate: Gate, clock: Clock) -> None:
    gate = within(gate, Outside.HOLD)
    clock.now = OPENS
    taken = gate.take(put(GOOD))
    assert (taken.state, taken.opens_at) == (State.TRIGGERED, None)


def test_of_two_writes_that_a_window_has_held_the_last_one_runs(gate: Gate, mwaa: FakeMwaa, clock: Clock) -> None:
    gate = within(gate, Outside.HOLD)
    first, second = gate.take(put(GOOD)), gate.take(put(OTHER, sequencer="02"))
    clock.now = OPENS
    assert gate.resume(first.id).state is State.SUPERSEDED
    assert gate.resume(second.id).state is State.TRIGGERED
    assert list(mwaa.runs) == [second.run_id]


def test_a_person_releases_what_its_window_holds(gate: Gate, clock: Clock) -> None:
    gate = within(gate, Outside.HOLD)
    taken = gate.take(put(GOOD))
    clock.now = NOON + HOUR
    gate.ledger.holds.put(Hold(dataset="sales", reason="r", who="w", since=NOON, released_at=clock.now))
    assert gate.resume(taken.id).state is State.TRIGGERED
    # Only what had come by then: the next one is held again.
    clock.now = NOON + 2 * HOUR
    later = gate.take(put(OTHER, KEY.replace("20/", "19/"), sequencer="02"))
    assert later.state is not State.TRIGGERED


@pytest.mark.parametrize("hours", [1, 6])
def test_a_hold_of_a_person_that_ends_later_than_the_window_opens_counts(gate: Gate, clock: Clock, hours: int) -> None:
    gate = within(gate, Outside.HOLD)
    gate.ledger.holds.put(Hold(dataset="sales", reason="r", who="w", since=NOON, until=NOON + hours * HOUR))
    taken = gate.take(put(GOOD))
    ends = max(NOON + hours * HOUR, OPENS)
    clock.now = ends - timedelta(seconds=1)
    assert gate.resume(taken.id).state is State.ACCEPTED
    clock.now = ends
    assert gate.resume(taken.id).state is State.TRIGGERED


def test_what_comes_outside_a_strict_window_is_rejected_unread_and_a_replay_loads_it(gate: Gate, post: Post) -> None:
    gate = within(gate, Outside.REJECT)
    taken = gate.take(put(GOOD))
    assert taken.state is State.REJECTED
    assert taken.rejection
    assert taken.rejection.codes == ("outside-window",)
    [(subject, body)] = post.letters()
    assert subject == "[ERROR] sales 2026-11-20 rejected: sales_data.csv"
    assert "came at 2026-11-21 21:00; the contract takes files from 01:00 to 09:00 (Asia/Tokyo)" in body
    assert replay(gate, ReplayRequest(taken.id, 2, "execution", "token")).state is State.TRIGGERED


def test_what_comes_outside_a_lenient_window_runs_and_is_warned_of(gate: Gate, post: Post) -> None:
    gate = within(gate, Outside.ACCEPT)
    assert gate.take(put(GOOD)).state is State.TRIGGERED
    [(subject, body)] = post.letters()
    assert subject.startswith("[WARNING] sales 2026-11-20 accepted with a warning")
    assert "the contract takes files from 01:00 to 09:00" in body


# ---------------------------------------------------------------- volume

DAYS = ("2026-11-19", "2026-11-18", "2026-11-17")


def file_of(rows: int, day: str) -> str:
    header, line = GOOD.splitlines(keepends=True)[0], "{},{},C000123,茶,1,1.00,1.00\n"
    return header + "".join(line.format(number, day) for number in range(1, rows + 1))


def watched(gate: Gate, severity: Any = "warning", rows: int = 10) -> Gate:
    """Return a gate that compares rows, and load three days of ten each."""
    gate = of_sales(gate, volume=Volume((Bound(Measure.ROWS, "few", 50),), 3, severity))
    for day in DAYS:
        loaded(gate, put(file_of(rows, day), KEY.replace("2026-11-20", day)))
    return gate


def test_a_file_of_half_the_usual_rows_is_usual_and_one_of_less_is_warned_of(gate: Gate, post: Post) -> None:
    gate = watched(gate)
    assert gate.take(put(file_of(5, "2026-11-20"))).volume == "usual: rows 5, median 10; 3 comparable days"
    assert post.letters() == []
    again = gate.take(put(file_of(4, "2026-11-20"), sequencer="02"))
    assert (again.state, again.volume) == (State.TRIGGERED, "unusual: rows 4, median 10; 3 comparable days")
    [(subject, body)] = post.letters()
    assert subject == "[WARNING] sales 2026-11-20 of unusual volume: sales_data.csv"
    assert "rows: 4, which is 40 % of the median 10 of 3 comparable days; the contract takes 50 % or more" in body


def test_a_file_that_comes_again_with_as_much_as_usual_ends_the_warning(gate: Gate) -> None:
    gate = watched(gate)
    gate.take(put(file_of(4, "2026-11-20")))
    assert open_ids(gate.incidents) == [f"volume:{KEY}"]
    gate.take(put(file_of(9, "2026-11-20"), sequencer="02"))
    assert open_ids(gate.incidents) == []


def test_an_error_rejects_and_a_replay_loads_it_all_the_same(gate: Gate, post: Post) -> None:
    gate = watched(gate, "error")
    taken = gate.take(put(file_of(4, "2026-11-20")))
    assert taken.state is State.REJECTED
    assert taken.rejection
    assert taken.rejection.codes == ("volume-error",)
    assert "40 % of the median 10" in post.letters()[0][1]
    assert replay(gate, ReplayRequest(taken.id, 2, "execution", "token")).state is State.TRIGGERED


def test_a_sum_is_that_of_all_cells_of_the_column_as_the_file_has_them(gate: Gate, post: Post) -> None:
    gate = of_sales(gate, volume=Volume((Bound(Measure.SUM, "few", 50, "amount"),), 3))
    for day in DAYS:
        loaded(gate, put(file_of(10, day), KEY.replace("2026-11-20", day)))
    few = gate.take(put(file_of(10, "2026-11-20").replace("1.00,1.00", "1.00,0.49")))
    assert few.volume == "unusual: sum(amount) 4.90, median 10.00; 3 comparable days"
    assert few.accepted
    assert few.accepted.sums == {"amount": Decimal("4.90")}
    [(_, body)] = post.letters()
    assert "sum(amount): 4.90, which is 49 % of the median 10.00 of 3 comparable days" in body
    enough = gate.take(put(file_of(10, "2026-11-20").replace("1.00,1.00", "1.00,0.50"), sequencer="02"))
    assert enough.volume == "usual: sum(amount) 5.00, median 10.00; 3 comparable days"


def test_a_sum_is_not_known_where_a_cell_of_it_could_not_be_read(gate: Gate, post: Post) -> None:
    gate = tolerant(of_sales(gate, volume=Volume((Bound(Measure.SUM, "few", 50, "amount"),), 3)))
    for day in DAYS:
        loaded(gate, put(file_of(10, day), KEY.replace("2026-11-20", day)))
    taken = gate.take(put(file_of(1, "2026-11-20") + "2,2026-11-20,C000123,茶,1,1.00,none\n"))
    assert (taken.state, taken.volume) == (State.TRIGGERED, "not known: sum(amount) not known; 3 comparable days")
    assert not any("unusual volume" in subject for subject, _ in post.letters())


def test_what_nobody_knows_to_be_usual_ends_no_warning(gate: Gate, post: Post) -> None:
    gate = tolerant(of_sales(gate, volume=Volume((Bound(Measure.SUM, "few", 50, "amount"),), 3)))
    for day in DAYS:
        loaded(gate, put(file_of(10, day), KEY.replace("2026-11-20", day)))
    gate.take(put(file_of(2, "2026-11-20")))
    taken = gate.take(put(file_of(1, "2026-11-20") + "2,2026-11-20,C000123,茶,1,1.00,none\n", sequencer="02"))
    assert taken.volume == "not known: sum(amount) not known; 3 comparable days"
    of_more_days = of_sales(gate, volume=Volume((Bound(Measure.ROWS, "few", 50),), 4))
    again = of_more_days.take(put(file_of(9, "2026-11-20"), sequencer="03"))
    assert again.volume == "not enough history: 3 of 4 comparable days"
    assert f"volume:{KEY}" in open_ids(gate.incidents)
    assert not any("[RECOVERED]" in subject and "volume" in subject for subject, _ in post.letters())


def test_an_honest_empty_day_has_a_sum_of_nothing(gate: Gate) -> None:
    gate = of_sales(gate, volume=Volume((Bound(Measure.SUM, "few", 50, "amount"),), 3), metrics=())
    for day in DAYS:
        loaded(gate, put(file_of(10, day), KEY.replace("2026-11-20", day)))
    taken = gate.take(put(file_of(0, "2026-11-20")))
    assert taken.volume == "unusual: sum(amount) 0.00, median 10.00; 3 comparable days"


def test_a_file_that_replaces_the_whole_table_is_compared_with_those_that_were_loaded_before(
    gate: Gate, post: Post
) -> None:
    columns = tuple(replace(one, partition=None) for one in gate.contracts.of("sales").columns)
    whole = {"key_pattern": KeyPattern("sales/sales_data.csv"), "columns": columns, "arrival": None}
    gate = of_sales(gate, volume=Volume((Bound(Measure.ROWS, "few", 50),), 3), **whole)
    key = "sales/sales_data.csv"
    for number in range(1, 4):
        loaded(gate, put(file_of(10 + number, "2026-11-20"), key, f"0{number}"))
    taken = gate.take(put(file_of(5, "2026-11-20"), key, "04"))
    assert (taken.partition, taken.volume) == ("all", "unusual: rows 5, median 12; 3 comparable days")
    assert [subject for subject, _ in post.letters()] == ["[WARNING] sales all of unusual volume: sales_data.csv"]
    assert gate.take(put(file_of(6, "2026-11-20"), key, "05")).volume == "usual: rows 6, median 12; 3 comparable days"


def test_without_enough_history_nothing_is_said_but_that(gate: Gate, post: Post) -> None:
    gate = of_sales(gate, volume=Volume((Bound(Measure.ROWS, "few", 50),), 3, "error"))
    loaded(gate, put(file_of(10, DAYS[0]), KEY.replace("2026-11-20", DAYS[0])))
    taken = gate.take(put(file_of(1, "2026-11-20")))
    assert (taken.state, taken.volume) == (State.TRIGGERED, "not enough history: 1 of 3 comparable days")
    assert post.letters() == []
