"""Which incidents have outlived their cause, from values alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suimon.contract.keys import KeyPattern, SetRule
from suimon.contract.model import Contract, Contracts
from suimon.drops.states import State
from suimon.incidents.incident import Incident, Problem
from suimon.incidents.messages.airflow import not_triggered
from suimon.incidents.messages.files import rejected
from suimon.mwaa.cause import Cause, NotStarted
from suimon.sweep.plans.stale_incidents import file_recovery, trigger_recoveries
from tests.unit.drop_records import NOON, drop_record

SALES = Contract("sales", "1", "t", dag_id="sales_etl", key_pattern=KeyPattern("sales/{ds}/sales_data.csv"))
RULE = SetRule(2, None, None, reload=False, complete_within_minutes=60)
SETS = Contract("sets", "1", "t", dag_id="sales_etl", key_pattern=KeyPattern("sets/{ds}/{shard}.csv"), set_rule=RULE)
CONTRACTS = Contracts((SALES, SETS))
REJECTED = drop_record(State.REJECTED)


def opened(problem: Problem) -> Incident:
    return Incident(
        problem.kind,
        problem.about,
        is_open=True,
        fingerprint=problem.fingerprint,
        subject=problem.subject,
        opened_at=NOON,
        updated_at=NOON,
    )


@pytest.mark.parametrize(
    ("newer", "recovers"), [(State.LOADED, True), (State.TRIGGERED, False), (State.REJECTED, False)]
)
def test_an_incident_of_a_file_recovers_when_a_later_write_is_loaded(newer: State, *, recovers: bool) -> None:
    incident = opened(rejected(REJECTED, SALES, "it is bad"))
    later = drop_record(newer, version="v2", sequencer="0B")
    recovery = file_recovery(incident, [REJECTED, later])
    assert (recovery.incident_id if recovery else None) == (incident.id if recovers else None)


def test_an_incident_of_a_file_recovers_when_the_file_itself_is_loaded_after_all() -> None:
    incident = opened(rejected(REJECTED, SALES, "it is bad"))
    assert file_recovery(incident, [replace(REJECTED, state=State.LOADED)])


CAUSES = (Cause.AWAY, Cause.UNKNOWN_DAG, Cause.REFUSED_CONF)  # of the environment, of a DAG, of a drop
WAITING = drop_record(State.ACCEPTED)
INCIDENTS = [opened(not_triggered("env", "sales_etl", WAITING, NotStarted(cause, "no"))) for cause in CAUSES]


def test_no_incident_about_starting_runs_recovers_while_a_file_that_it_concerns_waits() -> None:
    assert trigger_recoveries(INCIDENTS, [WAITING], CONTRACTS) == []


def test_an_incident_about_one_file_recovers_while_another_file_of_its_dag_waits() -> None:
    other = drop_record(State.ACCEPTED, version="v2")
    assert [one.incident_id for one in trigger_recoveries(INCIDENTS, [other], CONTRACTS)] == [INCIDENTS[2].id]


def test_an_incident_about_one_dag_recovers_while_a_file_of_another_dag_waits() -> None:
    contracts = Contracts((replace(SALES, dag_id="other_etl"), SETS))
    assert [one.incident_id for one in trigger_recoveries(INCIDENTS, [WAITING], contracts)] == [
        incident.id for incident in INCIDENTS[1:]
    ]


def test_a_part_of_a_set_waits_for_the_others_and_for_no_run() -> None:
    part = drop_record(State.ACCEPTED, "sets/2026-11-20/a.csv", dataset="sets")
    assert len(trigger_recoveries(INCIDENTS, [part], CONTRACTS)) == 3
