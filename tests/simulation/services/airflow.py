"""Airflow: DAGs, runs and task states, and the few requests of its REST API that Suimon makes of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.simulation.services.errors import NotModelledError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]+")
RUN_STATES = ("queued", "running", "success", "failed")
PAGE = 50
_POST_KEYS = frozenset({"dag_run_id", "logical_date", "conf", "note", "run_after", "data_interval_start"})
_LIST_KEYS = frozenset({"dag_ids", "dag_run_ids", "task_ids", "state", "page_offset", "page_limit", "order_by"})


@dataclass
class Dag:
    """A DAG. `refuses` says what its params dislike about a conf, or nothing; `tasks` are in their order."""

    dag_id: str
    tasks: tuple[str, ...] = ()
    is_paused: bool = False
    is_known: bool = True
    refuses: Callable[[dict[str, Any]], str | None] = lambda _conf: None


@dataclass
class Run:
    """One run; `tasks` holds the states of tasks that have one. Unix seconds, 0 for not yet."""

    dag_id: str
    run_id: str
    conf: dict[str, Any]
    queued_at: float
    logical_date: str | None = None
    state: str = "queued"
    started_at: float = 0.0
    ended_at: float = 0.0
    tasks: dict[str, str] = field(default_factory=dict)
    starts: int = 0  # how often it was started: more than once after a person has cleared it


def nobody(_run: Run) -> None:
    """Start nothing."""


class Airflow:
    """Airflow's own state. `on_run(run)` is called when a run may start: at once, or when its DAG is unpaused."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.dags: dict[str, Dag] = {}
        self.runs: dict[tuple[str, str], Run] = {}
        self.on_run: Callable[[Run], None] = nobody

    # ------------------------------------------------------------ what people and workers do

    def add(self, dag: Dag) -> Dag:
        """Bring a DAG into being."""
        self.dags[dag.dag_id] = dag
        return dag

    def pause(self, dag_id: str) -> None:
        """Pause a DAG: runs that wait stay where they are."""
        self.dags[dag_id].is_paused = True

    def unpause(self, dag_id: str) -> None:
        """Unpause a DAG: what has waited starts."""
        self.dags[dag_id].is_paused = False
        for run in [one for one in self.runs.values() if one.dag_id == dag_id and one.state == "queued"]:
            self._start(run)

    def clear(self, dag_id: str, run_id: str) -> None:
        """Clear a run, as a person does with a failed one: all its tasks run again."""
        run = self.runs[dag_id, run_id]
        run.state, run.ended_at, run.tasks = "queued", 0.0, {}
        self._start(run)

    def delete(self, dag_id: str, run_id: str) -> None:
        """Delete a run, as a person or a clean-up of the database does."""
        del self.runs[dag_id, run_id]

    def end(self, run: Run, state: str) -> None:
        """End a run."""
        run.state, run.ended_at = state, self.now()

    def _start(self, run: Run) -> None:
        if not self.dags[run.dag_id].is_paused:
            run.state, run.started_at = "running", self.now()
            run.starts += 1
            self.on_run(run)

    # ------------------------------------------------------------ its REST API: status and body

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Answer a request."""
        match method, *path.strip("/").split("/"):
            case "GET", "dags", dag_id:
                return self._dag(dag_id)
            case "POST", "dags", dag_id, "dagRuns":
                return self._trigger(dag_id, body)
            case "GET", "dags", dag_id, "dagRuns", run_id:
                return self._run(dag_id, run_id)
            case "POST", "dags", dag_id, "dagRuns", run_id, "taskInstances", "list":
                return self._tasks(dag_id, run_id, body)
        raise NotModelledError(f"this Airflow does not know {method} {path}")

    def _dag(self, dag_id: str) -> tuple[int, Any]:
        dag = self._known(dag_id)
        if dag is None:
            return _no_dag(dag_id)
        return 200, {"dag_id": dag_id, "is_paused": dag.is_paused, "is_stale": False, "has_import_errors": False}

    def _trigger(self, dag_id: str, body: Any) -> tuple[int, Any]:
        body = json.loads(json.dumps(body))  # what is no JSON fails here, as in botocore
        if not isinstance(body, dict) or "logical_date" not in body or body.keys() - _POST_KEYS:
            return 422, {"detail": [{"type": "missing", "loc": ["body", "logical_date"], "msg": "Field required"}]}
        dag = self._known(dag_id)
        if dag is None:
            return _no_dag(dag_id)
        run_id, conf, logical_date = str(body["dag_run_id"]), body.get("conf") or {}, body["logical_date"]
        if not RUN_ID.fullmatch(run_id) or run_id.startswith("scheduled__"):
            return 400, {"detail": f"The run_id provided '{run_id}' is not valid"}
        if self._is_taken(dag_id, run_id, logical_date):
            return 409, {"detail": {"reason": "Unique constraint violation"}}
        if wrong := dag.refuses(conf):
            return 400, {"detail": f"Invalid input for param {wrong}"}
        run = Run(dag_id, run_id, conf, self.now(), logical_date)
        self.runs[dag_id, run_id] = run
        told = _run_told(run)  # as it stands before anything has started
        self._start(run)
        return 200, told

    def _is_taken(self, dag_id: str, run_id: str, logical_date: str | None) -> bool:
        if (dag_id, run_id) in self.runs:
            return True
        return logical_date is not None and any(
            run.dag_id == dag_id and run.logical_date == logical_date for run in self.runs.values()
        )

    def _run(self, dag_id: str, run_id: str) -> tuple[int, Any]:
        run = self.runs.get((dag_id, run_id))
        if run is None:
            told = f"The DagRun with dag_id: `{dag_id}` and run_id: `{run_id}` was not found"
            return 404, {"detail": told}
        return 200, _run_told(run)

    def _tasks(self, dag_id: str, run_id: str, body: Any) -> tuple[int, Any]:
        """List task instances; in the path, `~` stands for every DAG or run."""
        body = body or {}
        if odd := body.keys() - _LIST_KEYS:
            raise NotModelledError(f"this Airflow does not know {sorted(odd)} in a list of task instances")
        if dag_id != "~" and self._known(dag_id) is None:
            return _no_dag(dag_id)
        named = body.get("dag_run_ids")
        runs: Iterable[Run] = self.runs.values()
        if named is not None:  # of thousands
            dags = self.dags if dag_id == "~" else [dag_id]
            runs = [self.runs[dag, one] for dag in dags for one in dict.fromkeys(named) if (dag, one) in self.runs]
        found = [
            {"dag_id": run.dag_id, "dag_run_id": run.run_id, "task_id": task, "map_index": -1, "try_number": 1}
            | {"state": run.tasks.get(task)}
            for run in runs
            if dag_id in {"~", run.dag_id} and run_id in {"~", run.run_id}
            for task in self._tasks_of(run, body.get("order_by"))
        ]
        for name, key in _FILTERS.items():
            if body.get(name) is not None:
                found = [one for one in found if one[key] in body[name]]
        start = body.get("page_offset", 0)
        return 200, {
            "task_instances": found[start : start + body.get("page_limit", PAGE)],
            "total_entries": len(found),
        }

    def _tasks_of(self, run: Run, order: str | None) -> list[str]:
        """Name a run's tasks: as they ended and then those that have not, or else as the DAG has them."""
        if order not in {None, "end_date"}:
            raise NotModelledError(f"this Airflow does not order task instances by {order}")
        tasks = self.dags[run.dag_id].tasks
        return list(dict.fromkeys([*run.tasks, *tasks] if order else [*tasks, *run.tasks]))

    def _known(self, dag_id: str) -> Dag | None:
        dag = self.dags.get(dag_id)
        return dag if dag is not None and dag.is_known else None


_FILTERS = {"dag_ids": "dag_id", "dag_run_ids": "dag_run_id", "task_ids": "task_id", "state": "state"}


def _no_dag(dag_id: str) -> tuple[int, Any]:
    return 404, {"detail": f"The Dag with ID: `{dag_id}` was not found"}


def _run_told(run: Run) -> dict[str, Any]:
    return {
        "dag_id": run.dag_id,
        "dag_run_id": run.run_id,
        "logical_date": run.logical_date,
        "state": run.state,
        "conf": run.conf,
        "queued_at": _moment(run.queued_at),
        "run_after": _moment(run.queued_at),
        "start_date": _moment(run.started_at),
        "end_date": _moment(run.ended_at),
        "run_type": "manual",
        "note": None,
    }


def _moment(seconds: float) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z") if seconds else None
