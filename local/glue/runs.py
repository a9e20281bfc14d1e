"""Job runs: what is known of each, kept on disk, and only ever moving forward."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from local.endpoints import AwsError

ACTIVE: Final = frozenset({"STARTING", "RUNNING", "STOPPING"})
STOPPABLE: Final = frozenset({"STARTING", "RUNNING"})
ABANDONED: Final = (
    "Internal service error : the twin's Glue endpoint ended while this run was going on. "
    "Its target may be incomplete; start the run again."
)


@dataclass(frozen=True)
class JobRun:
    """One run. Times are seconds since the epoch, `timeout` is in minutes; `echoed` is answered as it was asked."""

    id: str
    job_name: str
    state: str
    arguments: Mapping[str, str]
    timeout: int
    started_on: float
    last_modified_on: float
    log: str
    running_since: float | None = None
    completed_on: float | None = None
    error_message: str | None = None
    echoed: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, now: float) -> dict[str, Any]:
        """Return the run as GetJobRun does; members without a value are left out, as in AWS's answers."""
        consumed = (self.completed_on or now) - self.running_since if self.running_since else 0
        members = {
            "Id": self.id,
            "Attempt": 0,
            "JobName": self.job_name,
            "JobMode": "SCRIPT",
            "StartedOn": self.started_on,
            "LastModifiedOn": self.last_modified_on,
            "CompletedOn": self.completed_on,
            "JobRunState": self.state,
            "StateDetail": f"Log: {self.log}",
            "Arguments": dict(self.arguments),
            "ErrorMessage": self.error_message,
            "PredecessorRuns": [],
            "ExecutionTime": round(consumed),
            "Timeout": self.timeout,
            "LogGroupName": "/aws-glue/jobs",
            **self.echoed,
        }
        return {name: value for name, value in members.items() if value is not None}


class RunBook:
    """Every run of this twin, one file each."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        """Read what an earlier endpoint has left; what it left unfinished is over, and is said to be."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._runs = {run.id: run for run in map(_read, sorted(folder.glob("jr_*.json")))}
        for run in list(self._runs.values()):
            if run.state in ACTIVE:
                self.finish(run.id, "ERROR", ABANDONED)

    def add(self, run: JobRun, max_concurrent_runs: int) -> None:
        """Take a new run in; AwsError ConcurrentRunsExceededException when too many of its job are going on."""
        with self._lock:
            active = sum(other.job_name == run.job_name and other.state in ACTIVE for other in self._runs.values())
            if active >= max_concurrent_runs:
                raise AwsError("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {run.job_name}")
            self._keep(run)

    def get(self, job_name: str, run_id: str) -> JobRun:
        """Look a run up; AwsError EntityNotFoundException when that job has none of this id."""
        run = self._runs.get(run_id)
        if run is None or run.job_name != job_name:
            raise AwsError("EntityNotFoundException", f"Job Run with id: [{run_id}] of job [{job_name}] not found.")
        return run

    def of(self, job_name: str) -> list[JobRun]:
        """Return the runs of a job, the newest first."""
        runs = [run for run in self._runs.values() if run.job_name == job_name]
        return sorted(runs, key=lambda run: (run.started_on, run.id), reverse=True)

    def running(self, run_id: str) -> bool:
        """Note that the script runs; False when the run is to stop instead."""
        return self._move(run_id, from_states={"STARTING"}, state="RUNNING", running_since=self._clock())

    def is_wanted(self, run_id: str) -> bool:
        """Return whether nobody has asked the run to stop."""
        return self._runs[run_id].state != "STOPPING"

    def stopping(self, run_id: str) -> bool:
        """Note that the run is to stop; False when there is nothing to stop any more."""
        return self._move(run_id, from_states=STOPPABLE, state="STOPPING")

    def finish(self, run_id: str, state: str, error: str | None = None) -> JobRun:
        """Note the end. A run that was to stop has STOPPED, whatever came of it meanwhile."""
        stopped = self._move(run_id, from_states={"STOPPING"}, state="STOPPED", completed_on=self._clock())
        if not stopped:
            self._move(run_id, from_states=ACTIVE, state=state, error_message=error, completed_on=self._clock())
        return self._runs[run_id]

    def _move(self, run_id: str, *, from_states: Iterable[str], **changes: Any) -> bool:
        with self._lock:
            run = self._runs[run_id]
            if run.state not in from_states:
                return False
            self._keep(replace(run, last_modified_on=self._clock(), **changes))
            return True

    def _keep(self, run: JobRun) -> None:
        path = self._folder / f"{run.id}.json"
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(json.dumps(asdict(run)))
        unfinished.replace(path)
        self._runs[run.id] = run


def _read(path: Path) -> JobRun:
    return JobRun(**json.loads(path.read_text()))
