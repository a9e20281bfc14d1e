"""The words of one statement, read one after another: names, tables, types, lists. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from local.redshift.columns import declared_type
from local.redshift.errors import NotInTwinError, RedshiftError, syntax_error
from local.redshift.names import SCHEMA, Relation, folded
from suimon.contract.redshift_names import RESERVED_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.redshift.columns import ColumnType

_T = TypeVar("_T")
# What Redshift runs between or behind the words that the twin knows: named, so that its refusal says what is missing.
REFUSED: Final = {
    **dict.fromkeys(("union", "except", "minus", "intersect"), "set operations (UNION, EXCEPT, INTERSECT)"),
    **dict.fromkeys(("over", "window"), "window functions"),
    **dict.fromkeys(("like", "ilike", "similar"), "LIKE"),
    **dict.fromkeys(("join", "inner", "left", "right", "full", "cross", "natural"), "JOIN"),
    **dict.fromkeys(("current_timestamp", "current_time", "localtime", "localtimestamp"), "moments with a time zone"),
    **dict.fromkeys(("current_user", "session_user", "user"), "names of users"),
    "with": "WITH", "using": "USING", "values": "VALUES but in INSERT", "having": "HAVING", "offset": "OFFSET",
    "exists": "EXISTS", "between": "BETWEEN", "interval": "INTERVAL", "within": "WITHIN GROUP", "filter": "FILTER",
    "into": "SELECT INTO", "top": "TOP", "default": "DEFAULT", "nulls": "NULLS FIRST or LAST", "qualify": "QUALIFY",
    "fetch": "FETCH", "at": "AT TIME ZONE",
}  # fmt: skip
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


class Words:
    """The words of one statement; every method reads one thing and stands behind it afterwards."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at = tokens, 0

    # What stands next.

    def peek(self, ahead: int = 0) -> Token:
        """Return a word without reading it; behind the last one an empty word."""
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else Token("end", "", 0)

    def accept(self, *words: str) -> bool:
        """Read `words` when they stand next."""
        if all(self.peek(ahead).low == word for ahead, word in enumerate(words)):
            self._at += len(words)
            return True
        return False

    def expect(self, *words: str) -> None:
        """Read `words`, or refuse."""
        for word in words:
            if not self.accept(word):
                raise self.refusal(f"{word.upper()} expected")

    def next_word(self) -> Token:
        """Read the next word, whatever it is."""
        token = self.peek()
        self._at += 1
        return token

    def back(self) -> None:
        """Stand before the word that was read last."""
        self._at -= 1

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self.peek().kind != "end":
            raise self.refusal("the end expected")

    def refusal(self, why: str) -> RedshiftError:
        """Return the refusal of the next word."""
        token = self.peek()
        if token.kind == "end":
            return syntax_error("")
        if token.low in REFUSED:
            return NotInTwinError(f"{REFUSED[token.low]}, at {token.position}")
        return NotInTwinError(f'"{token.text[:40]}" at {token.position} ({why})')

    def name(self) -> str:
        """Read a name, delimited or not; a reserved word without quotes is none."""
        token = self.peek()
        if token.kind == "parameter":
            raise syntax_error("$1")  # a parameter is a value, never a name
        if token.kind not in {"quoted", "word"}:
            raise self.refusal("a name expected")
        if token.low in RESERVED_WORDS:
            raise syntax_error(token.text, token.position)
        self._at += 1
        return folded(token.value if token.kind == "quoted" else token.text)

    def string(self) -> str:
        """Read a string literal."""
        token = self.peek()
        if token.kind == "parameter":
            raise syntax_error("$1", token.position)
        if token.kind != "string":
            raise self.refusal("a text expected")
        self._at += 1
        return token.value

    def whole_number(self) -> int:
        """Read a literal whole number."""
        if self.peek().kind != "number" or not self.peek().text.isdigit():
            raise self.refusal("a whole number expected")
        return int(self.next_word().text)

    def listed(self, one: Callable[[], _T]) -> tuple[_T, ...]:
        """Read one or more, with commas between."""
        found = [one()]
        while self.accept(","):
            found.append(one())
        return tuple(found)

    def enclosed(self, one: Callable[[], _T]) -> tuple[_T, ...]:
        """Read one or more in parentheses."""
        return self.within(lambda: self.listed(one))

    def within(self, one: Callable[[], _T]) -> _T:
        """Read one thing in parentheses."""
        self.expect("(")
        found = one()
        self.expect(")")
        return found

    def relation(self) -> Relation:
        """Read the name of a table, maybe with its schema."""
        first = self.name()
        if not self.accept("."):
            return Relation(first)
        if first != SCHEMA:
            raise RedshiftError(f'schema "{first}" does not exist', f"the twin has {SCHEMA} and no system tables")
        return Relation(self.name(), qualified=True)

    def type(self, *, declared: bool = False) -> ColumnType:
        """Read a type; a varchar has a length only where a column is declared."""
        token = self.next_word()
        if token.kind != "word":
            raise syntax_error(token.text, token.position)
        words = token.low
        for first, *others in (
            ("double", "precision"),
            ("character", "varying"),
            ("timestamp", "without", "time", "zone"),
            ("timestamp", "with", "time", "zone"),
        ):
            if words == first and self.accept(*others):
                words = " ".join((first, *others))
        sizes = self.enclosed(self._size) if self.peek().low == "(" else ()
        kind = declared_type(words, sizes)
        if sizes and kind.name == "varchar" and not declared:
            raise NotInTwinError("a cast to VARCHAR(n), which may cut", "VARCHAR")
        return kind

    def _size(self) -> str:
        return "max" if self.accept("max") else str(self.whole_number())
