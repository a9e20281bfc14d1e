"""The verdict on a file or shard, and what follows from it: its copy in the lake, or an alert."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.aws.objects import GoneError, Objects, UnreadableError
from suimon.aws.task_token import answer_token
from suimon.contract.dates import Outside
from suimon.drops.drop import Accepted, DropRecord, Rejection
from suimon.drops.duplicate_or_superseded import may_become_same, outdated_by, precedence_of, repeated_by
from suimon.drops.hold import opening_for
from suimon.drops.lake import CONTRACT, accepted_key, accepted_name, accepted_prefix, aside_key, read_key, read_prefix
from suimon.drops.states import State
from suimon.drops.volume import Amount
from suimon.incidents.incident import Recovery
from suimon.incidents.messages import files
from suimon.incidents.messages.recoveries import file_has_no_flaw, volume_is_usual
from suimon.incidents.recovery import close_recovered, ids_by_slot
from suimon.intake.errors import RetryLaterError
from suimon.intake.usual import compared, outside_window, published, remarks_of, stamp_ahead
from suimon.ledger.followers import follow
from suimon.report.published import Published
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Unpack

    from mypy_boto3_stepfunctions import SFNClient

    from suimon.contract.model import Contract
    from suimon.drops.sets import SetError
    from suimon.drops.volume import Compared
    from suimon.incidents.incident import Problem
    from suimon.incidents.store import IncidentStore
    from suimon.intake.inspection import Inspection, Inspector
    from suimon.ledger.drops import Changes, Ledger


WAS_DELETED = "the file was deleted before it could be checked: send it again"


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Accepts or rejects claimed drops. `clock` returns the time in UTC."""

    ledger: Ledger
    objects: Objects
    incidents: IncidentStore
    sfn: SFNClient
    lake_bucket: str
    inspector: Inspector
    clock: Callable[[], datetime]

    def judge(self, record: DropRecord, contract: Contract, **if_accepted: Unpack[Changes]) -> DropRecord:
        """Bring a claimed file or shard to its verdict, or to the end that other writes of its slot have made for it.

        if_accepted: what to record of it then. RetryLaterError when it must wait for one of those writes.
        """
        if settled := self._settled_unread(record, contract):
            return settled
        try:
            _refuse_to_check_again(record)
            with self.inspector.inspect(record, contract) as inspection:
                if by := outdated_by(record, self.ledger.newer_writes(record)):
                    # A check takes its time: what was overwritten meanwhile is neither run nor reported.
                    return self._supersede(record, by.id)  # mark: overwritten-during-check
                volume = self._compared(record, contract, inspection)
                if refused := _refused(contract, inspection, volume):
                    return self.reject(record, contract, refused)
                sha256 = if_accepted["sha256"] = inspection.sha256()
                repeats = self._repeated_by(replace(record, sha256=sha256))
                name = "" if repeats else self._copy(record, contract, inspection)
        except UnreadableError as error:
            return self._settle_unreadable(record, contract, error, if_accepted)
        if repeats:
            return self.end(record, State.DUPLICATE, duplicate_of=repeats, sha256=sha256)
        self._report_flaws(record, contract, inspection)
        if_accepted["accepted"] = _accepted(name, contract, inspection)
        return self._accept_compared(record, contract, volume, if_accepted)

    def accept_set(self, record: DropRecord, contract: Contract, **changes: Unpack[Changes]) -> DropRecord:
        """Accept a set, whose shards were accepted, and compare how much they have together."""
        volume = compared(record, contract, Amount.of_drop(record, changes["accepted"]), self.ledger)
        return self._accept_compared(record, contract, volume, changes)

    def _compared(self, record: DropRecord, contract: Contract, inspection: Inspection) -> Compared | None:
        if not inspection.verdict.accepted:
            return None
        return compared(record, contract, Amount.of_drop(record, _accepted("", contract, inspection)), self.ledger)

    def _accept_compared(
        self, record: DropRecord, contract: Contract, volume: Compared | None, changes: Changes
    ) -> DropRecord:
        if volume:
            changes["volume"] = str(volume)
            self._report_volume(record, contract, volume)
        changes["contract_version"] = contract.version
        if opens := opening_for(record, contract):
            changes["opens_at"] = opens
        return self.accept(record, **changes)

    def _settled_unread(self, record: DropRecord, contract: Contract) -> DropRecord | None:
        """End a drop that need not be read: for the time in its name, by other writes, or outside its window."""
        return (
            self._reject_ahead(record, contract)
            or self._settled_by_others(record)
            or self.reject_outside_window(record, contract)
        )

    def reject_outside_window(self, record: DropRecord, contract: Contract) -> DropRecord | None:
        """Reject, unread, what comes outside a window that takes nothing else; None of anything else."""
        window, remark = contract.comes_outside(record.received_at), outside_window(record, contract)
        if window and remark and window.outside is Outside.REJECT:
            return self.reject(record, contract, published([remark], contract))
        return None

    def _reject_ahead(self, record: DropRecord, contract: Contract) -> DropRecord | None:
        """Reject, unread, what has a time in its name that lies ahead: nothing that comes would be newer."""
        remark = stamp_ahead(record)
        return self.reject(record, contract, published([remark], contract)) if remark else None

    def accept(self, record: DropRecord, **changes: Unpack[Changes]) -> DropRecord:
        """Record a drop as accepted."""
        return self.ledger.move(record, State.ACCEPTED, self.clock(), **changes)

    def _settle_unreadable(
        self, record: DropRecord, contract: Contract, error: UnreadableError, if_accepted: Changes
    ) -> DropRecord:
        """Settle a file that can never be read: what was accepted before is loaded again from its copy.

        a replay                             the bucket's lifecycle rule
        looks: the version is there
        claims
                                             deletes the version
        cannot read it, has its copy         (mark: its-copy-is-loaded-again)
        """
        if isinstance(error, GoneError) and self.has_copy_for(record, record.attempt):
            return self.accept(record, **if_accepted)  # mark: its-copy-is-loaded-again
        return self.refuse(record, contract, error)

    def has_copy_for(self, record: DropRecord, attempt: int) -> bool:
        """Whether a file whose version is gone can be loaded in this attempt from its copy in the lake.

        Only if the attempt before was accepted, and the copy is still there with the contract that it was accepted by:
        the run reads it by that one.
        """
        if not record.has_copy_for(attempt):
            return False
        folder = accepted_prefix(record)
        return {accepted_key(record), f"{folder}{CONTRACT}"} <= set(self.objects.keys(self.lake_bucket, folder))

    def lay_out_nothing(self, record: DropRecord, contract: Contract) -> None:
        """Write what the run of a retraction reads that empties its partition: a header and no records."""
        if contract.file is None:
            return
        plain, header = replace(contract, file=contract.file.plain()), io.StringIO()
        titles = [column.title for column in contract.columns]
        csv.writer(header, delimiter=contract.file.delimiter, lineterminator="\n").writerow(titles)
        self.objects.put_text(self.lake_bucket, read_key(record), header.getvalue(), kind="text/csv")
        self.objects.put_json(self.lake_bucket, f"{read_prefix(record)}{CONTRACT}", plain.to_json())

    def reject(self, record: DropRecord, contract: Contract, found: Published) -> DropRecord:
        """Reject a drop and alert people with the reason."""
        rejection = Rejection(record.attempt, found.reason, found.codes, found.page)
        problem = files.rejected(record, contract, found.findings, found.links)
        by = contract.version
        return self._turn_away(record, State.REJECTED, problem, found.reason, rejection=rejection, contract_version=by)

    def refuse(self, record: DropRecord, contract: Contract, error: UnreadableError | SetError) -> DropRecord:
        """End a drop that cannot be read: GONE if its version was deleted, else rejected for the reason."""
        if not isinstance(error, GoneError):
            return self.reject(record, contract, Published.without_report(str(error)))
        return self._turn_away(record, State.GONE, files.gone(record, contract), WAS_DELETED)

    def _turn_away(
        self, record: DropRecord, state: State, problem: Problem, reason: str, **changes: Unpack[Changes]
    ) -> DropRecord:
        # People first, ledger after: a crash in between reports it again at the next delivery, never not at all.
        self.incidents.report(problem, self.clock())
        if by := outdated_by(record, self.ledger.newer_writes(record)):
            # Whoever loads a newer file closes this incident if it was open by then; otherwise we see that file here.
            return self._supersede(record, by.id)  # mark: overwritten-while-reported
        return self.end(record, state, reason, **changes)

    def end(self, record: DropRecord, state: State, reason: str = "", **changes: Unpack[Changes]) -> DropRecord:
        """Record the end of a drop that opens no run, and answer the replay that waits for it."""
        record = self.ledger.move(record, state, self.clock(), **changes)
        if record.members:
            follow(self.ledger, record, self.clock())
        answer_token(self.sfn, record, reason)
        return record

    def _settled_by_others(self, record: DropRecord) -> DropRecord | None:
        """End a drop that other writes of its slot have settled; None of one that must be checked."""
        found = precedence_of(record, self.ledger.newer_writes(record), self._write_before(record))
        if found.by:
            return self._supersede(record, found.by)
        # A replay repeats bytes that are known, on purpose.
        if found.repeats and record.attempt == 1:
            return self.end(record, State.DUPLICATE, duplicate_of=found.repeats)
        if found.waits_for:  # mark: waits-for-the-later-write
            raise RetryLaterError(f"drop {record.id} has the bytes of drop {found.waits_for}, which is being checked")
        return None

    def _write_before(self, record: DropRecord) -> DropRecord | None:
        # What no contract matched when it came decides nothing yet: it is compared with us once it is claimed.
        older = self.ledger.older_writes(record)
        before = next((other for other in older if other.state is not State.UNMATCHED), None)
        return self.ledger.get(before.duplicate_of) if before and before.duplicate_of else before

    def _repeated_by(self, record: DropRecord) -> str | None:
        """Return the write whose bytes this one repeats, now that its hash is known; RetryLaterError to ask again."""
        if record.attempt > 1:
            return None
        before = self._write_before(record)
        if may_become_same(record, before, self.clock()):  # mark: waits-for-the-earlier-write
            raise RetryLaterError(f"drop {record.id} may have the bytes of the write before it, which is being checked")
        return repeated_by(record, self.ledger.newer_writes(record), before)

    def _supersede(self, record: DropRecord, by: str) -> DropRecord:
        """End a drop that a newer write has replaced; what was reported of its slot is over if that one is loaded."""
        close_recovered(self.incidents, self.ledger, ids_by_slot(record), self.clock())
        return self.end(record, State.SUPERSEDED, superseded_by=by)

    def _copy(self, record: DropRecord, contract: Contract, inspection: Inspection) -> str:
        """Copy what is accepted into the lake, the version as it is or the rows that are left; return its name."""
        accepted, aside = accepted_prefix(record), inspection.aside
        rewritten = bool(inspection.verdict.set_aside)
        if rewritten and contract.file:
            contract = replace(contract, file=contract.file.plain())
        name = accepted_name(contract)
        if rewritten:
            self.objects.put_rows(self.lake_bucket, f"{accepted}{name}", aside.accepted)
            self.objects.put_rows(self.lake_bucket, aside_key(record), aside.bad)
        else:
            self.objects.copy_version(record.drop, self.lake_bucket, f"{accepted}{name}")
        self.objects.put_json(self.lake_bucket, f"{accepted}{CONTRACT}", contract.to_json())
        return name

    def _report_flaws(self, record: DropRecord, contract: Contract, inspection: Inspection) -> None:
        """Report that records of an accepted file were set aside, a rule warns or its window, or that none does now."""
        verdict, outside = inspection.verdict, outside_window(record, contract)
        if verdict.set_aside or verdict.warns or outside:
            aside = f"s3://{self.lake_bucket}/{aside_key(record)}" if verdict.set_aside else ""
            told = [inspection.report().text] if verdict.set_aside or verdict.warns else []
            told += [outside.said(contract)] if outside else []
            problem = files.imperfect(record, contract, verdict.set_aside, "\n\n".join(told), aside)
            self.incidents.report(problem, self.clock())
        else:
            recovery = Recovery(files.imperfect_id(record), file_has_no_flaw(record))
            self.incidents.recover([recovery], self.clock())

    def _report_volume(self, record: DropRecord, contract: Contract, volume: Compared) -> None:
        """Report that an accepted file has unusually little or much, or that this has recovered.

        One of which nobody knows whether it is usual ends nothing.
        """
        if remarks := remarks_of(volume):
            told = "\n".join(remark.sentence(contract) for remark in remarks)
            self.incidents.report(files.unusual_volume(record, told), self.clock())
        elif volume.is_usual:
            self.incidents.recover([Recovery(files.volume_id(record), volume_is_usual(record))], self.clock())


def _accepted(name: str, contract: Contract, inspection: Inspection) -> Accepted:
    """Return what the ledger keeps of an accepted file; the sums that its trailer alone gives are of no use later."""
    columns = contract.volume.columns if contract.volume else ()
    found = inspection.verdict
    sums = {column: found.sums[column] for column in columns if column in found.sums}
    return Accepted(name, found.accepted_rows, sums)


def _refused(contract: Contract, inspection: Inspection, volume: Compared | None) -> Published | None:
    """Return what is told of a file that is rejected; None of one that is accepted."""
    if not inspection.verdict.accepted:
        return inspection.report()
    if volume and volume.breaches and contract.volume and contract.volume.severity == "error":
        return published(remarks_of(volume), contract)
    return None


def _refuse_to_check_again(record: DropRecord) -> None:
    """Raise GoneError of a file that a replay loads as it was accepted: its copy stands in for its version."""
    if record.replay and record.replay.as_accepted:  # mark: loaded-as-accepted
        raise GoneError(f"drop {record.id} is loaded from its accepted copy, which is not there any more")
