"""How the life of a file is drawn: what is known of it, its moves, its first bad cells."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table as Grid
from rich.text import Text

from suimon.cli.drop_view import STYLES, held_by, last_failure, retracted, seconds, why_rejected
from suimon.cli.words import say
from suimon.drops.foreign_text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from suimon.contract.file import Language
    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold
    from suimon.drops.replay_record import ReplayRecord
    from suimon.ledger.queries import HistoryEntry


def drawn_cells(cells: Sequence[dict[str, Any]], lang: Language = "en") -> Grid:
    """Draw bad cells: where they stand and what is wrong."""
    heads = (say(name, lang) for name in ("line", "column", "what is wrong", "value"))
    grid = Grid(*heads, box=box.SIMPLE_HEAD, title=say("First bad cells", lang))
    grid.title_justify = "left"
    grid.columns[0].justify = "right"
    for cell in cells:
        said = cell.get("messages", {}).get(lang, cell["message"])  # by default in the contract's language
        shown = (cell["line"], cell["label"], said, cell["value"])
        grid.add_row(*(Text(printable("" if text is None else str(text))) for text in shown))
    return grid


def details(
    record: DropRecord,
    copy: str,
    hold: Hold | None = None,
    asked: ReplayRecord | None = None,
    instead: str | None = None,
    lang: Language = "en",
) -> Grid:
    """Draw all that is known of a drop, leaving out what it does not have."""
    drop = record.drop
    fields = {
        "drop": record.id,
        "file": f"s3://{drop.bucket}/{drop.key}",
        "version": drop.version_id,
        "size": say("{size:,} bytes", lang, size=drop.size),
        "dataset": f"{record.match.dataset} {record.match.partition}".strip() if record.match else None,
        "state": say(
            "{state} since {since}, attempt {attempt}",
            lang,
            state=record.state,
            since=seconds(record.updated_at),
            attempt=record.attempt,
        ),
        "held": held_by(hold, lang),
        "judged by": f"{record.dataset} {record.contract_version}" if record.contract_version else None,
        "rejected": why_rejected(record, lang),
        "report": record.rejection.report if record.rejection else None,
        "rows": f"{record.rows:,}" if record.rows else "",
        "run": record.opened_run,
        "duplicate of": (instead or record.duplicate_of) if record.duplicate_of else None,
        "superseded by": (instead or record.superseded_by) if record.superseded_by else None,
        "set": (record.membership.set_id or say("waits for the others", lang)) if record.membership else None,
        "members": " ".join(record.members),
        "accepted copy": copy,
        "replay": replayed_by(record, asked, lang),
        "last failure": last_failure(record, lang),
        "closed": record.closed,
        "retracted": retracted(record, lang),
    }
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for name, value in fields.items():
        if value:
            grid.add_row(
                say(name, lang), Text(printable(value), STYLES.get(record.state, "") if name == "state" else "")
            )
    return grid


def moves_of(moves: Sequence[HistoryEntry], lang: Language = "en") -> Grid:
    """Draw who moved the drop where and when, and how long it stood there."""
    grid = Grid(*(say(name, lang) for name in ("state", "at", "for", "attempt", "by")), box=box.SIMPLE_HEAD)
    grid.columns[2].justify = grid.columns[3].justify = "right"
    grid.columns[4].overflow = "fold"
    lasted = [brief(after.at - before.at) for before, after in pairwise(moves)]
    for move, time in zip(moves, [*lasted, ""], strict=True):
        grid.add_row(
            Text(str(move.state), STYLES.get(move.state, "")),
            f"{move.at:%Y-%m-%d %H:%M:%S}.{move.at.microsecond // 1000:03d}Z",
            time,
            str(move.attempt),
            Text(printable(move.by)),
        )
    return grid


def brief(time: timedelta) -> str:
    """Write a duration in its two largest units, under a minute in seconds."""
    total = max(time.total_seconds(), 0)
    if total < 60:  # noqa: PLR2004 - seconds a minute
        return f"{total:.1f} s"
    minutes, hours, days = int(total // 60), int(total // 3600), time.days
    if hours < 1:
        return f"{minutes} min {int(total % 60)} s"
    return f"{hours} h {minutes % 60} min" if days < 1 else f"{days} d {hours % 24} h"


def replayed_by(record: DropRecord, asked: ReplayRecord | None, lang: Language = "en") -> str | None:
    """Return which replay asked for the attempt, who, and why."""
    if record.replay is None or asked is None:
        return record.replay.execution if record.replay else None
    how = say(", as it was accepted", lang) if record.replay.as_accepted else ""
    who, why = asked.who or say("unknown", lang), asked.reason or say("no reason given", lang)
    of = {"id": asked.id, "began": seconds(asked.began_at), "who": who, "how": how, "why": why}
    return say("{id}, begun {began} by {who}{how}: {why}", lang, **of)
