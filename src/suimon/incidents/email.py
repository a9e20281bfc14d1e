"""Subject and body within SNS's limits. Pure."""

from __future__ import annotations

import unicodedata

from suimon.drops.foreign_text import without_links

# SNS: a subject has fewer than 100 characters, a message at most 256 KiB; the subject may count with it, so leave room.
SUBJECT_CHARACTERS = 99
MESSAGE_BYTES = 255 * 1024


# Stands in messages behind a command; only the publisher knows the stack. It never comes from a text of others: it
# does not print, and what does not print is an escape there.
OF_STACK = "\ue000"


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
    return f"{cut.rstrip()}…"


def message(body: str, incident_id: str, stack: str = "") -> str:
    """Fit a text into an SNS message, in bytes, without control characters; its last line is the incident's id.

    stack: named in each command.
    """
    body = body.replace(OF_STACK, f" --stack {stack}" if stack else "")
    text = "\n".join("\t".join(map(_without_control, line.split("\t"))) for line in body.split("\n")).strip()
    closing = f"\n\nIncident: {without_links(incident_id)}\n"
    whole = text.encode()
    room = MESSAGE_BYTES - len(closing.encode())
    if len(whole) <= room:
        return text + closing
    note = f"\n\n(Cut here: the whole text has {len(whole):,} bytes, a message may have {MESSAGE_BYTES:,}.)"
    return whole[: room - len(note.encode())].decode(errors="ignore") + note + closing


def _without_control(text: str) -> str:
    """Put blanks for control, format, surrogate and unassigned characters, and Unicode's line and paragraph breaks."""
    if text.isprintable():  # as nearly every text is, told a hundred times faster
        return text
    return "".join(
        " " if (category := unicodedata.category(char)).startswith("C") or category in {"Zl", "Zp"} else char
        for char in text
    )


def _utf16_units(text: str) -> int:
    """Count as Java does, which is how SNS may count: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2
