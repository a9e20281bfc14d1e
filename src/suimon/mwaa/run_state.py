"""What Airflow knows of a run, and which end the run's closing task would have reported from it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from suimon.drops.run_finished_event import RunFinished
from suimon.drops.states import State
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suimon.drops.drop import DropRecord


QUEUED = "queued"
ENDED = frozenset({"success", "failed"})
# Of the one pipeline, dags/suimon_etl/pipeline.py: the steps up to the load, the load, and the task that reports.
BEFORE_LOAD, LOAD, REPORT = ("run_glue", "check_parquet"), "load_redshift", "report_outcome"
MARKER = "loaded"  # an empty task beside the report: it fails the run when a step has failed
# Of a task: it runs no more, unless somebody clears it.
FINISHED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})


class CannotAskError(Exception):
    """Airflow did not answer how a run is; the message says what came instead.

    `of_one_run`: whether it answered, and failed at this question; else nobody answers others either.
    """

    def __init__(self, message: str, *, of_one_run: bool = False) -> None:
        super().__init__(message)
        self.of_one_run = of_one_run


class DagState(StrEnum):
    """How a DAG is: only an active one starts its runs."""

    ACTIVE = "active"
    PAUSED = "paused"
    GONE = "gone"


@dataclass(frozen=True)
class RunState:
    """What Airflow knows of a run: its state, and the state of each task once it has ended."""

    state: str
    tasks: Mapping[str, str]

    @property
    def has_ended(self) -> bool:
        """Whether none of its tasks will run any more, unless somebody clears it."""
        return self.state in ENDED


def end_of(record: DropRecord, dag_id: str, run: RunState | None, host: str) -> RunFinished | None:
    """Return how a run has ended, as its closing task would have reported it, without rows; None while it has not.

    host: of Airflow's pages, for the link to the log; "" if unknown.
    """
    if run is None:
        return _finished(
            record, dag_id, State.FAILED, "Airflow has no run of this id any more: somebody has deleted it"
        )
    if not run.has_ended:
        return None
    state = state_by_steps(run)
    if state is not State.FAILED:
        return _finished(record, dag_id, state)
    failed = next((task for task, ended in run.tasks.items() if ended == "failed" and task != REPORT), None)
    error = "the run has ended without a report, and not with all its steps; the log says why"
    return _finished(record, dag_id, state, error, failed, link(host, dag_id, record.run_id, failed) or None)


def _finished(
    record: DropRecord,
    dag_id: str,
    state: State,
    error: str | None = None,
    failed_task: str | None = None,
    log_url: str | None = None,
) -> RunFinished:
    return RunFinished(
        drop_id=record.id,
        attempt=record.attempt,
        dag_id=dag_id,
        run_id=record.run_id,
        state=state,
        rows={"file": None, "parquet": None, "table": None},
        failed_task=failed_task,
        error=error,
        log_url=log_url,
    )


def state_by_steps(run: RunState) -> State:
    """Return what a run that has ended did to the table: by its steps, for a report that fails fails the run too.

    A load is skipped when it found a newer one in the table, and all after it with it. Steps before it are skipped
    only when somebody stops the run, and then nothing is loaded.
    """
    undone = {task: state for task, state in run.tasks.items() if task != REPORT and state != "success"}
    if not undone and (LOAD in run.tasks or run.state == "success"):
        return State.LOADED
    reached = all(run.tasks.get(step) == "success" for step in BEFORE_LOAD)
    if reached and LOAD in undone and set(undone.values()) == {"skipped"}:
        return State.SUPERSEDED
    return State.FAILED


def confirms(claimed: State, tasks: Mapping[str, str]) -> bool:
    """Whether a run's tasks say what its report claims, while the task that reports still runs.

    A run that somebody stops before its load looks superseded by its steps; only the report knows that it failed.
    """
    steps = {task: state for task, state in tasks.items() if task not in {REPORT, MARKER}}
    if LOAD not in steps or not FINISHED.issuperset(steps.values()):
        return False
    found = state_by_steps(RunState("running", steps))
    return found is claimed or (found, claimed) == (State.SUPERSEDED, State.FAILED)


def link(host: str, dag_id: str, run: str, task: str | None = None) -> str:
    """Return the page of a run or of one of its tasks; "" without a host."""
    if not host:
        return ""
    page = f"https://{host}/dags/{dag_id}/runs/{run}"
    return f"{page}/tasks/{task}" if task else page
