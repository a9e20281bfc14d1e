"""The life of an incident: what is news, what becomes of it, what ends by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from suimon.incidents.about import About
from suimon.incidents.incident import (
    HELD_BACK,
    TOLD_ALONE,
    ByPerson,
    Event,
    Incident,
    Problem,
    Stage,
    Standing,
    Told,
)
from suimon.incidents.kinds import KINDS, Kind, Severity
from suimon.incidents.lifecycle import (
    CLOSED_LAPSES,
    escalated,
    lapsed,
    news_of,
    notice_about,
    notice_of,
    recovered,
    reported,
    suspected,
)
from tests.unit.incident_values import NOON, incident, incident_of

ABOUT = About(dataset="sales", partition="2026-11-20")
PROBLEM = Problem(Kind.MISSING_FILE, ABOUT, "never came", "Ask.", "3", content="c")
WARNING = replace(PROBLEM, severity=Severity.WARNING)
MINUTE = timedelta(minutes=1)
LATER = NOON + 15 * MINUTE
BY = ByPerson("ann", NOON, "why", NOON + timedelta(hours=2))


def known(problem: Problem = PROBLEM, **changes: object) -> Incident:
    return incident_of(problem, **{"severity": problem.how_bad, **changes})


@pytest.mark.parametrize("stage", [None, Stage.SUSPECTED, Stage.RECOVERED])
def test_a_problem_is_news_when_nobody_knows_it_or_it_had_recovered(stage: Stage | None) -> None:
    assert news_of(PROBLEM, known(stage=stage) if stage else None) is Event.OPENED


@pytest.mark.parametrize("stage", [Stage.OPEN, Stage.CLOSED])
def test_what_stands_is_news_only_when_it_is_worse_or_another(stage: Stage) -> None:
    assert news_of(PROBLEM, known(stage=stage)) is None
    assert news_of(WARNING, known(stage=stage)) is None
    assert news_of(PROBLEM, known(WARNING, stage=stage)) is Event.WORSENED
    assert news_of(replace(PROBLEM, fingerprint="4"), known(stage=stage)) is Event.CHANGED


def test_the_severity_of_a_problem_is_its_own_or_that_of_its_kind() -> None:
    assert (PROBLEM.how_bad, WARNING.how_bad) == (Severity.ERROR, Severity.WARNING)
    assert Severity.ERROR.is_worse_than(Severity.WARNING)
    assert not Severity.ERROR.is_worse_than(Severity.ERROR)
    assert not Severity.WARNING.is_worse_than(Severity.ERROR)


def test_a_first_report_is_recorded_whole() -> None:
    assert reported(PROBLEM, None, Told.ALONE, NOON) == Incident(
        kind=Kind.MISSING_FILE,
        about=ABOUT,
        stage=Stage.OPEN,
        fingerprint="3",
        subject="never came",
        opened_at=NOON,
        updated_at=NOON,
        revision=1,
        told=Told.ALONE,
        severity=Severity.ERROR,
        body="Ask.",
        content="c",
        told_at=NOON,
    )


def test_a_change_keeps_since_when_it_is_open_and_what_persons_did() -> None:
    before = known(acknowledged=BY, snoozed=BY, told_at=NOON, revision=4)
    after = reported(replace(PROBLEM, fingerprint="4"), before, Told.AGAIN, LATER)
    assert (after.opened_at, after.updated_at, after.told_at, after.revision) == (NOON, LATER, NOON, 5)
    assert (after.acknowledged, after.snoozed, after.told) == (BY, BY, Told.AGAIN)


@pytest.mark.parametrize("stage", [Stage.OPEN, Stage.CLOSED])
def test_what_was_told_with_others_is_one_of_them_until_it_has_recovered(stage: Stage) -> None:
    before = known(stage=stage, groups=("sales",))
    assert reported(WARNING, before, Told.HELD, LATER).groups == ("sales",)
    assert reported(WARNING, replace(before, stage=Stage.RECOVERED), Told.HELD, LATER).groups == ()


def test_a_worsening_ends_acknowledgement_and_snooze() -> None:
    after = reported(PROBLEM, known(WARNING, acknowledged=BY, snoozed=BY), Told.ALONE, LATER)
    assert (after.acknowledged, after.snoozed, after.severity, after.told_at) == (None, None, Severity.ERROR, LATER)


def test_what_was_an_error_stays_one_until_it_recovers() -> None:
    assert reported(WARNING, known(), Told.ALONE, LATER).severity is Severity.ERROR
    assert reported(WARNING, known(stage=Stage.RECOVERED), Told.ALONE, LATER).severity is Severity.WARNING
    assert reported(WARNING, None, Told.ALONE, LATER).severity is Severity.WARNING


@pytest.mark.parametrize("stage", [Stage.CLOSED, Stage.RECOVERED])
def test_what_is_opened_anew_knows_nothing_of_before_but_the_number_of_its_writes(stage: Stage) -> None:
    before = known(stage=stage, acknowledged=BY, snoozed=BY, closed=BY, told_at=NOON, revision=7)
    after = reported(PROBLEM, before, Told.HELD, LATER)
    assert (after.opened_at, after.told_at, after.revision) == (LATER, None, 8)
    assert (after.acknowledged, after.snoozed, after.closed) == (None, None, None)


def test_who_mutes_it_is_recorded_only_of_what_is_muted() -> None:
    assert reported(PROBLEM, None, Told.MUTED, NOON, "paused:d").muted_by == "paused:d"
    assert reported(PROBLEM, None, Told.HELD, NOON, "paused:d").muted_by == ""
    assert reported(PROBLEM, None, Told.MUTED, NOON).muted_by == ""


def test_what_is_suspected_is_neither_open_nor_told() -> None:
    one = suspected(PROBLEM, known(stage=Stage.RECOVERED, revision=2), NOON)
    assert (one.stage, one.told_at, one.opened_at, one.revision) == (Stage.SUSPECTED, None, NOON, 3)
    assert suspected(PROBLEM, None, NOON).revision == 1


def test_a_recovery_is_one_write_more() -> None:
    one = recovered(known(revision=3), LATER)
    assert (one.stage, one.updated_at, one.revision) == (Stage.RECOVERED, LATER, 4)


ESCALATING = {kind: after for kind in Kind if (after := KINDS[kind].escalates)}


def test_only_warnings_escalate() -> None:
    assert {KINDS[kind].severity for kind in ESCALATING} == {Severity.WARNING}
    assert set(ESCALATING) == {
        Kind.UNREADABLE_TABLE,
        Kind.QUEUED,
        Kind.HANGING,
        Kind.AIRFLOW_SILENT,
        Kind.MWAA_BUSY,
        Kind.ORPHANED,
    }


@pytest.mark.parametrize("kind", ESCALATING)
def test_a_warning_that_lasts_too_long_is_an_error_and_ends_acknowledgement_and_snooze(kind: Kind) -> None:
    one = incident(kind, About(), severity=Severity.WARNING, acknowledged=BY, snoozed=BY, revision=2)
    at = NOON + ESCALATING[kind]
    assert escalated([one], at - timedelta(seconds=1)) == []
    [worse] = escalated([one], at)
    assert (worse.severity, worse.told, worse.acknowledged, worse.snoozed) == (Severity.ERROR, Told.WORSE, None, None)
    assert worse.revision == 3
    assert escalated([worse], at + timedelta(days=9)) == []
    assert escalated([replace(one, stage=Stage.CLOSED)], at) == []


@pytest.mark.parametrize(
    ("told", "then"),
    [
        (Told.HELD, Told.HELD),
        (Told.MUTED, Told.MUTED),
        (Told.AGAIN, Told.WORSE),
        (Told.TOGETHER, Told.WORSE),
        (Told.WORSE, Told.WORSE),
    ],
)
def test_what_nobody_has_heard_of_is_no_worsening_to_anybody(told: Told, then: Told) -> None:
    one = incident(Kind.QUEUED, About(dag_id="d"), severity=Severity.WARNING, told=told)
    assert [each.told for each in escalated([one], NOON + timedelta(days=2))] == [then]


def test_a_warning_of_a_kind_that_does_not_escalate_stays_one() -> None:
    one = incident(Kind.IMPERFECT, About(key="k"), severity=Severity.WARNING)
    assert escalated([one], NOON + timedelta(days=1_000)) == []


@pytest.mark.parametrize("kind", Kind)
def test_only_what_needs_nothing_any_more_lapses(kind: Kind) -> None:
    lapses = KINDS[kind].lapses
    ends = {Kind.MISDATED, Kind.GONE, Kind.IMPERFECT, Kind.VOLUME, Kind.SET_CLOSED, Kind.UNMATCHED}
    assert (lapses is not None) == (kind in ends)
    one = incident(kind, About(key="k"), updated_at=NOON)
    after = lapses or timedelta(days=1_000)
    assert lapsed([one], NOON + after) == ([one] if lapses else [])
    assert lapsed([one], NOON + after - MINUTE) == []
    assert lapsed([replace(one, stage=Stage.RECOVERED)], NOON + after) == []


def test_what_a_person_closed_lapses_only_where_nobody_reports_the_same_again() -> None:
    file = known(stage=Stage.CLOSED, closed=BY)
    table = incident(Kind.STALE_TABLE, About(table="t"), stage=Stage.CLOSED, closed=BY)
    assert lapsed([file, table], NOON + CLOSED_LAPSES) == [file]
    assert lapsed([file, table], NOON + CLOSED_LAPSES - MINUTE) == []
    assert lapsed([replace(file, closed=None)], NOON + CLOSED_LAPSES) == []


def test_a_notice_says_what_it_is_about() -> None:
    notice = notice_of(WARNING, Event.OPENED)
    assert (notice.id, notice.kind, notice.about) == (PROBLEM.id, Kind.MISSING_FILE, ABOUT)
    assert (notice.severity, notice.subject, notice.body) == (Severity.WARNING, "never came", "Ask.")
    one = known(WARNING)
    about = notice_about(one, Event.CLOSED, "s", "b")
    assert (about.event, about.id, about.kind, about.about) == (Event.CLOSED, one.id, one.kind, ABOUT)
    assert (about.severity, about.subject, about.body, about.incidents) == (Severity.WARNING, "s", "b", (one,))


def test_what_a_person_sees_of_an_incident() -> None:
    end = BY.until
    assert end
    assert known().standing(NOON) is Standing.OPEN
    assert known(acknowledged=BY).standing(NOON) is Standing.ACKNOWLEDGED
    assert known(acknowledged=BY, snoozed=BY).standing(end - MINUTE) is Standing.SNOOZED
    assert known(acknowledged=BY, snoozed=BY).standing(end) is Standing.ACKNOWLEDGED
    assert known(snoozed=replace(BY, until=None)).standing(NOON) is Standing.OPEN
    assert known(stage=Stage.CLOSED, snoozed=BY).standing(NOON) is Standing.CLOSED
    assert known(stage=Stage.RECOVERED).standing(NOON) is Standing.RECOVERED
    assert known(stage=Stage.SUSPECTED).standing(NOON) is Standing.SUSPECTED


def test_what_stands_is_open_or_closed_by_a_person() -> None:
    assert {stage for stage in Stage if known(stage=stage).stands} == {Stage.OPEN, Stage.CLOSED}
    assert {stage for stage in Stage if known(stage=stage).is_open} == {Stage.OPEN}


def test_how_people_heard_of_it_is_held_back_or_not() -> None:
    assert set(Told) - HELD_BACK == {Told.ALONE, Told.TOGETHER}
    assert {Told.ALONE, Told.AGAIN, Told.WORSE} == TOLD_ALONE
