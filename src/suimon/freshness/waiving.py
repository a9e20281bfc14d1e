"""A person says that a file will not come, or takes that back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.contract.file import ContractError
from suimon.drops.refusal import RefusalError, no_contract, no_partition
from suimon.drops.wording import Bilingual
from suimon.ledger.waivers import Waiver
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from suimon.contract.model import Contract, Contracts
    from suimon.freshness.watch import Watch

REASON_CHARACTERS = 500
NO_REASON = Bilingual(
    "say why the file will not come: --reason", "ファイルが届かない理由を --reason で指定してください"
)


class WaiverError(RefusalError):
    """A waiver that cannot be given or taken back; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """Which date of which contract a person speaks of, why, and who. undo: whether the file is expected after all."""

    contract: Contract
    partition: str
    reason: str
    who: str
    undo: bool

    @classmethod
    def read(cls, request: Mapping[str, Any], contracts: Contracts) -> Request:
        """Read a request; WaiverError when it names no date with a file, or not why."""
        dataset, partition, reason, who = (
            " ".join(str(request.get(name) or "").split()) for name in ("dataset", "partition", "reason", "who")
        )
        undo = bool(request.get("undo"))
        try:
            contract = contracts.of(dataset)
        except ContractError as error:
            raise WaiverError(no_contract(contracts.names, dataset), then="suimon forecast") from error
        look = f"suimon forecast --dataset {dataset}"
        if contract.arrival is None:
            why = Bilingual(
                f"{dataset} has no deadlines: its contract has no arrival, so no file of it is missed",
                f"{dataset} に期限はありません。契約に arrival がないため、未着になることもありません",
            )
            raise WaiverError(why, then=f"suimon status {dataset}")
        if not contract.has_partition(partition):
            raise WaiverError(no_partition(contract, partition), then=look)
        if not undo and not reason:
            raise WaiverError(NO_REASON, then=look)
        return cls(contract=contract, partition=partition, reason=reason[:REASON_CHARACTERS], who=who, undo=undo)


def waive(watch: Watch, request: Request, now: datetime) -> dict[str, str]:
    """Record what a person says, check the date at once, and return its state with what came of its incident.

    WaiverError when there is nothing to take back. What has come already is not undone: it is loaded like any file.
    """
    dataset, who = request.contract.dataset, request.who or "a person"
    known = watch.waivers.get(dataset, request.partition)
    if request.undo:
        if known is None or not known.holds:
            why = Bilingual(
                f"nobody has said that {dataset} {request.partition} will not come",
                f"{dataset} {request.partition} が届かないという登録はありません",
            )
            raise WaiverError(why, then=f"suimon forecast --dataset {dataset}")
        waiver = Waiver(
            dataset=dataset, partition=request.partition, reason=known.reason, who=known.who, at=known.at, undone=who
        )
    else:
        waiver = Waiver(dataset=dataset, partition=request.partition, reason=request.reason, who=who, at=now)
    watch.waivers.put(waiver)
    state, result = watch.check_date(request.contract, request.partition, now)
    return {
        "dataset": dataset,
        "partition": request.partition,
        "state": str(state) if state else "",
        "incident": result.name.lower(),
    }
