"""The end of a DAG run: people hear of a failure, the ledger moves, a waiting replay gets its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.aws.task_token import answer_token
from suimon.drops.states import State
from suimon.incidents.messages import files
from suimon.incidents.recovery import close_recovered, ids_by_load
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.ledger.followers import follow
from suimon.ledger.retracting import carry_out
from suimon.outcome.plan import Known, next_move, plan
from suimon.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.drops.drop import DropRecord
    from suimon.drops.run_finished_event import RunFinished
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
            self._close_incidents(planned.record, now)
            raise
        if record.members:
            follow(self.ledger, record, now)
        self._close_incidents(record, now)
        answer_token(self.sfn, record, run.error or "")
        return carry_out(self.ledger, record, now)  # mark: retracted-where-its-run-ends

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

    def _newer_is_loaded(self, record: DropRecord) -> bool:
        return any(newer.state is State.LOADED for newer in self.ledger.newer_writes(record))

    def _close_incidents(self, record: DropRecord, now: datetime) -> None:
        """Close what this end has ended, or what was reported although another write was loaded meanwhile."""
        members = self.ledger.get_many(record.members).values()
        close_recovered(self.incidents, self.ledger, ids_by_load(record, members), now)
