"""Which problem explains which."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from suimon.incidents.about import About
from suimon.incidents.incident import Incident, Stage, Told
from suimon.incidents.inhibition import EXPLAINS_FOR, INHIBITIONS, MUTABLE, Inhibition, inhibition_of
from suimon.incidents.kinds import Kind
from tests.unit.incident_values import NOON, incident

WHOLE = About(**{field.name: field.name for field in fields(About)})


def cause(rule: Inhibition, about: About = WHOLE, **changes: object) -> Incident:
    return incident(rule.cause, about, **changes)


@pytest.mark.parametrize("rule", INHIBITIONS)
def test_a_rule_holds_for_what_is_about_the_same_and_open(rule: Inhibition) -> None:
    for told in Told:  # a muted cause explains, too: what mutes it is told
        open_one = cause(rule, told=told)
        assert inhibition_of(rule.muted, WHOLE, [open_one], NOON) == (rule, open_one)
    for stage in set(Stage) - {Stage.OPEN}:
        assert inhibition_of(rule.muted, WHOLE, [cause(rule, stage=stage)], NOON) is None


@pytest.mark.parametrize("rule", [rule for rule in INHIBITIONS if rule.by])
def test_a_rule_does_not_hold_for_another_thing_nor_for_none(rule: Inhibition) -> None:
    for name in rule.by:
        for value in ("other", ""):
            assert inhibition_of(rule.muted, WHOLE, [cause(rule, replace(WHOLE, **{name: value}))], NOON) is None
    nothing = replace(WHOLE, **dict.fromkeys(rule.by, ""))
    assert inhibition_of(rule.muted, nothing, [cause(rule, nothing)], NOON) is None


@pytest.mark.parametrize("rule", [rule for rule in INHIBITIONS if not rule.by])
def test_what_explains_everything_explains_it_whatever_it_is_about(rule: Inhibition) -> None:
    assert inhibition_of(rule.muted, About(), [cause(rule, About(part="other"))], NOON)


@pytest.mark.parametrize("rule", INHIBITIONS)
def test_nothing_explains_anything_for_more_than_three_days(rule: Inhibition) -> None:
    old = cause(rule, opened_at=NOON - EXPLAINS_FOR)
    young = replace(old, opened_at=old.opened_at + timedelta(seconds=1))
    assert timedelta(days=3) == EXPLAINS_FOR
    assert inhibition_of(rule.muted, WHOLE, [old], NOON) is None
    assert inhibition_of(rule.muted, WHOLE, [young], NOON)


def test_no_kind_explains_itself_however_far_around() -> None:
    # Else each could wait for the other, and nobody would be told.
    by_cause: dict[Kind, set[Kind]] = {}
    for rule in INHIBITIONS:
        by_cause.setdefault(rule.cause, set()).add(rule.muted)
    reached = dict(by_cause)
    for _ in Kind:
        reached = {
            one: muted | {further for each in muted for further in reached.get(each, ())}
            for one, muted in reached.items()
        }
    assert not [one for one, muted in reached.items() if one in muted]


def test_every_rule_says_why_and_names_fields_that_there_are() -> None:
    names = {field.name for field in fields(About)}
    assert all(rule.why and names >= set(rule.by) for rule in INHIBITIONS)
    assert {rule.muted for rule in INHIBITIONS} == MUTABLE


@pytest.mark.parametrize("kind", sorted(set(Kind) - MUTABLE))
def test_what_is_in_no_rule_is_never_muted(kind: Kind) -> None:
    assert inhibition_of(kind, WHOLE, [incident(one, WHOLE) for one in Kind], NOON) is None


def test_a_file_that_was_rejected_or_lost_is_never_muted() -> None:
    told = {Kind.REJECTED, Kind.MISDATED, Kind.GONE, Kind.RUN_FAILED, Kind.MISSING_FILE, Kind.INCOMPLETE_SET}
    assert not told & MUTABLE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Kind.MWAA_AWAY, Kind.STUCK),
        (Kind.MISSING_FILE, Kind.STALE_TABLE),
        (Kind.RUN_FAILED, Kind.HANGING),
        (Kind.PAUSED, Kind.QUEUED),
    ],
)
def test_the_table_has_what_it_is_for(one: Kind, other: Kind) -> None:
    assert [rule for rule in INHIBITIONS if (rule.cause, rule.muted) == (one, other)]
