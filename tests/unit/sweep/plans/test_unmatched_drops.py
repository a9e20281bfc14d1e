"""What is decided of drops that came before their contract, from values alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.incidents.messages.recoveries import CONTRACT_MATCHES
from suimon.ledger.items import Standing
from suimon.sweep.plans.unmatched_drops import (
    SETTLED,
    Matched,
    Search,
    patterns_of,
    plan,
    recoveries,
    resume_search,
    search_of,
)
from suimon.sweep.turns import LONGEST_RUN
from tests.unit.drop_records import HOUR, MINUTE, NOON, drop_record

if TYPE_CHECKING:
    from datetime import timedelta

    from suimon.drops.drop import DropRecord

SALES = Contract("sales", "1", "t", dag_id="dag", key_pattern=KeyPattern("sales/{ds}/data.csv"))
CONTRACTS = Contracts((SALES,))
SEARCH = Search(patterns_of(CONTRACTS), NOON)


def unmatched(key: str, age: timedelta = 2 * HOUR) -> DropRecord:
    return drop_record(State.UNMATCHED, key, since=NOON - age)


OLD, NOTE = unmatched("sales/2026-11-20/data.csv"), unmatched("notes/1.txt")


# ---------------------------------------------------------------- the search


def test_only_other_patterns_start_another_search() -> None:
    other = Contracts((replace(SALES, key_pattern=KeyPattern("sales/{ds}/other.csv")),))
    assert patterns_of(CONTRACTS) == patterns_of(Contracts((replace(SALES, version="2"),)))
    events = Contract("events", "1", "e", dag_id="events", key_pattern=KeyPattern("events/{ds}/data.csv"))
    assert patterns_of(Contracts((events, SALES))) == patterns_of(Contracts((SALES, events)))
    done = {"done": patterns_of(CONTRACTS)}
    assert resume_search(done, CONTRACTS, NOON) is None
    assert resume_search(done, other, NOON) == Search(patterns_of(other), NOON)


def test_a_search_is_resumed_from_its_checkpoint() -> None:
    search = Search(patterns_of(CONTRACTS), NOON - HOUR, behind=Standing(NOON - 3 * HOUR, "id"))
    assert resume_search(search.to_checkpoint(), CONTRACTS, NOON) == search


def test_a_release_with_other_patterns_begins_at_the_beginning() -> None:
    search = Search("other patterns", NOON - HOUR, behind=Standing(NOON - 3 * HOUR, "id"))
    assert resume_search(search.to_checkpoint(), CONTRACTS, NOON) == SEARCH


def test_a_round_that_is_retried_with_its_own_time_leaves_the_search_to_a_later_one_that_has_come_further() -> None:
    behind = Standing(NOON - SETTLED + MINUTE, "id")
    assert resume_search(replace(SEARCH, behind=behind).to_checkpoint(), CONTRACTS, NOON) is None
    assert resume_search(replace(SEARCH, behind=behind).to_checkpoint(), CONTRACTS, NOON + MINUTE)


@pytest.mark.parametrize(("missing", "error"), [("began", "KeyError: 'began'"), ("drop_id", "KeyError: 'drop_id'")])
def test_a_checkpoint_that_no_round_can_have_written_says_what_it_lacks(missing: str, error: str) -> None:
    search = Search(patterns_of(CONTRACTS), NOON - HOUR, behind=Standing(NOON - 3 * HOUR, "id"))
    checkpoint = {name: value for name, value in search.to_checkpoint().items() if name != missing}
    with pytest.raises(ValueError, match=f"^{error}$"):
        search_of(checkpoint, CONTRACTS, NOON)


# ---------------------------------------------------------------- a page of drops


def test_a_drop_that_a_contract_matches_is_assigned_and_the_others_stay() -> None:
    planned = plan(SEARCH, [OLD, NOTE], CONTRACTS, NOON)
    assert planned.matches == (Matched(OLD, Match("sales", "2026-11-20")),)
    assert planned.unmatched == {"notes/*.txt"}


def test_young_drops_are_assigned_but_the_search_stays_before_them() -> None:
    young = unmatched("sales/2026-11-21/data.csv", SETTLED - MINUTE)
    planned = plan(SEARCH, [OLD, young], CONTRACTS, NOON)
    assert [match.record for match in planned.matches] == [OLD, young]
    assert planned.search == replace(SEARCH, behind=Standing.of(OLD))


@pytest.mark.parametrize(("since", "is_done"), [(SETTLED + LONGEST_RUN, False), (SETTLED + LONGEST_RUN + MINUTE, True)])
def test_a_search_is_done_when_no_function_of_the_release_before_can_still_have_entered_a_drop(
    since: timedelta, *, is_done: bool
) -> None:
    search = replace(SEARCH, began=NOON - since)
    assert plan(search, [], CONTRACTS, NOON).search == (None if is_done else search)
    # While there are old drops, more may lie behind them.
    assert plan(search, [OLD], CONTRACTS, NOON).search == replace(search, behind=Standing.of(OLD))


def test_a_shape_recovers_when_none_of_its_files_is_unmatched_any_more() -> None:
    of_no_pattern = unmatched("sales/2026-11-20/else.csv")
    both = plan(SEARCH, [OLD, of_no_pattern], CONTRACTS, NOON)
    assert recoveries([OLD], both) == []
    alone = plan(SEARCH, [OLD, NOTE], CONTRACTS, NOON)
    [recovery] = recoveries([OLD], alone)
    assert (str(recovery.incident_id), recovery.note) == ("unmatched:sales/…/*.csv", CONTRACT_MATCHES)
    # A late delivery was first: whoever brought the drop on says nothing of the others.
    assert recoveries([], alone) == []
