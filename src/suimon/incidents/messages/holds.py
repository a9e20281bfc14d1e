"""Messages about datasets that a person holds back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.foreign_text import shown
from suimon.incidents.email import OF_STACK
from suimon.incidents.incident import Problem, listed
from suimon.incidents.kinds import About, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold

HOLD_IS_OVER = "The time of the hold is over. What was held is started now."


def held(hold: Hold, waiting: Sequence[DropRecord]) -> Problem:
    """Report a dataset that is held, and what waits there."""
    files = listed([f"{one.drop.shown_key} (drop {one.id})" for one in waiting])
    wait = f"These wait:\n{files}" if waiting else "No file waits yet."
    ends = f"until {_minute(hold.until)}" if hold.until else "until somebody releases it"
    return Problem(
        kind=Kind.HELD,
        about=About(dataset=hold.dataset),
        subject=f"{hold.dataset} is held: no run starts {ends}",
        body=(
            f"{shown(hold.who)} holds it since {_minute(hold.since)}: {shown(hold.reason)}\n\n"
            f"Files are checked and kept meanwhile. {wait}\n\n"
            "What to do: nothing, as long as that is right. To start what waits, the last file of each date alone:\n"
            f"  suimon release {hold.dataset}{OF_STACK}"
        ),
        fingerprint=f"{_minute(hold.since)} {ends} {hold.reason}",
    )


def released(hold: Hold) -> str:
    """Return how a hold has ended, for its last message."""
    by = f"{shown(hold.released_by)} has released it" if hold.released_by else "The time of the hold is over"
    return f"{by}. What was held is started now."


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
