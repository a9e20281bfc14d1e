"""One round of the freshness function at a time."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from suimon.drops.refusal import RefusalError
from suimon.drops.wording import Bilingual
from suimon.ledger.checkpoints import key_of
from suimon.ledger.conditional import RefusedError, setting, write_if

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.service_resource import Table

_KEY = key_of("round")


class RoundIsRunningError(RefusalError):
    """Another round has the lease; `until`: when it ends at the latest."""

    def __init__(self, until: datetime) -> None:
        why = Bilingual(
            f"another round is running; it ends by itself, at {until:%H:%M:%S}Z at the latest",
            f"別の巡回が実行中です。遅くとも {until:%H:%M:%S}Z までに自動で終わります",
        )
        super().__init__(why, then="suimon reconcile")
        self.until = until


class RoundLease:
    """The checkpoint `round`: who makes a round, and until when that can last.

    The scheduler delivers at least once, and an operator may ask at any time:

        round 1                             round 2 (the same event, delivered twice)
        takes the lease until its timeout
                                            refused: it ends without a look (mark: one-round)
        released; or terminated, and the
        lease runs out with its time
                                            the next round takes it
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    @contextmanager
    def taken(self, holder: str, now: datetime, seconds: float) -> Iterator[None]:
        """Have the lease for as long as the function may run (`seconds`); RoundIsRunningError if another has it."""
        until = (now + timedelta(seconds=seconds)).isoformat()
        free = Attr("until").not_exists() | Attr("until").lte(now.isoformat())
        try:
            write_if(
                free, self._table.update_item, Key=_KEY, **setting({"holder": holder, "until": until})
            )  # mark: one-round
        except RefusedError as error:
            raise RoundIsRunningError(datetime.fromisoformat(str((error.item or {})["until"]))) from error
        try:
            yield
        finally:
            self._release(holder, now)

    def _release(self, holder: str, now: datetime) -> None:
        try:
            write_if(
                Attr("holder").eq(holder), self._table.update_item, Key=_KEY, **setting({"until": now.isoformat()})
            )
        except RefusedError:
            return  # it ran out meanwhile, and another round has it
