"""Messages about files at the gate that fail again and again: with which error, and who must do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.failure import TERMINATED
from suimon.drops.foreign_text import LONGEST_NAME, shown
from suimon.incidents.incident import Problem, listed
from suimon.incidents.kinds import KINDS, About, Kind
from suimon.ledger.items import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from suimon.drops.drop import DropRecord

_RESUMES = "Nothing is lost and nothing has to be sent again: the files are tried again by themselves."
_MAY_NOT_READ = (
    "What to do: whoever owns the KMS key that the file was encrypted with must allow kms:Decrypt to the role of the "
    "intake function (IntakeRole of the stack) in the KEY's policy; without such a key, see that the raw bucket's "
    "policy lets that role read versions (s3:GetObjectVersion). Or the sender sends the file again under the "
    "bucket's own encryption. " + _RESUMES
)
_TERMINATED = (
    "What to do: whoever operates Suimon sees in the log of the intake function whether it ran out of memory or of its "
    "15 minutes; then the sender sends the file in parts. " + _RESUMES
)
_ELSE = (
    "What to do: whoever operates Suimon looks for the drop's id in the log of the intake function. It is a fault of "
    "the gate or of what it stands on, not of the file. " + _RESUMES
)


def failing(dataset: str, error: str, records: Sequence[DropRecord]) -> Problem:
    """Report files of one dataset that fail with one error."""
    tries = [
        f"{record.drop.shown_uri} (drop {record.id}, {record.state})\n"
        f"    {failure.tries:,} tries have failed since {stamp(failure.since)}, the last one with\n"
        f"    {shown(failure.text)}"
        for record in sorted(records, key=lambda one: one.updated_at)
        if (failure := record.failing)
    ]
    return Problem(
        kind=Kind.FAILING,
        about=About(dataset=dataset, error=error),
        subject=f"{dataset}: files do not get through the gate: {shown(error, LONGEST_NAME)}",
        body=f"These could neither be accepted nor rejected:\n{listed(tries)}\n\n{_remedy(error)}",
        fingerprint="failing",
    )


def _remedy(error: str) -> str:
    if error == TERMINATED:
        return _TERMINATED
    # KMS.DisabledException, KMS.NotFoundException and others: S3 hands on what KMS says.
    return _MAY_NOT_READ if error == "AccessDenied" or error.startswith("KMS.") else _ELSE


def failing_by_error(records: Iterable[DropRecord]) -> dict[tuple[str, str], list[DropRecord]]:
    """Sort the drops that fail by dataset and error; those without a dataset have none of it."""
    found: dict[tuple[str, str], list[DropRecord]] = {}
    for record in records:
        if record.failing and record.match:
            found.setdefault((record.dataset, record.failing.error), []).append(record)
    return found


def is_due(record: DropRecord, now: datetime) -> bool:
    """Whether people have to hear of a drop that fails."""
    return record.failing is not None and KINDS[Kind.FAILING].has_lasted(record.failing.since, now)
