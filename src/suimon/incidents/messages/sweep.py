"""Messages of the sweep: stuck drops, undeliverable messages, what it could not repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.incidents.incident import EXAMPLES, Problem
from suimon.incidents.kinds import NOTHING, About, Kind
from suimon.ledger.items import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suimon.drops.drop import DropRecord


def sweep_failed(part: str, reason: str) -> Problem:
    """A part of the sweep that could not be done."""
    return Problem(
        kind=Kind.SWEEP_FAILED,
        about=About(part=part),
        subject=f"The sweep cannot look at {part}",
        body=(
            f"What may have been lost there is not found until this is mended.\n\n{reason}\n\n"
            "What to do: see the log of the freshness function. It tries again every 15 minutes."
        ),
        fingerprint=reason.partition(":")[0],
    )


def unexplained_left(left: Mapping[str, tuple[int, Sequence[str]]]) -> Problem:
    """What the sweep found and could not repair: for each kind, how many and examples."""
    lines = "\n".join(
        f"  {count:,} x {kind}, among them {', '.join(examples)}" for kind, (count, examples) in left.items()
    )
    return Problem(
        kind=Kind.UNEXPLAINED,
        about=NOTHING,
        subject="The sweep found what it could not set right",
        body=(
            f"{lines}\n\n"
            "What to do: as a rule nothing, the next rounds go on with it. If it lasts for hours, run "
            "`suimon reconcile --full` and see the log of the freshness function."
        ),
        fingerprint="unexplained",
    )


def stuck_drops(dataset: str, records: Sequence[DropRecord]) -> Problem:
    """Drops of one dataset that do not get through the gate."""
    listed = "\n".join(
        f"  {record.drop.key}: {record.state} since {stamp(record.updated_at)}, drop {record.id}"
        for record in sorted(records, key=lambda one: one.updated_at)[:EXAMPLES]
    )
    more = f"\n  and {len(records) - EXAMPLES:,} more" if len(records) > EXAMPLES else ""
    return Problem(
        kind=Kind.STUCK,
        about=About(dataset=dataset),
        subject=f"{dataset}: files do not get through the gate",
        body=(
            f"These have stood still for more than an hour, though they were sent on again and again:\n{listed}{more}"
            "\n\nWhat to do: RECEIVED or VALIDATING: see the log of the intake function for the drop's id. ACCEPTED: "
            "Airflow does not take the run; another e-mail says why. Nothing is lost and nothing has to be sent again: "
            "they go on by themselves when the cause is gone."
        ),
        fingerprint="stuck",
    )


def undeliverable_messages(bucket: str, keys: Sequence[str]) -> Problem:
    """Messages of which nothing can be made, each kept whole."""
    listed = "\n".join(f"  s3://{bucket}/{key}" for key in keys[:EXAMPLES])
    more = f"\n  and {len(keys) - EXAMPLES} more" if len(keys) > EXAMPLES else ""
    return Problem(
        kind=Kind.UNDELIVERABLE,
        about=NOTHING,
        subject="Messages of which nothing can be made",
        body=(
            f"They could not be delivered, and nobody can read them. Each is kept whole:\n{listed}{more}\n\n"
            "What to do: read them; each says why it could not be used. If one tells of a file, send the file again. "
            "Delete them there when they are seen to: then this is over."
        ),
        fingerprint=keys[0],
    )
