"""A person takes a file back: its run never starts, or what its partition had before is loaded again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from suimon.drops.lake import CONTRACT, read_prefix
from suimon.drops.refusal import just_moved, no_drop
from suimon.drops.retraction import How, RetractError, how, restored
from suimon.drops.wording import Bilingual
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.sweep.closing import CloseError, Closing, close
from suimon.sweep.resuming import resume
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

    from suimon.drops.drop import DropRecord, Retraction
    from suimon.intake.queue import IntakeQueue

REASON_CHARACTERS = 500


@dataclass(frozen=True, kw_only=True)
class Retracting:
    """Retracts drops. `lake`: the bucket of the accepted copies."""

    ledger: Ledger
    queue: IntakeQueue
    sfn: SFNClient
    s3: S3Client
    lake: str

    def retract(self, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Retract {drop_id, reason, who}; return what happens now, RetractError when it cannot be.

        The move comes before the message that takes the drop to the gate. Of a crash in between the sweep takes care,
        as of every accepted drop that waits.
        """
        drop_id, reason, who = (" ".join(str(request.get(name) or "").split()) for name in ("drop_id", "reason", "who"))
        drop_id = drop_id.partition(".")[0]
        if not (drop_id and reason):
            raise RetractError(
                Bilingual("say which drop, and why it is retracted", "ドロップと、取り消す理由を指定してください"),
                then="suimon retract --help",
            )
        record = self.ledger.get(drop_id)
        if record is None:
            raise RetractError(no_drop(drop_id), then="suimon drops --state loaded")
        newer = self.ledger.newer_writes(record)
        way = how(record, newer, now)
        found = restored(record, self.ledger.older_writes(record), newer)
        why = f"{reason[:REASON_CHARACTERS]} ({who or 'a person'})"
        retraction = replace(found, why=why, attempt=record.attempt + 1)
        try:
            moved = self._carry_out(way, record, retraction, Closing(drop_id, f"retracted: {reason}", who), now)
        except (LostClaimError, CloseError) as error:
            look = f"suimon explain {drop_id}"
            raise RetractError(just_moved(drop_id), then=look) from error
        return {
            "drop_id": moved.id,
            "dataset": record.match.dataset if record.match else None,
            "partition": record.match.partition if record.match else None,
            "state": str(moved.state),
            "how": str(way),
            "restores": retraction.restores,
            "rows": retraction.rows,
        }

    def _carry_out(
        self, way: How, record: DropRecord, retraction: Retraction, closing: Closing, now: datetime
    ) -> DropRecord:
        if way is How.LOAD:
            self._refuse_without_copy(record, retraction)
            moved = self.ledger.retract(record, now, retraction)
            resume(self.ledger, self.queue, [moved])
            return moved
        # Airflow may have been asked for the run of what is closed at this moment: then its load is taken back, too.
        marked = self.ledger.touch(record, retraction=retraction)
        return close(self.ledger, self.sfn, closing, now) if way is How.CLOSE else marked

    def _refuse_without_copy(self, record: DropRecord, retraction: Retraction) -> None:
        if not retraction.restores:
            return
        folder = read_prefix(replace(record, retraction=retraction, attempt=retraction.attempt))
        found = self.s3.list_objects_v2(Bucket=self.lake, Prefix=folder).get("Contents", [])
        if not {f"{folder}{retraction.name}", f"{folder}{CONTRACT}"} <= {one["Key"] for one in found}:
            raise RetractError(
                Bilingual(
                    f"the copy of drop {retraction.restores}, which was loaded before, is deleted: send its file "
                    f"again, which takes the place of drop {record.id}",
                    f"以前に取り込んだドロップ {retraction.restores} の写しは削除されています。"
                    f"そのファイルを送り直してもらうと、ドロップ {record.id} に置き換わります",
                ),
                then=f"suimon explain {retraction.restores}",
            )
