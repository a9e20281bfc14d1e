"""The verdict on a drop, and everything that comes of it: its copy in the lake, or what people are told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from suimon.aws.objects import Objects, UnreadableError
from suimon.aws.task_token import answer_token
from suimon.contract.model import Role
from suimon.drops.drop import DropRecord, State, run_id
from suimon.drops.lake import accepted_name, accepted_prefix, aside_key
from suimon.drops.next_step import Fate, fate, is_outdated
from suimon.drops.sets import WAITING
from suimon.incidents.messages import files
from suimon.intake.errors import ComeBackError
from suimon.ledger.followers import follow

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.contract.model import Contract
    from suimon.incidents.store import IncidentDesk
    from suimon.intake.inspection import Inspection, Inspector
    from suimon.ledger.drops import Ledger
    from suimon.settings import Settings


@dataclass(frozen=True)
class Judge:
    """What a verdict is found and carried out with. `clock` gives the time in UTC."""

    ledger: Ledger
    objects: Objects
    desk: IncidentDesk
    sfn: SFNClient
    settings: Settings
    inspector: Inspector
    clock: Callable[[], datetime]

    def settle(self, record: DropRecord, contract: Contract) -> DropRecord:
        """Bring a claimed drop to its verdict, or to the end that other writes of its key have made for it.

        ComeBackError when it must wait for one of those.
        """
        found = self._fate(record)
        if found.state is State.SUPERSEDED:
            return self._give_way(record)
        # A replay repeats bytes that are known, on purpose.
        if found.state is State.DUPLICATE and record.attempt == 1:
            return self.end(record, State.DUPLICATE, duplicate_of=found.repeats)
        if found.waits_for:
            raise ComeBackError(f"drop {record.id} has the bytes of drop {found.waits_for}, which is being checked")
        return self._inspect(record, contract)

    def _inspect(self, record: DropRecord, contract: Contract) -> DropRecord:
        try:
            with self.inspector.inspect(record, contract) as inspection:
                # A check takes its time: what was overwritten meanwhile need neither run nor be told of.
                if is_outdated(record, self.ledger.newer_writes(record)):
                    return self._give_way(record)
                if not inspection.verdict.accepted:
                    return self.reject(record, contract, inspection.report())
                name = self._keep(record, contract, inspection)
        except UnreadableError as error:
            return self.reject(record, contract, str(error))
        self._remark(record, contract, inspection)
        # The run id is written before the call that uses it: whoever takes over after a crash asks for the same run.
        told = {"rows": inspection.verdict.accepted_rows, "accepted_as": name}
        told |= {"set_id": WAITING} if contract.role_of(record.drop.key) is Role.SHARD else {"run_id": run_id(record)}
        return self.ledger.move(record, State.ACCEPTED, self.clock(), **told)

    def _fate(self, record: DropRecord) -> Fate:
        # What no contract knew when it came has no say yet: it will look at us when it is taken up.
        older = self.ledger.older_writes(record)
        before = next((other for other in older if other.state is not State.UNMATCHED), None)
        if before and before.state is State.DUPLICATE:
            before = self.ledger.get(before.duplicate_of)
        return fate(record, self.ledger.newer_writes(record), before)

    def _keep(self, record: DropRecord, contract: Contract, inspection: Inspection) -> str:
        """Put what goes on into the lake, the version as it is or the rows that are left of it, and give its name."""
        lake, accepted, aside = self.settings.lake_bucket, accepted_prefix(record), inspection.aside
        rewritten = bool(inspection.verdict.set_aside)
        if rewritten and contract.file:
            contract = replace(contract, file=contract.file.plain())
        name = accepted_name(contract)
        if rewritten:
            self.objects.put_rows(lake, f"{accepted}{name}", aside.accepted)
            self.objects.put_rows(lake, aside_key(record), aside.bad)
        else:
            self.objects.copy_version(record.drop, lake, f"{accepted}{name}")
        self.objects.put_json(lake, f"{accepted}_contract.json", contract.to_json())
        return name

    def _remark(self, record: DropRecord, contract: Contract, inspection: Inspection) -> None:
        """Tell people of a file that is accepted and yet not all it should be."""
        verdict = inspection.verdict
        if verdict.set_aside or verdict.warnings:
            aside = f"s3://{self.settings.lake_bucket}/{aside_key(record)}" if verdict.set_aside else ""
            problem = files.imperfect(record, contract, verdict.set_aside, inspection.report(), aside)
            self.desk.report(problem, self.clock())
        else:
            note = f"{record.drop.key} has come again and is as it should be."
            self.desk.recover(files.imperfect_id(record, contract), self.clock(), note)

    def reject(self, record: DropRecord, contract: Contract, reason: str) -> DropRecord:
        """Send a drop back, with the reason for people."""
        # People first, ledger after: a crash in between says it again at the next delivery, never not at all.
        self.desk.report(files.rejected(record, contract, reason), self.clock())
        # Whoever loads a newer file closes this incident, if it was open by then; else we see the newer file here.
        if is_outdated(record, self.ledger.newer_writes(record)):
            return self._give_way(record)
        return self.end(record, State.REJECTED, reason)

    def _give_way(self, record: DropRecord) -> DropRecord:
        """End a drop in whose place a newer write has come; what was told of it, here or before a crash, is over."""
        told = self.desk.known(files.rejected_id(record))
        if told and told.is_open and told.fingerprint == run_id(record):
            self.desk.recover(told.id, self.clock(), f"{record.drop.key} has come anew.")
        return self.end(record, State.SUPERSEDED)

    def end(self, record: DropRecord, state: State, reason: str = "", **attributes: str) -> DropRecord:
        """Enter the end of a drop that opens no run, and tell whoever waits for it."""
        record = self.ledger.move(record, state, self.clock(), **attributes)
        if record.members:
            follow(self.ledger, record, self.clock())
        answer_token(self.sfn, record, reason)
        return record
