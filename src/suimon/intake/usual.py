"""What is unusual about a file beside its content: when it comes, the time in its name, how much it has."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from suimon.check.verdict import Code
from suimon.contract.dates import Outside
from suimon.contract.model import Role
from suimon.contract.partition import partition_of
from suimon.drops.stamps import STAMP_AHEAD, stamp_for_people
from suimon.drops.volume import MOST_LOOKED_AT, comparable, compare, knows_enough, loaded_amounts
from suimon.report.published import Published
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suimon.check.verdict import Details
    from suimon.contract.model import Contract
    from suimon.contract.volume import Volume
    from suimon.drops.drop import DropRecord
    from suimon.drops.volume import Amount, Compared
    from suimon.ledger.drops import Ledger


@dataclass(frozen=True)
class Remark:
    """One thing about a file that is unusual."""

    code: Code
    details: Details

    def said(self, contract: Contract) -> str:
        """Return it in the contract's language."""
        from suimon.report.messages import say  # noqa: PLC0415 its words would slow every cold start

        return say(self.code, self.details, contract.language)

    def sentence(self, contract: Contract) -> str:
        """Return it as a sentence of its own."""
        return self.said(contract) + ("。" if contract.language == "ja" else ".")


def outside_window(record: DropRecord, contract: Contract) -> Remark | None:
    """Return that a file has come outside its window; a replay may begin whenever a person wants it."""
    window, arrival = contract.comes_outside(record.received_at), contract.arrival
    if window is None or arrival is None or record.attempt > 1 or window.outside is Outside.HOLD:
        return None
    arrived = record.received_at.astimezone(ZoneInfo(arrival.time_zone))
    details: Details = {
        "arrived": f"{arrived:%Y-%m-%d %H:%M}",
        "opens": f"{window.opens:%H:%M}",
        "closes": f"{window.closes:%H:%M}",
        "zone": arrival.time_zone,
    }
    return Remark(Code.OUTSIDE_WINDOW, details)


def stamp_ahead(record: DropRecord) -> Remark | None:
    """Return that the time in a file's name lies ahead, so that nothing that comes later would be newer."""
    if record.match is None or not record.match.is_ahead(record.received_at):
        return None
    latest = record.received_at.astimezone(UTC) + STAMP_AHEAD
    details: Details = {
        "side": "ahead",
        "stamp": stamp_for_people(record.match.stamp),
        "limit": f"{latest:%Y-%m-%d %H:%M}",
    }
    return Remark(Code.DATE_OUT_OF_BOUNDS, details)


def compared(record: DropRecord, contract: Contract, amount: Amount, ledger: Ledger) -> Compared | None:
    """Compare the volume of a file or set with comparable days; None where the contract asks for none.

    A replay is what a person wants, who may know that so little is right.
    """
    volume = contract.volume
    if volume is None or record.attempt > 1 or contract.role_of(record.drop.key) not in (Role.FILE, Role.SET):
        return None
    history: list[Amount] = []
    for other in _before(record, contract, volume, ledger):
        history.append(other)
        if knows_enough(volume, history):
            break
    return compare(volume, amount, history)


def _before(record: DropRecord, contract: Contract, volume: Volume, ledger: Ledger) -> Iterator[Amount]:
    """Yield what may be compared with a file, newest first."""
    of = partition_of(record.partition)
    if of.first is None:
        others = [one for one in ledger.drops_of(record.dataset, record.partition) if one.id != record.id]
        yield from loaded_amounts(others, contract)[: MOST_LOOKED_AT * volume.days]
        return
    for other in comparable(contract, of, volume.days):
        yield from loaded_amounts(ledger.drops_of(record.dataset, str(other)), contract)[:1]


def remarks_of(found: Compared | None) -> list[Remark]:
    """Return what is unusual about a volume."""
    return [Remark(Code.VOLUME_ERROR, found.details(bound)) for bound in found.breaches] if found else []


def published(remarks: list[Remark], contract: Contract) -> Published:
    """Return what is told of a file that is rejected for them."""
    reason = "\n".join(remark.sentence(contract) for remark in remarks)
    return Published(reason, reason, codes=tuple(dict.fromkeys(str(remark.code) for remark in remarks)))
