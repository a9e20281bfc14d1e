"""The id of an incident as text: what people paste into a shell, and what PagerDuty takes. Pure."""

from __future__ import annotations

import hashlib
import string
from typing import TYPE_CHECKING

from suimon.drops.foreign_text import straight, without_hosts

if TYPE_CHECKING:
    from collections.abc import Iterable

# PagerDuty takes 255 characters as the key that tells one incident from another.
# https://developer.pagerduty.com/docs/send-alert-event
ID_CHARACTERS = 255
_DIGEST_CHARACTERS = 16
# The ASCII of an id. Parts of the sweep have blanks, shapes of keys `*` and `#`, keys of sets braces.
_PLAIN = frozenset(string.ascii_letters + string.digits + " -_./,+=@#*{}")


def id_text(parts: Iterable[str]) -> str:
    """Return the text of an id: stable, different for different ids, at most ID_CHARACTERS long."""
    text = without_hosts(":".join(map(_escaped, parts)), "%2E", "%40")
    if len(text) <= ID_CHARACTERS:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{text[: ID_CHARACTERS - 1 - _DIGEST_CHARACTERS]}~{digest}"


def _escaped(part: str) -> str:
    """Escape what separates parts, what a line of an e-mail cannot show, and what a shell would obey.

    People paste ids behind commands, with quotes or without, and others choose the keys in them.
    """
    percent = (char if char in _PLAIN or _stands(char) else _in_percent(char) for char in part)
    return straight("".join(percent), _in_percent)


def _stands(char: str) -> bool:
    return char.isprintable() and not char.isascii()


def _in_percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode(errors="surrogatepass"))
