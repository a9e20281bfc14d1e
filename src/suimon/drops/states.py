"""The states of a drop: one table of states and one of the moves between them. Everything about states comes from here.

The ledger allows the moves of `MOVES` and no others. What the gate does next, what a replay may repeat, which write of
a key counts, which drops the sweep looks for, how shards follow their set: each is read from the two tables below. The
picture in ARCHITECTURE.md is drawn from them, and the simulation holds every write of the ledger against them.


What a state is
---------------

A drop is in exactly one state. The state says what the drop waits for, and so who must act next (`Awaits`):

    RECEIVED, VALIDATING    the gate must check it
    ACCEPTED                the gate must start its run, or join it to its set
    TRIGGERED               its run must end, and report that
    UNMATCHED               a contract must come to match its key
    all others              nothing: the drop is at an end

A state triggers nothing by itself. Each move is made because of a message or an event (an object was created, a run
has ended, somebody asks for a replay). Any of these may be lost, and any function may crash. So the state is recorded
before anything else relies on it, and the sweep reads drops by their state: it resumes or reports those that have
waited too long.


One move at a time
------------------

Every move is one conditional write: it names the state, the attempt and the lease's owner that were read. Of two
functions that move a drop at once, the second is refused; it reads again, or leaves the drop to the first. So there is
no state "being moved", and no lock.

The check takes minutes, and so does need a lock: a function claims a drop before it checks it, and VALIDATING is the
state of a drop under a lease. A lease expires later than Lambda can run a function. So an expired lease belonged to a
function that crashed, and the next delivery takes the check over: VALIDATING to VALIDATING. The old owner, should it
still run, can write no more, for the owner has changed.


The check
---------

It has five results. REJECTED: the file breaks its contract, and people have been told; they are told before the move,
so that a crash between the two tells them twice, and never not at all. GONE: the version was deleted before it could be
checked, which breaks no contract; people have been told likewise. SUPERSEDED and DUPLICATE: other writes of the same
key decide, see duplicate_or_superseded.py. ACCEPTED: an immutable copy of the checked bytes lies in the lake, and the
id of the run is recorded. It is recorded before the run is asked for: a function that takes over after a crash asks for
the same run, and Airflow has it at most once.

ACCEPTED to TRIGGERED is made once Airflow has the run. Airflow may be away for hours; the drop stays ACCEPTED, and is
tried again. A run can be so fast that its end comes in before this move was made. Then the function that records the
end makes this move first: a run that has ended was started.


The run
-------

A run ends LOADED, FAILED, or SUPERSEDED, when the table held a later write of its partition already. FAILED is an end,
and yet the run may go on: somebody clears the failed task in Airflow, and the run ends again under the same id, LOADED
or SUPERSEDED.


Replays
-------

A drop leaves LOADED, FAILED and REJECTED when a person wants it again, and only then. Each replay is a new attempt: the
attempt is counted up in the claim that begins it, and never else. The run id contains the attempt. SUPERSEDED and
DUPLICATE are never left: another write counts in their place, and that one can be replayed. GONE is never left: there
is nothing to check. A version that was deleted after it was accepted can be replayed: its copy is loaded again.


Contracts that go, and persons
------------------------------

A contract may go while files of its dataset are on their way. What nobody has judged yet becomes UNMATCHED, and is
RECEIVED again when a contract matches it. An ACCEPTED drop waits, and is reported, until its contract comes again. A
run goes on by itself. Whatever waits for something that never comes is CLOSED by a person, who says why; no message, no
sweep and no replay takes it up again.


A person who takes a file back
------------------------------

What has no run yet and never was loaded is CLOSED. What was loaded, or failed, is ACCEPTED again in a new attempt,
which loads the rows that its partition had before, or none; that ends RETRACTED, and nobody loads such a drop again.
A run that is under way is left alone, for its load may be committed at this moment: the retraction is recorded with the
drop, and begins where that run ends.


Sets
----

A shard is checked like a file, and is then ACCEPTED until its set is whole. It has no run of its own. The set is a drop
itself, with a run, and its shards follow it along the moves of that run. Before the set's run, a shard may still lose
its place to a later write of its key (SUPERSEDED), or come too late for a set that is closed (REJECTED). A set may be
SUPERSEDED before its run, too: when a newer one was opened.


Writes of one slot
------------------

Whether a write counts among the writes of its slot (`DropRecord.slot`) is a property of its state as well (`Counts`):
whether it is in force (accepted, running, loaded), whether it came to nothing, or whether nobody knows yet.
duplicate_or_superseded.py has the rules.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from suimon.values import dataclass


class State(StrEnum):
    """Where a drop stands."""

    RECEIVED = "RECEIVED"
    VALIDATING = "VALIDATING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    GONE = "GONE"
    SUPERSEDED = "SUPERSEDED"
    DUPLICATE = "DUPLICATE"
    UNMATCHED = "UNMATCHED"
    TRIGGERED = "TRIGGERED"
    LOADED = "LOADED"
    FAILED = "FAILED"
    CLOSED = "CLOSED"
    RETRACTED = "RETRACTED"


class Awaits(StrEnum):
    """What a drop waits for."""

    CHECK = "the check"
    RUN = "its run"
    RUN_END = "the end of its run"
    CONTRACT = "a contract"
    NOTHING = "nothing"


class Counts(StrEnum):
    """What a write is worth among the writes of its key."""

    OPEN = "not decided yet"
    IN_FORCE = "its content is on its way to the table, or in it"
    NEVER = "its content never came to the table"
    AS_ANOTHER = "another write of the same bytes counts"


class Why(StrEnum):
    """What makes a drop move."""

    ENTRY = "it is found"
    CHECK = "the check"
    RUN = "its run"
    SET = "its set"
    REPLAY = "a replay"
    CONTRACT = "a contract that came or went"
    PERSON = "a person"
    RETRACTION = "a person who retracts it"


@dataclass(frozen=True)
class Meaning:
    """What a state means. `text` is for people; `leased`: whether a lease may keep others away from the drop."""

    text: str
    awaits: Awaits
    counts: Counts
    leased: bool = False


@dataclass(frozen=True)
class Move:
    """A move that the ledger allows; `start` is None where drops are entered. `by`: the functions that make it."""

    start: State | None
    end: State
    why: Why
    by: str
    text: str

    @property
    def attempts(self) -> int:
        """By how much the move counts the attempt up."""
        return 1 if self.why in {Why.REPLAY, Why.RETRACTION} else 0


STATES: dict[State, Meaning] = {
    State.RECEIVED: Meaning("entered, not looked at", Awaits.CHECK, Counts.OPEN),
    State.VALIDATING: Meaning("being checked under a lease", Awaits.CHECK, Counts.OPEN, leased=True),
    State.ACCEPTED: Meaning("keeps its contract; the checked bytes lie in the lake", Awaits.RUN, Counts.IN_FORCE),
    State.TRIGGERED: Meaning("Airflow has its run", Awaits.RUN_END, Counts.IN_FORCE),
    State.LOADED: Meaning("its rows are in the table", Awaits.NOTHING, Counts.IN_FORCE),
    State.FAILED: Meaning("its run has failed; people have been told", Awaits.NOTHING, Counts.NEVER),
    State.REJECTED: Meaning("breaks its contract; people have been told", Awaits.NOTHING, Counts.NEVER),
    State.GONE: Meaning("was deleted before it could be checked; people have been told", Awaits.NOTHING, Counts.NEVER),
    State.SUPERSEDED: Meaning("a later write counts instead", Awaits.NOTHING, Counts.NEVER),
    State.DUPLICATE: Meaning("another write of the same bytes counts", Awaits.NOTHING, Counts.AS_ANOTHER),
    State.CLOSED: Meaning("a person has ended it, and said why", Awaits.NOTHING, Counts.NEVER),
    State.RETRACTED: Meaning(
        "a person has taken it back; its partition is as it was before", Awaits.NOTHING, Counts.NEVER
    ),
    State.UNMATCHED: Meaning("no contract matches its key", Awaits.CONTRACT, Counts.OPEN),
}

_RECEIVED, _VALIDATING, _ACCEPTED, _TRIGGERED = State.RECEIVED, State.VALIDATING, State.ACCEPTED, State.TRIGGERED
_LOADED, _FAILED, _REJECTED, _SUPERSEDED = State.LOADED, State.FAILED, State.REJECTED, State.SUPERSEDED

MOVES: tuple[Move, ...] = (
    Move(None, _RECEIVED, Why.ENTRY, "intake, sweep", "a contract matches its key"),
    Move(None, State.UNMATCHED, Why.ENTRY, "intake, sweep", "no contract matches its key"),
    Move(State.UNMATCHED, _RECEIVED, Why.CONTRACT, "sweep, intake", "a contract matches its key by now"),
    Move(_RECEIVED, State.UNMATCHED, Why.CONTRACT, "intake", "its contract is gone"),
    Move(_VALIDATING, State.UNMATCHED, Why.CONTRACT, "intake", "its contract is gone"),
    Move(_RECEIVED, _VALIDATING, Why.CHECK, "intake", "claimed under a lease"),
    Move(_VALIDATING, _VALIDATING, Why.CHECK, "intake", "taken over once the lease has expired"),
    Move(_VALIDATING, _ACCEPTED, Why.CHECK, "intake", "it keeps its contract"),
    Move(_VALIDATING, _REJECTED, Why.CHECK, "intake", "it breaks its contract"),
    Move(_VALIDATING, State.GONE, Why.CHECK, "intake", "its version was deleted"),
    Move(_VALIDATING, _SUPERSEDED, Why.CHECK, "intake", "a later write has other bytes"),
    Move(_VALIDATING, State.DUPLICATE, Why.CHECK, "intake", "another write has the same bytes"),
    Move(_ACCEPTED, _TRIGGERED, Why.RUN, "intake, outcome, sweep", "Airflow has its run, or its set's"),
    Move(_ACCEPTED, _SUPERSEDED, Why.SET, "intake", "a later write while it waited, or a newer set"),
    Move(_ACCEPTED, _REJECTED, Why.SET, "intake", "a shard for a set that is closed"),
    Move(_ACCEPTED, State.GONE, Why.SET, "intake", "a manifest was deleted before it joined"),
    Move(_TRIGGERED, _LOADED, Why.RUN, "outcome, sweep", "the run has loaded it"),
    Move(_TRIGGERED, _FAILED, Why.RUN, "outcome, sweep", "the run has failed"),
    Move(_TRIGGERED, _SUPERSEDED, Why.RUN, "outcome, sweep", "the table held a later write"),
    Move(_FAILED, _LOADED, Why.RUN, "outcome, sweep", "the run was cleared in Airflow"),
    Move(_FAILED, _SUPERSEDED, Why.RUN, "outcome, sweep", "the run was cleared in Airflow"),
    Move(_LOADED, _VALIDATING, Why.REPLAY, "intake", "the next attempt"),
    Move(_FAILED, _VALIDATING, Why.REPLAY, "intake", "the next attempt"),
    Move(_REJECTED, _VALIDATING, Why.REPLAY, "intake", "the next attempt"),
)

# Of what nothing else may ever end. A run goes on though its drop is closed, and what it loads stands in the table.
CLOSABLE = tuple(state for state, meaning in STATES.items() if meaning.awaits is not Awaits.NOTHING)
MOVES += tuple(Move(state, State.CLOSED, Why.PERSON, "a person", "nothing else ends it") for state in CLOSABLE)
MOVES += (Move(State.CLOSED, _LOADED, Why.RUN, "outcome, sweep", "its run has loaded it after all"),)

# Taken back: another attempt loads what was there before, or nothing, and its end is RETRACTED in the place of LOADED.
_RETRACTED = State.RETRACTED
MOVES += (
    *(
        Move(state, _ACCEPTED, Why.RETRACTION, "a person, outcome, sweep", "it is retracted")
        for state in (_LOADED, _FAILED)
    ),
    Move(_TRIGGERED, _RETRACTED, Why.RUN, "outcome, sweep", "the run has loaded what was there before"),
    Move(_FAILED, _RETRACTED, Why.RUN, "outcome, sweep", "likewise, cleared in Airflow"),
    Move(State.CLOSED, _RETRACTED, Why.RUN, "outcome, sweep", "likewise, after all"),
    Move(_LOADED, _RETRACTED, Why.SET, "outcome, sweep", "its set was retracted"),
    Move(_RETRACTED, _LOADED, Why.SET, "outcome, sweep", "its set came again, with another part corrected"),
)

_BY_ENDS = {(move.start, move.end): move for move in MOVES}

ENTRIES = frozenset(move.end for move in MOVES if move.start is None)
REPLAYABLE = frozenset(move.start for move in MOVES if move.start and move.why is Why.REPLAY)
AT_AN_END = frozenset(state for state, meaning in STATES.items() if meaning.awaits is Awaits.NOTHING)
AT_THE_GATE = tuple(state for state, meaning in STATES.items() if meaning.awaits in {Awaits.CHECK, Awaits.RUN})


class MoveError(Exception):
    """A move that the table does not allow: a bug of ours, never a race."""


def allowed(start: State | None, end: State, attempts: int = 0) -> Move:
    """Return the move from one state to another; MoveError if there is none that counts the attempt up by so many."""
    move = _BY_ENDS.get((start, end))
    if move is None:
        raise MoveError(f"no way leads from {start} to {end}")
    if move.attempts != attempts:
        raise MoveError(f"from {start} to {end} the attempt is counted up by {move.attempts}, not by {attempts}")
    return move


def way(start: State, end: State, *why: Why) -> tuple[State, ...]:
    """Return the states on the shortest way along moves that are made for these reasons; none if no way leads there."""
    ways: dict[State, tuple[State, ...]] = {start: ()}
    left = deque([start])
    while left and end not in ways:
        here = left.popleft()
        for move in MOVES:
            if move.start is here and move.why in why and move.end not in ways:
                ways[move.end] = (*ways[here], move.end)
                left.append(move.end)
    return ways.get(end, ())
