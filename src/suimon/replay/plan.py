"""Which drops a replay of a date range runs: the newest of each day, if it is asked for and may run again. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from suimon.contract.partition import WRITTEN, Partition, Unit, combinations_of, is_date, is_partition, partition_of
from suimon.drops.duplicate_or_superseded import latest, same_bytes
from suimon.drops.states import REPLAYABLE, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold

# One execution's history takes 25,000 events. With every try that the definition grants, so many days stay below it
# (tests/template/test_replay_asl.py counts). A longer range is replayed in parts.
MAX_DAYS = 366
DEFAULT_CONCURRENCY, MAX_CONCURRENCY = 3, 40  # an inline Map of Step Functions runs 40 at once, at most

# What never was the content of its day: a newer one took its place, or no contract knows it.
_NEVER_THE_DAY = frozenset({State.SUPERSEDED, State.UNMATCHED, State.CLOSED})
_CODES = 3  # of a rejection, named in a plan


_Choice = TypeVar("_Choice", bound=StrEnum)


class What(StrEnum):
    """Which days of the range are asked for, by the newest write of each."""

    MISSING = "missing"  # a file has come, and nothing of the day is in the table
    FAILED = "failed"
    REJECTED = "rejected"
    LOADED = "loaded"
    ALL = "all"


class Order(StrEnum):
    """Which day begins first."""

    OLDEST = "oldest"
    NEWEST = "newest"


_OF_STATE = {What.FAILED: State.FAILED, What.REJECTED: State.REJECTED, What.LOADED: State.LOADED}


class RequestError(ValueError):
    """A replay that cannot be planned; the message says what to change."""


class StalePlanError(RequestError):
    """The ledger has moved on since the plan was shown; nothing was started."""


class HeldError(RequestError):
    """A replay of a dataset that is held; the message says by whom, and how to end that."""


@dataclass(frozen=True)
class Request:
    """A dataset, its first and last partition in time (both included), and which, in which order, how many at once.

    parts: every combination of what tells partitions of one time apart. plan: the fingerprint of the plan that a person
    has seen; with it nothing else is executed.
    """

    dataset: str
    first: Partition
    last: Partition
    max_concurrency: int = DEFAULT_CONCURRENCY
    what: What = What.ALL
    order: Order = Order.OLDEST
    plan: str = ""
    parts: tuple[tuple[tuple[str, str], ...], ...] = ((),)

    @classmethod
    def from_event(cls, event: Mapping[str, Any], contract: Contract | None = None) -> Request:
        """Read {dataset, from, to, max_concurrency?, what?, order?, plan?}; RequestError names what is wrong.

        `from` and `to` may name parts: then only these are replayed. Whether the dataset has such partitions is known
        with its contract alone.
        """
        try:
            dataset, first, last = (str(event[name]) for name in ("dataset", "from", "to"))
        except KeyError as error:
            raise RequestError(f"{error} is missing: give dataset, from and to") from error
        concurrency = DEFAULT_CONCURRENCY if (given := event.get("max_concurrency")) is None else given
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or not 1 <= concurrency <= MAX_CONCURRENCY:
            raise RequestError(f"max_concurrency is {concurrency!r}: give a whole number from 1 to {MAX_CONCURRENCY}")
        what, order = _one_of(What, "what", event, What.ALL), _one_of(Order, "order", event, Order.OLDEST)
        unit = contract.unit if contract else partition_of(first).unit if is_partition(first) else Unit.DAY
        ends = _partition("from", first, unit), _partition("to", last, unit)
        every = combinations_of(contract.parts) if contract else [ends[0].parts]
        named = [one.parts for one in ends if one.parts]
        if named and (named != [ends[0].parts] * 2 or ends[0].parts not in every):
            raise RequestError(f"from {first} to {last}: both must name the same parts of the dataset, or none")
        parts = tuple(named[:1] or every)
        request = cls(dataset, *ends, concurrency, what, order, str(event.get("plan") or ""), parts)
        if _starts(request.last) < _starts(request.first):
            raise RequestError(f"from {first} is after to {last}: swap them")
        if next(islice(request._times(), MAX_DAYS // len(parts), None), None):
            of_each = f" of {len(parts)} parts each" if len(parts) > 1 else ""
            raise RequestError(
                f"{first} to {last} are more than {MAX_DAYS} {unit}s{of_each}: replay at most {MAX_DAYS} at once"
            )
        return request

    def _times(self) -> Iterator[Partition]:
        return self.first.to(self.last)

    def partitions(self) -> list[str]:
        """List the partitions of the range, oldest first."""
        return [str(time.at(parts)) for time in self._times() for parts in self.parts]


@dataclass(frozen=True)
class Item:
    """One drop to run again, as the given attempt, and why: for people."""

    drop_id: str
    partition: str
    attempt: int
    reason: str = field(default="", compare=False)


@dataclass(frozen=True)
class Skip:
    """One day that is left out, and why."""

    partition: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What a replay will do, in order; `others`: how many days have a file that was not asked for."""

    items: tuple[Item, ...]
    skipped: tuple[Skip, ...]
    others: int = 0

    @property
    def fingerprint(self) -> str:
        """Stand for which drops run, as which attempts, in which order: two plans of one fingerprint do the same."""
        items = [(item.drop_id, item.partition, item.attempt) for item in self.items]
        return hashlib.sha256(json.dumps(items).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """Return {"items": [...], "skipped": [...], "others": n, "plan": the fingerprint}."""
        return {
            "items": [asdict(item) for item in self.items],
            "skipped": [asdict(skip) for skip in self.skipped],
            "others": self.others,
            "plan": self.fingerprint,
        }


def gather(request: Request, drops_of: Callable[[str, str], Sequence[DropRecord]], *, sets: bool = False) -> Plan:
    """Ask the ledger for each day's drops (`drops_of(dataset, partition)`) and plan; `sets`: whether those are sets.

    StalePlanError if the request carries the fingerprint of another plan.

    an operator                          the ledger
    plans: day 20 failed in attempt 1
                                         somebody replays day 20, or a new file of it comes
    says yes to that plan
                                         planned again, differs: nothing starts  (mark: stale-plan)
    """
    found = plan({day: drops_of(request.dataset, day) for day in request.partitions()}, request, sets=sets)
    if request.plan not in ("", found.fingerprint):  # mark: stale-plan
        raise StalePlanError(
            f"the ledger has moved on since plan {request.plan} was made: a file has come, or a run has begun or "
            "ended. Nothing was started. Plan again, and look"
        )
    return found


def refuse_held(hold: Hold | None, now: datetime) -> None:
    """Raise HeldError if the dataset is held: its runs would only wait, and the execution with them."""
    if hold and hold.is_in_force(now):
        raise HeldError(
            f"{hold.dataset} is held since {hold.since:%Y-%m-%d %H:%M}Z by {hold.who} ({hold.reason}): "
            f"release it first, with suimon release {hold.dataset}"
        )


def plan(drops: Mapping[str, Sequence[DropRecord]], request: Request, *, sets: bool = False) -> Plan:
    """Choose the newest drop of each partition, or why none can run. The shards of a set do not run by themselves."""
    days = sorted(drops, reverse=request.order is Order.NEWEST)
    steps = [
        _step(
            day, [one for one in drops[day] if one.members or not sets], request.what, "whole set" if sets else "file"
        )
        for day in days
    ]
    return Plan(
        tuple(step for step in steps if isinstance(step, Item)),
        tuple(step for step in steps if isinstance(step, Skip)),
        steps.count(None),
    )


def windows(of: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Return ranges (dataset, first, last partition) that cover these partitions of datasets, the newest first.

    A range of days is as long as a replay may be, and no longer than its days; of other partitions each is its own.
    """
    found = list[tuple[str, str, str]]()
    for dataset, day in sorted(set(of), key=itemgetter(1, 0), reverse=True):
        last = next((end for name, _, end in reversed(found) if name == dataset), None)
        if last is None or not _are_near(day, last):
            found.append((dataset, day, day))
        else:
            place = max(place for place, (name, *_) in enumerate(found) if name == dataset)
            found[place] = dataset, day, last
    return found


def _are_near(day: str, last: str) -> bool:
    """Whether one replay may cover both."""
    if not (is_date(day) and is_date(last)):
        return day == last
    return (date.fromisoformat(last) - date.fromisoformat(day)).days < MAX_DAYS


def _step(partition: str, records: Sequence[DropRecord], what: What, noun: str) -> Item | Skip | None:
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
        return Skip(partition, f"no {noun} has come")
    if newest.retraction:
        return Skip(
            partition, f"drop {newest.id} was retracted: what was loaded before it stands, or send a file again"
        )
    if newest.state is State.GONE:
        return Skip(partition, f"drop {newest.id} was deleted before it could be checked: send the file again")
    if newest.state not in REPLAYABLE:
        return Skip(partition, f"drop {newest.id} is {newest.state}: it is on its way already")
    # An attempt that fails after another was loaded leaves that one's rows in the table.
    in_table = next((one for one in own if one.state is State.LOADED or one.loaded_at), None)
    asked_for = {What.MISSING: in_table is None, What.ALL: True}
    if not asked_for.get(what, newest.state is _OF_STATE.get(what)):
        return None
    return Item(newest.id, partition, newest.attempt + 1, _reason(newest, in_table))


def _reason(newest: DropRecord, in_table: DropRecord | None) -> str:
    """Return why a drop is in the plan and what its run sets off; no value of a file, and short."""
    parts = len(newest.members)
    whole = f", a set of {parts} objects" if parts else ""
    if newest.state is State.LOADED:
        return f"loaded {newest.updated_at:%Y-%m-%d}{whole}: its {newest.rows:,} rows are loaded again"
    if newest.state is State.REJECTED:
        codes = ", ".join(newest.rejection.codes[:_CODES]) if newest.rejection else ""
        why = f"rejected {newest.updated_at:%Y-%m-%d}{whole}{f' ({codes})' if codes else ''}: it is checked again"
    else:
        why = f"its run failed {newest.updated_at:%Y-%m-%d}{whole}: it is checked and loaded again"
    return f"{why}, and takes the place of drop {in_table.id}" if in_table and in_table.id != newest.id else why


def _one_of(kind: type[_Choice], name: str, event: Mapping[str, Any], usual: _Choice) -> _Choice:
    given = event.get(name)
    try:
        return usual if given is None else kind(given)
    except ValueError as error:
        raise RequestError(f"{name} is {given!r}: give one of {', '.join(kind)}") from error


_A = {Unit.HOUR: "an hour", Unit.DAY: "a day", Unit.WEEK: "a week", Unit.MONTH: "a month", Unit.NONE: ""}


def _partition(name: str, text: str, unit: Unit) -> Partition:
    how = "all: a file replaces the whole table" if unit is Unit.NONE else f"{_A[unit]} as {WRITTEN[unit]}"
    if not is_partition(text) or (found := partition_of(text)).unit is not unit:
        raise RequestError(f"{name} is {text!r}: write {how}")
    return found


def _starts(partition: Partition) -> tuple[date, int]:
    return partition.first or date.min, partition.hour or 0
