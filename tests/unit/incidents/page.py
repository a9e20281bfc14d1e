"""docs/incidents.md, written from the tables of kinds and of inhibitions: `make states` writes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from suimon.incidents.inhibition import EXPLAINS_FOR, INHIBITIONS
from suimon.incidents.kinds import KINDS

if TYPE_CHECKING:
    from datetime import timedelta

PAGE = Path(__file__).parents[3] / "docs" / "incidents.md"
_HEAD = """# Incidents

Written by `make states` from `src/suimon/incidents/kinds.py` and `inhibition.py`.

An incident is one problem, from its opening to its end. Its id is its kind and what it is about, at most 255 characters
long: a pager may take it as its key. It is reported when it opens, changes or gets worse, repeated at nine in the
dataset's zone (errors each day, warnings each week), and its recovery is sent. `suimon incidents` lists what is open,
`suimon ack`, `snooze` and `close` say what a person does about it ([ADR 21](adr/0021-incidents-that-live.md)).

## How each kind opens and ends

| kind | one for each | severity | opens | is over when |
|---|---|---|---|---|
"""
_MUTES = """
## What explains what

While the left one is open, and for {days} days at most, the right one is recorded and not told. It is told in the first
round in which nothing explains it, and after {days} days whatever explains it by then.

| open | not told | of the same | why |
|---|---|---|---|
"""


def page() -> str:
    """Return the page."""
    kinds = [
        f"| {kind} | {', '.join(one.identified_by) or 'stack'} | {one.severity}{_after(one.escalates)} | "
        f"{one.opens}{_patience(one.patience)} | {one.over} |\n"
        for kind, one in KINDS.items()
    ]
    rules = [f"| {one.cause} | {one.muted} | {', '.join(one.by) or 'stack'} | {one.why} |\n" for one in INHIBITIONS]
    return "".join([_HEAD, *kinds, _MUTES.format(days=EXPLAINS_FOR.days), *rules])


def _after(escalates: timedelta | None) -> str:
    return f", error after {_span(escalates)}" if escalates else ""


def _patience(patience: timedelta) -> str:
    return f", for {_span(patience)}" if patience else ""


def _span(span: timedelta) -> str:
    if span.days:
        return f"{span.days} day{'s' if span.days > 1 else ''}"
    minutes = span.seconds // 60
    return f"{minutes // 60} hours" if minutes >= 60 else f"{minutes} minutes"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
