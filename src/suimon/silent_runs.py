"""Runs that never reported their end: Airflow is asked, and what it says is entered as the report would have been."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from suimon import alerts
from suimon.drop import DropRecord, State, run_id
from suimon.findings import EXAMPLES, Finding
from suimon.incidents import Problem
from suimon.outcome import RunFinished
from suimon.pace import BusyError
from suimon.trigger import NOT_FOUND
from suimon.waiting import is_part_of_set, longest_in, of_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from suimon.contract.model import Contracts
    from suimon.incidents import IncidentDesk
    from suimon.intake_queue import IntakeQueue
    from suimon.ledger import Ledger
    from suimon.marks import Marks
    from suimon.outcome import Registry
    from suimon.trigger import Airflow

KIND = "silent run"
# Glue may run for two hours and a load wait for the table; a run that takes longer than both is looked at.
RUN_LIMIT = timedelta(hours=2)
# A run that a paused DAG keeps waiting need not wait two hours until somebody hears of it.
QUEUED_LIMIT = timedelta(minutes=15)
# Two requests each, of the nine a second that the gate shares: at most half a minute of the round.
ASKED_AT_MOST = 100
OK = 200
ROUND = timedelta(minutes=15)
CANNOT_ASK = "airflow-silent"

MARK = "runs"


class CannotAskError(Exception):
    """Airflow did not say how a run is; the message says what came instead."""


@dataclass(frozen=True)
class RunState:
    """What Airflow knows of a run: its state, and the state of each task once it has ended."""

    state: str
    tasks: Mapping[str, str]


@dataclass(frozen=True)
class Runs:
    """What the questions act through; `site` gives the host of Airflow's pages, for links, and may fail as AWS does."""

    contracts: Contracts
    ledger: Ledger
    registry: Registry
    desk: IncidentDesk
    airflow: Airflow
    queue: IntakeQueue
    marks: Marks
    site: Callable[[], str]

    def look(self, opened: Sequence[str], now: datetime) -> Finding:
        """Ask about every run past its limit, enter the ends there are, and tell which runs hang and which DAGs rest.

        Entering moves the ledger first and tells people after. Whoever dies in between leaves a drop that is no longer
        TRIGGERED, at which no round would look again; so the ends are noted before the first one is entered:

            this round                              the next one
            note: run 1 failed, run 2 loaded
            run 1: ledger moved
            -- killed here --
                                                    the note: run 1 (told now), run 2
                                                    no note
        """
        self._enter(_noted(self.marks.get(MARK)), now)
        waiting = longest_in(self.ledger, State.TRIGGERED, now - QUEUED_LIMIT)
        shards = {one.id: one for one in waiting if is_part_of_set(one, self.contracts)}
        waiting = [one for one in waiting if one.id not in shards and self._dag(one)]
        # A shard has no run of its own: it ends with its set's, and if that has ended without it, the gate sees to it.
        self.queue.resume([one.id for one in shards.values() if self._is_overdue(one, now)][:ASKED_AT_MOST])
        paused = self._paused(waiting, opened, now)
        overdue = [one for one in waiting if self._is_overdue(one, now)]
        known = of_kind("hanging", opened)
        told: set[str] = {one.id for one in overdue if self._name(one) in known}
        ends: list[RunFinished] = []
        try:
            for record in in_turn(overdue, told, now):
                dag_id = self._dag(record)
                run = ask(self.airflow, dag_id, run_id(record))
                if end := end_of(record, dag_id, run, self._host):
                    ends.append(end)
                elif dag_id not in paused:
                    self.desk.report(_hanging(record, dag_id, run, self._host()), now)
                    told.add(record.id)
                else:
                    told.add(record.id)  # the DAG's rest is what is told
        except CannotAskError as error:
            self.desk.report(_cannot_ask(overdue, error), now)
            told = {one.id for one in overdue}
        else:
            if CANNOT_ASK in opened:
                self.desk.recover(CANNOT_ASK, now, "Airflow answers again.")
        self._enter(ends, now)
        self._recover(known, now)
        ended = {end.drop_id for end in ends}
        examples = tuple(f"{one.drop.key} (run {run_id(one)})" for one in overdue[:EXAMPLES])
        return Finding(KIND, len(waiting), len(overdue), len(ended), len(told - ended), examples)

    def _enter(self, ends: Sequence[RunFinished], now: datetime) -> None:
        if ends:
            self.marks.put(MARK, {"ends": json.dumps([asdict(end) for end in ends])})
            for end in ends:
                self.registry.enter(end, now)
            self.marks.put(MARK, {})

    def _paused(self, waiting: Iterable[DropRecord], opened: Iterable[str], now: datetime) -> set[str]:
        """Look at every DAG whose runs wait, or that was told to be paused: gives those that are."""
        told = of_kind("paused", opened)
        paused = set(told)
        for dag_id in sorted({self._dag(record) for record in waiting} | told):
            try:
                rests = self.airflow.is_paused(dag_id, now)
            except (ClientError, BotoCoreError, BusyError):
                continue  # whether runs can be asked about is told below
            if rests:
                self.desk.report(alerts.paused(dag_id), now)
                paused.add(dag_id)
            elif rests is False and dag_id in told:
                self.desk.recover(alerts.paused(dag_id).id, now)
                paused.discard(dag_id)
        return paused

    def _recover(self, known: Iterable[str], now: datetime) -> None:
        """Close what was told of runs that have ended since, or whose drop has gone on to another attempt."""
        runs = {name: name.rpartition(":")[2] for name in known}
        records = self.ledger.get_many(sorted({run.partition(".")[0] for run in runs.values()}))
        for name, run in runs.items():
            record = records.get(run.partition(".")[0])
            if record is None or record.state is not State.TRIGGERED or run_id(record) != run:
                self.desk.recover(f"hanging:{name}", now, "The run has come to its end.")

    @staticmethod
    def _is_overdue(record: DropRecord, now: datetime) -> bool:
        return datetime.fromisoformat(record.updated_at) < now - RUN_LIMIT

    def _dag(self, record: DropRecord) -> str:
        contract = next((one for one in self.contracts.all if one.dataset == record.dataset), None)
        return (contract.dag_id or "") if contract else ""

    def _name(self, record: DropRecord) -> str:
        return f"{self._dag(record)}:{run_id(record)}"

    def _host(self) -> str:
        try:
            return self.site()
        except (ClientError, BotoCoreError):
            return ""  # the e-mail goes without its link


