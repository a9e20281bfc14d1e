"""A person holds a dataset, so that none of its runs start, or releases it; the sweep ends a hold at its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from suimon.drops.hold import Hold, hold_on, is_held, outlasted
from suimon.drops.refusal import RefusalError, no_contract
from suimon.drops.states import State
from suimon.drops.wording import Bilingual
from suimon.incidents.about import About
from suimon.incidents.incident import Recovery, gone
from suimon.incidents.kinds import IncidentId, Kind
from suimon.incidents.messages.holds import HOLD_IS_OVER, held, released
from suimon.incidents.recipients import zones_of
from suimon.ledger.holds import LostHoldError
from suimon.sweep.findings import Finding
from suimon.sweep.oldest_drops import read_oldest
from suimon.sweep.plans.set_parts import is_orphan, is_set_part
from suimon.sweep.plans.stuck_drops import QUEUE_HOLDS
from suimon.sweep.resuming import resume
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suimon.contract.model import Contract, Contracts
    from suimon.drops.drop import DropRecord
    from suimon.incidents.incident import Incident
    from suimon.incidents.store import IncidentStore
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.drops import Ledger

REASON_CHARACTERS = 500
HOLD = "hold"


class HoldError(RefusalError):
    """A hold or a release that cannot be; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Holds and releases datasets."""

    contracts: Contracts
    ledger: Ledger
    incidents: IncidentStore
    queue: IntakeQueue

    def hold(self, request: Mapping[str, Any], now: datetime) -> Hold:
        """Hold {dataset, reason, who, until?} and return the hold; HoldError when that cannot be.

        A dataset that is held already stays so since it was, for the new reason and until the new time. Of a crash
        before people were told the next round of the sweep takes care.
        """
        dataset, reason, who = (_words(request.get(name)) for name in ("dataset", "reason", "who"))
        self._contract(dataset)
        if not reason:
            raise HoldError(
                Bilingual("say why nothing may start: --reason", "保留する理由を --reason で指定してください"),
                then="suimon hold --help",
            )
        until = _until(_words(request.get("until")), self._zone_of(dataset))
        if until and until <= now:
            raise HoldError(
                Bilingual(
                    f"{until.isoformat()} is over: give a later time",
                    f"{until.isoformat()} は過ぎています。これより後の日時を指定してください",
                ),
                then=f"suimon status {dataset}",
            )
        known = self.ledger.holds.of(dataset)
        since = known.since if known and known.is_in_force(now) else now
        wanted = Hold(
            dataset=dataset,
            reason=reason[:REASON_CHARACTERS],
            who=who or "a person",
            since=since,
            until=until,
            revision=known.revision if known else 0,
        )
        if wanted == known:
            return known
        written = self._put(wanted)
        self.incidents.report(held(written, self._waiting(dataset, now), self._zone_of(dataset)), now)
        return written

    def release(self, request: Mapping[str, Any], now: datetime) -> tuple[Hold, int]:
        """Release {dataset, who}: return the hold, and how many drops were sent to the gate; HoldError if none is held.

        What came outside its window is released as well. Twice does no harm: what a crash has left waiting is sent
        again, and the gate starts each run once.
        """
        dataset, who = _words(request.get("dataset")), _words(request.get("who"))
        contract, hold = self._contract(dataset), self.ledger.holds.of(dataset)
        waiting = self._waiting(dataset, now)
        if hold and hold.is_in_force(now):
            hold = self._put(replace(hold, released_at=now, released_by=who or "a person"))
        elif kept := [on for one in waiting if is_held(one, on := hold_on(one, contract, hold), now) and on]:
            revision = hold.revision if hold else 0
            hold = self._put(replace(kept[0], until=None, released_at=now, released_by=who, revision=revision))
        elif hold is None:
            raise HoldError(
                Bilingual(f"{dataset} is not held", f"{dataset} は保留されていません"), then=f"suimon status {dataset}"
            )
        waiting = [one for one in waiting if outlasted(one, hold)]
        waiting.sort(key=lambda one: (one.partition, one.received_at))
        resume(self.ledger, self.queue, waiting[:QUEUE_HOLDS])
        about = IncidentId.of(Kind.HELD, About(dataset=dataset))
        self.incidents.recover([Recovery(about, released(hold))], now)
        return hold, len(waiting)

    def look(self, opened: Sequence[Incident], now: datetime) -> Finding:
        """Report the holds that are in force, and close what has ended; people are reminded as of every incident."""
        holds = self.ledger.holds.of_all(contract.dataset for contract in self.contracts.all)
        in_force = [hold for hold in holds.values() if hold.is_in_force(now)]
        problems = [held(hold, self._waiting(hold.dataset, now), self._zone_of(hold.dataset)) for hold in in_force]
        self.incidents.report_all(problems, gone(opened, Kind.HELD, HOLD_IS_OVER, still=problems), now)
        return Finding(HOLD, checked=len(holds), detected=len(problems), reported=len(problems))

    def _waiting(self, dataset: str, now: datetime) -> list[DropRecord]:
        """Read the accepted drops of a dataset that have a run of their own."""
        return [
            record
            for record in read_oldest(self.ledger, State.ACCEPTED, now, lambda one: one.dataset == dataset).records
            if record.dataset == dataset
            and not (is_orphan(record, self.contracts) or is_set_part(record, self.contracts))
        ]

    def _zone_of(self, dataset: str) -> str:
        zones = zones_of(self.contracts)
        return zones.get(dataset, zones[""])

    def _contract(self, dataset: str) -> Contract:
        found = {contract.dataset: contract for contract in self.contracts.all}
        if dataset not in found:
            raise HoldError(no_contract(found, dataset), then="suimon status")
        return found[dataset]

    def _put(self, hold: Hold) -> Hold:
        try:
            return self.ledger.holds.put(hold)
        except LostHoldError as error:
            why = Bilingual(
                f"somebody else has just held or released {hold.dataset}: look at it again",
                f"ほかの人が {hold.dataset} を保留または解除したところです。もう一度確認してください",
            )
            raise HoldError(why, then=f"suimon status {hold.dataset}") from error


def _until(text: str, zone: str) -> datetime | None:
    """Read a time, without an offset as one of the dataset's zone."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
        at.astimezone(ZoneInfo(zone))  # as people are told it, round after round
    except (ValueError, OverflowError) as error:  # the last hours of the year 9999 are beyond it in another zone
        why = Bilingual(
            f"until {text!r}: write a time as 2026-11-20T09:00, or with its offset from UTC",
            f"終了日時 {text!r}: 2026-11-20T09:00 の形で、必要なら UTC との時差を付けて指定してください",
        )
        raise HoldError(why, then="suimon hold --help") from error
    return at


def _words(value: Any) -> str:
    return " ".join(str(value or "").split())
