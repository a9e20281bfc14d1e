"""Texts of others (keys, names, errors) as people may see them: on one line, harmless, and not too long. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 1_100  # a key has up to 1,024 bytes
LONGEST_ASKED = 2_000  # bytes of a text that a function is asked with: a key of DynamoDB has 2,048
LONGEST_NAME = 40  # in a subject, which has less than 100 characters
_BLANKS = re.compile(r"[ \t\r\n]+")
_SENTENCE = re.compile(r"[.!?](?=\s)|[。！？]|\n")
# What mail programs make links of.
_SCHEME = re.compile(r"(?<![\w-])(https?|ftp|file|data|javascript|mailto):", re.IGNORECASE)
_WWW = re.compile(r"\b(www)\.", re.IGNORECASE)
# A host before a path or a port, and the address of a mailbox: some programs make links of them without a scheme.
_HOST = re.compile(r"(?<=[^\W_])\.(?=[a-z][a-z0-9-]*[a-z](?:/|:\d|\?|#))", re.IGNORECASE)
_MAILBOX = re.compile(r"(?<=[\w.+-])@(?=[\w-]+\.\w)")
# What prints and deceives: letters written from right to left, which take their neighbours along, so that a line reads
# in another order than it stands; and letters that nobody sees.
_MISLEADING = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0]"
)
# Marks above and below a letter. No language has more than three on one; hundreds cover the lines beside theirs.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ece\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef"
)
_TOWER = re.compile(f"(?<=[{_MARKS}]{{3}})[{_MARKS}]")


def _in_python(char: str) -> str:
    return ascii(char)[1:-1]


def _in_json(char: str) -> str:
    return json.dumps(char)[1:-1]


def is_usable(text: str) -> bool:
    """Whether a text of a request can be looked up and stored."""
    # JSON may hold half of a character, which nothing can encode.
    whole = not any("\ud800" <= one <= "\udfff" for one in text)
    return whole and len(text.encode()) <= LONGEST_ASKED


def printable(text: str) -> str:
    """Return a text with every character that does not print as an escape, line breaks and bidi overrides too.

    The ideographic space prints: it is as common in Japanese values as the blank is in others.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\u3000" else repr(c)[1:-1] for c in text)


def straight(text: str, escape: Callable[[str], str] = _in_python) -> str:
    """Return a text that reads in the order in which it stands: what would turn, hide or cover it is an escape.

    A page isolates each value instead; a terminal and an e-mail cannot.
    """
    if text.isascii():
        return text
    return _TOWER.sub(lambda found: escape(found[0]), _MISLEADING.sub(lambda found: escape(found[0]), text))


def harmless(text: str) -> str:
    """Return lines of which a terminal obeys nothing; JSON stays JSON: what does not print is an escape of JSON's."""
    if text.isprintable():
        return straight(text, _in_json)
    shown = "".join(c if c.isprintable() or c in "\n\t\u3000" else _in_json(c) for c in text)
    return straight(shown, _in_json)


def one_line(text: str) -> str:
    """Return a text on one line: blanks folded, every other character that does not print as an escape."""
    return printable(_BLANKS.sub(" ", text))


def shown(text: str, longest: int = LONGEST) -> str:
    """Return a text for an e-mail: on one line, without a link, and with its middle left out where it is too long."""
    line = without_links(straight(one_line(text)))
    if len(line) <= longest:
        return line
    tail = longest // 3
    return f"{line[: longest - tail - 1]}…{line[-tail:]}"


def without_links(text: str) -> str:
    """Return a text of which no mail program makes a link."""
    return without_hosts(_SCHEME.sub(r"\1[:]", text), "[.]", "[at]")


def without_hosts(text: str, dot: str, at: str) -> str:
    """Return a text in which other signs stand for the dots and the @ that mail programs know addresses by."""
    return _MAILBOX.sub(at, _HOST.sub(dot, _WWW.sub(rf"\1{dot}", text)))


def leading(text: str, longest: int) -> str:
    """Return the sentences that lead a text, as many as fit; of a first one that is too long, its beginning."""
    if len(text) <= longest:
        return text
    ends = [found.end() for found in _SENTENCE.finditer(text, 0, longest)]
    return text[: ends[-1]].rstrip() if ends else f"{text[: longest - 1].rstrip()}…"


def short_name(key: str) -> str:
    """Return the last part of a key for a subject."""
    return shown(key.rsplit("/", 1)[-1], LONGEST_NAME)
