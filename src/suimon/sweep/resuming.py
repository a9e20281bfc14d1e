"""Drops that the sweep sends to the gate: one message circulates for each, however many rounds send one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from suimon.ledger.drops import Ledger, LostClaimError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from suimon.drops.drop import DropRecord
    from suimon.intake.queue import IntakeQueue


def resume(ledger: Ledger, queue: IntakeQueue, records: Iterable[DropRecord]) -> None:
    """Send drops to the gate, each by a message that takes the place of those that are under way for it.

    A message that fails comes again for hours. The gate ends one whose turn is over when it meets it:

        the gate                                the sweep
        message 0: fails, comes again later
                                                the drop is idle: turn 1, and message 1
        message 0: its turn is over, it ends    (mark: turn-is-over)
        message 1: fails, comes again later

    The turn is recorded before the message is sent. After a crash in between no message is left, and the next round
    sends one. A drop that has moved meanwhile needs none.
    """
    sent = []
    for record in records:
        with suppress(LostClaimError):
            sent.append(ledger.touch(record, turn=record.turn + 1))
    queue.resume(sent)
