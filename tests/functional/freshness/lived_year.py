"""A year of files, rounds and tables over three zones, as year.txt says in words; and what year.txt says is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.odcs.arrival import read_arrival
from suimon.contract.odcs.clauses import parse
from suimon.contract.odcs.reader import Reader
from suimon.contract.partition import Partition, Unit
from suimon.contract.table_freshness import Age, TableFreshness
from suimon.contract.volume import Bound, Measure, Volume
from suimon.drops.drop import Accepted, Drop
from suimon.drops.hold import hold_on, is_held
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.drops.volume import Amount
from suimon.freshness.date_facts import DateFacts
from suimon.freshness.expected import FileState, state_of
from suimon.freshness.waiving import Request, waive
from suimon.freshness.watch import Watch
from suimon.incidents.messages.files import unusual_volume
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.intake.usual import compared, remarks_of
from suimon.ledger.checkpoints import Checkpoints
from suimon.ledger.drops import Ledger
from suimon.ledger.unreadable_items import Unusable
from suimon.ledger.waivers import Waivers
from suimon.warehouse.data_api import Warehouse
from tests.functional.freshness.fakes import Redshift
from tests.simulation.services.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from suimon.contract.odcs.clauses import Problem
    from suimon.drops.drop import DropRecord

YEAR = 2027
FIRST, END = datetime(YEAR, 1, 1, tzinfo=UTC), datetime(YEAR + 1, 1, 1, tzinfo=UTC)
OUTAGE = (datetime(YEAR, 7, 20, tzinfo=UTC), datetime(YEAR, 7, 22, tzinfo=UTC))
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ARRIVALS = {
    "tokyo": """
        {daysAfter: 1, deadline: "06:00", timeZone: Asia/Tokyo, lookbackDays: 5, graceMinutes: 60, holidays: JP,
         weekdays: [mon, tue, wed, thu, fri], firstDate: 2027-01-04,
         closures: [2026-12-29, 2026-12-30, 2026-12-31, 2027-12-29, 2027-12-30, 2027-12-31]}""",
    "new_york": """
        {daysAfter: 1, deadline: "02:30", timeZone: America/New_York, lookbackDays: 3, firstDate: 2027-01-01}""",
    "london": """
        {daysAfter: 1, deadline: "01:30", timeZone: Europe/London, lookbackDays: 2, monthDays: [27, 30],
         firstDate: 2027-01-01}""",
    "osaka": """
        {daysAfter: 0, cron: "0 9 L * *", timeZone: Asia/Tokyo, lookbackDays: 2, whenClosed: previous,
         weekdays: [mon, tue, wed, thu, fri], firstDate: 2027-01-01}""",
    "nagoya": """
        {daysAfter: 1, deadline: "12:00", timeZone: Asia/Tokyo, lookbackDays: 3, firstDate: 2027-01-01,
         window: {from: "01:00", until: "09:00", outside: hold}}""",
}
# Tables beside that of tokyo: one by the hour, loaded with the files of nagoya, and one by the minute, of no files.
NAGOYA = TableFreshness("nagoya_fact", "loaded_at", Age(30, "h"))
CLICKS = TableFreshness("clicks", "clicked_at", Age(90, "min"), warn_after=Age(45, "min"))
# The first of each quarter, from three to eight: no clicks come.
TABLES = {"clicks", "nagoya_fact"}
STALLS = ("01-01", "04-01", "07-01", "10-01")
HALF = Volume((Bound(Measure.ROWS, "few", 50), Bound(Measure.SUM, "few", 50, "amount")), 3)
# What came before matters no longer.
AS_FAR_BACK = timedelta(days=40)
# From three to six somebody has the table's lock.
LOCKED = "06-05"
# The last weekday of each month of 2027, by hand.
MONTH_ENDS = [
    "01-29",
    "02-26",
    "03-31",
    "04-30",
    "05-31",
    "06-30",
    "07-30",
    "08-31",
    "09-30",
    "10-29",
    "11-30",
    "12-31",
]
# Public holidays of Japan in 2027 on weekdays, by hand and not from the library.
HOLIDAYS = [
    "01-01",
    "01-11",
    "02-11",
    "02-23",
    "03-22",
    "04-29",
    "05-03",
    "05-04",
    "05-05",
    "07-19",
    "08-11",
    "09-20",
    "09-23",
    "10-11",
    "11-03",
    "11-23",
]
TOKYO_MISSES = [
    "01-12",
    "02-10",
    "03-10",
    "04-12",
    "05-10",
    "06-10",
    "07-12",
    "08-10",
    "09-10",
    "10-12",
    "11-10",
    "12-10",
]
SENDER_IS_OUT = ["09-14", "09-15", "09-16"]
YEAR_END = ["12-29", "12-30", "12-31"]


def contract(dataset: str) -> Contract:
    problems: list[Problem] = []
    arrival = read_arrival(parse(ARRIVALS[dataset], dataset), Unit.DAY, Reader(problems))
    assert problems == []
    freshness = {"tokyo": TableFreshness("tokyo_fact", "order_date", Age(3)), "nagoya": NAGOYA}.get(dataset)
    pattern = KeyPattern(f"{dataset}/{{ds}}.csv")
    return Contract(
        dataset,
        "1",
        f"{dataset}_fact",
        key_pattern=pattern,
        arrival=arrival,
        freshness=freshness,
        volume=HALF if dataset == "new_york" else None,
    )


CONTRACTS = Contracts((*map(contract, ARRIVALS), Contract("clicks", "1", "clicks", freshness=CLICKS)))


def at(day: date, clock: str, days: int = 0) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}+00:00") + days * DAY


def month_ends() -> Iterator[tuple[datetime, str, date]]:
    """When which file of osaka comes, as year.txt says in words."""
    for name in MONTH_ENDS:
        day = date.fromisoformat(f"{YEAR}-{name}")
        late = name in ("03-31", "07-30", "10-29")
        yield (at(day, "12:00") if late else at(day, "23:00", -1)), "osaka", day


def files() -> Iterator[tuple[datetime, str, date]]:
    """When which file of the others comes, as year.txt says in words."""
    for day in (FIRST.date() + number * DAY for number in range(365)):
        name = f"{day:%m-%d}"
        if day.weekday() < 5 and name not in HOLIDAYS and name not in YEAR_END:
            if name in SENDER_IS_OUT:
                yield at(date(YEAR, 9, 17), "10:00"), "tokyo", day
            elif name in TOKYO_MISSES:
                if day.month % 2 == 0:
                    yield at(day, "12:00", 3), "tokyo", day
            else:
                yield at(day, "20:00"), "tokyo", day
        if name in ("03-13", "03-14", "11-05", "11-06"):
            yield at(day, "07:20", 1), "new_york", day
        else:
            yield (at(day, "12:00", 2) if day.day == 20 else at(day, "06:00", 1)), "new_york", day
        if name in ("03-27", "10-30"):
            yield at(day, "01:10", 1), "london", day
        elif day.day == 30 or name == "02-27":
            yield at(day, "12:00", 10), "london", day
        elif day.day == 27:
            yield at(day, "22:00"), "london", day


def held_files() -> Iterator[tuple[datetime, datetime, date]]:
    """When which file of nagoya comes and when its run starts, as year.txt says in words."""
    for day in (FIRST.date() + number * DAY for number in range(365)):
        if day.day == 5:
            yield at(day, "11:00"), at(day, "16:10"), day
        elif day.day == 15:
            yield at(day, "01:00", 1), at(day, "16:10", 1), day
        else:
            yield at(day, "17:00"), at(day, "17:00"), day


def content_of(day: date) -> Accepted:
    """Return what the file of a day has, as year.txt says in words."""
    rows = 200 if day.weekday() >= 5 else 1_000
    if day.day == 12:
        rows = rows * 3 // 10
    return Accepted("data.csv", rows, {"amount": Decimal(rows) / (100 if day.day == 22 else 1)})


class Year:
    """The freshness function with its ledger in memory, and what it tells when."""

    def __init__(self) -> None:
        self.now = FIRST
        self.told: list[tuple[datetime, str]] = []
        table: Any = Table()
        self.redshift = Redshift(tokyo_fact=date(2026, 12, 28), nagoya_fact=FIRST, clicks=FIRST)
        self.held: list[FileState | None] = []
        self.ledger, self.passed = Ledger(table), [0.0]
        redshift: Any = self.redshift
        self.watch = Watch(
            contracts=CONTRACTS,
            ledger=self.ledger,
            waivers=Waivers(table),
            checkpoints=Checkpoints(table),
            incidents=IncidentStore(table, Publisher(self, "topic")),  # type: ignore[arg-type]  # publishes, and that is all
            redshift=redshift,
            warehouse=Warehouse(database="d", workgroup_name="w"),
            unusable=Unusable(),
            ticks=lambda: self.passed[0],
            sleep=lambda seconds: self.passed.__setitem__(0, self.passed[0] + seconds),
        )

    def publish(self, **message: str) -> None:
        how, _, subject = message["Subject"].partition("] ")
        self.told.append((self.now, f"Recovered: {subject}" if how == "[RECOVERED" else subject))

    def load(self, dataset: str, day: date) -> None:
        self.start(self.accept(dataset, day))
        newest = self.redshift.newest["tokyo_fact"]
        if dataset == "tokyo" and isinstance(newest, date):
            self.redshift.newest["tokyo_fact"] = max(newest, day)

    def accept(self, dataset: str, day: date) -> DropRecord:
        drop = Drop("raw", f"{dataset}/{day}.csv", "v1", "etag", 10, "01")
        record = self.ledger.receive(drop, Match(dataset, day.isoformat()), self.now)
        record = self.ledger.claim(record, self.now, owner="gate", lease=HOUR, attempt=1)
        accepted = content_of(day)
        found = compared(record, CONTRACTS.of(dataset), Amount.of_drop(record, accepted), self.ledger)
        if remarks := remarks_of(found):  # as the gate does
            told = "\n".join(remark.sentence(CONTRACTS.of(dataset)) for remark in remarks)
            self.watch.incidents.report(unusual_volume(record, told), self.now)
        return self.ledger.move(record, State.ACCEPTED, self.now, accepted=accepted)

    def keep(self, day: date) -> None:
        """Accept a file of nagoya, which is held."""
        self.accept("nagoya", day)

    def start(self, record: DropRecord) -> None:
        hold = hold_on(record, CONTRACTS.of(record.dataset), None)
        assert not is_held(record, hold, self.now)
        for state in (State.TRIGGERED, State.LOADED):
            record = self.ledger.move(record, state, self.now)
        if record.dataset == "nagoya":
            self.redshift.newest["nagoya_fact"] = self.now

    def start_of(self, day: date) -> None:
        [record] = self.ledger.drops_of("nagoya", day.isoformat())
        self.start(record)

    def look_at_held(self, day: date) -> None:
        """Keep the state of a file an hour before its window opens."""
        facts = DateFacts(self.ledger, self.watch.waivers, self.now).of("nagoya", day.isoformat())
        self.held.append(state_of(CONTRACTS.of("nagoya"), Partition.of_day(day), facts, self.now))

    def waive(self, day: date) -> None:
        request = {"dataset": "tokyo", "partition": day.isoformat(), "reason": "closed", "who": "yuki"}
        waive(self.watch, Request.read(request, CONTRACTS), self.now)

    def round(self) -> None:
        day, hour = f"{self.now:%m-%d}", self.now.hour
        self.redshift.newest["clicks"] = self.now - MINUTE
        if day in STALLS and 3 <= hour < 8:
            self.redshift.newest["clicks"] = self.now.replace(hour=3, minute=0)
        if day == LOCKED and 3 <= hour < 6:
            self.redshift.newest["clicks"] = "LOCKED"
        if not OUTAGE[0] <= self.now < OUTAGE[1]:
            self.watch.round(self.now)
            self.watch.incidents.tell_held(self.now)

    def live(self, first: datetime = FIRST, end: datetime = END) -> None:
        """Live the year up to its end, or another; rounds are made from `first` on."""
        moments: list[tuple[datetime, int, Callable[[], None]]] = []
        for when, dataset, day in (*files(), *month_ends()):
            moments.append((when, 0, lambda dataset=dataset, day=day: self.load(dataset, day)))  # type: ignore[misc]
        for comes, starts, day in held_files():
            if comes == starts:
                moments.append((comes, 0, lambda day=day: self.load("nagoya", day)))  # type: ignore[misc]
                continue
            moments.append((comes, 0, lambda day=day: self.keep(day)))  # type: ignore[misc]
            moments.append((starts - HOUR, 0, lambda day=day: self.look_at_held(day)))  # type: ignore[misc]
            moments.append((starts, 0, lambda day=day: self.start_of(day)))  # type: ignore[misc]
        for name in TOKYO_MISSES:
            day = date.fromisoformat(f"{YEAR}-{name}")
            if day.month % 2:
                moments.append((at(day, "03:07", 1), 0, lambda day=day: self.waive(day)))  # type: ignore[misc]
        rounds = FIRST + timedelta(minutes=7)
        while rounds < end:
            if rounds >= first:
                moments.append((rounds, 1, self.round))
            rounds += HOUR
        for when, _, do in sorted(moments, key=lambda one: one[:2]):
            if first - AS_FAR_BACK <= when < end:
                self.now = when
                do()


def by_hand() -> list[tuple[str, str]]:
    """Return when what is told of files, as year.txt says."""
    told = []
    for line in (Path(__file__).parent / "year.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        dataset, day, rest = line.split(maxsplit=2)
        late, missing, over = (cell.strip() for cell in rest.replace("-  ", "-|").replace("  ", "|").split("|") if cell)
        name = f"{dataset} {day}: the file never came"
        texts = {late: f"{dataset} {day}: the file is late", missing: name, over: f"Recovered: {name}"}
        told += [(when, text) for when, text in texts.items() if when != "-"]
    return sorted(told)


def of_volumes() -> list[tuple[str, str]]:
    """Return when what is told of files that have too little, as year.txt says."""
    days = [date(YEAR, month, number) for month in range(1, 13) for number in (12, 22)]
    return [(f"{day + DAY:%m-%d} 06:00", f"new_york {day} of unusual volume: {day}.csv") for day in days]


def of_tables() -> list[tuple[str, str]]:
    """Return when what is told of tables, as year.txt says."""
    aging, stale, locked = "clicks is getting old", "clicks is stale", "clicks is locked and cannot be checked"
    told = [(f"{LOCKED} 04:07", locked), (f"{LOCKED} 06:07", f"Recovered: {locked}")]
    for day in STALLS:
        told += [(f"{day} 04:07", aging), (f"{day} 05:07", stale), (f"{day} 08:07", f"Recovered: {stale}")]
    stale = "nagoya_fact is stale"
    for month in range(1, 13):
        told += [(f"{month:02}-15 23:07", stale), (f"{month:02}-16 17:07", f"Recovered: {stale}")]
    return sorted(told)
