"""What the end of a run means for its drop, and whether people hear of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.run_finished_event import OutcomeError, RunFinished
from suimon.drops.states import State, Why, way
from suimon.incidents.messages import files
from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord
    from suimon.incidents.incident import Incident, Problem

# In any other state the drop has reached an end that the report of a failed run, late or repeated, does not change.
MAY_FAIL = frozenset(state for state in State if way(state, State.FAILED, Why.RUN)) | {State.FAILED}


@dataclass(frozen=True)
class Known:
    """What is known when a run's end comes in.

    record: the drop in the ledger. The rest is looked up for a failed run only. newer_is_loaded: a later write of the
    drop's slot is in the table. incident: what was last published about a failed run of this partition.
    """

    record: DropRecord | None
    newer_is_loaded: bool = False
    incident: Incident | None = None


@dataclass(frozen=True)
class Plan:
    """What to do about a run's end.

    record: the drop before it moves. end: the state that it moves to; None when the report is out of date.
    problem: the failure that the report is about. is_news: whether that has to be reported to people.
    """

    record: DropRecord
    end: State | None = None
    problem: Problem | None = None
    is_news: bool = False


def plan(run: RunFinished, known: Known) -> Plan:
    """Decide what a run's end means; OutcomeError when the ledger knows no such attempt."""
    record = known.record
    if record and run.attempt < record.attempt:
        return Plan(record)  # delivered late: a replay has started the next attempt
    if record is None or record.attempt != run.attempt:
        raise OutcomeError(f"the ledger knows no attempt {run.attempt} of drop {run.drop_id}: who started this run?")
    if run.state is not State.FAILED:
        return Plan(record, end_for(run, record))
    problem = files.run_failed(record, run)
    if known.newer_is_loaded:
        # The table holds what the upstream system wants, and running this one again would change nothing.
        return Plan(record, State.SUPERSEDED, problem)
    is_news = record.state in MAY_FAIL and not _has_recovered(problem, known)
    return Plan(record, State.FAILED, problem, is_news=is_news)


def end_for(run: RunFinished, record: DropRecord) -> State:
    """Return the state in which a run's end leaves its drop: what a retraction has loaded are not the drop's rows.

    Nor are those that fenced it off, such as of the retraction of what this one would have loaded again.
    """
    return State.RETRACTED if record.retracting and run.state is not State.FAILED else run.state


def _has_recovered(problem: Problem, known: Known) -> bool:
    """Whether this failure was reported before, and has recovered since: the event is delivered a second time."""
    incident = known.incident
    return incident is not None and not incident.is_open and incident.about.run_id == problem.about.run_id


def next_move(state: State, end: State) -> State | None:
    """Return the next state on a drop's way to the end of its run; None when it has arrived, or has another end.

    A run that has ended was started: ACCEPTED comes to TRIGGERED first, as intake crashed before it could record that,
    or is about to.
    """
    return next(iter(way(state, end, Why.RUN)), None)
