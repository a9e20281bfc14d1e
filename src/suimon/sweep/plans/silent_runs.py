"""Which runs Airflow is asked about, and what its answers mean for the drops and for people. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from suimon.drops.states import State
from suimon.incidents.about import About
from suimon.incidents.incident import EXAMPLES, Recovery, of_kind
from suimon.incidents.kinds import IncidentId, Kind
from suimon.incidents.messages.airflow import airflow_silent, dag_is_gone, paused, run_hangs, runs_queued
from suimon.incidents.messages.recoveries import (
    AIRFLOW_ANSWERS,
    DAG_IS_ACTIVE,
    DAG_IS_GONE,
    NO_RUN_WAITS,
    QUEUE_MOVES,
    RUN_HAS_ENDED,
)
from suimon.mwaa.run_state import QUEUED, CannotAskError, DagState, RunState, end_of
from suimon.sweep.findings import Finding
from suimon.sweep.plans.set_parts import contract_of, is_set_part
from suimon.sweep.turns import in_turn
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from suimon.contract.model import Contracts
    from suimon.drops.drop import DropRecord
    from suimon.drops.run_finished_event import RunFinished
    from suimon.incidents.incident import Incident, Problem

SILENT = "silent run"
# Glue may run for two hours and a load wait for the table; a run that takes longer than both is asked about.
RUN_LIMIT = timedelta(hours=2)
# Two requests each, of the nine a second that the gate shares: at most half a minute of the round.
ASKED_AT_MOST = 100


@dataclass(frozen=True)
class Run:
    """The run of a TRIGGERED drop."""

    record: DropRecord
    dag_id: str
    limit: timedelta = RUN_LIMIT  # after so long it is asked about

    @property
    def id(self) -> str:
        """The run's id in Airflow."""
        return self.record.run_id


@dataclass(frozen=True)
class Reported:
    """What is under an open incident: runs that hang, DAGs with a long queue, paused or gone, Airflow as a whole."""

    hanging: tuple[Incident, ...] = ()
    queued: frozenset[str] = frozenset()
    paused: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    cannot_ask: bool = False

    @classmethod
    def among(cls, opened: Collection[Incident]) -> Reported:
        """Choose among the open incidents."""
        return cls(
            tuple(of_kind(opened, Kind.HANGING)),
            frozenset(one.about.dag_id for one in of_kind(opened, Kind.QUEUED)),
            frozenset(one.about.dag_id for one in of_kind(opened, Kind.PAUSED)),
            frozenset(one.about.dag_id for one in of_kind(opened, Kind.DAG_GONE)),
            bool(of_kind(opened, Kind.AIRFLOW_SILENT)),
        )

    @cached_property
    def hanging_runs(self) -> frozenset[str]:
        """The ids of the runs that hang."""
        return frozenset(one.about.run_id for one in self.hanging)


@dataclass(frozen=True)
class Seen:
    """What a round has read and asked.

    runs: those that started some time ago, longest first. parts: of sets, to send to the gate. all_read: whether there
    can be no others. dags: how each DAG is that was asked about; None if Airflow did not say.
    states: by drop id, the states of the runs that were asked about; None for a run that Airflow does not have.
    unanswered: why Airflow could not be asked about the next one. host: of Airflow's pages, "" if unknown.
    """

    runs: Sequence[Run]
    parts: Sequence[DropRecord]
    all_read: bool
    reported: Reported
    dags: Mapping[str, DagState | None] = field(default_factory=dict)
    states: Mapping[str, RunState | None] = field(default_factory=dict)
    unanswered: CannotAskError | None = None
    host: str = ""

    @cached_property
    def paused(self) -> frozenset[str]:
        """The DAGs that are paused; one that was reported stays so until Airflow says otherwise."""
        answered = {dag for dag, state in self.dags.items() if state}
        return self.reported.paused - answered | self._are(DagState.PAUSED)

    @cached_property
    def gone(self) -> frozenset[str]:
        """The DAGs that Airflow has no longer and of which runs wait."""
        return self._are(DagState.GONE) & {run.dag_id for run in self.runs}

    def _are(self, state: DagState) -> frozenset[str]:
        return frozenset(dag for dag, answer in self.dags.items() if answer is state)

    def overdue(self, now: datetime) -> list[Run]:
        """Return the runs that should have reported their end by now."""
        return [run for run in self.runs if is_overdue(run.record, now, run.limit)]


@dataclass(frozen=True)
class Plan:
    """`ends`: those that are to be recorded as the runs' own reports would have been."""

    problems: tuple[Problem, ...]
    recoveries: tuple[Recovery, ...]
    ends: tuple[RunFinished, ...]
    finding: Finding


def runs_of(triggered: Iterable[DropRecord], contracts: Contracts) -> list[Run]:
    """Return the runs of TRIGGERED drops, whatever became of their contracts; parts of sets have none."""
    runs = []
    for record in triggered:
        contract = contract_of(record, contracts)
        dag_id = record.opened_dag or (contract.dag_id if contract else None)
        if dag_id and not is_set_part(record, contracts):
            limit = timedelta(minutes=contract.max_run_minutes) if contract and contract.max_run_minutes else RUN_LIMIT
            runs.append(Run(record, dag_id, limit))
    return runs


