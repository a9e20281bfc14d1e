"""What a person asks of a replay: a dataset, a range, which of its partitions, and how. Pure."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from suimon.contract.partition import WRITTEN, Partition, Unit, combinations_of, is_partition, partition_of
from suimon.drops.foreign_text import LONGEST_ASKED, is_usable, one_line
from suimon.drops.refusal import RefusalError
from suimon.drops.wording import Bilingual
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from suimon.contract.model import Contract

# Each partition is an execution of its own below the Map, so no history grows; this bounds what a function reads of the
# ledger in its time, and the file of items in S3 (tests/functional/replay/test_thousands.py).
MAX_PARTITIONS = 5_000
DEFAULT_CONCURRENCY, MAX_CONCURRENCY = 3, 40
# Failures that no share of a plan should turn into a stop: two bad days of ten are no reason to leave eight.
TOLERATED_AT_LEAST, TOLERATED_PERCENT = 5, 10

_REPEATED = 40  # characters of a text that a refusal repeats
_Choice = TypeVar("_Choice", bound=StrEnum)


def refuse_unusable(asked: object) -> None:
    """Raise RequestError of a request with a text in it that nothing could look up or store."""
    for text in _texts_in(asked):
        if not is_usable(text):
            raise RequestError(
                Bilingual(
                    f"{one_line(text[:_REPEATED])}…: give a text of at most {LONGEST_ASKED:,} bytes",
                    f"{one_line(text[:_REPEATED])}…: {LONGEST_ASKED:,} バイト以内の文字列で指定してください",
                )
            )


def _texts_in(asked: object) -> Iterator[str]:
    match asked:
        case str():
            yield asked
        case dict():
            yield from (text for one in asked.items() for text in _texts_in([*one]))
        case list():
            yield from (text for one in asked for text in _texts_in(one))


class What(StrEnum):
    """Which days of the range are asked for, by the newest write of each."""

    MISSING = "missing"  # a file has come, and nothing of the day is in the table
    FAILED = "failed"
    REJECTED = "rejected"
    LOADED = "loaded"
    ALL = "all"


class Order(StrEnum):
    """Which day begins first: the order of the items that the Map reads; AWS documents none in which it starts them."""

    OLDEST = "oldest"
    NEWEST = "newest"


class RequestError(RefusalError):
    """A replay that cannot be planned; the message says what to change."""

    def __init__(self, why: Bilingual, *, then: str = "suimon replay --help") -> None:
        super().__init__(why, then=then)


class TooLongError(RequestError):
    """A range of more partitions than one replay takes."""


class StalePlanError(RequestError):
    """The ledger has moved on since the plan was shown; nothing was started."""


class DamagedItemsError(RequestError):
    """The items of a replay, which lie in S3, are gone or damaged; the message says how."""


class HeldError(RequestError):
    """A replay of a dataset that is held; the message says by whom, and how to end that."""


class OverlapError(RequestError):
    """Another replay of the dataset runs over a part of the range; the message says which, and how to follow it."""


@dataclass(frozen=True)
class Request:
    """What to replay: first and last partition of a dataset (both included), which, in what order, how many at once.

    parts: every combination of what tells partitions of one time apart. plan: the fingerprint of the plan that a person
    has seen; with it nothing else is executed. tolerate: the percentage of its partitions that may fail before no more
    are begun; None: TOLERATED_PERCENT, but TOLERATED_AT_LEAST. resume: the id of an earlier replay, of which what was
    not begun is planned. as_accepted: by the contract that each file was accepted by. reason, who: kept with it.
    """

    dataset: str
    first: Partition
    last: Partition
    max_concurrency: int = DEFAULT_CONCURRENCY
    what: What = What.ALL
    order: Order = Order.OLDEST
    plan: str = ""
    tolerate: float | None = None
    resume: str = ""
    as_accepted: bool = False
    reason: str = ""
    who: str = ""
    parts: tuple[tuple[tuple[str, str], ...], ...] = ((),)

    @classmethod
    def from_event(cls, event: Mapping[str, Any], contract: Contract | None = None) -> Request:
        """Read {dataset, from, to, …}, the other fields by their names; RequestError says what is wrong.

        `from` and `to` may name parts: then only these are replayed. Whether the dataset has such partitions is known
        with its contract alone.
        """
        try:
            given = {name: event[name] for name in ("dataset", "from", "to")}
        except KeyError as error:
            raise RequestError(
                Bilingual(
                    f"{error} is missing: give dataset, from and to",
                    f"{error} がありません。dataset、from、to を指定してください",
                )
            ) from error
        except TypeError as error:  # whoever starts the state machine by hand may give it a list
            raise RequestError(
                Bilingual(
                    "a request is an object: give dataset, from and to",
                    "オブジェクトで渡してください。dataset、from、to を指定してください",
                )
            ) from error
        if wrong := next((name for name, text in given.items() if not isinstance(text, str)), ""):
            raise RequestError(
                Bilingual(
                    f"{wrong} is no text: give dataset, from and to",
                    f"{wrong} が文字列ではありません。dataset、from、to を指定してください",
                )
            )
        dataset, first, last = given.values()
        concurrency = DEFAULT_CONCURRENCY if (at_once := event.get("max_concurrency")) is None else at_once
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or not 1 <= concurrency <= MAX_CONCURRENCY:
            raise RequestError(
                Bilingual(
                    f"max_concurrency is {concurrency!r}: give a whole number from 1 to {MAX_CONCURRENCY}",
                    f"max_concurrency が {concurrency!r} です。1 から {MAX_CONCURRENCY} の整数で指定してください",
                )
            )
        unit = contract.unit if contract else partition_of(first).unit if is_partition(first) else Unit.DAY
        ends = _partition("from", first, unit), _partition("to", last, unit)
        request = cls(
            dataset=dataset,
            first=ends[0],
            last=ends[1],
            max_concurrency=concurrency,
            what=_one_of(What, "what", event, What.ALL),
            order=_one_of(Order, "order", event, Order.OLDEST),
            tolerate=_percentage(event.get("tolerate")),
            as_accepted=event.get("as_accepted") is True,
            parts=_parts(ends, contract),
            **{name: str(event.get(name) or "") for name in ("plan", "resume", "reason", "who")},
        )
        if _starts(request.last) < _starts(request.first):
            raise RequestError(
                Bilingual(
                    f"from {first} is after to {last}: swap them",
                    f"開始 {first} が終了 {last} より後です。入れ替えてください",
                )
            )
        if next(islice(request._times(), MAX_PARTITIONS // len(request.parts), None), None):
            of_each = f" of {len(request.parts)} parts each" if len(request.parts) > 1 else ""
            raise TooLongError(
                Bilingual(
                    f"{first} to {last} are more than {MAX_PARTITIONS:,} {unit}s{of_each}: "
                    f"replay at most {MAX_PARTITIONS:,} at once",
                    f"{first}～{last} は多すぎます。一度に再実行できるのは {MAX_PARTITIONS:,} 件までです",
                )
            )
        return request

    @property
    def span(self) -> tuple[str, str]:
        """The first and last partition of the range as texts, with the parts that both name, if any."""
        return str(self.first), str(self.last)

    def tolerated(self, planned: int) -> int:
        """Return how many of the planned partitions may fail before no more are begun."""
        if self.tolerate is None:
            return max(min(planned, TOLERATED_AT_LEAST), planned * TOLERATED_PERCENT // 100)
        return int(planned * self.tolerate / 100)

    def _times(self) -> Iterator[Partition]:
        return self.first.to(self.last)

    def partitions(self) -> list[str]:
        """List the partitions of the range, oldest first."""
        return [str(time.at(parts)) for time in self._times() for parts in self.parts]

    def ranges(self) -> list[tuple[str, str]]:
        """Return what to ask the ledger for: the whole range at once, but each partition where it names parts.

        Of 200 stores a range of one is a 200th of what lies between its ends.
        """
        return [(one, one) for one in self.partitions()] if self.first.parts else [self.span]


def _one_of(kind: type[_Choice], name: str, event: Mapping[str, Any], usual: _Choice) -> _Choice:
    given = event.get(name)
    try:
        return usual if given is None else kind(given)
    except ValueError as error:
        raise RequestError(
            Bilingual(
                f"{name} is {given!r}: give one of {', '.join(kind)}",
                f"{name} が {given!r} です。{', '.join(kind)} のどれかを指定してください",
            )
        ) from error


def _percentage(given: Any) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 100:  # noqa: PLR2004 percent
        raise RequestError(
            Bilingual(
                f"tolerate is {given!r}: give a percentage from 0 to 100",
                f"tolerate が {given!r} です。0 から 100 のパーセントで指定してください",
            )
        )
    return float(given)


def _parts(ends: tuple[Partition, Partition], contract: Contract | None) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Return the combinations that a request means: those that both its ends name, else every one of the dataset."""
    every = combinations_of(contract.parts) if contract else [ends[0].parts]
    named = [one.parts for one in ends if one.parts]
    if named and (named != [ends[0].parts] * 2 or ends[0].parts not in every):
        raise RequestError(
            Bilingual(
                f"from {ends[0]} to {ends[1]}: both must name the same parts of the dataset, or none",
                f"{ends[0]}～{ends[1]}: 両端には、データセットの同じ区分を指定するか、どちらにも指定しないでください",
            )
        )
    return tuple(named[:1] or every)


_A = {Unit.HOUR: "an hour", Unit.DAY: "a day", Unit.WEEK: "a week", Unit.MONTH: "a month", Unit.NONE: ""}


def _partition(name: str, text: str, unit: Unit) -> Partition:
    how = Bilingual(f"{_A[unit]} as {WRITTEN[unit]}", f"{WRITTEN[unit]} の形で指定してください")
    if unit is Unit.NONE:
        how = Bilingual(
            "all: a file replaces the whole table", "all と指定してください。ファイルはテーブル全体を置き換えます"
        )
    if not is_partition(text) or (found := partition_of(text)).unit is not unit:
        raise RequestError(Bilingual(f"{name} is {text!r}: write {how}", f"{name} が {text!r} です。{how.ja}"))
    return found


def _starts(partition: Partition) -> tuple[date, int]:
    return partition.first or date.min, partition.hour or 0
