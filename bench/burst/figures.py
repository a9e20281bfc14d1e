"""From what was seen to what is told: pure arithmetic, so that a test can hold it to hand-made cases."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from suimon.drops.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from bench.burst.sending import Sent


@dataclass(frozen=True, slots=True)
class Run:
    """A DAG run as Airflow has it."""

    id: str
    state: str
    queued_at: datetime
    conf: Mapping[str, Any]

    @property
    def drop_id(self) -> str:
        """Of which drop it is."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Taken:
    """A drop as the ledger has it: its state, and when it first came to each."""

    state: State
    moves: Mapping[State, datetime]


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from PUT to queued run: half of the files took at most `p50`, 99 of 100 at most `p99`."""

    p50: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True)
class Account:
    """Whether everything that was put came out once; each figure but `files` is to be 0."""

    files: int
    without_record: int
    without_run: int
    twice: int
    foreign: int  # runs of no drop
    elsewhere: int  # drops that are not TRIGGERED

    @property
    def is_even(self) -> bool:
        """Nothing lost, nothing twice, nothing that nobody sent."""
        return not (self.without_record or self.without_run or self.twice or self.foreign or self.elsewhere)


@dataclass(frozen=True, slots=True)
class Burst:
    """How a burst went. Seconds count from the first PUT; a file is `through` when Airflow has queued its run."""

    files: int
    put_seconds: float
    seconds: float
    in_the_middle: float  # files a second, without the first and the last tenth
    to_queued: Latency
    in_check: Latency  # from VALIDATING to ACCEPTED
    put_curve: tuple[tuple[float, int], ...]
    queued_curve: tuple[tuple[float, int], ...]

    @property
    def per_second(self) -> float:
        """Files a second, from the first PUT to the last run."""
        return self.files / self.seconds


def latency(seconds: Iterable[float]) -> Latency:
    """Return the nearest-rank percentiles of at least one measurement."""
    ordered = sorted(seconds)
    return Latency(_rank(ordered, 50), _rank(ordered, 99), ordered[-1])


def account(versions: Iterable[str], drops: Mapping[str, Taken], runs: Iterable[Run]) -> Account:
    """Compare the bucket, the ledger and Airflow."""
    sent = set(versions)
    of_drop = Counter(run.drop_id for run in runs)
    return Account(
        files=len(sent),
        without_record=len(sent - drops.keys()),
        without_run=len(sent - of_drop.keys()),
        twice=sum(count - 1 for count in of_drop.values()),
        foreign=len(of_drop.keys() - sent),
        elsewhere=sum(taken.state is not State.TRIGGERED for taken in drops.values()),
    )


def burst(sent: Sequence[Sent], drops: Mapping[str, Taken], runs: Iterable[Run]) -> Burst:
    """Reckon a burst all of whose files have a record and a run."""
    queued_at = {run.drop_id: run.queued_at for run in runs}
    began = min(one.at for one in sent)
    through = sorted((queued_at[one.drop.id] - began).total_seconds() for one in sent)
    puts = sorted((one.until - began).total_seconds() for one in sent)
    checks = (drops[one.drop.id].moves for one in sent)
    return Burst(
        files=len(sent),
        put_seconds=puts[-1],
        seconds=through[-1],
        in_the_middle=_middle(through),
        to_queued=latency(to_queued(sent, queued_at)),
        in_check=latency((moves[State.ACCEPTED] - moves[State.VALIDATING]).total_seconds() for moves in checks),
        put_curve=_curve(puts),
        queued_curve=_curve(through),
    )


def to_queued(sent: Iterable[Sent], queued_at: Mapping[str, datetime]) -> list[float]:
    """Return the seconds from before each PUT until Airflow had queued its run."""
    return [(queued_at[one.drop.id] - one.at).total_seconds() for one in sent]


def _middle(through: Sequence[float]) -> float:
    tenth = len(through) // 10
    middle = through[tenth : len(through) - tenth]
    took = middle[-1] - middle[0]
    return (len(middle) - 1) / took if took else 0.0


def _rank(ordered: Sequence[float], percent: int) -> float:
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


_POINTS = 200


def _curve(seconds: Sequence[float]) -> tuple[tuple[float, int], ...]:
    """Return how many there were when, in few enough points to draw."""
    step = max(1, len(seconds) // _POINTS)
    points = [(seconds[place], place + 1) for place in range(0, len(seconds), step)]
    return (*points, (seconds[-1], len(seconds)))
