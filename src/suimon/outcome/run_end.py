"""The end of a DAG run: people hear of a failure, the ledger moves, a waiting replay gets its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suimon.aws.task_token import answer_token
from suimon.drops.drop import DropRecord, written_after
from suimon.drops.states import State
from suimon.incidents.kinds import About, IncidentId, Kind
from suimon.incidents.messages import files
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.ledger.followers import follow
from suimon.outcome.plan import Known, next_move, plan, withdrawal

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.drops.run_finished import RunFinished
    from suimon.incidents.incident import Problem
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.drops import Changes


@dataclass(frozen=True)
class RunEnds:
    """Records the ends of runs: in the ledger, as incidents, and for the replay that waits."""

    ledger: Ledger
    incidents: IncidentStore
    sfn: SFNClient

    def record(self, run: RunFinished, now: datetime) -> DropRecord:
        """Record a run's end everywhere and return the drop; a repeated event changes nothing more.

        A failure is reported before the ledger moves. Once the ledger says FAILED, a replay may start, and a repeated
        event would find the next attempt and have nothing to report:

            us                                  an operator
            report the failure                  (mark: failure-is-reported-first)
            -- crash --
                                                replay: the drop is TRIGGERED, nothing to replay yet
            the event is repeated: no news
            move to FAILED
                                                replay: attempt 2

        A crash after the ledger has moved loses nothing: the repeated event finds the drop at its end, and does the
        rest, which is harmless when repeated.
        """
        planned = plan(run, self._gather(run))
        if planned.end is None:
            return planned.record
        if planned.problem and planned.is_news:
            self.incidents.report(planned.problem, now)  # mark: failure-is-reported-first
        try:
            record = self._move(planned.record, planned.end, run, now)
        except LostClaimError:  # a replay has started: the repeated event will be out of date
            self._withdraw(planned.problem, planned.record, now)
            raise
        if record.members:
            follow(self.ledger, record, now)
        if record.state is State.LOADED:
            self._recover(record, now)
        else:
            self._withdraw(planned.problem, record, now)
        answer_token(self.sfn, record, run.error or "")
        return record

    def _gather(self, run: RunFinished) -> Known:
        record = self.ledger.get(run.drop_id)
        if record is None or record.attempt != run.attempt or run.state is not State.FAILED:
            return Known(record)
        newer_is_loaded = self._newer_is_loaded(record)
        incident = self.incidents.known(files.run_failed(record, run).id) if record.state is State.FAILED else None
        return Known(record, newer_is_loaded, incident)

    def _move(self, record: DropRecord, end: State, run: RunFinished, now: datetime) -> DropRecord:
        while to := next_move(record.state, end):
            finished: Changes = {"finished": {"rows": run.rows, "error": run.error}} if to is end else {}
            try:
                record = self.ledger.move(record, to, now, **finished)
            except LostClaimError:
                current = self.ledger.get(run.drop_id)
                if current is None or current.attempt != run.attempt:
                    raise
                record = current
        return record

    def _withdraw(self, problem: Problem | None, record: DropRecord, now: datetime) -> None:
        """Close the incident of a failure that is none any more: the drop, or a later write, was loaded meanwhile.

        The function that recorded that load may have looked for open incidents before this one was open.
        """
        incident = self.incidents.known(problem.id) if problem else None
        if problem is None or incident is None or not incident.is_open or incident.about.run_id != problem.about.run_id:
            return
        current = self.ledger.get(record.id) or record
        if why := withdrawal(record.attempt, current, newer_is_loaded=self._newer_is_loaded(current)):
            self.incidents.recover(problem.id, now, why)

    def _newer_is_loaded(self, record: DropRecord) -> bool:
        return any(newer.state is State.LOADED for newer in self.ledger.newer_writes(record.drop))

    def _recover(self, loaded: DropRecord, now: datetime) -> None:
        """Close the incidents of a partition, but for those about a later write than the one that was loaded."""
        for kind in (Kind.RUN_FAILED, Kind.REJECTED, Kind.SET_CLOSED):
            incident = self.incidents.known(IncidentId.of(kind, About.drop(loaded)))
            if incident is None or not incident.is_open:
                continue
            blamed = self.ledger.get(incident.about.drop_id)
            if blamed is None or not written_after(blamed, loaded):
                self.incidents.recover(incident.id, now, f"{loaded.drop.key} is loaded ({loaded.rows:,} rows).")
