"""What DAGs report of their ends: recorded once ledger and Airflow confirm it, for anybody may put such an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.run_finished_event import OutcomeError
from suimon.drops.states import Why, way
from suimon.mwaa.airflow import ask_tasks
from suimon.mwaa.run_state import confirms
from suimon.outcome.plan import end_for
from suimon.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.drops.drop import DropRecord
    from suimon.drops.run_finished_event import RunFinished
    from suimon.mwaa.airflow import Airflow
    from suimon.outcome.run_end import RunEnds


@dataclass(frozen=True)
class RunReports:
    """Takes the events of closing tasks."""

    run_ends: RunEnds
    airflow: Airflow

    def take(self, run: RunFinished, now: datetime) -> DropRecord:
        """Record a reported end and return the drop; OutcomeError when ledger or Airflow contradict the report.

        CannotAskError when Airflow does not answer: the event comes again, last of all by the sweep.

            a forger                            we
            puts "loaded" for a queued run
                                                Airflow: the load has not run  (mark: reports-are-confirmed)
                                                the drop stays TRIGGERED; people hear of the event
        """
        record = self.run_ends.ledger.get(run.drop_id)
        if record and belongs(run, record) and moves(run, record):
            tasks = ask_tasks(self.airflow, run.dag_id, run.run_id)
            if not confirms(run.state, tasks):  # mark: reports-are-confirmed
                steps = ", ".join(f"{task} {state}" for task, state in tasks.items()) or "no such run"
                raise OutcomeError(f"run {run.run_id} is reported as {run.state}, and Airflow says: {steps}")
        return self.run_ends.record(run, now)


def belongs(run: RunFinished, record: DropRecord) -> bool:
    """Whether a report is about this attempt's run; OutcomeError when it names another run or DAG of this attempt."""
    if run.attempt != record.attempt:
        return False
    if (run.run_id, run.dag_id) != (record.opened_run, record.opened_dag):
        raise OutcomeError(
            f"drop {record.id} has the run {record.opened_run} of {record.opened_dag}, "
            f"and the report is about {run.run_id} of {run.dag_id}"
        )
    return True


def moves(run: RunFinished, record: DropRecord) -> bool:
    """Whether recording a report would move the drop; if not, it completes at most what a crash has left undone."""
    return bool(way(record.state, end_for(run, record), Why.RUN))
