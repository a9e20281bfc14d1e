"""What the world outside does in one schedule: who puts what when, and which troubles there are.

Everything is drawn at the start, each detail at a fixed position, so that leaving one out moves no other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from typing import TYPE_CHECKING

from suimon.contract.arrival import Arrival
from suimon.contract.file import FileFormat
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from tests.simulation.faults import WEATHERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.choices import Choices

RAW, LAKE, REPORTS = "raw", "lake", "reports"
ENVIRONMENT = "airflow"
MINUTE, HOUR = 60.0, 3600.0

# Of the business dates below, the listing of recent dates sees one, the walk over the bucket the others.
SOON = Arrival(days_after=0, deadline=time(23), time_zone="UTC", lookback_days=0)
SALES = Contract(
    "sales", "1.0.0", "sales_fact", "daily_sales_etl", KeyPattern("sales/{ds}/sales.csv"), FileFormat(), arrival=SOON
)
STOCK = Contract(
    "stock",
    "1.0.0",
    "stock_fact",
    "stock_etl",
    KeyPattern("stock/{ds}.csv.gz"),
    FileFormat(compression="gzip"),
    arrival=SOON,
)
# The release has the second contract only where a file of it comes: each costs the sweep three listings a round.
ONE, BOTH = Contracts((SALES,)), Contracts((SALES, STOCK))

KEYS = (
    "sales/2026-11-20/sales.csv",
    "sales/2026-11-21/sales.csv",
    "stock/2026-11-20.csv.gz",
    "other/見本 +%.csv",
    "sales/",
)
KEY_WEIGHTS = (20, 4, 3, 2, 1)
# What a file says of itself: the simulation's inspector goes by the first byte.
GOOD, BAD, TOLERABLE = b"G", b"B", b"T"
# new good, new bad, the same again, as the one before the last, empty, good but for some rows
CONTENT_WEIGHTS = (10, 4, 5, 3, 1, 1)
GAPS = (1.0, 0.0, 0.2, 10.0, MINUTE, 7 * MINUTE, 20 * MINUTE)
# When the event of a PUT is delivered, seconds after it; none: never.
EVENTS: tuple[tuple[float, ...], ...] = (
    (0.3,),
    (0.0,),
    (0.3, 0.3),
    (0.3, 20.0),
    (70.0,),
    (0.3, 20 * MINUTE),
    (),
    (2 * HOUR,),
)
EVENT_WEIGHTS = (20, 2, 4, 2, 3, 1, 2, 1)
PUT_WEIGHTS = (16, 6, 3, 1, 1)  # how many files
LONGEST = len(PUT_WEIGHTS)
TAILS = (10 * MINUTE, 1 * MINUTE, 40 * MINUTE, 4 * HOUR)
TAIL_WEIGHTS = (20, 12, 3, 1)
TROUBLES = ("away", "paused", "unknown", "refused", "denied", "conflict")
SKEWS = ((0.0,), (0.0, 2.0, -2.0, 1.0, -0.5), (0.0, 0.0, 240.0, -240.0))
LAGS = (0, 4, 40)  # of an index, in writes


@dataclass(frozen=True)
class Put:
    """One file: at which second, under which key, with which bytes, and when its event comes."""

    at: float
    key: str
    body: bytes
    events: tuple[float, ...]


@dataclass(frozen=True)
class Spell:
    """A time of trouble: what, from when until when."""

    what: str
    begins: float
    ends: float


@dataclass(frozen=True)
class Release:
    """Another release: its contracts, and when the functions have it, and when the DAGs."""

    contracts: Contracts
    at: float
    dags_at: float


@dataclass(frozen=True)
class Plan:
    """One schedule's outside world; times in seconds, 0 for what never happens."""

    contracts: Contracts
    puts: tuple[Put, ...]
    spells: tuple[Spell, ...]
    replays: tuple[float, ...]  # when an operator replays every day of sales
    clears: float  # when an operator clears the failed runs in Airflow
    deletion: float  # when the first version is deleted for good
    heals: float
    skews: tuple[float, ...]
    lag: int
    bad_runs: int  # one run in so many fails by itself; 0: none
    # Where every file has its record and its end and no incident outlives its cause, a sweep finds nothing, and costs
    # nearly as much as a file does: it is made in one of eight such schedules only.
    spares_sweep: bool
    lost_reports: int  # one closing event in so many never comes; 0: none
    named: Mapping[str, str] = field(default_factory=dict)  # the partition that a key names, where it is no day
    stamps: Mapping[str, str] = field(default_factory=dict)  # the time in a key that orders the files of its slot
    shards: Mapping[str, str] = field(default_factory=dict)  # the shard that a key with such a time names
    release: Release | None = None  # that is deployed over the one with `contracts`


