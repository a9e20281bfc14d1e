"""Tables in rounds of the freshness function: what is asked when, and what becomes of the answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.contract.model import Contract, Contracts
from suimon.contract.table_freshness import Age, TableFreshness
from suimon.drops.hold import Hold
from suimon.freshness.questions import MOST_TOGETHER, QUERY_SECONDS, TABLES_SECONDS
from suimon.incidents.about import About
from suimon.incidents.incident import Incident, Problem
from suimon.incidents.kinds import IncidentId, Kind
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.ledger.drops import Ledger
from tests.functional.conftest import open_ids
from tests.functional.freshness.conftest import (
    INVENTORY,
    LATER,
    NOW,
    SALES,
    STILL_LATER,
    UNREADABLE,
    YESTERDAY,
    load,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.freshness.watch import Watch
    from tests.functional.conftest import Post
    from tests.functional.freshness.fakes import Redshift

OLD = date(2026, 11, 18)
STALE = "stale-table:sales_fact"


def subject_of(watch: Watch, post: Post) -> list[str]:
    watch.round(NOW)
    return post.subjects()


@pytest.fixture(autouse=True)
def sales_are_loaded(table: Table) -> None:
    load(table, "2026-11-21", NOW - timedelta(hours=2))


@pytest.mark.parametrize(
    ("answer", "subject"),
    [
        (OLD, "sales_fact is stale"),
        ("empty", "sales_fact is empty"),
        (None, "sales_fact has no times"),
        (date(2026, 11, 23), "sales_fact holds dates in the future"),
        ('relation "sales_fact" does not exist', "sales_fact cannot be checked"),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "ExecuteStatement"), "sales_fact cannot be checked"),
        (42, "sales_fact cannot be checked"),
    ],
    ids=["stale", "no-rows", "null", "future", "fails", "denied", "no-time"],
)
def test_a_table_that_is_not_fresh_or_cannot_be_asked_is_never_called_fresh(
    watch: Watch, post: Post, redshift: Redshift, answer: object, subject: str
) -> None:
    redshift.newest["sales_fact"] = answer
    assert [one.partition("] ")[2] for one in subject_of(watch, post)] == [subject]


def test_a_fresh_table_is_asked_once_a_day(watch: Watch, redshift: Redshift) -> None:
    for minutes in range(0, 24 * 60, 15):
        watch.round(NOW + timedelta(minutes=minutes))
    # 22:00, and the midnight after which the sales of the 20th are too old; then every hour, for they stay so.
    asked = redshift.asked()
    assert asked.count("inventory") == 1
    assert asked.count("sales_fact") == 2 + 21


def test_a_table_is_asked_in_the_next_round_after_a_load(watch: Watch, table: Table, redshift: Redshift) -> None:
    watch.round(NOW)
    watch.round(LATER)
    redshift.asked()
    load(table, "2026-11-22", LATER + timedelta(minutes=1))
    watch.round(STILL_LATER)
    watch.round(STILL_LATER + timedelta(minutes=15))
    assert redshift.asked() == ["sales_fact"]


def test_a_stack_may_have_tables_asked_in_every_round(watch: Watch, redshift: Redshift) -> None:
    eager = replace(watch, tables_every=timedelta())
    for at in (NOW, LATER):
        eager.round(at)
    assert redshift.asked() == ["sales_fact", "inventory"] * 2


def test_a_table_that_grew_old_meanwhile_is_asked_before_it_is_called_stale(
    watch: Watch, post: Post, redshift: Redshift
) -> None:
    watch.round(NOW)
    redshift.newest["sales_fact"] = date(2026, 11, 22)  # rows that came by another way than ours
    assert watch.round(NOW + timedelta(hours=2, minutes=15)).problems == ()
    assert post.subjects() == []


def test_a_table_that_is_fresh_again_has_recovered_though_its_dataset_is_held_and_none_grows_stale_then(
    watch: Watch, table: Table, redshift: Redshift, post: Post
) -> None:
    redshift.newest["sales_fact"] = OLD
    assert subject_of(watch, post) == ["[ERROR] sales_fact is stale"]
    Ledger(table).holds.put(Hold(dataset="sales", reason="r", who="yuki", since=NOW))
    hour = timedelta(hours=1)
    assert watch.round(NOW + hour).problems == ()
    assert (post.subjects(), open_ids(watch.incidents)) == ([], [STALE])
    redshift.newest["sales_fact"] = date(2026, 11, 21)
    assert watch.round(NOW + 2 * hour).recovered == (STALE,)
    assert post.subjects() == ["[RECOVERED] sales_fact is stale"]
    redshift.newest["sales_fact"] = OLD
    asked = len(redshift.asked())
    assert watch.round(NOW + 30 * hour).problems == ("missing-file:sales:2026-11-22",)
    assert [one for one in redshift.asked()[asked:] if one == "sales_fact"] == []  # a held one may sleep


def test_a_date_far_back_that_is_loaded_again_does_not_freshen_a_table(
    watch: Watch, table: Table, redshift: Redshift
) -> None:
    load(table, "2026-03-01", NOW + timedelta(hours=44))
    redshift.newest["sales_fact"] = date(2026, 11, 23)  # a column of when a row was loaded
    # The 22nd is missing for a day less than is allowed; then the table is behind, which the missing file explains.
    assert STALE not in watch.round(NOW + timedelta(hours=45)).problems
    assert STALE in watch.round(NOW + timedelta(hours=50)).problems
    known = watch.incidents.known(IncidentId.of(Kind.STALE_TABLE, About(table="sales_fact")))
    assert known
    assert known.subject == "sales_fact is behind"
    load(table, "2026-11-23", NOW + timedelta(hours=51))
    assert STALE in watch.round(NOW + timedelta(hours=52)).recovered


def test_a_table_that_cannot_be_asked_stops_nothing_and_its_staleness_neither_opens_nor_recovers(
    watch: Watch, post: Post, redshift: Redshift
) -> None:
    watch = replace(watch, tables_every=timedelta())
    redshift.newest |= {"sales_fact": OLD, "inventory": date(2026, 11, 1)}
    watch.round(NOW)
    redshift.newest["sales_fact"] = "it does not exist"
    summary = watch.round(LATER)
    assert summary.problems == (UNREADABLE, "stale-table:inventory")
    assert (summary.published, summary.recovered) == ((UNREADABLE,), ())
    redshift.newest["sales_fact"] = YESTERDAY
    assert watch.round(STILL_LATER).recovered == (UNREADABLE, "stale-table:sales_fact")
    assert post.subjects()[-1] == "[RECOVERED] sales_fact is stale"


@pytest.mark.parametrize(("status", "words"), [("STARTED", "slow: "), ("SUBMITTED", "queued: ")])
def test_a_question_without_end_is_a_problem_once_it_lasts(
    watch: Watch, post: Post, redshift: Redshift, status: str, words: str
) -> None:
    redshift.newest["sales_fact"] = status
    summary = watch.round(NOW)
    assert (summary.problems, summary.suspected) == ((), (UNREADABLE,))
    redshift.newest["sales_fact"] = YESTERDAY
    assert watch.round(LATER).recovered == ()
    assert post.subjects() == []
    redshift.newest["sales_fact"] = status  # it was well in between: the first time again
    load_time = STILL_LATER + timedelta(hours=2)
    assert watch.round(load_time).suspected == (UNREADABLE,)
    assert watch.round(load_time + timedelta(minutes=15)).published == (UNREADABLE,)
    [(_, body)] = post.letters()
    assert f"\n{words}statement " in body


def test_a_question_without_end_is_asked_four_times_an_hour_at_first_and_then_once(
    watch: Watch, redshift: Redshift
) -> None:
    redshift.newest["sales_fact"] = "STARTED"
    for quarter in range(12):
        watch.round(NOW + timedelta(minutes=15 * quarter))
    assert redshift.asked().count("sales_fact") == 5 + 1
    assert redshift.cancelled == ["sales_fact"] * 6


def test_a_slow_table_holds_up_no_other_and_all_of_them_end(watch: Watch, redshift: Redshift) -> None:
    many = [
        Contract(f"d{number}", "1", f"t{number}", freshness=TableFreshness(f"t{number}", "day", Age(1)))
        for number in range(3 * MOST_TOGETHER + 1)
    ]
    redshift.newest |= {one.table: "STARTED" for one in many} | {"t30": YESTERDAY}
    began = watch.ticks()
    summary = replace(watch, contracts=Contracts((*many, INVENTORY))).round(NOW)
    assert watch.ticks() - began < TABLES_SECONDS + QUERY_SECONDS / 10
    asked = redshift.asked()
    assert asked == [f"t{number}" for number in range(30)]
    assert sorted(redshift.cancelled) == sorted(asked)
    assert len(summary.suspected) == 32  # the last one and the inventory had no time left

    redshift.newest |= {f"t{number}": YESTERDAY for number in range(1, 31)}
    summary = replace(watch, contracts=Contracts((*many, INVENTORY))).round(LATER)
    assert summary.published == ("unreadable-table:t0",)


def test_what_others_wait_for_is_told_before_a_redshift_that_hangs(
    watch: Watch, post: Post, redshift: Redshift, monkeypatch: pytest.MonkeyPatch
) -> None:
    before: list[str] = []

    def hang(**_: Any) -> Any:
        before.extend(post.subjects())
        return {"Status": "STARTED"}

    monkeypatch.setattr(redshift, "describe_statement", hang)
    watch.round(NOW + timedelta(days=1))
    assert before == ["[ERROR] sales 2026-11-22: the file never came"]


def test_a_contract_with_a_name_that_is_no_identifier_stops_nothing(watch: Watch, redshift: Redshift) -> None:
    odd = replace(
        SALES, freshness=TableFreshness("sales_fact; DROP TABLE sales_fact", "order_date", Age(1)), arrival=None
    )
    summary = replace(watch, contracts=Contracts((odd, INVENTORY))).round(NOW)
    assert summary.problems == ("unreadable-table:sales_fact%3B DROP TABLE sales_fact",)
    assert redshift.asked() == ["inventory"]


def test_a_dry_look_asks_every_table_and_keeps_no_answer(watch: Watch, redshift: Redshift) -> None:
    watch.round(NOW)
    redshift.asked()
    redshift.newest["inventory"] = "empty"
    assert watch.look(NOW).problems == ("stale-table:inventory",)
    assert redshift.asked() == ["sales_fact", "inventory"]
    assert watch.round(LATER).problems == ()


def test_an_answer_that_cannot_be_read_is_asked_for_again(watch: Watch, redshift: Redshift) -> None:
    watch.round(NOW)
    redshift.asked()
    watch.checkpoints.put("table:inventory.updated_at", {"asked_at": "yesterday"})
    watch.round(LATER)
    assert redshift.asked() == ["inventory"]


def test_a_suspicion_never_hides_what_another_round_has_reported(watch: Watch, table: Table, post: Post) -> None:
    problem = Problem(Kind.UNREADABLE_TABLE, About(table="sales_fact"), "sales_fact cannot be checked", "", "slow")

    class Slower(IncidentStore):
        def known(self, incident_id: IncidentId) -> Incident | None:
            before = super().known(incident_id)
            watch.incidents.report(problem, NOW)  # by the other round, between our look and our write
            return before

    assert Slower(table, Publisher(post.sns, post.topic_arn)).has_lasted(problem, NOW)
    assert open_ids(watch.incidents) == [UNREADABLE]


def test_a_round_that_is_tried_again_minutes_later_is_no_second_one(
    watch: Watch, post: Post, redshift: Redshift
) -> None:
    redshift.newest["sales_fact"] = "STARTED"
    for minutes in (0, 1, 3):
        assert watch.round(NOW + timedelta(minutes=minutes)).suspected == (UNREADABLE,)
    assert post.subjects() == []
    assert watch.round(LATER).published == (UNREADABLE,)
    assert watch.round(LATER + timedelta(minutes=1)).problems == (UNREADABLE,)


@pytest.mark.parametrize(("most", "asked"), [(3, ["sales_fact"]), (2, ["sales_fact", "inventory"])])
def test_after_more_loads_than_a_round_reads_every_table_is_asked(
    watch: Watch, table: Table, redshift: Redshift, monkeypatch: pytest.MonkeyPatch, most: int, asked: list[str]
) -> None:
    monkeypatch.setattr("suimon.freshness.watch.MOST_LOADS", most)
    watch.round(NOW)
    redshift.asked()
    for day in ("2026-11-22", "2026-11-23"):
        load(table, day, LATER)
    watch.round(STILL_LATER)
    assert redshift.asked() == asked


def test_an_answer_that_was_kept_before_a_crash_is_reported_by_the_next_round(
    watch: Watch, post: Post, redshift: Redshift, monkeypatch: pytest.MonkeyPatch
) -> None:
    redshift.newest["inventory"] = "empty"
    with monkeypatch.context() as crash:
        crash.setattr(watch.incidents, "report", _crash)
        with pytest.raises(SystemExit):
            watch.round(NOW)
    redshift.asked()
    assert watch.round(LATER).published == ("stale-table:inventory",)
    assert redshift.asked() == []
    assert post.subjects() == ["[ERROR] inventory is empty"]


def _crash(*_: Any) -> None:
    raise SystemExit("the function was terminated")
