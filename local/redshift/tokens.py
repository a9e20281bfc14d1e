"""The words of a statement, as Redshift separates them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from local.redshift.errors import NotInTwinError, RedshiftError, syntax_error

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<string>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")+")
    |(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<word>[A-Za-z_\u0080-\U0010ffff\#][\w$\#]*)
    |(?P<parameter>(?<!:):[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>::|<>|!=|<=|>=|\|\||[-+*/%=<>(),.;])""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its kind (a group's name above), its text as it stands, and its place, counted from 1."""

    kind: str
    text: str
    position: int

    @property
    def low(self) -> str:
        """The text in lower case when it is a word or a sign, else nothing: what the grammar compares."""
        return self.text.lower() if self.kind in {"word", "sign"} else ""

    @property
    def value(self) -> str:
        """What a string or a delimited name stands for."""
        quote = self.text[0]
        return self.text[1:-1].replace(quote * 2, quote)


def tokens_of(sql: str) -> list[Token]:
    """Split a statement into words; raises RedshiftError for what is no word of SQL."""
    found, place = [], 0
    while place < len(sql):
        match = _TOKEN.match(sql, place)
        if match is None:
            raise _no_word(sql, place)
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match[0], place + 1))
        place = match.end()
    return found


def _no_word(sql: str, place: int) -> RedshiftError:
    if sql[place] in "'\"" or sql.startswith("/*", place):
        return RedshiftError("unterminated quoted string or comment")
    if sql[place] == ":":
        return syntax_error(":", place + 1)
    return NotInTwinError(f"the sign {sql[place : place + 2].strip()}")
