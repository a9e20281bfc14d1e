"""Runs that never reported their end: Airflow is asked, and what it says is entered as the report would have been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.drops.drop import DropRecord, State, run_id
from suimon.incidents.incident import EXAMPLES, of_kind
from suimon.incidents.messages import airflow
from suimon.incidents.messages.airflow import CANNOT_ASK, airflow_silent, run_hangs, runs_queued
from suimon.mwaa.airflow import ask_run
from suimon.mwaa.pace import BusyError
from suimon.mwaa.run_state import QUEUED, CannotAskError, RunState, end_of
from suimon.sweep.findings import Finding
from suimon.sweep.turns import LEAST_SECONDS, in_turn, is_part_of_set, longest_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from suimon.contract.model import Contracts
    from suimon.drops.run_finished import RunFinished
    from suimon.incidents.store import IncidentDesk
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.drops import Ledger
    from suimon.ledger.pending_ends import NotedEnds
    from suimon.mwaa.airflow import Airflow
    from suimon.outcome.run_end import RunEnds

KIND = "silent run"
# Glue may run for two hours and a load wait for the table; a run that takes longer than both is looked at.
RUN_LIMIT = timedelta(hours=2)
# A run that a paused DAG keeps waiting need not wait two hours until somebody hears of it.
QUEUED_LIMIT = timedelta(minutes=15)
# Two requests each, of the nine a second that the gate shares: at most half a minute of the round.
ASKED_AT_MOST = 100


@dataclass(frozen=True)
class Runs:
    """What the questions act through; `site` gives the host of Airflow's pages, for links, and may fail as AWS does."""

    contracts: Contracts
    ledger: Ledger
    run_ends: RunEnds
    desk: IncidentDesk
    airflow: Airflow
    queue: IntakeQueue
    noted: NotedEnds
    site: Callable[[], str]

    def look(self, opened: Collection[str], now: datetime, time_left: Callable[[], float]) -> Finding:
        """Ask about every run past its limit, enter the ends there are, and tell which runs hang and which DAGs rest.

        Runs of a DAG that rests, or that wait in a long queue, are explained by that one incident, however many they
        are; those of a DAG that rests are not asked about. `time_left`: seconds that the function still has.

        Entering moves the ledger; after that shards follow, incidents close and a replay is answered. Whoever dies in
        between leaves a drop that is no longer TRIGGERED, at which no round would look again; so the ends are noted
        before the first one is entered:

            this round                              the next one
            notes: run 1 failed, run 2 loaded
            run 1: ledger moved
            -- killed here --
                                                    the notes: run 1 (what followed), run 2
                                                    no notes
        """
        self._enter(self.noted.all(), now)
        read, was_cut = longest_in(
            self.ledger, State.TRIGGERED, now - QUEUED_LIMIT, lambda one: not is_part_of_set(one, self.contracts)
        )
        shards = {one.id: one for one in read if is_part_of_set(one, self.contracts)}
        waiting = [one for one in read if one.id not in shards and self._dag(one)]
        # A shard has no run of its own: it ends with its set's, and if that has ended without it, the gate sees to it.
        self.queue.resume([one.id for one in shards.values() if self._is_overdue(one, now)][:ASKED_AT_MOST])
        paused = self._paused(waiting, opened, now)
        overdue = [one for one in waiting if self._is_overdue(one, now)]
        known, queues = of_kind("hanging", opened), of_kind("queued", opened)
        explained = paused | queues
        told = {one.id for one in overdue if self._name(one) in known or self._dag(one) in explained}
        awake = [one for one in overdue if self._dag(one) not in paused]
        states: dict[str, RunState | None] = {}
        try:
            for record in news_first(awake, told, now):
                if time_left() < LEAST_SECONDS:
                    break  # what has been learned is still to be entered; the next round asks about the others
                states[record.id] = ask_run(self.airflow, self._dag(record), run_id(record))
        except CannotAskError as error:
            self.desk.report(airflow_silent(overdue, error), now)
            told = {one.id for one in overdue}
        else:
            if CANNOT_ASK in opened and (states or not awake):
                self.desk.recover(CANNOT_ASK, now, "Airflow answers again.")
        asked = [one for one in awake if one.id in states]
        ends = [end for one in asked if (end := end_of(one, self._dag(one), states[one.id], self._host))]
        told |= self._tell_hanging(asked, states, now)
        told |= self._tell_queued(overdue, states, queues - paused, now, all_read=not was_cut)
        self.noted.add(ends)
        self._enter(ends, now)
        self._recover(known, now)
        ended = {end.drop_id for end in ends}
        examples = tuple(f"{one.drop.key} (run {run_id(one)})" for one in overdue[:EXAMPLES])
        return Finding(KIND, len(waiting), len(overdue), len(ended), len(told - ended), examples)

    def _enter(self, noted: Iterable[RunFinished], now: datetime) -> None:
        for end in noted:
            self.run_ends.record(end, now)
            self.noted.remove(end)

    def _paused(self, waiting: Iterable[DropRecord], opened: Iterable[str], now: datetime) -> set[str]:
        """Look at every DAG whose runs wait, or that was told to be paused: gives those that are."""
        told = of_kind("paused", opened)
        paused = set(told)
        for dag_id in sorted({self._dag(record) for record in waiting} | told):
            try:
                rests = self.airflow.is_paused(dag_id, now)
            except (ClientError, BotoCoreError, BusyError):
                break  # nor would it say of the others; whether runs can be asked about is told after this
            if rests:
                self.desk.report(airflow.paused(dag_id), now)
                paused.add(dag_id)
            elif rests is False and dag_id in told:
                self.desk.recover(airflow.paused(dag_id).id, now)
                paused.discard(dag_id)
        return paused

    def _tell_hanging(
        self, asked: Iterable[DropRecord], states: Mapping[str, RunState | None], now: datetime
    ) -> set[str]:
        """Tell of each run that has begun and does not end: as many at most as the DAGs let run at once."""
        told = set()
        for record in asked:
            run = states[record.id]
            if run and not run.has_ended and run.state != QUEUED:
                self.desk.report(run_hangs(record, self._dag(record), run, self._host()), now)
                told.add(record.id)
        return told

    def _tell_queued(
        self,
        overdue: Iterable[DropRecord],
        states: Mapping[str, RunState | None],
        known: set[str],
        now: datetime,
        *,
        all_read: bool,
    ) -> set[str]:
        """Tell of each DAG with runs that have not begun, and close what is over; gives the drops this explains."""
        of_dag: dict[str, list[DropRecord]] = {dag_id: [] for dag_id in known}
        for record in overdue:
            of_dag.setdefault(self._dag(record), []).append(record)
        told = set()
        for dag_id, records in sorted(of_dag.items()):
            queued = [one for one in records if (run := states.get(one.id)) and run.state == QUEUED]
            if queued:
                self.desk.report(runs_queued(dag_id, records, queued), now)
                told |= {one.id for one in records}
            elif all_read and dag_id in known and all(one.id in states for one in records):
                self.desk.recover(f"queued:{dag_id}", now, "None of its runs has waited in the queue for so long now.")
        return told

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


def news_first(overdue: Sequence[DropRecord], told: set[str], now: datetime) -> list[DropRecord]:
    """Choose whom to ask_run about: first those nobody has told of, then the others, each round the next ones."""
    news = [record for record in overdue if record.id not in told]
    olds = [record for record in overdue if record.id in told]
    return [*news, *in_turn(olds, ASKED_AT_MOST, now)][:ASKED_AT_MOST]
