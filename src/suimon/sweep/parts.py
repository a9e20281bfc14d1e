"""Parts of a round, each alone: whatever stops one, the others do their work."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, TypeVar

from suimon.sweep.findings import Failure
from suimon.sweep.turns import LEAST_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

One = TypeVar("One")


def do_each(
    parts: Mapping[str, Callable[[], One]], time_left: Callable[[], float] = lambda: inf
) -> tuple[dict[str, One], list[Failure]]:
    """Do every part in turn; return by name what each returns, and which failed.

    A part for which there is no time is reported as failed: better than to be terminated during it, unheard.
    """
    done: dict[str, One] = {}
    failures = []
    for name, do in parts.items():
        if time_left() < LEAST_SECONDS:
            failures.append(Failure(name, f"no time: the function had less than {LEAST_SECONDS} seconds left"))
            continue
        try:
            done[name] = do()
        except Exception as error:  # noqa: BLE001 whatever stops one part, the others do their work
            failures.append(Failure.of(name, error))
    return done, failures