def in_turn(overdue: Sequence[DropRecord], told: set[str], now: datetime) -> list[DropRecord]:
    """Choose whom to ask about: first those nobody has told of, then the others, each round the next ones."""
    news = [record for record in overdue if record.id not in told]
    olds = [record for record in overdue if record.id in told]
    start = int(now.timestamp() / ROUND.total_seconds()) * ASKED_AT_MOST % len(olds) if olds else 0
    return [*news, *olds[start:], *olds[:start]][:ASKED_AT_MOST]


def ask(airflow: Airflow, dag_id: str, run: str) -> RunState | None:
    """Ask Airflow for a run; None when it has none of this id, CannotAskError when it does not say."""
    found = _call(airflow, "GET", f"/dags/{dag_id}/dagRuns/{run}", None)
    if found is None:
        return None
    state = str(found["state"])
    if state not in {"success", "failed"}:
        return RunState(state, {})
    # The list of a run's tasks has a path of its own, `~` for all: with both ids it would be longer than MWAA takes.
    wanted = {"dag_ids": [dag_id], "dag_run_ids": [run], "page_limit": 100, "order_by": "end_date"}
    listed = _call(airflow, "POST", "/dags/~/dagRuns/~/taskInstances/list", wanted) or {"task_instances": []}
    return RunState(state, {str(one["task_id"]): str(one["state"]) for one in listed["task_instances"]})


def _call(airflow: Airflow, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
    try:
        answer = airflow.call(method, path, body)
    except (ClientError, BotoCoreError, BusyError) as error:
        raise CannotAskError(str(error)) from error
    if answer.status == NOT_FOUND:
        return None
    if answer.status != OK or not isinstance(answer.body, dict):
        raise CannotAskError(f"Airflow answers {answer.status} to {method} {path}: {answer.body}")
    return answer.body


def end_of(record: DropRecord, dag_id: str, run: RunState | None, host: Callable[[], str]) -> RunFinished | None:
    """Tell how a run has ended, as its closing task would have; None while it has not. How many rows nobody knows.

    A task that was skipped in a run that succeeded is the load, which found a newer drop in the table.
    """
    failed_task, error = None, None
    if run is None:
        state, error = State.FAILED, "Airflow has no run of this id any more: somebody has deleted it"
    elif run.state == "success":
        state = State.SUPERSEDED if "skipped" in run.tasks.values() else State.LOADED
    elif run.state == "failed":
        state = State.FAILED
        failed_task = next((task for task, ended in run.tasks.items() if ended == "failed"), None)
        error = "the run has failed without a report; the log says why"
    else:
        return None
    return RunFinished(
        drop_id=record.id,
        attempt=record.attempt,
        dag_id=dag_id,
        run_id=run_id(record),
        state=state,
        rows={"file": None, "parquet": None, "table": None},
        failed_task=failed_task,
        error=error,
        log_url=(_link(host(), dag_id, run_id(record), failed_task) or None) if run and error else None,
    )


def _link(host: str, dag_id: str, run: str, task: str | None = None) -> str:
    if not host:
        return ""
    page = f"https://{host}/dags/{dag_id}/runs/{run}"
    return f"{page}/tasks/{task}" if task else page


def _noted(mark: Mapping[str, str]) -> list[RunFinished]:
    return [RunFinished(**{**end, "state": State(end["state"])}) for end in json.loads(mark.get("ends", "[]"))]


def _hanging(record: DropRecord, dag_id: str, run: RunState | None, host: str) -> Problem:
    link = _link(host, dag_id, run_id(record))
    state = run.state if run else "unknown"
    return Problem(
        id=f"hanging:{dag_id}:{run_id(record)}",
        subject=f"{record.dataset} {record.partition}: the run has not come to its end",
        body=(
            f"{record.drop.key} was given to {dag_id} at {record.updated_at}; its run is still {state}.\n"
            f"Run: {link or run_id(record)}\n\n"
            "What to do: see in Airflow which task it is at. Queued for so long: is a worker free, are other runs of "
            "the DAG in front? Running: see the task's log, and mark the task or the run as failed if nothing will "
            "come of it; the file can then be replayed."
        ),
        fingerprint=state,
    )


def _cannot_ask(overdue: Sequence[DropRecord], error: CannotAskError) -> Problem:
    return Problem(
        id=CANNOT_ASK,
        subject="Airflow cannot be asked what became of its runs",
        body=(
            f"{len(overdue):,} runs have not reported their end for more than two hours, and Airflow does not say how "
            f"they are.\n\n{error}\n\n"
            "What to do: see whether the MWAA environment is available, and whether the freshness function may ask it. "
            "The runs are asked about again every 15 minutes."
        ),
        fingerprint="silent",
    )
