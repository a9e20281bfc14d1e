"""Runs that never reported their end: Airflow is asked, and its answer is recorded as the report would have been."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.drops.states import State
from suimon.incidents.leaving_out import leave_out
from suimon.mwaa.airflow import ask_run
from suimon.mwaa.pace import BusyError
from suimon.mwaa.run_state import CannotAskError, RunState
from suimon.sweep.oldest_drops import read_oldest
from suimon.sweep.plans.set_parts import is_set_part
from suimon.sweep.plans.silent_runs import (
    Reported,
    Seen,
    dags_to_ask,
    ended_hangs,
    parts_to_resume,
    plan,
    runs_of,
    runs_to_ask,
)
from suimon.sweep.turns import LEAST_SECONDS
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from suimon.contract.model import Contracts
    from suimon.drops.run_finished_event import RunFinished
    from suimon.incidents.incident import Incident
    from suimon.incidents.store import IncidentStore
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.drops import Ledger
    from suimon.ledger.pending_ends import PendingEnds
    from suimon.ledger.unreadable_items import Unusable
    from suimon.mwaa.airflow import Airflow
    from suimon.mwaa.run_state import DagState
    from suimon.outcome.run_end import RunEnds
    from suimon.sweep.findings import Finding
    from suimon.sweep.plans.silent_runs import Run

# Of runs that wait behind a paused DAG people hear before two hours have passed.
QUEUED_LIMIT = timedelta(minutes=15)
# Runs of which Airflow cannot say how they are, in one round: it may fail at one and know all others.
GIVES_UP = 3


@dataclass(frozen=True, kw_only=True)
class SilentRuns:
    """Asks about runs; `site` returns the host of Airflow's pages, for links, and may fail as AWS does."""

    contracts: Contracts
    ledger: Ledger
    run_ends: RunEnds
    incidents: IncidentStore
    airflow: Airflow
    queue: IntakeQueue
    pending: PendingEnds
    unusable: Unusable
    site: Callable[[], str]

    def check(self, opened: Collection[Incident], now: datetime, time_left: Callable[[], float]) -> Finding:
        """Ask about every overdue run, record the ends there are, and report which runs hang and which DAGs are paused.

        opened: the open incidents. time_left: seconds that the function still has.

        Recording an end moves the ledger; then shards follow, incidents close and a replay is answered. A crash in
        between leaves a drop that is no longer TRIGGERED, which no round would look at again; so all ends are put down
        as pending before the first one is recorded:

            this round                              the next one
            pending: run 1 failed, run 2 loaded     (mark: ends-are-pending-first)
            run 1: the ledger has moved
            -- crash --
                                                    pending: run 1 (what is left to do), run 2
                                                    nothing is pending
        """
        self._record(self.pending.all(), now)
        seen = self._gather(Reported.among(opened), now, time_left)
        planned = plan(seen, now)
        self.queue.resume(seen.parts)
        self.incidents.report_all(planned.problems, planned.recoveries, now)
        self.pending.add(planned.ends)  # mark: ends-are-pending-first
        self._record(planned.ends, now)
        drops = self.ledger.get_many(sorted({one.about.drop_id for one in seen.reported.hanging}))
        self.incidents.report_all((), ended_hangs(seen.reported.hanging, drops), now)
        return planned.finding

    def _gather(self, reported: Reported, now: datetime, time_left: Callable[[], float]) -> Seen:
        oldest = read_oldest(
            self.ledger, State.TRIGGERED, now - QUEUED_LIMIT, lambda one: not is_set_part(one, self.contracts)
        )
        parts = parts_to_resume(oldest.records, self.contracts, now)
        seen = Seen(runs_of(oldest.records, self.contracts), parts, oldest.all_read, reported)
        seen = replace(seen, dags=self._ask_dags(dags_to_ask(seen), now))
        states, unanswered = self._ask_runs(runs_to_ask(seen, now), time_left)
        host = self._host() if any(states.values()) else ""
        return replace(seen, states=states, unanswered=unanswered, host=host)

    def _ask_dags(self, dag_ids: Iterable[str], now: datetime) -> dict[str, DagState | None]:
        answers: dict[str, DagState | None] = {}
        for dag_id in dag_ids:
            try:
                answers[dag_id] = self.airflow.dag_state(dag_id, now)
            except (ClientError, BotoCoreError, BusyError):
                break  # it would not answer about the others either; the questions about runs report that
        return answers

    def _ask_runs(
        self, runs: Iterable[Run], time_left: Callable[[], float]
    ) -> tuple[dict[str, RunState | None], CannotAskError | None]:
        states: dict[str, RunState | None] = {}
        unanswered: CannotAskError | None = None
        failed = 0
        for run in runs:
            if time_left() < LEAST_SECONDS or failed >= GIVES_UP:
                break  # the answers are still to be recorded; the next round asks about the others
            try:
                states[run.record.id] = ask_run(self.airflow, run.dag_id, run.id)
            except CannotAskError as error:
                unanswered, failed = error, failed + (1 if error.of_one_run else GIVES_UP)
        return states, unanswered

    def _host(self) -> str:
        try:
            return self.site()
        except (ClientError, BotoCoreError):
            return ""  # the e-mail has no link then

    def _record(self, ends: Iterable[RunFinished], now: datetime) -> None:
        for end in ends:
            with leave_out(self.unusable, f"the end of run {end.run_id}"):
                self.run_ends.record(end, now)
                self.pending.remove(end)
