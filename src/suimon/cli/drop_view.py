"""How a drop looks to people and to scripts: without the token that answers a replay, and the lease."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.text import Text

from suimon.aws.clock import utc_now
from suimon.cli.words import say
from suimon.drops.foreign_text import printable
from suimon.drops.hold import WINDOW, hold_as_recorded, is_held
from suimon.drops.lake import accepted_key
from suimon.drops.stamps import stamp_for_people
from suimon.drops.states import State
from suimon.ledger.holds import HoldLedger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.contract.file import Language
    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold

# Of the columns of a list but the last: how wide, and whether it holds numbers.
_COLUMNS = ((16, False), (20, False), (10, False), (7, True), (11, True))
STYLES = {
    State.LOADED: "green",
    State.FAILED: "red",
    State.REJECTED: "red",
    State.GONE: "yellow",
    State.UNMATCHED: "yellow",
    State.RETRACTED: "yellow",
}


def holds_of(table: Table, records: Iterable[DropRecord]) -> dict[str, Hold]:
    """Read the holds that keep the runs of these drops back, by the ids of the drops."""
    waiting = [record for record in records if record.state is State.ACCEPTED and record.match]
    holds = HoldLedger(table, time.sleep).of_all(record.dataset for record in waiting) if waiting else {}
    now = utc_now()
    of_each = {one.id: (one, hold_as_recorded(one, holds.get(one.dataset))) for one in waiting}
    return {name: hold for name, (one, hold) in of_each.items() if hold and is_held(one, hold, now)}


def held_by(hold: Hold | None, lang: Language = "en") -> str | None:
    """Return who keeps a drop's run back, since when, until when, and why."""
    if hold is None:
        return None
    until = seconds(hold.until) if hold.until else say("somebody releases it", lang)
    reason, who = hold.reason, hold.who  # a person's own words
    if who == WINDOW:
        reason, who = say("it came outside its window", lang), say("its contract", lang)
    of = {"who": who, "since": seconds(hold.since), "until": until, "reason": reason}
    return say("by {who} since {since}, until {until}: {reason}", lang, **of)


def as_object(record: DropRecord, hold: Hold | None = None) -> dict[str, Any]:
    """Return what people and scripts may see of a drop."""
    drop = record.drop
    return {
        "drop_id": record.id,
        "dataset": record.match.dataset if record.match else None,
        "partition": record.match.partition if record.match else None,
        "state": str(record.state),
        "held": held_by(hold),
        "attempt": record.attempt,
        "rows": record.rows,
        "since": to_json(record.updated_at),
        "received_at": to_json(record.received_at),
        "bucket": drop.bucket,
        "key": drop.key,
        "version_id": drop.version_id,
        "etag": drop.etag,
        "size": drop.size,
        "run_id": record.opened_run,
        "duplicate_of": record.duplicate_of,
        "superseded_by": record.superseded_by,
        "set_id": record.membership.set_id if record.membership else None,
        "members": list(record.members),
        "replay": record.replay.execution if record.replay else None,
        "failure": last_failure(record),
        "rejection": asdict(record.rejection) if record.rejection else None,
        "closed": record.closed,
        "volume": record.volume,
        "contract_version": record.contract_version,
        "retracted": retracted(record),
    }


def why_rejected(record: DropRecord, lang: Language = "en") -> str | None:
    """Return why the last rejected attempt was rejected, with the codes of its faults."""
    if (rejection := record.rejection) is None:
        return None
    codes = f" ({', '.join(rejection.codes)})" if rejection.codes else ""
    return say("attempt {attempt}: {reason}", lang, attempt=rejection.attempt, reason=f"{rejection.reason}{codes}")


def in_its_place(record: DropRecord, other: DropRecord | None, lang: Language = "en") -> str | None:
    """Return which drop counts in the place of a superseded one or has the bytes of a duplicate, and why that one.

    other: that drop, if the ledger has it.
    """
    drop_id = record.superseded_by or record.duplicate_of
    if drop_id is None or other is None or other.drop.key == record.drop.key:
        return drop_id
    stamp = other.match.stamp if other.match and record.superseded_by else ""
    later = say(", which has the later time {time} in its name", lang, time=stamp_for_people(stamp)) if stamp else ""
    return f"{drop_id}, {other.drop.shown_uri}{later}"


def last_failure(record: DropRecord, lang: Language = "en") -> str | None:
    """Return what the last try that failed failed with, and since when."""
    if (failure := record.failure) is None:
        return None
    when = {"since": seconds(failure.since), "at": seconds(failure.at)}
    times = say("{tries:,} tries since {since}, the last at {at}", lang, tries=failure.tries, **when)
    how = {"times": times if failure.tries else say("over", lang), "text": failure.text}
    return say("{state}, attempt {attempt}: {times}: {text}", lang, state=failure.state, attempt=failure.attempt, **how)


def retracted(record: DropRecord, lang: Language = "en") -> str | None:
    """Return why and by whom a drop is taken back, and what its partition gets instead."""
    if (retraction := record.retraction) is None:
        return None
    again = say("drop {drop} is loaded again", lang, drop=retraction.restores)
    instead = again if retraction.restores else say("its partition is emptied", lang)
    return f"{retraction.why}: {instead}"


def accepted_copy(record: DropRecord, lake: str) -> str:
    """Where the copy lies that the run reads; empty as long as no attempt was accepted."""
    return f"s3://{lake}/{accepted_key(record)}" if record.accepted else ""


def overview(records: Sequence[DropRecord], holds: Mapping[str, Hold], lang: Language = "en") -> Iterator[Text]:
    """Yield a list of drops, a heading and then one line each, so that lines can be searched."""
    yield Text(_row(*(say(name, lang) for name in ("drop id", "since", "state", "attempt", "rows", "key"))), "bold")
    held = f" ({say('held', lang)})"
    for record in records:
        rows = f"{record.rows:,}" if record.rows else ""
        key = printable(record.drop.key) + (held if record.id in holds else "")
        row = _row(record.id, seconds(record.updated_at), record.state, str(record.attempt), rows, key)
        yield Text(row, STYLES.get(record.state, ""))


def _row(*cells: str) -> str:
    """Set cells in columns; a Japanese character is as wide as two others."""
    *columns, last = cells
    blanks = [" " * (width - cell_len(cell)) for cell, (width, _) in zip(columns, _COLUMNS, strict=True)]
    sides = zip(blanks, columns, _COLUMNS, strict=True)
    return "  ".join([*(blank + cell if is_number else cell + blank for blank, cell, (_, is_number) in sides), last])


def seconds(at: datetime) -> str:
    """Write the ledger's time, which is UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def to_json(at: datetime) -> str:
    """Write a time for scripts, to the millisecond."""
    return at.isoformat(timespec="milliseconds")
