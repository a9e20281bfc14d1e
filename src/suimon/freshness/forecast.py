"""What is expected when, and how it is: the dates whose deadline falls into some days before and after now. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from suimon.contract.partition import Unit, partition_of
from suimon.freshness.expected import FileState, deadline_of, held_by, loaded_wholes, not_corrected, state_of
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from suimon.contract.arrival import Arrival
    from suimon.contract.model import Contract, Contracts
    from suimon.contract.partition import Partition
    from suimon.freshness.expected import Facts

# What fits into an answer of the function, and what a person looks at.
MOST_DAYS = 92
# Of one dataset: each is a question to the ledger. Twice the days that may be asked for.
MOST_OF_ONE = 400
# Days: of few dates some more are looked at, so that they show how it goes.
_AT_LEAST_BACK = {Unit.WEEK: 6 * 7, Unit.MONTH: 6 * 31}


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A date of a dataset with a file: its key, its deadline on the wall of its zone, its state.

    note: why a person has said that it will not come, or why it is held and until when. later: of a loaded date, how a
    later file of it ended that is not in the table; empty: there is none. loaded_at, rows: of a loaded date, when it
    was loaded for the first time, and how many rows the newest of its loaded files has.
    """

    dataset: str
    partition: str
    key: str
    deadline: datetime
    time_zone: str
    state: FileState
    note: str = ""
    later: str = ""
    loaded_at: datetime | None = None
    rows: int | None = None

    @property
    def day(self) -> str:
        """The last day of its partition: where it stands in a calendar."""
        return str(partition_of(self.partition).last)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Expected:
        """Read what `to_json` wrote."""
        loaded = datetime.fromisoformat(raw["loaded_at"]) if raw.get("loaded_at") else None
        deadline = datetime.fromisoformat(raw["deadline"])
        return cls(**{**raw, "deadline": deadline, "state": FileState(raw["state"]), "loaded_at": loaded})

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON; times with their offset from UTC."""
        return {
            "dataset": self.dataset,
            "partition": self.partition,
            "key": self.key,
            "deadline": self.deadline.isoformat(),
            "time_zone": self.time_zone,
            "state": str(self.state),
            "note": self.note,
            "later": self.later,
            "loaded_at": self.loaded_at.isoformat() if self.loaded_at else None,
            "rows": self.rows,
        }


def forecast(
    contracts: Contracts, facts: Callable[[str, str], Facts], now: datetime, *, back: int, ahead: int
) -> list[Expected]:
    """Return what was or will be due from `back` days before now to `ahead` days after it, by dataset and date.

    Of weeks and months the last six at least. Of a dataset the MOST_OF_ONE that are nearest to now; `warnings` says
    where there are more.
    """
    return [
        Expected(
            dataset=contract.dataset,
            partition=str(of),
            key=contract.key_pattern.key_for(str(of)) if contract.key_pattern else "",
            deadline=deadline_of(arrival, of).astimezone(ZoneInfo(arrival.time_zone)),
            time_zone=arrival.time_zone,
            state=state,
            note=_note(contract, known, state, now),
            later=str(not_corrected(contract, known) or ""),
            **_loaded(contract, known),
        )
        for contract, arrival in _awaited(contracts)
        for of in nearest(contract, arrival, now, back=back, ahead=ahead)[0]
        if (state := state_of(contract, of, known := facts(contract.dataset, str(of)), now))
    ]


def nearest(
    contract: Contract, arrival: Arrival, now: datetime, *, back: int, ahead: int
) -> tuple[list[Partition], int]:
    """Return the partitions due in some days that are nearest to now, in their order, and how many are left out."""
    back = max(back, _AT_LEAST_BACK.get(arrival.unit, 0))
    times = arrival.times_between(now - timedelta(days=back), now + timedelta(days=ahead))
    every = [of for time in times for of in contract.partitions_at(time)]
    if len(every) <= MOST_OF_ONE:
        return every, 0
    near = sorted(range(len(every)), key=lambda place: abs(deadline_of(arrival, every[place]) - now))[:MOST_OF_ONE]
    return [every[place] for place in sorted(near)], len(every) - MOST_OF_ONE


def _note(contract: Contract, facts: Facts, state: FileState, now: datetime) -> str:
    if state is not FileState.HELD or (hold := held_by(contract, facts, now)) is None:
        return facts.waived
    return f"{hold.reason}; until {hold.until:%Y-%m-%d %H:%M} UTC" if hold.until else hold.reason


def _loaded(contract: Contract, facts: Facts) -> dict[str, Any]:
    """Return when a date was loaded for the first time, and the rows of its newest loaded file."""
    loaded = loaded_wholes(contract, facts)
    if not loaded:
        return {}
    return {"loaded_at": min(one.loaded_at or one.updated_at for one in loaded), "rows": loaded[-1].rows}


def warnings(contracts: Contracts, now: datetime, *, ahead: int, back: int = 0) -> list[str]:
    """Return, in words, what the forecast leaves out or cannot know: holidays and dates of cron not compiled."""
    last = (now + timedelta(days=ahead)).date()
    holidays = [
        f"{contract.dataset}: the public holidays of {source.country} are known up to {source.until} "
        f"(holidays {source.version}); later ones count as open"
        for contract, arrival in _awaited(contracts)
        if (source := arrival.calendar.holidays) and source.until < last
    ]
    crons = [
        f"{contract.dataset}: the dates of cron {cron.expression!r} are known up to {cron.until}; "
        "no file is expected later"
        for contract, arrival in _awaited(contracts)
        if (cron := arrival.calendar.cron) and cron.until < last
    ]
    left_out = [
        f"{contract.dataset}: the {MOST_OF_ONE} nearest to now are shown, {more:,} others are left out; "
        "ask for fewer days"
        for contract, arrival in _awaited(contracts)
        if (more := nearest(contract, arrival, now, back=back, ahead=ahead)[1])
    ]
    return holidays + crons + left_out


def _awaited(contracts: Contracts) -> Iterator[tuple[Contract, Arrival]]:
    for contract in contracts.all:
        if contract.arrival:
            yield contract, contract.arrival
