"""A step of a drop that fails again and again: since when, and in which words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.drops.states import State

TEXT_CHARACTERS = 1_000
# Of a check whose function never came to its end.
TERMINATED = "Terminated"


@dataclass(frozen=True)
class Failure:
    """What the last try in a state came to.

    state, attempt: where the drop stood. since: of the first of the tries that failed in a row. at: of the last one.
    tries: how many failed in a row; 0 once one has succeeded. error: the error's name, an AWS code where there is one.
    text: its own words.
    """

    state: State
    attempt: int
    since: datetime
    at: datetime
    tries: int
    error: str
    text: str
