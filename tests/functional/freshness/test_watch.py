"""Deadlines and sets in rounds of the freshness function."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.set_rule import SetRule
from suimon.drops.hold import Hold
from suimon.drops.sets import DropSet, Member, join
from suimon.freshness.date_facts import DateFacts
from tests.functional.freshness.conftest import LATER, NOW, load, receive

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.freshness.watch import Watch
    from tests.functional.conftest import Post
    from tests.functional.freshness.fakes import Redshift

ORDERS = Contract(
    "orders",
    "1",
    "orders",
    key_pattern=KeyPattern("orders/{ds}/part-{shard}.csv"),
    set_rule=SetRule(3, None, None, reload=False, complete_within_minutes=60),
)


def test_a_round_in_which_all_is_well_reports_nothing(watch: Watch, table: Table, post: Post) -> None:
    load(table, "2026-11-21", NOW)
    summary = watch.round(NOW)
    assert (summary.checked, summary.problems, summary.published, summary.recovered) == (5, (), (), ())
    assert post.subjects() == []


def test_a_missing_file_and_a_stale_table_are_reported_once_and_recover_once(
    watch: Watch, table: Table, post: Post, redshift: Redshift
) -> None:
    redshift.newest["sales_fact"] = date(2026, 11, 18)
    wrong = ("missing-file:sales:2026-11-21", "stale-table:sales_fact")
    assert watch.round(NOW).published == wrong[:1]  # the missing file explains the table
    watch.incidents.tell_held(NOW)
    assert post.subjects() == ["[ERROR] sales 2026-11-21: the file never came"]

    again = watch.round(LATER)
    assert (again.problems, again.published) == (wrong, ())

    load(table, "2026-11-21", LATER)
    assert watch.round(LATER).recovered == wrong[:1]
    [(subject, message)] = post.letters()
    assert subject == "[RECOVERED] sales 2026-11-21: the file never came"
    assert message == (
        "sales/2026-11-21/sales_data.csv has come.\n\n"
        "Over: sales 2026-11-21: the file never came\n\n"
        "It was open from 2026-11-21 22:00 UTC to 2026-11-21 22:15 UTC. "
        "Nothing is left to do about it. What else\n"
        "is open has messages of its own, and stands in `suimon incidents`.\n\n"
        "Incident: missing-file:sales:2026-11-21\n"
    )
    # The file has come, and the table is stale for all that.
    watch.incidents.tell_held(LATER)
    assert post.subjects() == ["[ERROR] sales_fact is stale"]
    redshift.newest["sales_fact"] = date(2026, 11, 21)
    assert watch.round(LATER + timedelta(hours=2)).recovered == wrong[1:]
    assert post.subjects() == ["[RECOVERED] sales_fact is stale"]


def test_a_missing_day_stays_open_when_it_leaves_the_window_until_its_file_comes(
    watch: Watch, table: Table, post: Post
) -> None:
    watch.round(NOW)
    week_later = NOW + timedelta(days=7)
    summary = watch.round(week_later)
    assert "missing-file:sales:2026-11-21" in summary.problems
    assert summary.recovered == ()
    receive(table, "2026-11-21")
    assert watch.round(week_later).recovered == ("missing-file:sales:2026-11-21",)
    assert post.subjects()[-1] == "[RECOVERED] sales 2026-11-21: the file never came"


def test_a_set_that_is_not_whole_in_time_is_reported_with_what_is_missing_until_it_is(watch: Watch, post: Post) -> None:
    orders, rule = replace(watch, contracts=Contracts((ORDERS,))), ORDERS.set_rule
    assert rule
    whole = DropSet("orders", "2026-11-21")
    for number, minutes in enumerate((0, 30)):
        at = NOW + timedelta(minutes=minutes)
        shard = Member(str(number), "01")
        whole = watch.ledger.sets.put(join(whole, str(number), shard, rule, at).whole, at)
    assert orders.round(NOW + timedelta(minutes=59)).problems == ()
    assert orders.round(NOW + timedelta(minutes=60)).published == ("incomplete-set:orders:2026-11-21",)
    [(subject, body)] = post.letters()
    assert subject == "[ERROR] orders 2026-11-21: the set is not whole"
    assert "Missing: 1 of 3 shards.\nAccepted are 2: 0, 1." in body
    assert orders.round(NOW + timedelta(minutes=75)).published == ()
    watch.ledger.sets.put(join(whole, "2", Member("2", "01"), rule, NOW).whole, NOW)
    assert orders.round(NOW + timedelta(minutes=90)).recovered == ("incomplete-set:orders:2026-11-21",)


@pytest.mark.parametrize(("hours", "held"), [(1, True), (-1, False)])
def test_a_date_is_held_as_long_as_its_dataset_is(watch: Watch, hours: int, *, held: bool) -> None:
    hold = Hold(dataset="sales", reason="the tables move", who="yuki", since=NOW, until=NOW + timedelta(hours=hours))
    watch.ledger.holds.put(hold)
    read = DateFacts(watch.ledger, watch.waivers, NOW)
    of_sales = read.of("sales", "2026-11-21").hold
    assert of_sales is not None
    assert of_sales.is_in_force(NOW) is held
    assert read.of("inventory", "2026-11-21").hold is None
