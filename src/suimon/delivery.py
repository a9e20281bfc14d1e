"""What the intake queue brings: an S3 event, or the sweep's word that a drop must go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from suimon.drops.drop import Drop, EventError

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord
    from suimon.intake.gate import Gate

FIRST_DELAY, LONGEST_DELAY = 5, 900  # seconds until a message that failed comes again
# After some three hours of waiting the sweep, which goes by the ledger, takes over from the queue, whose messages
# would end among the dead letters at the thirtieth receive.
HANDED_OVER = 20


class ComeBackError(Exception):
    """Not now: the drop is safe in the ledger, the same request must come again later."""


def resume_message(drop_id: str) -> str:
    """Write the message that makes a drop of the ledger go on."""
    return json.dumps({"resume": drop_id})


def receive(gate: Gate, body: str) -> DropRecord:
    """Do what a message asks; EventError when that is nothing, ComeBackError when it must come again."""
    try:
        message = json.loads(body)
    except ValueError as error:
        raise EventError(f"a message that is no JSON: {error}") from error
    if isinstance(message, dict) and "resume" in message:
        return gate.resume(str(message["resume"]))
    return gate.take(Drop.from_event(message))


def delay_for(receives: int) -> int:
    """Give the seconds until a message comes again that has been received so many times."""
    delay: int = FIRST_DELAY * 2 ** min(receives - 1, 10)
    return min(LONGEST_DELAY, delay)
