"""The end of a DAG run: the ledger moves, people hear of a failure, a waiting replay gets its answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from suimon.aws.task_token import answer_token
from suimon.drops.drop import DropRecord, State, written_after
from suimon.drops.run_finished import OutcomeError, RunFinished
from suimon.incidents.messages import files
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.ledger.followers import follow

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.incidents.incident import Problem
    from suimon.incidents.store import IncidentDesk

# Anything else is an end that a failed run's report, late and again, does not change.
_MAY_FAIL = frozenset({State.ACCEPTED, State.TRIGGERED, State.FAILED})


@dataclass(frozen=True)
class Registry:
    """What the outcome function acts through."""

    ledger: Ledger
    desk: IncidentDesk
    sfn: SFNClient

    def enter(self, run: RunFinished, now: datetime) -> DropRecord:
        """Bring the run's end to everybody concerned; a second delivery of the event changes nothing more.

        Of a failure people hear first. Once the ledger says FAILED, a replay may go on from there, and an event that
        comes again would find the next attempt and have nothing to tell:

            us                                  an operator
            told
            -- killed here --
                                                replays: the drop is TRIGGERED, nothing to replay yet
            the event comes again: is known
            FAILED
                                                replays: attempt 2

        A crash after the ledger has moved loses nothing: the event comes again, finds the drop at its end, and goes on
        with what is below, which is harmless when repeated.
        """
        record = self.ledger.get(run.drop_id)
        if record and run.attempt < record.attempt:
            return record  # a late second delivery: a replay has gone on from there
        if record is None or record.attempt != run.attempt:
            raise OutcomeError(
                f"the ledger knows no attempt {run.attempt} of drop {run.drop_id}: who started this run?"
            )
        failed = run.state is State.FAILED
        if failed and self._is_behind(record):
            # The table holds what the upstream system wants, and running this one again would change nothing.
            run = replace(run, state=State.SUPERSEDED)
        problem = files.run_failed(record, run)
        if run.state is State.FAILED and record.state in _MAY_FAIL and not self._is_over(problem, record):
            self.desk.report(problem, now)
        try:
            record = self._move(record, run, now)
        except LostClaimError:  # a replay has begun; when this event comes again, it is passed over
            if failed:
                self._withdraw(problem, record, now)
            raise
        if record.members:
            follow(self.ledger, record, now)
        if record.state is State.LOADED:
            self._recover(record, now)
        elif failed:
            self._withdraw(problem, record, now)
        answer_token(self.sfn, record, run.error or "")
        return record

    def _is_over(self, problem: Problem, record: DropRecord) -> bool:
        """Whether an event that comes again tells of a failure that people have heard of, and since of its end."""
        known = self.desk.known(problem.id) if record.state is State.FAILED else None
        return known is not None and not known.is_open and known.fingerprint == problem.fingerprint

    def _withdraw(self, problem: Problem, record: DropRecord, now: datetime) -> None:
        """Close what was told of a failure that is none any more: the drop, or a later write, has come elsewhere since.

        Whoever loaded that may not have seen this incident. A replay that is under way closes it at its own end.
        """
        known = self.desk.known(problem.id)
        if known and known.is_open and known.fingerprint == problem.fingerprint:
            current = self.ledger.get(record.id) or record
            if self._is_behind(current):
                self.desk.recover(problem.id, now, "A newer file is loaded.")
            elif current.state is State.LOADED or (
                current.attempt == record.attempt and current.state is not State.FAILED
            ):
                self.desk.recover(problem.id, now, f"Its run has ended as {current.state.lower()} after all.")

    def _is_behind(self, record: DropRecord) -> bool:
        """Whether a later write of the drop's key is loaded."""
        return any(newer.state is State.LOADED for newer in self.ledger.newer_writes(record))

    def _recover(self, loaded: DropRecord, now: datetime) -> None:
        """Close the incidents of a partition, but for those about a later write than the one that was loaded."""
        for kind in ("run-failed", "rejected", "set-closed"):
            incident = self.desk.known(f"{kind}:{loaded.dataset}:{loaded.partition}")
            if incident is None or not incident.is_open:
                continue
            blamed = self.ledger.get(incident.fingerprint.partition(".")[0])  # its fingerprint is a run id
            if blamed is None or not written_after(blamed, loaded):
                self.desk.recover(incident.id, now, f"{loaded.drop.key} is loaded ({loaded.rows:,} rows).")

    def _move(self, record: DropRecord, run: RunFinished, now: datetime) -> DropRecord:
        try:
            # A run that is over has been triggered, even if intake died before it could write so, or is about to.
            if record.state is State.ACCEPTED:
                record = self.ledger.move(record, State.TRIGGERED, now)
            # A failed run that loads after all was cleared in Airflow by somebody: it ran again under the same id.
            if record.state is State.TRIGGERED or (record.state is State.FAILED and run.state is not State.FAILED):
                record = self.ledger.move(record, run.state, now, finished={"rows": run.rows, "error": run.error})
        except LostClaimError:
            known = self.ledger.get(run.drop_id)
            if known is None or known.attempt != run.attempt:
                raise
            return self._move(known, run, now)
        return record
