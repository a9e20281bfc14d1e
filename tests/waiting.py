"""Waits for what another thread or process does: bounded, and long enough for a slow machine under load."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
PATIENCE = 900.0  # seconds; only a failure takes them all


def eventually(look: Callable[[], T | None], what: str = "it", seconds: float = PATIENCE, pause: float = 0.05) -> T:
    """Return the first true answer of `look`; fail when `what` has not happened within `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := look()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(pause)
    return answer