def parts_to_resume(triggered: Iterable[DropRecord], contracts: Contracts, now: datetime) -> list[DropRecord]:
    """Choose the parts of sets to send to the gate: it ends those whose set has ended without them."""
    parts = [one for one in triggered if is_set_part(one, contracts) and is_overdue(one, now)]
    return parts[:ASKED_AT_MOST]


def is_overdue(record: DropRecord, now: datetime, limit: timedelta = RUN_LIMIT) -> bool:
    """Whether a drop's run should have ended by now."""
    return record.updated_at < now - limit


def dags_to_ask(seen: Seen) -> list[str]:
    """Return the DAGs with waiting runs, and those that were reported as paused or gone."""
    return sorted({run.dag_id for run in seen.runs} | seen.reported.paused | seen.reported.gone)


def runs_to_ask(seen: Seen, now: datetime) -> list[Run]:
    """Choose whom to ask about: first those under no incident, then the others, each round the next ones.

    The runs of a paused DAG do not end, and are not asked about.
    """
    awake = [run for run in seen.overdue(now) if run.dag_id not in seen.paused]
    old = [run for run in awake if _is_explained(run, seen)]
    new = [run for run in awake if not _is_explained(run, seen)]
    return [*new, *in_turn(old, ASKED_AT_MOST, now)][:ASKED_AT_MOST]


def plan(seen: Seen, now: datetime) -> Plan:
    """Decide which runs have ended, and what to report of those that have not.

    Runs of a paused DAG, or in a long queue, are explained by that one incident, however many they are.
    """
    overdue = seen.overdue(now)
    asked = [(run, seen.states[run.record.id]) for run in overdue if run.record.id in seen.states]
    ends = [end for run, state in asked if (end := end_of(run.record, run.dag_id, state, seen.host))]
    hanging = [(run, state) for run, state in asked if state and not state.has_ended and state.state != QUEUED]
    queued = defaultdict(list)
    for run, state in asked:
        if state and state.state == QUEUED:
            queued[run.dag_id].append(run.record)
    problems = [paused(dag) for dag, state in sorted(seen.dags.items()) if state is DagState.PAUSED]
    problems += [dag_is_gone(dag) for dag in sorted(seen.gone)]
    if seen.unanswered:
        problems.append(airflow_silent([run.record for run in overdue], seen.unanswered))
    problems += [run_hangs(run.record, run.dag_id, state, seen.host) for run, state in hanging]
    for dag, records in sorted(queued.items()):
        problems.append(runs_queued(dag, [run.record for run in overdue if run.dag_id == dag], records))
    explained = {run.record.id for run, _ in hanging}
    for run in overdue:
        if seen.unanswered or _is_explained(run, seen) or run.dag_id in queued:
            explained.add(run.record.id)
    return Plan(
        tuple(problems),
        tuple(_recoveries(overdue, queued, seen)),
        tuple(ends),
        Finding(
            SILENT,
            checked=len(seen.runs),
            detected=len(overdue),
            repaired=len(ends),
            reported=len(explained - {end.drop_id for end in ends}),
            examples=tuple(f"{run.record.drop.key} (run {run.id})" for run in overdue[:EXAMPLES]),
        ),
    )


def _is_explained(run: Run, seen: Seen) -> bool:
    """Whether an incident that is open already, or a DAG that is paused or gone, says why a run has not ended."""
    return run.id in seen.reported.hanging_runs or run.dag_id in seen.paused | seen.gone | seen.reported.queued


def _recoveries(overdue: Sequence[Run], queued: Collection[str], seen: Seen) -> Iterator[Recovery]:
    for dag in sorted(seen.reported.paused - seen.paused):
        # A DAG that is gone is reported as that, and its pause is over: nobody can unpause it.
        yield Recovery(paused(dag).id, DAG_IS_GONE if seen.dags.get(dag) is DagState.GONE else DAG_IS_ACTIVE)
    for dag in sorted(seen.reported.gone - seen.gone):
        if seen.dags.get(dag) or (seen.all_read and all(run.dag_id != dag for run in seen.runs)):
            yield Recovery(dag_is_gone(dag).id, NO_RUN_WAITS if seen.dags.get(dag) is DagState.GONE else DAG_IS_ACTIVE)
    asks_somebody = any(run.dag_id not in seen.paused for run in overdue)
    if seen.reported.cannot_ask and not seen.unanswered and (seen.states or not asks_somebody):
        yield Recovery(IncidentId.of(Kind.AIRFLOW_SILENT), AIRFLOW_ANSWERS)
    for dag in sorted(seen.reported.queued - seen.paused - set(queued)):
        if seen.all_read and all(run.record.id in seen.states for run in overdue if run.dag_id == dag):
            queue = IncidentId.of(Kind.QUEUED, About(dag_id=dag))
            yield Recovery(queue, QUEUE_MOVES)


def ended_hangs(hanging: Iterable[Incident], records: Mapping[str, DropRecord]) -> list[Recovery]:
    """Return the incidents of runs that have ended, or whose drop has moved on to another attempt.

    records: the drops of these runs as they are now, by id.
    """
    ended = []
    for one in hanging:
        record = records.get(one.about.drop_id)
        if record is None or record.state is not State.TRIGGERED or record.run_id != one.about.run_id:
            ended.append(Recovery(one.id, RUN_HAS_ENDED))
    return ended
