"""Messages of the sweep: stuck drops, undeliverable messages, what it could not repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.foreign_text import shown
from suimon.incidents.email import OF_STACK
from suimon.incidents.incident import Problem, listed
from suimon.incidents.kinds import NOTHING, About, Kind
from suimon.ledger.items import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suimon.drops.drop import DropRecord


def sweep_failed(part: str, reason: str) -> Problem:
    """A part of the sweep that failed."""
    return Problem(
        kind=Kind.SWEEP_FAILED,
        about=About(part=part),
        subject=f"The sweep could not check {part}",
        body=(
            f"What may have been lost there is not detected until this is repaired.\n\n{shown(reason)}\n\n"
            "What to do: see the log of the freshness function. It tries again every 15 minutes."
        ),
        fingerprint=reason.partition(":")[0],
    )


def unexplained_left(left: Mapping[str, tuple[int, Sequence[str]]]) -> Problem:
    """What the sweep detected and could not repair: for each kind, how many and examples."""
    lines = "\n".join(
        f"  {count:,} x {kind}, among them {', '.join(map(shown, examples))}"
        for kind, (count, examples) in left.items()
    )
    return Problem(
        kind=Kind.UNEXPLAINED,
        about=NOTHING,
        subject="The sweep detected what it could not repair",
        body=(
            f"{lines}\n\n"
            "What to do: as a rule nothing, the next rounds try again. If it lasts for hours, run "
            f"`suimon reconcile --full{OF_STACK}` and see the log of the freshness function."
        ),
        fingerprint="unexplained",
    )


def left_out(found: Mapping[str, str]) -> Problem:
    """Report what a round could not use of what it read; `found`: by name, why."""
    reasons = listed([f"{shown(name)}\n    {shown(reason)}" for name, reason in sorted(found.items())])
    return Problem(
        kind=Kind.UNUSABLE,
        about=NOTHING,
        subject="The sweep left out what it cannot use",
        body=(
            f"Everything else was done. These were left out, and nobody looks after them meanwhile:\n{reasons}\n\n"
            "What to do: a checkpoint# is begun anew by itself. Of any other item, find in CloudTrail who wrote it; "
            "correct it in the ledger's table, or delete it: then its object is found and entered again, and a problem "
            "that is still there is reported again."
        ),
        fingerprint=" ".join(sorted(found)),
    )


def stuck_drops(dataset: str, records: Sequence[DropRecord]) -> Problem:
    """Drops of one dataset that are stuck at the gate."""
    drops = listed(
        [
            f"{record.drop.shown_key}: {record.state} since {stamp(record.updated_at)}, drop {record.id}"
            for record in sorted(records, key=lambda one: one.updated_at)
        ]
    )
    return Problem(
        kind=Kind.STUCK,
        about=About(dataset=dataset),
        subject=f"{dataset}: files are stuck at the gate",
        body=(
            f"These have been stuck for more than an hour, though they were resumed several times:\n{drops}"
            "\n\nWhat to do: look for the drop's id in the log of the intake function. Of an ACCEPTED one see whether "
            "Airflow takes its run (another e-mail says why not, if Airflow was asked). Nothing is lost and nothing "
            "has to be sent again: they resume by themselves when the cause is gone."
        ),
        fingerprint="stuck",
    )


def orphaned_drops(dataset: str, records: Sequence[DropRecord]) -> Problem:
    """Report accepted drops of a dataset that no contract knows any more."""
    drops = listed([f"{one.drop.shown_key}: {one.state}, drop {one.id}" for one in records])
    return Problem(
        kind=Kind.ORPHANED,
        about=About(dataset=dataset),
        subject=f"{dataset}: files wait, and no contract knows them any more",
        body=(
            f"They were accepted, and the contract of {dataset} is gone from this release before their runs were "
            f"started:\n{drops}\n\n"
            "What to do: if the contract went by mistake, deploy it again, and they go on by themselves. Else close "
            "each:\n"
            f"  suimon drops close {records[0].id} --reason 'the dataset is given up'{OF_STACK}"
        ),
        fingerprint="orphaned",
    )


def undeliverable_messages(bucket: str, keys: Sequence[str]) -> Problem:
    """Messages that cannot be used, each kept whole."""
    kept = listed([f"s3://{bucket}/{shown(key)}" for key in keys])
    return Problem(
        kind=Kind.UNDELIVERABLE,
        about=NOTHING,
        subject="Messages that cannot be used",
        body=(
            f"They could not be delivered, and are of no known kind. Each is kept whole:\n{kept}\n\n"
            "What to do: read them; each says why it could not be used. If one is about a file, send the file again. "
            "Delete them there when they are dealt with: then this recovers."
        ),
        fingerprint=keys[0],
    )
