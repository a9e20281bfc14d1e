"""A person says that a file will not come, on the ledger's table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from suimon.contract.calendar import Calendar
from suimon.contract.model import Contracts
from suimon.freshness.waiving import REASON_CHARACTERS, Request, WaiverError, waive
from suimon.incidents.about import About
from suimon.incidents.kinds import IncidentId, Kind
from tests.functional.conftest import open_ids
from tests.functional.freshness.conftest import CONTRACTS, LATER, NOW, SALES, load

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.freshness.watch import Watch
    from tests.functional.conftest import Post

MISSING = "missing-file:sales:2026-11-21"
ASKED = {"dataset": "sales", "partition": "2026-11-21", "reason": "the shop was closed", "who": "yuki"}


def say(watch: Watch, **more: Any) -> dict[str, str]:
    return waive(watch, Request.read(ASKED | more, watch.contracts), LATER)


def test_a_missing_file_that_will_not_come_is_over_at_once_and_is_not_missed_again(watch: Watch, post: Post) -> None:
    watch.round(NOW)
    post.letters()
    assert say(watch) == {
        "dataset": "sales",
        "partition": "2026-11-21",
        "state": "waived",
        "incident": "recovered",
    }
    assert MISSING not in open_ids(watch.incidents)
    [(subject, body)] = post.letters()
    assert subject == "[RECOVERED] sales 2026-11-21: the file never came"
    assert "A person has said that it will not come" in body
    assert MISSING not in watch.round(LATER).problems


def test_what_is_waived_before_its_deadline_is_never_reported(watch: Watch) -> None:
    say(watch)
    assert MISSING not in watch.round(NOW).problems


def test_a_waiver_that_is_taken_back_is_missed_again_and_stays_in_the_ledger(watch: Watch) -> None:
    say(watch)
    assert say(watch, undo=True, reason="", who="kei")["state"] == "missing"
    assert IncidentId.of(Kind.MISSING_FILE, About(dataset="sales", partition="2026-11-21")) in {
        one.id for one in watch.incidents.open_incidents()
    }
    kept = watch.waivers.get("sales", "2026-11-21")
    assert kept
    assert (kept.reason, kept.who, kept.undone) == ("the shop was closed", "yuki", "kei")
    assert watch.waivers.of("sales") == {}


@pytest.mark.parametrize("never", [True, False])
def test_there_is_nothing_to_take_back_where_nobody_has_said_anything(watch: Watch, *, never: bool) -> None:
    if not never:
        say(watch)
        say(watch, undo=True)
    with pytest.raises(WaiverError, match="nobody has said that sales 2026-11-21 will not come"):
        say(watch, undo=True)


def test_a_waived_file_that_comes_is_loaded_like_any_other(watch: Watch, table: Table) -> None:
    load(table, "2026-11-21", NOW - timedelta(hours=2))
    assert say(watch)["state"] == "loaded"


def test_a_file_may_be_waived_of_a_date_that_has_none_anyway(watch: Watch) -> None:
    assert SALES.arrival
    closed = replace(SALES, arrival=replace(SALES.arrival, calendar=Calendar(weekdays=frozenset({0}))))
    assert say(replace(watch, contracts=Contracts((closed,))))["state"] == "waived"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"dataset": "salse"}, "no contract for dataset 'salse'; there are: inventory, sales"),
        ({"dataset": ""}, "no contract for dataset ''"),
        ({"dataset": "inventory"}, "inventory has no deadlines"),
        ({"partition": "2026-11-31"}, "'2026-11-31' is not a real date"),
        ({"partition": "20261121"}, "'20261121' is not a real date"),
        ({"reason": " \n"}, "say why the file will not come"),
        ({"reason": None}, "say why the file will not come"),
    ],
)
def test_what_names_no_expected_file_or_no_reason_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(WaiverError, match=words):
        Request.read(ASKED | given, CONTRACTS)


def test_a_reason_is_kept_in_one_line_up_to_a_limit(watch: Watch) -> None:
    say(watch, reason="a\nstrike " + "x" * 2 * REASON_CHARACTERS, who="")
    kept = watch.waivers.get("sales", "2026-11-21")
    assert kept
    assert kept.reason == ("a strike " + "x" * 2 * REASON_CHARACTERS)[:REASON_CHARACTERS]
    assert kept.who == "a person"


def test_an_item_that_cannot_be_read_is_noted_and_hides_no_other(watch: Watch, table: Table) -> None:
    say(watch)
    table.put_item(Item={"pk": "waiver#sales", "sk": "2026-11-22", "reason": "half written"})
    assert list(watch.waivers.of("sales")) == ["2026-11-21"]
    assert "waiver#sales" in watch.unusable
