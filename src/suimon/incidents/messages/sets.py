"""What is told of a set: a shard that it does not take, and that it is not whole in time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from suimon.drops.foreign_text import shown
from suimon.drops.sets import listed
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import About, IncidentId, Kind
from suimon.ledger.items import stamp

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.keys import KeyPattern, SetRule
    from suimon.drops.drop import DropRecord
    from suimon.drops.sets import DropSet


CLOSED = "It keeps its contract, but its set is closed."


def closed(record: DropRecord, whole: DropSet) -> Problem:
    """Report that a shard is not taken into its set."""
    now_in = f"It has {len(whole.members)} shards: {listed(sorted(whole.members))}."
    return Problem(
        kind=Kind.SET_CLOSED,
        about=About.drop(record),
        subject=f"{record.dataset} {record.partition}: a shard beyond the set is rejected",
        body=(
            f"{record.drop.shown_uri} keeps its contract, but the set is closed.\n{now_in}\n\n"
            "What to do: nothing, if it came by mistake. If its rows belong there, send them in a shard of the set, or "
            "let the contract reload: surplus or late of its set.\n"
            f"Drop {record.id}, version {shown(record.drop.version_id)}."
        ),
        fingerprint=record.id,
    )


def incomplete_id(whole: DropSet) -> IncidentId:
    """Return the incident of a set that is not whole in time."""
    return IncidentId.of(Kind.INCOMPLETE_SET, About(dataset=whole.dataset, partition=whole.partition))


def incomplete(whole: DropSet, rule: SetRule, pattern: KeyPattern, until: datetime) -> Problem:
    """Report a set that was due by `until` and is not whole."""
    lacking = _lacking(whole, rule, pattern)
    have = f"Accepted are {len(whole.members)}: {listed(sorted(whole.members))}." if whole.members else "None has come."
    since = f" is awaited since {stamp(whole.waiting_since)}; it" if whole.waiting_since else ""
    return Problem(
        kind=Kind.INCOMPLETE_SET,
        about=About(dataset=whole.dataset, partition=whole.partition),
        subject=f"{whole.dataset} {whole.partition}: the set is not whole",
        body=(
            f"The set of {pattern.key_for(whole.partition)}{since} was "
            f"due by {until.isoformat(timespec='minutes')}.\nMissing: {lacking}.\n{have}\n\n"
            "What to do: see whether what is missing was rejected, which another e-mail says, or never sent. When it "
            "comes, the set is loaded by itself."
        ),
        fingerprint=hashlib.sha256(lacking.encode()).hexdigest()[:16],
    )


def _lacking(whole: DropSet, rule: SetRule, pattern: KeyPattern) -> str:
    if rule.shards:
        return f"{rule.shards - len(whole.members)} of {rule.shards} shards"
    if whole.expected is None:
        return rule.control.key_for(whole.partition) if rule.control else ""
    missing = sorted(whole.expected - whole.members.keys())
    return listed([pattern.key_for(whole.partition, name) for name in missing])
