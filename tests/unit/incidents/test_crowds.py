"""Many incidents of a kind: how news of each is told, and what the message about all of them says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from suimon.incidents.crowds import TRIES_TOLD, TRIES_WITHIN, WINDOW, group_of, held, how_to_tell, once_told
from suimon.incidents.incident import Incident, Problem, Told
from suimon.incidents.kinds import KINDS, About, Kind
from suimon.incidents.messages.crowds import _WHAT, told_together
from tests.unit.incident_values import NOON, incident, incident_of


class Kept:
    """Checkpoints in memory."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, str]] = {}

    def get(self, name: str) -> dict[str, str]:
        return self.items.get(name, {})

    def put(self, name: str, values: dict[str, str]) -> None:
        self.items[name] = dict(values)


def rejected(number: int, dataset: str = "sales") -> Problem:
    about = About(dataset=dataset, key=f"{dataset}/{number}.csv", drop_id=f"{number:016x}")
    return Problem(Kind.REJECTED, about, f"{dataset} {number} rejected", "body", f"{number}")


def tell(kept: Kept, problem: Problem, known: Incident | None = None, after: timedelta = timedelta()) -> Told:
    return how_to_tell(problem, known, kept, NOON + after)  # type: ignore[arg-type]  # what it needs of checkpoints


def test_the_first_of_an_hour_are_told_alone_and_the_others_held() -> None:
    kept = Kept()
    assert [tell(kept, rejected(number)) for number in range(12)] == [Told.ALONE] * 10 + [Told.HELD] * 2
    assert tell(kept, rejected(0, "stock")) is Told.ALONE
    assert tell(kept, rejected(13), after=WINDOW - timedelta(seconds=1)) is Told.HELD
    assert tell(kept, rejected(14), after=WINDOW) is Told.ALONE


def test_a_counter_that_cannot_be_read_or_lies_ahead_begins_anew() -> None:
    for item in ({"began": "soon", "count": "99"}, {"began": "2027-01-01T00:00:00Z", "count": "99"}, {"count": "99"}):
        kept = Kept()
        kept.items["crowd:rejected:sales"] = item
        assert tell(kept, rejected(1)) is Told.ALONE
        assert kept.items["crowd:rejected:sales"]["count"] == "1"


def test_a_kind_without_a_crowd_is_always_told_alone() -> None:
    problem = Problem(Kind.PAUSED, About(dag_id="etl"), "paused", "body", "1")
    kept = Kept()
    assert {tell(kept, problem) for _ in range(50)} == {Told.ALONE}
    assert kept.items == {}


@pytest.mark.parametrize(
    ("changes", "after", "told"),
    [
        ({"revision": TRIES_TOLD - 1}, timedelta(minutes=1), Told.ALONE),
        ({"revision": TRIES_TOLD}, timedelta(minutes=1), Told.AGAIN),
        ({"revision": TRIES_TOLD}, TRIES_WITHIN, Told.ALONE),
        ({"told": Told.AGAIN}, TRIES_WITHIN, Told.AGAIN),
        ({"told": Told.HELD}, 3 * WINDOW, Told.HELD),
        ({"told": Told.TOGETHER}, timedelta(minutes=1), Told.HELD),
        ({"told": Told.TOGETHER}, WINDOW, Told.ALONE),
    ],
)
def test_news_of_what_is_open_is_held_where_it_comes_often_or_is_held_already(
    changes: dict[str, object], after: timedelta, told: Told
) -> None:
    assert tell(Kept(), rejected(1), incident_of(rejected(1), **changes), after) is told


def test_what_has_recovered_counts_anew() -> None:
    kept = Kept()
    for number in range(10):
        tell(kept, rejected(number))
    assert tell(kept, rejected(1), None) is Told.HELD


def test_what_is_held_comes_by_group_the_oldest_first() -> None:
    def one(number: int, told: Told, dataset: str = "sales") -> Incident:
        return incident_of(rejected(number, dataset), told=told, opened_at=NOON - timedelta(minutes=number))

    opened = [one(1, Told.HELD), one(2, Told.AGAIN), one(3, Told.ALONE), one(4, Told.TOGETHER), one(5, Told.HELD, "b")]
    assert {str(group): [each.subject for each in ones] for group, ones in held(opened).items()} == {
        "rejected:b": ["b 5 rejected"],
        "rejected:sales": ["sales 2 rejected", "sales 1 rejected"],
    }
    assert [once_told(each) for each in opened[:2]] == [Told.TOGETHER, Told.ALONE]


def test_tables_are_told_together_whichever_they_are() -> None:
    assert {str(group_of(Kind.STALE_TABLE, About(table=table))) for table in ("a", "b")} == {"stale-table"}


def test_the_message_names_every_one_and_what_to_do() -> None:
    subject, body = told_together(Kind.REJECTED, [incident_of(rejected(number)) for number in range(38)])
    assert subject == "sales: 38 more: files rejected"
    assert all(f"  sales {number} rejected (drop {number:016x})\n" in body for number in range(38))
    assert "since 2026-11-22 12:00 UTC" in body
    assert "What to do:" in body


def test_a_message_about_thousands_counts_what_it_does_not_list() -> None:
    _, body = told_together(Kind.REJECTED, [incident_of(rejected(number)) for number in range(1_005)])
    assert "  and 5 more\n" in body


def test_a_message_about_several_datasets_names_none_in_its_subject() -> None:
    tables = [incident(Kind.STALE_TABLE, About(table=table), subject=f"{table} is stale") for table in ("a", "b")]
    assert told_together(Kind.STALE_TABLE, tables)[0] == "2 more: tables are stale"


def test_every_kind_that_is_told_together_has_its_words() -> None:
    assert {kind for kind, definition in KINDS.items() if definition.crowd} == set(_WHAT)
