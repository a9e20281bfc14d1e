"""Incidents that outlived their cause, on moto."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from suimon.drops.states import State
from suimon.incidents.kinds import Kind
from suimon.incidents.messages import airflow, files
from suimon.mwaa.not_started import Cause, NotStarted
from suimon.sweep import oldest_drops, stale_incidents
from tests.functional.sweep.swept import (
    DAG,
    HOUR,
    MINUTE,
    NOON,
    World,
    accepted_shard,
    key_of,
    know_sets,
)

if TYPE_CHECKING:
    from tests.functional.sweep.swept import World


def test_the_incident_of_a_run_that_could_not_start_recovers_when_no_file_waits_for_one(world: World) -> None:
    record = world.bring(world.receive(world.put(key_of()), "0A"), State.VALIDATING, State.ACCEPTED)
    for cause in (Cause.AWAY, Cause.UNKNOWN_DAG, Cause.REFUSED_CONF):
        problem = airflow.not_triggered("env", DAG, record, NotStarted(cause, "no answer"))
        world.incidents.report(problem, NOON)
    world.post.subjects()
    world.round()
    assert not [subject for subject in world.post.subjects() if "RECOVERED" in subject]
    world.bring(record, State.TRIGGERED, at=NOON)
    assert world.find(stale_incidents.STALE, NOON + MINUTE).repaired == 3
    assert len([subject for subject in world.post.subjects() if "RECOVERED" in subject]) == 3


def test_the_incident_of_a_run_recovers_though_sets_were_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oldest_drops, "COUNTED_AT_MOST", 3)
    know_sets(world)
    for day in range(1, 6):
        accepted_shard(world, day, 1, NOON - 3 * HOUR)
    record = world.bring(world.receive(world.put(key_of()), "0A"), State.VALIDATING, State.ACCEPTED, State.TRIGGERED)
    world.incidents.report(airflow.not_triggered("env", DAG, record, NotStarted(Cause.AWAY, "no answer")), NOON)
    world.post.subjects()
    world.round(NOON + MINUTE)
    assert [subject.split()[0] for subject in world.post.subjects()] == ["[RECOVERED]"]


@pytest.mark.hits("newer-file-was-faster")
def test_the_incident_of_a_file_recovers_when_a_later_one_is_loaded(world: World) -> None:
    older = world.receive(world.put(key_of(), "a"), "0A")
    newer = world.receive(world.put(key_of(), "b"), "0B")
    world.bring(older, State.VALIDATING, State.REJECTED)
    problem = files.rejected(older, world.contracts.of("sales"), "it is bad")
    world.incidents.report(problem, NOON)
    world.round()
    assert world.post.subjects() == ["[ERROR] sales 2026-11-21 rejected: sales_data.csv"]
    world.bring(newer, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED, at=NOON)
    world.round(NOON + MINUTE)
    assert world.post.subjects() == ["[RECOVERED] sales 2026-11-21 rejected: sales_data.csv"]


def test_incidents_of_files_that_nobody_corrects_hide_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale_incidents, "LOOKED_AT_MOST", 2)
    rejected = []
    for day in range(1, 6):
        record = world.receive(world.put(key_of(f"2026-11-0{day}")), "0A")
        rejected.append(world.bring(record, State.VALIDATING, State.REJECTED))
        incident = files.rejected(rejected[-1], world.contracts.of("sales"), "it is bad")
        world.incidents.report(incident, NOON - HOUR + day * MINUTE)
    newer = world.receive(world.put(key_of("2026-11-05"), "b"), "0B")
    world.bring(newer, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED)
    world.post.subjects()
    for number in range(5):
        world.round(NOON + number * 15 * MINUTE)
    assert world.post.subjects() == ["[RECOVERED] sales 2026-11-05 rejected: sales_data.csv"]


def test_a_remark_on_an_accepted_file_lapses_after_a_weekend_and_nobody_hears_of_it(world: World) -> None:
    record = world.triggered(NOON - HOUR)
    contract = world.contracts.of("sales")
    world.incidents.report(files.imperfect(record, contract, 3, "three lines", "s3://lake/aside"), NOON)
    world.post.subjects()
    world.bring(record, State.LOADED, at=NOON)
    world.round(NOON + 71 * HOUR)
    assert [one.kind for one in world.incidents.open_incidents()] == [Kind.IMPERFECT]
    world.round(NOON + 72 * HOUR)
    assert world.incidents.open_incidents() == []
    assert world.post.subjects() == []
