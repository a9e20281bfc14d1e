"""A drop that nothing ends by itself is ended by a person, who says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.aws.task_token import answer_token
from suimon.drops.refusal import RefusalError, just_moved, no_drop
from suimon.drops.states import CLOSABLE, State
from suimon.drops.wording import Bilingual
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.ledger.followers import follow
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.drops.drop import DropRecord

REASON_CHARACTERS = 500


class CloseError(RefusalError):
    """A drop that cannot be closed; the message says why."""


@dataclass(frozen=True)
class Closing:
    """Which drop a person closes, and why. `who`: as that person's command knows it."""

    drop_id: str
    reason: str
    who: str

    @classmethod
    def from_request(cls, request: Mapping[str, Any]) -> Closing:
        """Read a request; CloseError when it says not which drop or not why."""
        found = cls(*(" ".join(str(request.get(name) or "").split()) for name in ("drop_id", "reason", "who")))
        if not (found.drop_id and found.reason):
            raise CloseError(
                Bilingual("say which drop, and why it is closed", "ドロップと、終了する理由を指定してください"),
                then="suimon drops close --help",
            )
        return found


def close(ledger: Ledger, sfn: SFNClient, closing: Closing, now: datetime) -> DropRecord:
    """Close a drop, and the shards of a set with it; a replay that waits for it gets its answer.

    CloseError for a drop that is at its end already, that somebody is checking now, or that is not there. A run that
    Airflow has goes on: should it load the drop after all, the drop is LOADED, for its rows stand in the table.
    """
    record = ledger.get(closing.drop_id)
    if record is None:
        raise CloseError(no_drop(closing.drop_id), then="suimon drops --state triggered")
    look = f"suimon explain {record.id}"
    if record.state not in CLOSABLE:
        raise CloseError(
            Bilingual(
                f"drop {record.id} is {record.state}: it has ended already",
                f"ドロップ {record.id} は {record.state} で、すでに終わっています",
            ),
            then=look,
        )
    if record.state is State.VALIDATING and record.is_leased(now):
        raise CloseError(
            Bilingual(
                f"drop {record.id} is being checked right now: try again in some minutes",
                f"ドロップ {record.id} は検査中です。数分後にもう一度試してください",
            ),
            then=look,
        )
    try:
        closed = _close(ledger, record, closing, now)
    except LostClaimError as error:
        raise CloseError(just_moved(record.id), then=look) from error
    for member in ledger.get_many(record.members).values():
        if member.state in CLOSABLE:
            _close(ledger, member, closing, now)
    if record.members:
        follow(ledger, closed, now)  # a manifest or marker that came after its run was opened
    answer_token(sfn, closed, f"closed by a person: {closing.reason}")
    return closed


def _close(ledger: Ledger, record: DropRecord, closing: Closing, now: datetime) -> DropRecord:
    why = f"{closing.reason[:REASON_CHARACTERS]} ({closing.who or 'a person'})"
    return ledger.move(record, State.CLOSED, now, closed=why)
