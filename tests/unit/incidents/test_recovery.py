"""When a problem has recovered, decided from values alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from suimon.drops.states import State
from suimon.incidents.about import About
from suimon.incidents.incident import Recovery
from suimon.incidents.kinds import KINDS, IncidentId, Kind
from suimon.incidents.recovery import (
    OF_CAUSES,
    OF_WRITES,
    ids_by_load,
    ids_by_start,
    recoveries_by_waiting,
    recoveries_without_contract,
    recovery_by_writes,
)
from tests.unit.drop_records import HOUR, MINUTE, NOON, drop_record
from tests.unit.incident_values import incident

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord

DAG = "daily_sales_etl"
DAGS = {"sales": DAG}
ENDED = {State.LOADED, State.REJECTED, State.GONE, State.FAILED, State.RETRACTED}
ON_ITS_WAY = [state for state in State if state not in ENDED]


def writes(*states: State) -> list[DropRecord]:
    return [drop_record(state, version=f"v{number}", sequencer=f"{number:02X}") for number, state in enumerate(states)]


# ---------------------------------------------------------------- by the writes of a key


@pytest.mark.parametrize("kind", OF_WRITES)
@pytest.mark.parametrize(
    ("states", "recovers"),
    [
        ((State.REJECTED,), False),
        ((State.FAILED,), False),
        ((State.LOADED,), True),  # by a replay
        ((State.REJECTED, State.LOADED), True),
        ((State.SUPERSEDED, State.LOADED), True),
        ((State.SUPERSEDED, State.REJECTED), False),
        ((State.LOADED, State.REJECTED), False),
        ((State.LOADED, State.GONE), False),
        ((State.GONE, State.LOADED), True),
        ((State.REJECTED, State.LOADED, State.FAILED), False),
        ((State.REJECTED, State.FAILED, State.LOADED), True),
        ((), False),  # the ledger does not know what was reported
    ],
)
def test_the_last_write_that_has_come_to_an_end_decides(
    kind: Kind, states: tuple[State, ...], *, recovers: bool
) -> None:
    found = writes(*states)
    one = incident(kind, About(key="k", dataset="sales", partition="p"), revision=7)
    loaded = f"sales/2026-11-20/sales_data.csv is loaded ({found[-1].rows if found else 0:,} rows)."
    assert recovery_by_writes(one, found) == (Recovery(one.id, loaded, 7) if recovers else None)


def test_what_was_reported_of_a_write_is_over_when_a_person_has_retracted_it() -> None:
    failed = incident(Kind.RUN_FAILED, About(key="k", dataset="sales", partition="p"), revision=7)
    found = recovery_by_writes(failed, writes(State.RETRACTED))
    assert found
    assert "is retracted" in found.note
    assert recovery_by_writes(failed, writes(State.RETRACTED, State.FAILED)) is None


@pytest.mark.parametrize("state", ON_ITS_WAY)
def test_a_write_that_is_on_its_way_proves_nothing(state: State) -> None:
    rejected = incident(Kind.REJECTED, About(key="k"))
    assert recovery_by_writes(rejected, writes(State.REJECTED, state)) is None
    assert recovery_by_writes(rejected, writes(State.REJECTED, State.LOADED, state))


def test_a_load_may_end_what_was_reported_of_its_file_or_of_the_members_of_its_set_and_of_no_other_shard() -> None:
    whole = drop_record(State.LOADED, "orders/2026-11-20/{shard}.csv")
    shard = drop_record(State.LOADED, "orders/2026-11-20/1.csv")
    assert [str(one) for one in ids_by_load(whole, [shard])] == [
        "run-failed:sales:2026-11-20",
        "rejected:orders/2026-11-20/{shard}.csv",
        "misdated:orders/2026-11-20/{shard}.csv",
        "gone:orders/2026-11-20/{shard}.csv",
        "set-closed:orders/2026-11-20/{shard}.csv",
        "rejected:orders/2026-11-20/1.csv",
        "misdated:orders/2026-11-20/1.csv",
        "gone:orders/2026-11-20/1.csv",
        "set-closed:orders/2026-11-20/1.csv",
    ]


# ---------------------------------------------------------------- by runs that start, and files that wait


def test_a_run_that_starts_says_nothing_of_an_environment_that_answers_now_and_then() -> None:
    over = ids_by_start("env", DAG, drop_record(State.ACCEPTED))
    assert {one.kind for one in over} == {*OF_CAUSES} - {Kind.MWAA_AWAY, Kind.MWAA_BUSY}
    assert IncidentId.of(Kind.UNKNOWN_DAG, About(dag_id=DAG)) in over


@pytest.mark.parametrize("kind", OF_CAUSES)
def test_a_cause_has_recovered_when_no_file_waits_because_of_it(kind: Kind) -> None:
    waits = drop_record(State.ACCEPTED, since=NOON - HOUR)
    one = incident(kind, About.drop(waits, dag_id=DAG, environment="env"))
    assert [found.incident_id for found in recoveries_by_waiting([one], [], DAGS, NOON)] == [one.id]
    assert recoveries_by_waiting([one], [waits], DAGS, NOON) == []


@pytest.mark.parametrize("kind", OF_CAUSES)
def test_a_file_that_waits_because_of_something_else_keeps_only_the_environment_s_incidents_open(kind: Kind) -> None:
    reported = drop_record(State.ACCEPTED, "a")
    one = incident(kind, About.drop(reported, dag_id=DAG, environment="env"))
    others = [
        drop_record(State.ACCEPTED, "b", dataset="inventory", since=NOON - HOUR),
        drop_record(State.ACCEPTED, "c", dataset="no contract has it", since=NOON - HOUR),
    ]
    found = recoveries_by_waiting([one], others, {**DAGS, "inventory": "other_dag"}, NOON)
    assert bool(found) is ("environment" not in KINDS[kind].identified_by)


def test_an_environment_has_recovered_when_files_wait_only_as_long_as_they_may() -> None:
    young, old = (drop_record(State.ACCEPTED, since=NOON - age) for age in (9 * MINUTE, 10 * MINUTE))
    away = incident(Kind.MWAA_AWAY, About(environment="env"))
    assert recoveries_by_waiting([away], [young], DAGS, NOON)
    assert not recoveries_by_waiting([away], [young, old], DAGS, NOON)
    # A mistake of configuration stays as long as a single file waits because of it, however the clocks differ.
    denied = incident(Kind.MWAA_DENIED, About(environment="env"))
    assert not recoveries_by_waiting([denied], [replace(young, updated_at=NOON + MINUTE)], DAGS, NOON)


def test_what_is_no_cause_of_a_missing_run_is_left_to_others() -> None:
    assert recoveries_by_waiting([incident(Kind.STUCK, About(dataset="sales"))], [], DAGS, NOON) == []


# ---------------------------------------------------------------- by time


def test_what_was_reported_of_files_ends_with_the_last_contract_of_their_dataset() -> None:
    of_files = [incident(kind, About(dataset="gone", key="k", partition="p")) for kind in (*OF_WRITES, Kind.IMPERFECT)]
    others = [incident(Kind.REJECTED, About(dataset="sales", key="k")), incident(Kind.QUEUED, About(dag_id="d"))]
    found = recoveries_without_contract([*of_files, *others], {"sales"})
    assert [one.incident_id for one in found] == [one.id for one in of_files]
    assert {(one.note, one.revision) for one in found} == {("No contract asks about it any longer.", 1)}
