"""A hold: a person lets no run of a dataset start for a while. Files are checked and kept meanwhile. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.drops.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from suimon.drops.drop import DropRecord

# What was held is loaded by then as a rule; until then a table that is behind is no news.
CATCHING_UP = timedelta(hours=1)


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

    def excuses(self, now: datetime) -> bool:
        """Whether the dataset's table may be behind: because of the hold, or because it is catching up after it."""
        return self.ends_at is None or now < self.ends_at + CATCHING_UP


def is_held(record: DropRecord, holds: Mapping[str, Hold], now: datetime) -> bool:
    """Whether a drop is accepted, and its run waits for the end of a hold of its dataset."""
    hold = holds.get(record.match.dataset) if record.match else None
    return record.state is State.ACCEPTED and hold is not None and hold.is_in_force(now)


def waits_since(record: DropRecord, hold: Hold | None) -> datetime:
    """Return since when a drop waits for something else than the end of a hold."""
    if record.state is State.ACCEPTED and hold and hold.ends_at:
        return max(record.updated_at, hold.ends_at)
    return record.updated_at


def outlasted(record: DropRecord, hold: Hold | None) -> bool:
    """Whether a drop has waited for the end of this hold."""
    return hold is not None and hold.ends_at is not None and record.updated_at < hold.ends_at
