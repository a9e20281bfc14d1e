"""Many incidents at once: how news of each is told, and what the message about all of them says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from suimon.incidents.about import About
from suimon.incidents.email import on_the_wall
from suimon.incidents.grouping import (
    MOST_GROUPS,
    MOST_OF_A_KIND,
    TRIES_TOLD,
    Group,
    ToldGroup,
    group_of,
    groups_standing,
    held,
    how_to_tell,
    once_told,
    worst_first,
)
from suimon.incidents.incident import TOLD_ALONE, ByPerson, Event, Incident, Problem, Stage, Told
from suimon.incidents.kinds import KINDS, IncidentId, Kind, Severity
from suimon.incidents.messages.groups import all_over, told_alone, told_together
from suimon.incidents.telling_less_often import STREAK, WINDOW
from tests.unit.incident_values import NOON, incident, incident_of

MINUTE = timedelta(minutes=1)
SNOOZED = ByPerson("ann", NOON, "known", NOON + timedelta(days=1))


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


def tell(
    kept: Kept,
    problem: Problem,
    known: Incident | None = None,
    after: timedelta = timedelta(),
    event: Event = Event.OPENED,
) -> Told:
    return how_to_tell(problem, known, event, kept, NOON + after)  # type: ignore[arg-type]  # what it needs of them


def test_the_first_of_a_streak_are_told_alone_and_the_others_held_until_it_has_ended() -> None:
    kept = Kept()
    assert [tell(kept, rejected(number)) for number in range(12)] == [Told.ALONE] * 10 + [Told.HELD] * 2
    assert tell(kept, rejected(0, "stock")) is Told.ALONE
    assert tell(kept, rejected(13), after=STREAK - timedelta(seconds=1)) is Told.HELD
    assert tell(kept, rejected(14), after=STREAK) is Told.HELD
    assert tell(kept, rejected(15), after=2 * STREAK) is Told.ALONE


def test_of_a_kind_only_so_many_are_told_alone_in_an_hour_whatever_the_dataset() -> None:
    kept = Kept()
    told = [tell(kept, rejected(number, f"set{number // 5}")) for number in range(MOST_OF_A_KIND + 10)]
    assert told == [Told.ALONE] * MOST_OF_A_KIND + [Told.HELD] * 10
    assert tell(kept, rejected(99, "set99"), after=WINDOW) is Told.ALONE


def test_what_comes_every_half_hour_of_ever_other_datasets_never_adds_up() -> None:
    kept = Kept()
    told = [
        tell(kept, rejected(number, f"set{number}"), after=number * WINDOW / 2) for number in range(MOST_OF_A_KIND + 10)
    ]
    assert set(told) == {Told.ALONE}


def test_every_kind_has_its_cap() -> None:
    for kind, definition in KINDS.items():
        kept = Kept()
        told = [tell(kept, Problem(kind, About(dataset="sales"), "s", "b", "f")) for _ in range(40)]
        assert told == [Told.ALONE] * definition.grouping.most + [Told.HELD] * (40 - definition.grouping.most)


def test_a_counter_that_cannot_be_read_or_lies_ahead_begins_anew() -> None:
    for item in ({"since": "soon", "count": "99"}, {"since": "2027-01-01T00:00:00Z", "count": "99"}, {"count": "99"}):
        kept = Kept()
        kept.items["streak:rejected:sales"] = item
        assert tell(kept, rejected(1)) is Told.ALONE
        assert kept.items["streak:rejected:sales"]["count"] == "1"


CHANGES = [
    ({"revision": TRIES_TOLD - 1}, timedelta(minutes=1), Told.ALONE),
    ({"revision": TRIES_TOLD}, timedelta(minutes=1), Told.AGAIN),
    ({"revision": TRIES_TOLD}, STREAK, Told.ALONE),
    ({"told": Told.AGAIN}, STREAK, Told.AGAIN),
    ({"told": Told.WORSE}, STREAK, Told.WORSE),
    ({"told": Told.MUTED}, STREAK, Told.MUTED),
    ({"told": Told.HELD}, STREAK, Told.HELD),
    ({"told": Told.TOGETHER}, 3 * STREAK, Told.HELD),
    ({"snoozed": SNOOZED}, WINDOW, Told.AGAIN),
    ({"snoozed": SNOOZED}, timedelta(days=1), Told.ALONE),
]


@pytest.mark.parametrize(("changes", "after", "told"), CHANGES)
def test_a_change_of_what_is_open_is_held_where_it_comes_often_or_nobody_wants_to_hear(
    changes: dict[str, object], after: timedelta, told: Told
) -> None:
    kept = Kept()
    assert tell(kept, rejected(1), incident_of(rejected(1), **changes), after, Event.CHANGED) is told
    assert kept.items == {}


def test_the_same_content_again_is_a_repetition() -> None:
    bad = replace(rejected(1), content="no price")
    known = incident_of(bad, content="no price")
    assert tell(Kept(), bad, known, event=Event.CHANGED) is Told.AGAIN
    assert tell(Kept(), bad, replace(known, content="other"), event=Event.CHANGED) is Told.ALONE
    assert tell(Kept(), rejected(1), replace(known, content=""), event=Event.CHANGED) is Told.ALONE


@pytest.mark.parametrize("told", Told)
def test_a_worsening_is_told_at_once_or_with_others_and_keeps_what_was_held_back(told: Told) -> None:
    kept, known = Kept(), incident_of(rejected(1), told=told, snoozed=SNOOZED)
    unheard = told in {Told.HELD, Told.MUTED}
    assert tell(kept, rejected(1), known, event=Event.WORSENED) is (told if unheard else Told.ALONE)
    for number in range(10):
        tell(kept, rejected(number))
    one_too_many = Told.WORSE if told in TOLD_ALONE else told if unheard else Told.HELD
    assert tell(kept, rejected(1), known, event=Event.WORSENED) is one_too_many


def test_what_a_person_closed_and_what_had_recovered_count_anew() -> None:
    kept = Kept()
    for number in range(10):
        tell(kept, rejected(number))
    for stage in (Stage.CLOSED, Stage.RECOVERED):
        known = incident_of(rejected(1), stage=stage)
        assert tell(kept, rejected(1), known) is Told.HELD
        assert tell(kept, rejected(1), known, event=Event.CHANGED) is Told.HELD
        assert tell(kept, rejected(1), known, event=Event.WORSENED) is Told.HELD


def one(number: int, told: Told, dataset: str = "sales", **changes: object) -> Incident:
    return incident_of(rejected(number, dataset), told=told, opened_at=NOON - number * MINUTE, **changes)


def test_what_is_held_comes_by_dataset_and_the_rest_is_left() -> None:
    opened = [one(1, Told.HELD), one(2, Told.WORSE), one(3, Told.ALONE), one(4, Told.TOGETHER), one(5, Told.HELD, "b")]
    assert {str(group.id): [each.subject for each in group.incidents] for group in held(opened, NOON)} == {
        "rejected:b": ["b 5 rejected"],
        "rejected:sales": ["sales 2 rejected", "sales 1 rejected"],
    }
    assert held([replace(each, stage=Stage.CLOSED) for each in opened], NOON) == []


def test_what_has_no_dataset_is_a_group_of_its_kind() -> None:
    [group] = held([incident(Kind.PAUSED, About(dag_id="d"), told=Told.HELD)], NOON)
    assert str(group.id) == "paused"


def test_many_datasets_share_one_message() -> None:
    few = [one(number, Told.HELD, f"set{number}") for number in range(MOST_GROUPS)]
    assert [len(group.incidents) for group in held(few, NOON)] == [1] * MOST_GROUPS
    [group] = held([*few, one(9, Told.HELD, "set9")], NOON)
    assert (str(group.id), len(group.incidents)) == ("rejected", MOST_GROUPS + 1)


def test_errors_are_told_before_warnings() -> None:
    warning = incident(Kind.IMPERFECT, About(dataset="a", key="k"), severity=Severity.WARNING, told=Told.HELD)
    assert [str(group.id) for group in held([warning, one(1, Told.HELD)], NOON)] == ["rejected:sales", "imperfect:a"]


def test_a_known_one_that_changes_often_is_told_once_an_hour() -> None:
    again = one(1, Told.AGAIN, told_at=NOON)
    assert held([again], NOON + WINDOW - timedelta(seconds=1)) == []
    assert len(held([again], NOON + WINDOW)) == 1
    assert len(held([replace(again, told_at=None)], NOON)) == 1


@pytest.mark.parametrize("told", Told)
def test_nothing_is_told_in_a_snooze_and_everything_after_it(told: Told) -> None:
    snoozed = one(1, told, snoozed=SNOOZED, told_at=NOON)
    assert SNOOZED.until
    assert held([snoozed], SNOOZED.until - MINUTE) == []
    assert len(held([snoozed], SNOOZED.until)) == 1


def test_nothing_is_muted_for_more_than_three_days_whatever_explains_it_by_then() -> None:
    about = About(dag_id="etl")
    later = NOON + timedelta(days=3)
    paused, queued = incident(Kind.PAUSED, about), incident(Kind.QUEUED, about, told=Told.MUTED)
    again = replace(paused, opened_at=later - MINUTE)
    assert held([again, queued], later - MINUTE) == []
    assert [group.incidents for group in held([again, queued], later)] == [(queued,)]


def test_what_is_muted_is_told_when_nothing_explains_it_any_more() -> None:
    about = About(dag_id="etl")
    paused, queued = incident(Kind.PAUSED, about), incident(Kind.QUEUED, about, told=Told.MUTED)
    assert held([paused, queued], NOON) == []
    for gone in ([], [replace(paused, stage=Stage.CLOSED)], [incident(Kind.PAUSED, About(dag_id="other"))]):
        assert [group.incidents for group in held([*gone, queued], NOON)] == [(queued,)]


@pytest.mark.parametrize(
    ("told", "event"),
    [
        (Told.HELD, Event.OPENED),
        (Told.MUTED, Event.OPENED),
        (Told.AGAIN, Event.CHANGED),
        (Told.WORSE, Event.WORSENED),
        (Told.ALONE, Event.REMINDED),
        (Told.TOGETHER, Event.REMINDED),
    ],
)
def test_what_a_message_says_has_happened(told: Told, event: Event) -> None:
    ones = (one(1, told), one(2, told))
    assert Group(IncidentId(Kind.REJECTED, ()), ones[:1]).event is event
    assert Group(IncidentId(Kind.REJECTED, ()), ones).event is Event.GROUPED


def test_errors_come_first_then_the_newest_date_then_what_is_open_longest() -> None:
    def missing(day: int, minutes: int = 0, severity: Severity = Severity.ERROR) -> Incident:
        about = About(dataset="sales", partition=f"2026-11-{day:02}", key=f"{day} {minutes} {severity}")
        return incident(Kind.MISSING_FILE, about, opened_at=NOON + minutes * MINUTE, severity=severity)

    ordered = (missing(20, 1), missing(20, 2), missing(19), missing(21, 0, Severity.WARNING))
    assert worst_first(ordered[::-1]) == ordered
    group = Group(IncidentId(Kind.MISSING_FILE, ()), ordered)
    assert group.severity is Severity.ERROR
    assert Group(group.id, ordered[3:]).severity is Severity.WARNING


@pytest.mark.parametrize("told", Told)
def test_what_is_told_with_others_recovers_with_them_unless_it_was_told_alone_before(told: Told) -> None:
    whole = one(1, told, snoozed=SNOOZED, muted_by="paused:d", revision=3)
    many, of_all = Group(IncidentId(Kind.REJECTED, ()), (whole, one(2, told))), ToldGroup(Kind.REJECTED, "")
    after = once_told(whole, many, [of_all], NOON + MINUTE)
    assert after.told is (Told.ALONE if told in TOLD_ALONE else Told.TOGETHER)
    assert (after.told_at, after.snoozed, after.muted_by, after.revision) == (NOON + MINUTE, None, "", 4)
    assert after.groups == ("",)
    others = [ToldGroup(Kind.REJECTED, "other"), ToldGroup(Kind.IMPERFECT, "")]
    assert once_told(after, many, [ToldGroup(Kind.REJECTED, whole.about.dataset), *others], NOON).groups == (
        "",
        whole.about.dataset,
    )
    alone = once_told(whole, Group(many.id, (whole,)), [], NOON)
    assert (alone.told, alone.groups) == (Told.ALONE, ())


@pytest.mark.hits("told-before-a-crash")
def test_a_group_stands_while_one_is_told_that_may_have_been_of_it() -> None:
    held_one = one(1, Told.HELD)
    group = Group(IncidentId(Kind.REJECTED, (held_one.about.dataset,)), (held_one,))
    for kept in (ToldGroup(Kind.REJECTED, ""), ToldGroup(Kind.REJECTED, held_one.about.dataset)):
        standing = groups_standing([kept], [group], [held_one])
        assert [*standing] == [kept.id]
        assert once_told(held_one, group, standing.values(), NOON).groups == (kept.dataset,)
        muted = replace(held_one, told=Told.MUTED)
        assert [*groups_standing([kept], [], [muted])] == [kept.id]
        assert groups_standing([kept], [], [replace(held_one, told=Told.ALONE)]) == {}
    for other in (ToldGroup(Kind.REJECTED, "other"), ToldGroup(Kind.IMPERFECT, "")):
        assert groups_standing([other], [group], [held_one]) == {}


def test_a_group_that_stands_keeps_of_whom_it_has_had_a_member_and_is_read_as_it_was_written() -> None:
    before = ToldGroup(Kind.QUEUED, "", (About(dag_id="first"), About(dataset="sales", table="t")))
    assert ToldGroup.from_text(before.to_text()) == before
    assert ToldGroup.from_text('["no such kind", "", []]') is None
    member = incident(Kind.QUEUED, About(dag_id="second"), told=Told.TOGETHER, groups=("",))
    [after] = groups_standing([before], [], [member]).values()
    assert after.concerns == (*before.concerns, About(dag_id="second"))


def test_tables_are_counted_together_whichever_they_are() -> None:
    assert {str(group_of(Kind.STALE_TABLE, About(table=table))) for table in ("a", "b")} == {"stale-table"}


def test_the_message_names_every_one_and_what_to_do() -> None:
    subject, body = told_together(Kind.REJECTED, [incident_of(rejected(number)) for number in range(38)], 48)
    assert subject == "sales: 38 more files rejected"
    assert all(f"  sales {number} rejected (drop {number:016x})\n" in body for number in range(38))
    assert "since 2026-11-22 21:00 Asia/Tokyo" in on_the_wall(body, "Asia/Tokyo")
    assert "48 of it are open in all" in body
    assert "`suimon incidents --kind rejected" in body
    assert told_together(Kind.REJECTED, [incident_of(rejected(1))] * 2, 2)[0] == "sales: 2 files rejected"


def test_files_that_are_within_their_grace_are_called_late_and_not_missing() -> None:
    late, missing = (
        incident(Kind.MISSING_FILE, About(dataset="sales", partition=f"2026-11-{day}"), severity=severity)
        for day, severity in ((19, Severity.WARNING), (20, Severity.ERROR))
    )
    assert told_together(Kind.MISSING_FILE, [late, late], 2)[0] == "sales: 2 files are late"
    assert told_together(Kind.MISSING_FILE, [missing, late], 2)[0] == "sales: 2 files never came"


def test_a_message_about_thousands_counts_what_it_does_not_list() -> None:
    _, body = told_together(Kind.REJECTED, [incident_of(rejected(number)) for number in range(1_005)], 1_005)
    assert "  and 5 more\n" in body


def test_a_message_about_several_datasets_names_none_in_its_subject() -> None:
    tables = [incident(Kind.STALE_TABLE, About(table=table), subject=f"{table} is stale") for table in ("a", "b")]
    assert told_together(Kind.STALE_TABLE, tables, 3)[0] == "2 more tables are stale"


def test_a_message_about_one_that_was_held_says_why_it_comes_now() -> None:
    def words(told: Told, **changes: object) -> str:
        changed = incident_of(rejected(1), told=told, body="What to do.", **changes)
        subject, body = told_alone(changed, NOON + timedelta(days=2))
        assert subject == "sales 1 rejected"
        assert body.endswith("What to do.")
        return body

    assert words(Told.HELD) == "What to do."
    assert words(Told.MUTED) == "What to do."
    assert "not told before, for paused:d explained it. That is over." in words(Told.MUTED, muted_by="paused:d")
    assert "It has lasted since 2026-11-22 12:00 UTC and counts as an error now." in on_the_wall(
        words(Told.WORSE), "UTC"
    )
    assert "Snoozed by ann until now (known); it still stands." in words(Told.ALONE, snoozed=SNOOZED)
    assert told_alone(incident_of(rejected(1)), NOON) == ("sales 1 rejected", "sales 1 rejected")


def test_when_all_that_was_told_together_is_over_people_hear_it() -> None:
    notice = all_over(ToldGroup(Kind.STALE_TABLE, ""))
    assert (notice.event, str(notice.id), notice.subject) == (
        Event.RECOVERED,
        "stale-table",
        "tables are stale, told together",
    )
    assert notice.body == "None of those that were told together is open any longer: tables are stale."
    assert notice.severity is Severity.ERROR


def test_remarks_that_end_by_themselves_are_not_called_recovered() -> None:
    notice = all_over(ToldGroup(Kind.IMPERFECT, "sales"))
    assert (notice.event, str(notice.id)) == (Event.CLOSED, "imperfect:sales")
    assert "ended by themselves" in notice.body
