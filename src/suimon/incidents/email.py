"""Subject and body within SNS's limits. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

from suimon.drops.foreign_text import straight

# SNS: a subject is UTF-8 text of fewer than 100 characters, without line breaks and control characters.
SUBJECT_CHARACTERS = 99

# Stands in messages behind a command; only the publisher knows the stack. It never comes from a text of others: it
# does not print, and what does not print is an escape there.
OF_STACK = "\ue000"
# Stands around a moment, likewise: the publisher knows in which zone its reader lives.
_MOMENT = "\ue001"
_MOMENTS = re.compile(f"{_MOMENT}([^{_MOMENT}]*){_MOMENT}")


def clock(moment: datetime) -> str:
    """Return a moment for a message: its reader sees it on the wall of a zone, as `on_the_wall` writes it."""
    return f"{_MOMENT}{moment.isoformat()}{_MOMENT}"


def on_the_wall(text: str, zone: str) -> str:
    """Return a text whose moments are times of a zone; what is none stays: no text may keep its message from people."""

    def written(found: re.Match[str]) -> str:
        try:
            return wall_time(datetime.fromisoformat(found[1]), zone)
        except (ValueError, OverflowError):
            return found[1]

    return _MOMENTS.sub(written, text)


def wall_time(moment: datetime, zone: str) -> str:
    """Write a moment as a time of a zone."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def subject_line(text: str) -> str:
    """Fit a text into an SNS subject: one line without control characters, cut at a word where there is one."""
    line = " ".join(_without_control(text).split())
    if _utf16_units(line) <= SUBJECT_CHARACTERS:
        return line
    line = line[:SUBJECT_CHARACTERS]
    while _utf16_units(line) >= SUBJECT_CHARACTERS:
        line = line[:-1]
    # Japanese has no blanks to cut at: go back to one only if it is near.
    head, blank, tail = line.rpartition(" ")
    cut = head if blank and len(tail) < SUBJECT_CHARACTERS // 4 else line
    return f"{cut}…"


def plain_lines(body: str) -> str:
    """Return a body without control characters but its line breaks and tabs."""
    return "\n".join("\t".join(map(_without_control, line.split("\t"))) for line in body.split("\n")).strip()


def fitted(text: str, most: int) -> str:
    """Fit a text into so many bytes of a JSON string in UTF-8; where it is cut, it says so."""
    size = _bytes_in_json(text)
    if size <= most:
        return text
    note = f"\n\n(Cut here: the whole text has {len(text.encode()):,} bytes.)\n"
    room, kept = most - _bytes_in_json(note), text
    while (size := _bytes_in_json(kept)) > room:
        kept = kept[: min(len(kept) - 1, len(kept) * room // size)]
    return kept + note


def _bytes_in_json(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


def _without_control(text: str) -> str:
    """Put blanks for control, format, surrogate and unassigned characters, and Unicode's line and paragraph breaks."""
    if text.isprintable():  # as nearly every text is, told a hundred times faster
        return straight(text)
    cleaned = "".join(
        " " if (category := unicodedata.category(char)).startswith("C") or category in {"Zl", "Zp"} else char
        for char in text
    )
    return straight(cleaned)


def _utf16_units(text: str) -> int:
    """Count as Java does, which is how SNS may count: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2
