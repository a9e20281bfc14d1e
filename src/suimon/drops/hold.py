"""A hold: a person lets no run of a dataset start for a while. Files are checked and kept meanwhile. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.contract.dates import Outside
from suimon.drops.states import State
from suimon.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord

# What was held is loaded by then as a rule; until then a table that is behind is no news.
CATCHING_UP = timedelta(hours=1)
# Who holds what comes outside its window.
WINDOW = "its contract"


@dataclass(frozen=True, kw_only=True)
class Hold:
    """The last hold of a dataset, in force or not.

    who: as that person's command knows it. until: when it ends by itself; None: never. released_at: when a person has
    ended it. revision: how often it was written.
    """

    dataset: str
    reason: str
    who: str
    since: datetime
    until: datetime | None = None
    released_at: datetime | None = None
    released_by: str | None = None
    revision: int = 0

    @property
    def ends_at(self) -> datetime | None:
        """When it ends, or has ended; None as long as nobody has released a hold without an end."""
        return min((at for at in (self.until, self.released_at) if at), default=None)

    def is_in_force(self, now: datetime) -> bool:
        """Whether no run may be started now."""
        return self.ends_at is None or now < self.ends_at

    def includes(self, at: datetime) -> bool:
        """Whether it lasts at least until then."""
        return self.ends_at is None or self.ends_at >= at

    def was_released(self, since: datetime) -> bool:
        """Whether a person has released it since then."""
        return self.released_at is not None and self.released_at >= since

    def excuses(self, now: datetime) -> bool:
        """Whether the dataset's table may be behind: because of the hold, or because it is catching up after it."""
        return self.ends_at is None or now < self.ends_at + CATCHING_UP


def hold_on(record: DropRecord, contract: Contract | None, hold: Hold | None) -> Hold | None:
    """Return the hold that counts for a drop: its dataset's last one, or its window's if that ends later.

    What comes outside its window is held until the window opens, or a person has released it by hand since it came. A
    replay, and a retraction, is a person's wish for now.
    """
    window = contract.arrival.window if contract and contract.arrival else None
    if contract is None or contract.arrival is None or window is None:
        return hold
    of = f", {window.opens:%H:%M} to {window.closes:%H:%M} {contract.arrival.time_zone}"
    return _that_counts(record, opening_for(record, contract), hold, of)


def hold_as_recorded(record: DropRecord, hold: Hold | None) -> Hold | None:
    """Return the hold that counts for a drop by the contract it was accepted by: for people, who have the ledger."""
    return _that_counts(record, record.opens_at, hold)


def opening_for(record: DropRecord, contract: Contract) -> datetime | None:
    """Return when the window opens that a file of a contract waits for; None if it waits for none."""
    window = contract.comes_outside(record.received_at)
    if window is None or contract.arrival is None or window.outside is not Outside.HOLD:
        return None
    return window.next_opening(record.received_at, contract.arrival.time_zone)


def _that_counts(record: DropRecord, opens: datetime | None, hold: Hold | None, of: str = "") -> Hold | None:
    if opens is None or record.attempt > 1 or record.retracting:
        return hold
    if hold and (hold.includes(opens) or hold.was_released(record.received_at)):
        return hold
    reason = f"it came outside its window{of}"
    return Hold(dataset=record.dataset, reason=reason, who=WINDOW, since=record.received_at, until=opens)


def is_held(record: DropRecord, hold: Hold | None, now: datetime) -> bool:
    """Whether a drop is accepted, and its run waits for the end of the hold that counts for it."""
    return record.state is State.ACCEPTED and hold is not None and hold.is_in_force(now)


def waits_since(record: DropRecord, hold: Hold | None) -> datetime:
    """Return since when a drop waits for something else than the end of a hold."""
    if record.state is State.ACCEPTED and hold and hold.ends_at:
        return max(record.updated_at, hold.ends_at)
    return record.updated_at


def outlasted(record: DropRecord, hold: Hold | None) -> bool:
    """Whether a drop has waited for the end of this hold."""
    return hold is not None and hold.ends_at is not None and record.updated_at < hold.ends_at
