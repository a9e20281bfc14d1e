"""A file's volume beside comparable days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from suimon.contract.arrival import Arrival
from suimon.contract.calendar import Calendar
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract
from suimon.contract.partition import partition_of
from suimon.contract.set_rule import SetRule
from suimon.contract.volume import Bound, Measure, Volume
from suimon.drops.drop import Accepted
from suimon.drops.states import State
from suimon.drops.volume import Amount, comparable, compare, knows_enough, loaded_amounts
from tests.unit.drop_records import drop_record

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord

SALES = Contract("sales", "1", "sales", key_pattern=KeyPattern("sales/{ds}.csv"))
HALF = Volume((Bound(Measure.ROWS, "few", 50),), 3)
MONDAY = "2026-11-23"
ONE = SetRule(1, None, None, reload=False, complete_within_minutes=60)


def before(contract: Contract, text: str, needed: int = 3) -> list[str]:
    return [str(one) for one in comparable(contract, partition_of(text), needed)]


def test_weekdays_are_compared_with_weekdays_and_weekends_with_weekends() -> None:
    days = ["2026-11-20", "2026-11-19", "2026-11-18", "2026-11-17", "2026-11-16", "2026-11-13"]
    assert before(SALES, MONDAY)[:6] == days
    assert before(SALES, "2026-11-22")[:3] == ["2026-11-21", "2026-11-15", "2026-11-14"]


@pytest.mark.parametrize(
    ("of", "others"),
    [
        ("2026-11-23T09", ["2026-11-20T09", "2026-11-19T09"]),  # the same hour, past the weekend
        ("2026-W47", ["2026-W46", "2026-W45"]),
        ("2026-03", ["2026-02", "2026-01"]),
        ("2026-11-23/store=S01", ["2026-11-20/store=S01", "2026-11-19/store=S01"]),
        ("all", []),
    ],
)
def test_each_kind_of_partition_is_compared_with_its_own(of: str, others: list[str]) -> None:
    assert before(SALES, of)[:2] == others


def test_a_date_without_a_file_is_no_comparable_day() -> None:
    closed = Calendar(closed=frozenset({date(2026, 11, 19)}))
    contract = replace(SALES, arrival=Arrival(1, time(6), "Asia/Tokyo", 5, calendar=closed))
    assert before(contract, MONDAY)[:2] == ["2026-11-20", "2026-11-18"]


def test_no_more_than_three_times_the_days_that_are_needed_are_looked_at() -> None:
    assert len(before(SALES, MONDAY, 5)) == 15
    assert before(SALES, "0001-01-02") == ["0001-01-01"]


def test_what_begins_more_than_400_days_before_is_no_history() -> None:
    assert before(SALES, "2026-11", 31)[-1] == "2025-10"


def rows(*numbers: int) -> list[Amount]:
    return [Amount(number, 10 * number) for number in numbers]


@pytest.mark.parametrize(("found", "breaks"), [(500, False), (499, True), (0, True), (1_000_000, False)])
def test_a_bound_is_to_one_side_and_includes_itself(found: int, *, breaks: bool) -> None:
    compared = compare(HALF, Amount(found, 1), rows(1_000, 1_000, 1_000))
    assert bool(compared.breaches) is breaks


def test_one_odd_day_does_not_move_the_median() -> None:
    assert not compare(HALF, Amount(500, 1), rows(1_000, 1_000_000, 900)).breaches
    assert compare(HALF, Amount(499, 1), rows(1_000, 0, 1_100)).breaches


def test_much_is_a_bound_of_its_own() -> None:
    most = Volume((Bound(Measure.BYTES, "many", 300),), 3)
    assert not compare(most, Amount(1, 3_000), rows(100, 100, 100)).breaches
    [bound] = compare(most, Amount(1, 3_001), rows(100, 100, 100)).breaches
    assert bound.measure is Measure.BYTES


def test_too_little_history_is_a_state_and_says_nothing_of_the_file() -> None:
    compared = compare(HALF, Amount(0, 0), rows(1_000, 1_000))
    assert (compared.is_known, compared.breaches) == (False, ())
    assert str(compared) == "not enough history: 2 of 3 comparable days"


def test_the_state_of_a_volume_is_told_in_numbers() -> None:
    assert str(compare(HALF, Amount(1_200, 1), rows(1_000, 1_100, 1_050))) == (
        "usual: rows 1,200, median 1,050; 3 comparable days"
    )
    unusual = compare(HALF, Amount(12, 1), rows(1_000, 1_100, 1_050))
    assert str(unusual).startswith("unusual: rows 12, median 1,050")
    assert unusual.details(unusual.breaches[0])["percent"] == "1"


def test_a_median_of_nothing_has_no_percentage() -> None:
    assert not compare(HALF, Amount(0, 1), rows(0, 0, 0)).breaches


def test_of_a_date_the_last_loaded_file_counts_and_of_sets_the_set_and_no_shard() -> None:
    first = drop_record(State.SUPERSEDED, rows=10)
    loaded = [drop_record(State.LOADED, version=f"v{rows}", rows=rows) for rows in (20, 30)]
    later = drop_record(State.REJECTED, version="v4", rows=0)
    assert loaded_amounts([first, *loaded, later], SALES) == [Amount(30, 10), Amount(20, 10)]
    assert loaded_amounts([first, later], SALES) == []
    of_sets = replace(SALES, key_pattern=KeyPattern("sales/{ds}/{shard}.csv"), set_rule=ONE)
    shard = drop_record(State.LOADED, "sales/2026-11-20/a.csv", rows=20)
    own = drop_record(State.LOADED, of_sets.key_pattern.key_for("2026-11-20"), rows=20)  # type: ignore[union-attr]
    own = replace(own, drop=replace(own.drop, size=0), accepted=Accepted("_set.json", 20, size=700))
    assert loaded_amounts([shard, own], of_sets) == [Amount(20, 700)]


# ---------------------------------------------------------------- sums

SUMS = Volume((Bound(Measure.SUM, "few", 50, "amount"),), 3)


def one(total: str | None) -> Amount:
    return Amount(1, 1, {"amount": Decimal(total)} if total else {})


def sums(*totals: str | None) -> list[Amount]:
    return [one(total) for total in totals]


@pytest.mark.parametrize(("found", "breaks"), [("50.00", False), ("49.99", True), ("-1", True), (None, False)])
def test_a_sum_is_compared_with_the_median_of_sums_to_the_last_digit(found: str | None, *, breaks: bool) -> None:
    compared = compare(SUMS, one(found), sums("100.00", "99", "1000"))
    assert bool(compared.breaches) is breaks


def test_the_state_of_a_sum_names_its_column_and_what_is_not_known() -> None:
    history = sums("100.00", "99.5", "1000")
    found = compare(SUMS, one("12.5"), history)
    assert str(found) == "unusual: sum(amount) 12.5, median 100.00; 3 comparable days"
    assert found.details(SUMS.bounds[0]) == {
        "side": "few",
        "what": "sum(amount)",
        "found": "12.5",
        "median": "100.00",
        "percent": "12",
        "bound": 50,
        "days": 3,
    }
    assert str(compare(SUMS, one(None), history)) == "not known: sum(amount) not known; 3 comparable days"


def test_days_whose_sum_is_not_known_are_passed_over_and_too_few_say_nothing() -> None:
    assert compare(SUMS, one("1"), sums("100", None, "100", "100")).breaches
    few = compare(SUMS, one("1"), sums("100", None, "100"))
    assert (few.breaches, str(few)) == ((), "not known: sum(amount) 1, not enough history; 3 comparable days")


@pytest.mark.parametrize("median", ["0", "-100"])
def test_a_median_that_is_not_above_zero_has_no_percentage(median: str) -> None:
    assert not compare(SUMS, one("-1000"), sums(median, median, median)).breaches


def test_history_is_read_until_every_bound_knows_enough_days() -> None:
    both = Volume((Bound(Measure.ROWS, "few", 50), *SUMS.bounds), 3)
    assert not knows_enough(both, sums("1", "1", None))
    assert knows_enough(both, sums("1", "1", None, "1"))
    assert knows_enough(HALF, sums(None, None, None))


def shard(rows: int, size: int, **totals: str) -> DropRecord:
    record = drop_record(State.ACCEPTED, version=f"v{rows}", rows=rows)
    accepted = Accepted("a.csv", rows, {column: Decimal(total) for column, total in totals.items()})
    return replace(record, drop=replace(record.drop, size=size), accepted=accepted)


def test_shards_have_together_what_is_known_of_each() -> None:
    shards = [shard(10, 100, amount="1.10", fee="1"), shard(5, 60, amount="2.2")]
    assert Amount.together(shards) == Amount(15, 160, {"amount": Decimal("3.30")})
    assert Amount.together([]) == Amount(0, 0)
