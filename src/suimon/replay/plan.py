"""Which drops a replay of a date range runs: the newest of each day, if it may run again. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from suimon.drops.duplicate_or_superseded import latest, same_bytes
from suimon.drops.states import REPLAYABLE, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold

# One execution's history takes 25,000 events. With every try that the definition grants, so many days stay below it
# (tests/template/test_replay_asl.py counts). A longer range is replayed in parts.
MAX_DAYS = 366
DEFAULT_CONCURRENCY, MAX_CONCURRENCY = 3, 40  # an inline Map of Step Functions runs 40 at once, at most

# What never was the content of its day: a newer one took its place, or no contract knows it.
_NEVER_THE_DAY = frozenset({State.SUPERSEDED, State.UNMATCHED, State.CLOSED})


class RequestError(ValueError):
    """A replay that cannot be planned; the message says what to change."""


class HeldError(RequestError):
    """A replay of a dataset that is held; the message says by whom, and how to end that."""


@dataclass(frozen=True)
class Request:
    """A dataset, its first and last day (both included), and how many drops may run at once."""

    dataset: str
    first: date
    last: date
    max_concurrency: int = DEFAULT_CONCURRENCY

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Request:
        """Read {dataset, from, to, max_concurrency?}; RequestError names what is wrong."""
        try:
            dataset, first, last = (str(event[name]) for name in ("dataset", "from", "to"))
        except KeyError as error:
            raise RequestError(f"{error} is missing: give dataset, from and to") from error
        concurrency = DEFAULT_CONCURRENCY if (given := event.get("max_concurrency")) is None else given
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or not 1 <= concurrency <= MAX_CONCURRENCY:
            raise RequestError(f"max_concurrency is {concurrency!r}: give a whole number from 1 to {MAX_CONCURRENCY}")
        request = cls(dataset, _day("from", first), _day("to", last), concurrency)
        if request.last < request.first:
            raise RequestError(f"from {first} is after to {last}: swap them")
        if len(request.days()) > MAX_DAYS:
            raise RequestError(f"{first} to {last} are {len(request.days())} days: replay at most {MAX_DAYS} at once")
        return request

    def days(self) -> list[str]:
        """List the partitions of the range, oldest first."""
        count = (self.last - self.first).days + 1
        return [(self.first + timedelta(days=day)).isoformat() for day in range(count)]


@dataclass(frozen=True)
class Item:
    """One drop to run again, as the given attempt."""

    drop_id: str
    partition: str
    attempt: int


@dataclass(frozen=True)
class Skip:
    """One day that is left out, and why."""

    partition: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What a replay will do."""

    items: tuple[Item, ...]
    skipped: tuple[Skip, ...]

    def to_json(self) -> dict[str, Any]:
        """Return {"items": [...], "skipped": [...]}."""
        return {"items": [asdict(item) for item in self.items], "skipped": [asdict(skip) for skip in self.skipped]}


def gather(request: Request, drops_of: Callable[[str, str], Sequence[DropRecord]], *, sets: bool = False) -> Plan:
    """Ask the ledger for each day's drops (`drops_of(dataset, partition)`) and plan; `sets`: whether those are sets."""
    return plan({day: drops_of(request.dataset, day) for day in request.days()}, sets=sets)


def refuse_held(hold: Hold | None, now: datetime) -> None:
    """Raise HeldError if the dataset is held: its runs would only wait, and the execution with them."""
    if hold and hold.is_in_force(now):
        raise HeldError(
            f"{hold.dataset} is held since {hold.since:%Y-%m-%d %H:%M}Z by {hold.who} ({hold.reason}): "
            f"release it first, with suimon release {hold.dataset}"
        )


def plan(drops: Mapping[str, Sequence[DropRecord]], *, sets: bool = False) -> Plan:
    """Choose the newest drop of each partition, or why none can run. The shards of a set do not run by themselves."""
    steps = [
        _step(partition, [one for one in records if one.members or not sets], "whole set" if sets else "file")
        for partition, records in drops.items()
    ]
    return Plan(
        tuple(step for step in steps if isinstance(step, Item)),
        tuple(step for step in steps if isinstance(step, Skip)),
    )


def _step(partition: str, records: Sequence[DropRecord], what: str) -> Item | Skip:
    # Writes without a sequencer are ordered by when they were received.
    own = sorted(
        (one for one in records if one.state not in _NEVER_THE_DAY), key=lambda one: one.received_at, reverse=True
    )
    newest = latest(own)
    if newest and newest.state is State.DUPLICATE:
        # An earlier write of the same bytes was loaded in its place: that one has the run.
        wanted = newest
        newest = latest(one for one in own if one.state is not State.DUPLICATE and same_bytes(one, wanted))
    if newest is None:
        return Skip(partition, f"no {what} has come")
    if newest.state is State.GONE:
        return Skip(partition, f"drop {newest.id} was deleted before it could be checked: send the file again")
    if newest.state not in REPLAYABLE:
        return Skip(partition, f"drop {newest.id} is {newest.state}: it is on its way already")
    return Item(newest.id, partition, newest.attempt + 1)


def _day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise RequestError(f"{name} is {text!r}: write a day as YYYY-MM-DD") from error
    if day.isoformat() != text:  # Python also reads 20261101 and 2026-W44-7
        raise RequestError(f"{name} is {text!r}: write a day as YYYY-MM-DD")
    return day