def draw(choices: Choices) -> Plan:
    """Choose an outside world, and the weather in which the code under test lives through it."""
    count = 1 + choices.among(PUT_WEIGHTS)
    puts = _puts(choices, count)
    last = puts[-1].at
    spells = tuple(_spells(choices))
    first_replay = (0.0, 30.0, 5 * MINUTE, 20 * MINUTE)[choices.among((8, 3, 1, 1))]
    second_replay = (0.0, 0.1, 20.0, 20 * MINUTE)[choices.among((12, 1, 1, 1))]
    clears = (0.0, 4 * MINUTE, 20 * MINUTE)[choices.among((10, 1, 1))]
    deletion = (0.0, 0.1, 100.0, _by_lifecycle(first_replay))[choices.among((20, 1, 1, 2))]
    tail = TAILS[choices.among(TAIL_WEIGHTS)]
    skews = SKEWS[choices.among((5, 3, 1))]
    lag = LAGS[choices.among((2, 1, 3))]
    bad_runs = (0, 3, 1)[choices.among((6, 2, 1))]
    lost_reports = (0, 3)[choices.among((6, 1))]
    spares_sweep = bool(choices.among((1, 7)))
    choices.weather(*WEATHERS[choices.pick(len(WEATHERS))])
    replays = tuple(
        at for at in (first_replay, first_replay + second_replay if first_replay and second_replay else 0.0) if at
    )
    busy = max((last, *replays, *(spell.begins for spell in spells)))
    return Plan(
        contracts=BOTH if any(put.key.startswith("stock") for put in puts) else ONE,
        puts=puts,
        spells=spells,
        replays=replays,
        clears=clears,
        # A version found without its event could not be told to be newer or older than one that is there no longer.
        deletion=deletion if all(put.events for put in puts) else 0.0,
        heals=busy + tail,
        skews=skews,
        lag=lag,
        bad_runs=bad_runs,
        lost_reports=lost_reports,
        spares_sweep=spares_sweep,
    )


def _by_lifecycle(first_replay: float) -> float:
    """When a rule of the bucket deletes a version: as a rule after it was loaded, and before it is replayed."""
    return first_replay - 1.0 if first_replay else 10 * MINUTE


def _puts(choices: Choices, count: int) -> tuple[Put, ...]:
    puts: list[Put] = []
    now = 0.0
    for number in range(LONGEST):
        now += GAPS[choices.among((4, 2, 3, 3, 2, 1, 1))]
        key = KEYS[choices.among(KEY_WEIGHTS)]
        kind = choices.among(CONTENT_WEIGHTS)
        events = EVENTS[choices.among(EVENT_WEIGHTS)]
        if number < count:
            puts.append(Put(now, key, _body(kind, number, [put.body for put in puts if put.key == key], key), events))
    return tuple(puts)


def _body(kind: int, number: int, before: list[bytes], key: str) -> bytes:
    if key.endswith("/") or kind == 4:
        return b""
    if kind in {2, 3} and len(before) >= kind - 1:
        return before[1 - kind]
    mark = {1: BAD, 5: TOLERABLE}.get(kind, GOOD)
    # Some rows, each told from every other file's.
    return mark + b"".join(b"\n%d.%d" % (number, row) for row in range(1 + number % 3))


def _spells(choices: Choices) -> list[Spell]:
    """Choose up to two troubles; most schedules have none, for each makes a message come seven times and more."""
    spells = []
    for weight in (30, 60):
        kind = choices.among((weight, 1, 1, 1, 1, 1, 1))
        lasts = (5 * MINUTE, MINUTE, 40 * MINUTE, 5 * HOUR)[choices.among((4, 4, 1, 1))]
        begins = (0.0, 0.4, 60.0)[choices.pick(3)]
        if kind:
            spells.append(Spell(TROUBLES[kind - 1], begins, begins + lasts))
    return spells
