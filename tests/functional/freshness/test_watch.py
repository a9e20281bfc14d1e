"""Rounds of the freshness function on DynamoDB and SNS (moto); Redshift is a fake, as moto's never finishes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from suimon.contract.keys import KeyPattern, SetRule
from suimon.contract.model import Arrival, Contract, Contracts, TableFreshness
from suimon.drops.drop import Drop, Match
from suimon.drops.sets import DropSet, Member, join
from suimon.freshness.watch import TABLES_SECONDS, Watch
from suimon.incidents.incident import Incident, Problem
from suimon.incidents.kinds import About, IncidentId, Kind
from suimon.incidents.store import IncidentStore
from suimon.ledger.drops import Ledger
from suimon.ledger.unusable import Unusable
from suimon.warehouse.data_api import UnfinishedError, Warehouse
from tests.functional.conftest import open_ids

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post

# 07:00 of the 22nd in Tokyo: with one day of lookback, the file of the 21st is due; the 22nd's is not.
NOW = datetime(2026, 11, 21, 22, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
STILL_LATER = LATER + timedelta(minutes=15)
UNREADABLE = "unreadable-table:sales_fact"
WAREHOUSE = Warehouse(database="analytics", workgroup_name="main")
LOCKED = UnfinishedError("SELECT 1", WAREHOUSE, "STARTED", "not finished after 60 s")
SALES = Contract(
    dataset="sales",
    version="1.0.0",
    table="sales_fact",
    key_pattern=KeyPattern("sales/{ds}/sales_data.csv"),
    arrival=Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=1),
    freshness=TableFreshness("sales_fact", "order_date", 1),
)
ORDERS = Contract(
    "orders",
    "1",
    "orders",
    key_pattern=KeyPattern("orders/{ds}/part-{shard}.csv"),
    set_rule=SetRule(3, None, None, reload=False, complete_within_minutes=60),
)
INVENTORY = Contract("inventory", "1.0.0", "inventory", freshness=TableFreshness("inventory", "updated_at", 7))
CONTRACTS = Contracts((SALES, INVENTORY))


class Redshift:
    """The Data API over a table of ages: what the query would answer, or the error it would raise."""

    def __init__(self, **ages: int | Exception | None) -> None:
        self.ages = ages
        self.requests: list[dict[str, Any]] = []
        self.cancelled: list[str] = []

    def cancel_statement(self, **request: Any) -> Any:
        self.cancelled.append(request["Id"])
        return {"Status": True}

    def execute_statement(self, **request: Any) -> Any:
        self.requests.append(request)
        return {"Id": str(len(self.requests) - 1)}

    def describe_statement(self, **request: Any) -> Any:
        answer = self._age(request["Id"])
        if isinstance(answer, ClientError | UnfinishedError):
            raise answer
        if isinstance(answer, Exception):
            return {"Status": "FAILED", "Error": str(answer)}
        return {"Status": "FINISHED"}

    def get_statement_result(self, **request: Any) -> Any:
        age = self._age(request["Id"])
        cell = {"isNull": True} if age is None else {"longValue": age}
        return {"ColumnMetadata": [{"name": "age_days", "typeName": "int8"}], "Records": [[cell]]}

    def _age(self, statement_id: str) -> int | Exception | None:
        found = re.search(r"FROM (\w+)", self.requests[int(statement_id)]["Sql"])
        assert found
        return self.ages[found[1]]


@pytest.fixture
def redshift() -> Redshift:
    return Redshift(sales_fact=1, inventory=0)


@pytest.fixture
def watch(table: Table, post: Post, redshift: Redshift) -> Watch:
    unusable = Unusable()
    return Watch(
        contracts=CONTRACTS,
        ledger=Ledger(table, unusable=unusable),
        incidents=IncidentStore(table, post.sns, post.topic_arn, unusable=unusable),
        redshift=redshift,  # type: ignore[arg-type]  # a fake of four calls
        warehouse=WAREHOUSE,
        unusable=unusable,
    )


def receive(table: Table, day: str, version: str = "v1") -> str:
    drop = Drop("raw", f"sales/{day}/sales_data.csv", version, "etag", 10, "01")
    Ledger(table).receive(drop, Match("sales", day), NOW)
    return drop.id


def test_a_round_in_which_all_is_well_reports_nothing(watch: Watch, table: Table, post: Post) -> None:
    receive(table, "2026-11-21")
    summary = watch.round(NOW)
    assert (summary.checked, summary.problems, summary.published, summary.recovered) == (5, (), (), ())
    assert post.subjects() == []


def test_a_missing_file_and_a_stale_table_are_reported_once_and_recover_once(
    watch: Watch, table: Table, post: Post, redshift: Redshift
) -> None:
    redshift.ages["sales_fact"] = 3
    wrong = ("missing-file:sales:2026-11-21", "stale-table:sales_fact")
    assert watch.round(NOW).published == wrong
    assert post.subjects() == ["[Suimon] sales 2026-11-21: the file never came", "[Suimon] sales_fact is stale"]

    again = watch.round(LATER)
    assert (again.problems, again.published) == (wrong, ())

    receive(table, "2026-11-21")
    redshift.ages["sales_fact"] = 0
    assert watch.round(LATER).recovered == wrong
    assert watch.round(LATER).recovered == ()
    subject, message = post.letters()[0]
    assert subject == "[Suimon] Recovered: sales 2026-11-21: the file never came"
    assert message == (
        "sales/2026-11-21/sales_data.csv has come.\n\n"
        "Over: sales 2026-11-21: the file never came\n\n"
        "It was open from 2026-11-21 22:00 UTC to 2026-11-21 22:15 UTC. Nothing to do.\n\n"
        "Incident: missing-file:sales:2026-11-21\n"
    )


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
    assert post.subjects()[-1] == "[Suimon] Recovered: sales 2026-11-21: the file never came"


@pytest.mark.parametrize(
    "failure",
    [
        ValueError('relation "sales_fact" does not exist'),
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not allowed"}}, "DescribeStatement"),
    ],
    ids=["missing-table", "denied"],
)
def test_a_table_that_cannot_be_asked_is_a_problem_of_its_own_and_stops_nothing(
    watch: Watch, table: Table, post: Post, redshift: Redshift, failure: Exception
) -> None:
    receive(table, "2026-11-21")
    redshift.ages |= {"sales_fact": 3, "inventory": 8}
    watch.round(NOW)
    redshift.ages["sales_fact"] = failure
    summary = watch.round(LATER)
    # Nobody knows how old sales_fact is: that it was stale neither recovers nor is said again.
    assert summary.problems == (UNREADABLE, "stale-table:inventory")
    assert (summary.published, summary.recovered) == ((UNREADABLE,), ())
    redshift.ages["sales_fact"] = 0
    assert watch.round(STILL_LATER).recovered == (UNREADABLE, "stale-table:sales_fact")
    assert post.subjects()[-1] == "[Suimon] Recovered: sales_fact is stale"


def test_a_table_that_is_busy_once_is_not_reported(watch: Watch, table: Table, post: Post, redshift: Redshift) -> None:
    receive(table, "2026-11-21")
    redshift.ages["sales_fact"] = LOCKED
    summary = watch.round(NOW)
    assert (summary.problems, summary.suspected) == ((), (UNREADABLE,))
    redshift.ages["sales_fact"] = 0
    assert watch.round(LATER).recovered == ()
    redshift.ages["sales_fact"] = LOCKED  # it was well in between: the first time again
    assert watch.round(STILL_LATER).suspected == (UNREADABLE,)
    assert post.subjects() == []
    assert watch.round(STILL_LATER + timedelta(hours=1)).published == (UNREADABLE,)  # rounds were lost, it lasts


def test_a_suspicion_never_hides_what_another_round_has_reported(watch: Watch, table: Table, post: Post) -> None:
    problem = Problem(
        Kind.UNREADABLE_TABLE, About(table="sales_fact"), "sales_fact cannot be checked", "", "UnfinishedError"
    )

    class Slower(IncidentStore):
        def known(self, incident_id: IncidentId) -> Incident | None:
            before = super().known(incident_id)
            watch.incidents.report(problem, NOW)  # by the other round, between our look and our write
            return before

    assert Slower(table, post.sns, post.topic_arn).has_lasted(problem, NOW)
    assert open_ids(watch.incidents) == [UNREADABLE]


def test_a_round_that_is_tried_again_minutes_later_is_no_second_one(
    watch: Watch, table: Table, post: Post, redshift: Redshift
) -> None:
    receive(table, "2026-11-21")
    redshift.ages["sales_fact"] = LOCKED
    for minutes in (0, 1, 3):
        assert watch.round(NOW + timedelta(minutes=minutes)).suspected == (UNREADABLE,)
    assert post.subjects() == []
    assert watch.round(LATER).published == (UNREADABLE,)
    assert watch.round(LATER + timedelta(minutes=1)).problems == (UNREADABLE,)


def test_a_redshift_that_hangs_silences_nothing_and_does_not_use_up_the_function_s_time(
    watch: Watch, post: Post, redshift: Redshift, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = [0.0]

    def hang(**_: Any) -> Any:
        published.extend(post.subjects())
        passed[0] += TABLES_SECONDS
        return {"Status": "STARTED"}

    published: list[str] = []
    monkeypatch.setattr(redshift, "describe_statement", hang)
    monkeypatch.setattr("suimon.warehouse.data_api.time.monotonic", lambda: passed[0])
    monkeypatch.setattr("suimon.warehouse.data_api.time.sleep", lambda _: None)
    hanging = replace(watch, ticks=lambda: passed[0])
    hanging.round(NOW)
    assert published == ["[Suimon] sales 2026-11-21: the file never came"]
    assert redshift.cancelled == ["0"]
    summary = hanging.round(LATER)
    assert summary.problems[1:] == (UNREADABLE, "unreadable-table:inventory")
    assert len(redshift.requests) == 2
    [(_, first), (_, body)] = post.letters()
    assert "statement 1 is not finished after 60 s, and was cancelled" in first
    assert "NoTimeError: the questions before this one have taken 300 seconds" in body


def test_a_contract_with_a_name_that_is_no_identifier_stops_nothing(watch: Watch, redshift: Redshift) -> None:
    odd = replace(SALES, freshness=TableFreshness("sales_fact; DROP TABLE sales_fact", "order_date", 1), arrival=None)
    summary = replace(watch, contracts=Contracts((odd, INVENTORY))).round(NOW)
    assert summary.problems == ("unreadable-table:sales_fact; DROP TABLE sales_fact",)
    assert [request["Sql"].splitlines()[-1] for request in redshift.requests] == ["FROM inventory"]


def test_redshift_is_asked_with_the_time_in_utc_as_a_parameter(watch: Watch, redshift: Redshift) -> None:
    watch.round(NOW.astimezone())
    assert redshift.requests[0]["Parameters"] == [{"name": "as_of", "value": "2026-11-21 22:00:00"}]
    assert redshift.requests[0]["WorkgroupName"] == "main"


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
    assert subject == "[Suimon] orders 2026-11-21: the set is not whole"
    assert "Missing: 1 of 3 shards.\nAccepted are 2: 0, 1." in body
    assert orders.round(NOW + timedelta(minutes=75)).published == ()
    watch.ledger.sets.put(join(whole, "2", Member("2", "01"), rule, NOW).whole, NOW)
    assert orders.round(NOW + timedelta(minutes=90)).recovered == ("incomplete-set:orders:2026-11-21",)
