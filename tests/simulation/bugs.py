"""Mistakes that people make in such code, each as a small change of the real one that can be switched on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from suimon.drops import next_step
from suimon.drops.drop import Drop, DropRecord, Lease
from suimon.drops.next_step import Step
from suimon.drops.states import State
from suimon.incidents.incident import Problem, Told
from suimon.incidents.lifecycle import news_of, notice_of, reported
from suimon.incidents.store import IncidentStore
from suimon.intake import gate
from suimon.intake.admission import Admission
from suimon.ledger.drops import Ledger
from suimon.ledger.shares import Shares
from suimon.mwaa import airflow
from suimon.mwaa.airflow import Airflow, Answer
from suimon.outcome.confirming_reports import RunReports
from suimon.outcome.plan import plan as plan_run_end
from suimon.outcome.run_end import RunEnds
from suimon.sweep.findings import Findings
from suimon.sweep.round import Sweep
from tests.simulation.bug import Bug, everywhere
from tests.simulation.bugs_of_holds import BUGS_OF_HOLDS
from tests.simulation.bugs_of_incidents import BUGS_OF_INCIDENTS
from tests.simulation.bugs_of_persons import BUGS_OF_PERSONS
from tests.simulation.bugs_of_replays import BUGS_OF_REPLAYS
from tests.simulation.bugs_of_retractions import BUGS_OF_RETRACTIONS
from tests.simulation.bugs_of_sets import BUGS_OF_SETS
from tests.simulation.bugs_of_versions import BUGS_OF_VERSIONS

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.drops.run_finished_event import RunFinished


def _check_whatever(record: DropRecord, now: datetime) -> Step:
    step = _next_step(record, now)
    return Step.CHECK if step is Step.WAIT else step


def _claim_without_lease(self: Ledger, record: DropRecord, now: datetime, **held: Any) -> DropRecord:
    fields = {"attempt": held["attempt"], "lease": Lease(held["owner"], now + held["lease"])}
    return self._move(record, State.VALIDATING, now, fields)


def _wait_for_ever(record: DropRecord, now: datetime) -> Step:
    return Step.WAIT if record.state is State.VALIDATING else _next_step(record, now)


def _write_whatever(self: Ledger, record: DropRecord, *rest: Any, **more: Any) -> DropRecord:
    return _write(self, self.get(record.id) or record, *rest, **more)


def _move_whatever(self: Ledger, record: DropRecord, *rest: Any, **more: Any) -> DropRecord:
    return _move(self, self.get(record.id) or record, *rest, **more)


def _conflict_is_success(self: Airflow, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
    answer = _call(self, method, path, body)
    return Answer(200, {}) if answer.status == airflow.CONFLICT else answer


_numbers = count()


def _random_run_id(record: DropRecord) -> str:
    return f"{record.id}.{record.attempt}.{next(_numbers)}"


def _run_id_of_the_drop(record: DropRecord) -> str:
    return record.id


def mark_then_send(self: IncidentStore, problem: Problem, now: datetime) -> bool:
    """Report a problem as a store does that records first and publishes then."""
    known = self.known(problem.id)
    event = news_of(problem, known)
    if event is None:
        return False
    self._put(reported(problem, known, Told.ALONE, now), known)
    self._publish(notice_of(problem, event), now)
    return True


def _move_then_tell(
    self: Admission, record: DropRecord, state: State, problem: Problem, reason: str, **changes: Any
) -> DropRecord:
    moved = self.end(record, state, reason, **changes)
    self.incidents.report(problem, self.clock())
    return moved


def _no_sweep(_self: Sweep, _now: datetime) -> Findings:
    return Findings()


def _record_any_attempt(self: RunEnds, run: RunFinished, now: datetime) -> DropRecord:
    record = self.ledger.get(run.drop_id)
    return _record(self, replace(run, attempt=record.attempt) if record else run, now)


def _fail_then_report(self: RunEnds, run: RunFinished, now: datetime) -> DropRecord:
    planned = plan_run_end(run, self._gather(run))
    if planned.end is State.FAILED:
        self._move(planned.record, State.FAILED, run, now)
    return _record(self, run, now)


def _believe_the_event(self: RunReports, run: RunFinished, now: datetime) -> DropRecord:
    return self.run_ends.record(run, now)


def _believe_the_ids(*_args: Any) -> bool:
    return True


def _held_for_ever(self: Shares, dataset: str, owner: str, now: datetime, until: datetime) -> int | None:
    return _take_place(self, dataset, owner, now, until + timedelta(days=365))


def _answer_nobody(*_args: Any) -> None:
    return None


def _order_as_numbers(sequencer: str) -> str:
    written, _, place = sequencer.partition(".")
    return f"{int(written or '0', 16):032X}.{place:0>8}"


def _decode_the_key(event: dict[str, Any]) -> Drop:
    found = _from_event(event)
    return replace(found, key=unquote_plus(found.key))


def _order_by_arrival(one: DropRecord, other: DropRecord) -> bool:
    return one.received_at > other.received_at


def _no_newer(_self: Ledger, _record: DropRecord) -> list[DropRecord]:
    return []


_take_place = Shares.take
_next_step, _call, _write, _move, _record, _from_event = (
    next_step.next_step,
    Airflow.call,
    Ledger._write,
    Ledger._move,
    RunEnds.record,
    Drop.from_event,
)


BUGS = (
    Bug(
        "claim-without-lease",
        "whoever comes takes the drop, though its owner may be alive",
        ("replays_end",),
        ((gate, "next_step", _check_whatever), (Ledger, "claim", _claim_without_lease)),
    ),
    Bug(
        "lease-never-ends",
        "a drop whose checker was killed is never taken over",
        ("every_drop_ends", "queues_are_empty"),
        ((gate, "next_step", _wait_for_ever),),
    ),
    Bug(
        "writes-without-condition",
        "whoever writes last wins",
        ("states_move_forward",),
        ((Ledger, "_write", _write_whatever),),
    ),
    Bug(
        "moves-without-claim",
        "whoever moves a drop goes on from where it is now, not from what was read",
        ("nobody_crashes_by_a_bug",),
        ((Ledger, "_move", _move_whatever),),
    ),
    Bug(
        "conflict-is-success",
        "a 409 counts without a look for the run",
        ("what_is_started_has_a_run",),
        ((Airflow, "call", _conflict_is_success),),
    ),
    Bug(
        "random-run-id",
        "every try has a run id of its own",
        ("one_run_an_attempt",),
        ((DropRecord, "run_id", property(_random_run_id)),),
    ),
    Bug(
        "attempt-not-counted",
        "a replay asks for the run id of the first attempt",
        ("loaded_is_loaded",),
        ((DropRecord, "run_id", property(_run_id_of_the_drop)),),
    ),
    Bug(
        "marked-before-sent",
        "an alert is marked as sent, then sent",
        ("every_problem_is_published",),
        ((IncidentStore, "report", mark_then_send),),
    ),
    Bug(
        "ledger-before-people",
        "a file is entered as rejected, then people are told",
        ("every_problem_is_published",),
        ((Admission, "_turn_away", _move_then_tell),),
    ),
    Bug(
        "failed-before-people",
        "a run is entered as failed, then people are told",
        ("every_problem_is_published",),
        ((RunEnds, "record", _fail_then_report),),
    ),
    Bug(
        "no-sweep",
        "nothing looks for what was forgotten",
        ("nothing_is_lost", "everything_comes_to_rest"),
        ((Sweep, "round", _no_sweep),),
    ),
    *BUGS_OF_VERSIONS,
    Bug(
        "attempt-not-compared",
        "a late report of one attempt ends the next",
        ("states_move_forward",),
        ((RunEnds, "record", _record_any_attempt),),
    ),
    Bug(
        "event-believed",
        "what an event says of a run is recorded, whoever has put it",
        ("states_move_forward", "loaded_is_loaded"),
        ((RunReports, "take", _believe_the_event),),
    ),
    Bug(
        "airflow-not-asked",
        "an event that names the right run is believed, whatever Airflow says of it",
        ("states_move_forward", "loaded_is_loaded"),
        everywhere("confirms", _believe_the_ids),
    ),
    Bug(
        "share-held-for-ever",
        "the place of a worker that was killed is never free again",
        ("every_drop_ends",),
        ((Shares, "take", _held_for_ever),),
    ),
    Bug(
        "nobody-answered",
        "the run's end is not told to the replay that waits for it",
        ("replays_end",),
        everywhere("answer_token", _answer_nobody),
    ),
    Bug(
        "sequencers-as-numbers",
        "S3's sequencers are compared without padding them",
        ("the_table_is_the_newest",),
        everywhere("written_order", _order_as_numbers),
    ),
    Bug(
        "key-decoded",
        "the event's key is URL-decoded",
        ("the_ledger_knows_only_files",),
        ((Drop, "from_event", staticmethod(_decode_the_key)),),
    ),
    *BUGS_OF_SETS,
    *BUGS_OF_INCIDENTS,
    *BUGS_OF_PERSONS,
    *BUGS_OF_HOLDS,
    *BUGS_OF_RETRACTIONS,
    *BUGS_OF_REPLAYS,
)
