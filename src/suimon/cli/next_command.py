"""What becomes of a drop next, by whom, and the commands that a person may want to type. Pure."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from suimon.cli.words import say
from suimon.drops.drop import written_after
from suimon.drops.duplicate_or_superseded import latest
from suimon.drops.hold import WINDOW
from suimon.drops.states import STATES, State
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from suimon.contract.file import Language
    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold


@dataclass(frozen=True)
class Next:
    """What comes next, in a sentence or two, and what may be typed; commands without the stack's name.

    values: what is filled in where the text has braces.
    """

    text: str
    commands: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    def said(self, lang: Language) -> str:
        """Return the text in a language."""
        return say(self.text, lang, **self.values)


def headline(record: DropRecord, lang: Language = "en") -> str:
    """Return in one line whose file it is and where it stands."""
    match, meaning = record.match, say(STATES[record.state].text, lang)
    whose = f"{match.dataset} {match.partition}" if match else say("A file without a contract", lang)
    return say("{whose} is {state}: {meaning}.", lang, whose=whose, state=record.state, meaning=meaning)


_TEXTS = {
    State.RECEIVED: "The gate checks it next, in seconds; what waits longer, the sweep sends there again.",
    State.VALIDATING: "It is being checked. Should that function crash, another takes the check over in a while.",
    State.ACCEPTED: "Airflow has not taken its run yet; the gate asks again until it does.",
    State.TRIGGERED: "Airflow runs it, and reports the end of the run.",
    State.LOADED: "Nothing: its rows are in the table.",
    State.FAILED: "Mend the cause that its task's log names, then run it again.",
    State.REJECTED: "Whoever sends it corrects it and sends it again under the same key. If the contract is wrong, "
    "deploy a better one and run it again.",
    State.GONE: "If the file is needed, it must be sent again under the same key; else nothing.",
    State.SUPERSEDED: "Nothing: another write counts, a later one or of a later time in its name.",
    State.DUPLICATE: "Nothing: the same bytes came in another write.",
    State.UNMATCHED: "Send it under a key that a contract knows, or deploy a contract that has this key; then it is "
    "checked by itself.",
    State.RETRACTED: "Nothing: a person took it back, and its partition holds what was loaded before.",
    State.CLOSED: "Nothing: a person closed it.",
}
# Of a drop that is being taken back.
_RETRACTING = {
    State.ACCEPTED: "It is retracted: the run that loads what was there before is about to start.",
    State.TRIGGERED: "It is retracted: when its run has ended, its partition holds what was there before.",
    State.LOADED: "It is retracted: the run that loads what was there before is about to start.",
    State.FAILED: "It is retracted, but that run failed: its partition is as it was. Mend the cause, then try again.",
}
# Of a rejected drop whose fault no correction of the file under its key mends, by the code of the fault.
_REJECTED = {
    "date-out-of-bounds": "Whoever sends it sends it under the key of its right date. If the date is right, deploy a "
    "contract that takes it and run it again.",
    "outside-window": "Whoever sends it sends it again at a time of the day that the contract takes. If that is wrong, "
    "deploy a better one and run it again.",
}
_EMPTIED = (
    "Nothing: a person took it back, and its partition is empty until a file comes. Where one is due and none will "
    "come, say so: suimon expect --cancel."
)
_AHEAD = "Whoever sends it sends it again with the time at which it was made in its name."
_WAITS_FOR_US = (State.RECEIVED, State.VALIDATING, State.ACCEPTED)


def next_for(record: DropRecord, hold: Hold | None = None, others: Sequence[DropRecord] = ()) -> Next:
    """Return what comes next for a drop as the ledger has it, always with a command.

    hold: what keeps its run back. others: other writes of its key or date, of which a later one may count instead; of a
    loaded one, a later one may have come to nothing.
    """
    found = _next_for(record, hold, others)
    status = f"suimon status {record.match.dataset}" if record.match else "suimon status"
    return found if found.commands else replace(found, commands=(status,))


def _next_for(record: DropRecord, hold: Hold | None, others: Sequence[DropRecord]) -> Next:
    if elsewhere := _elsewhere(record, others):
        return elsewhere
    if record.state is State.ACCEPTED and (membership := record.membership):
        if membership.set_id is None:
            come = f"suimon drops --dataset {record.dataset} --partition {record.partition}"
            return Next("It waits for the other shards of its set; then one run is opened for all of them.", (come,))
        return Next("Its set is whole; what becomes of it is decided there.", (f"suimon explain {membership.set_id}",))
    if hold:  # of a retraction, too
        return _held(hold)
    if record.retraction and (told := _RETRACTING.get(record.state)):
        again = f"suimon retract {record.id} --reason …"
        return Next(told, (again,) if record.state is State.FAILED else ())
    return Next(_text(record), tuple(_commands(record)))


def _text(record: DropRecord) -> str:
    if record.state is State.REJECTED:
        if record.match and record.match.is_ahead(record.received_at):
            return _AHEAD
        for code in record.rejection.codes if record.rejection else ():
            if code in _REJECTED:
                return _REJECTED[code]
    if record.state is State.RETRACTED and record.retraction and not record.retraction.restores:
        return _EMPTIED
    return _TEXTS[record.state]


def _held(hold: Hold) -> Next:
    release = (f"suimon release {hold.dataset}",)
    if hold.who != WINDOW:
        return Next("Its dataset is held; its run is started when that ends.", release)
    text = "It came outside its window; its run is started at {at}Z, when that opens."
    return Next(text, release, {"at": f"{hold.until:%Y-%m-%d %H:%M}"})


def _elsewhere(record: DropRecord, others: Sequence[DropRecord]) -> Next | None:
    """Return that a later write in a drop's place is to be looked at, if one is."""
    if record.state is State.LOADED:
        later = latest(one for one in _later(record, others) if one.state in _CAME_TO_NOTHING)
        text = "Its rows are in the table, but a later write of it is {state} and is not: look at that one."
    elif record.state in _CAME_TO_NOTHING:
        later = latest(_later(record, others))
        text = "A later write of it counts instead, which is {state}: look at that one."
    else:
        return None
    return Next(text, (f"suimon explain {later.id}",), {"state": str(later.state)}) if later else None


_CAME_TO_NOTHING = (State.REJECTED, State.GONE, State.FAILED)


def _later(record: DropRecord, others: Sequence[DropRecord]) -> Iterator[DropRecord]:
    """Yield what was sent after a drop in its place: whole sets after sets, else writes of its slot."""
    for other in others:
        same = bool(other.members) if record.members else not other.members and other.slot == record.slot
        if same and other.state not in (State.SUPERSEDED, State.DUPLICATE) and written_after(other, record):
            yield other


def _commands(record: DropRecord) -> Iterator[str]:
    match = record.match
    if record.state in _WAITS_FOR_US:
        yield "suimon reconcile"
    elif match and record.state in (State.FAILED, State.REJECTED):
        if record.rejection and record.state is State.REJECTED:
            yield f"suimon report {record.id} --link"
        yield f"suimon replay {match.dataset} --from {match.partition} --to {match.partition}"
    elif record.state is State.SUPERSEDED and record.superseded_by:
        yield f"suimon explain {record.superseded_by}"
    elif match and record.state is State.SUPERSEDED:
        yield f"suimon explain {match.dataset} {match.partition}"
    elif record.state is State.DUPLICATE and record.duplicate_of:
        yield f"suimon explain {record.duplicate_of}"
