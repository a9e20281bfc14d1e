"""DynamoDB's expressions: parsed once, kept by their text, run as closures. What is not known here is refused.

An operand or condition is called with the item, the attribute names and the attribute values of the request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.simulation.services.errors import NotModelledError, refusal
from tests.simulation.services.operations import (
    CONDITIONS,
    OPERANDS,
    Steps,
    between,
    both,
    compare,
    either,
    found_at,
    negated,
    nothing,
    one_of,
    plus,
    value_of,
)

if TYPE_CHECKING:
    from tests.simulation.services.operations import Condition, Item, Names, Operand, Values

_TOKEN = re.compile(r"\s*(?:(<>|<=|>=|[=<>(),.\[\]+-])|([:#]?[A-Za-z0-9_]+))")
_COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_VERBS = frozenset({"SET", "REMOVE", "ADD"})  # DELETE is for sets, and there are none here
_KEYWORDS = _VERBS | {"AND", "OR", "NOT", "BETWEEN", "IN"}


@dataclass(frozen=True, slots=True)
class Action:
    """One change of an update: SET or ADD (operand), or REMOVE, at a path."""

    verb: str
    path: Steps
    operand: Operand


@dataclass(frozen=True)
class KeyCondition:
    """The key condition of a query: the partition key equals, and what the sort key must be, if anything."""

    hash_name: str
    hash_value: Operand
    range_name: str | None
    holds: Condition


@dataclass(frozen=True, slots=True)
class Parsed:
    """One expression: what it does, and the placeholders that it uses."""

    names: frozenset[str]
    values: frozenset[str]
    condition: Condition | None = None
    update: tuple[Action, ...] = ()
    key: KeyCondition | None = None
    projection: tuple[Steps, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All expressions of one request together: what is checked, what is changed, which placeholders must be given."""

    names: frozenset[str]
    values: frozenset[str]
    condition: Condition | None
    update: tuple[Action, ...]
    key: KeyCondition | None


@cache
def plan(
    condition_text: str | None,
    update_text: str | None = None,
    key_text: str | None = None,
    filter_text: str | None = None,
    projection_text: str | None = None,
) -> Plan:
    """Parse the expressions of one request."""
    checked = condition(condition_text) if condition_text is not None else None
    changed = update(update_text) if update_text is not None else None
    key = key_condition(key_text) if key_text is not None else None
    others = (
        condition(filter_text) if filter_text is not None else None,
        projection(projection_text) if projection_text is not None else None,
    )
    parsed = [one for one in (checked, changed, key, *others) if one is not None]
    return Plan(
        frozenset().union(*(one.names for one in parsed)),
        frozenset().union(*(one.values for one in parsed)),
        checked.condition if checked else None,
        changed.update if changed else (),
        key.key if key else None,
    )


@cache
def condition(text: str) -> Parsed:
    """Parse a condition or filter expression."""
    parser = _Parser(text, "ConditionExpression")
    holds = parser.disjunction()
    return parser.done(condition=holds)


@cache
def update(text: str) -> Parsed:
    """Parse an update expression."""
    parser = _Parser(text, "UpdateExpression")
    actions: list[Action] = []
    clauses: set[str] = set()
    while not parser.at_end():
        verb = parser.take().upper()
        if verb not in _VERBS or verb in clauses:
            raise parser.unknown()
        clauses.add(verb)
        actions.append(parser.action(verb))
        while parser.took(","):
            actions.append(parser.action(verb))
    _refuse_overlaps([action.path for action in actions])
    return parser.done(update=tuple(actions))


@cache
def key_condition(text: str) -> Parsed:
    """Parse a key condition: `hash = value`, and perhaps one more condition on the sort key."""
    parser = _Parser(text, "KeyConditionExpression")
    (hash_name,) = parser.path()
    if parser.take() != "=":
        raise parser.unknown()
    hash_value = parser.operand()
    holds: Condition = _always
    range_name: str | None = None
    if parser.took("AND"):
        before = len(parser.paths)
        holds = parser.comparison()
        (range_name,) = {str(path[0]) for path in parser.paths[before:]}
    return parser.done(key=KeyCondition(str(hash_name), hash_value, range_name, holds))


@cache
def projection(text: str) -> Parsed:
    """Parse a projection expression."""
    parser = _Parser(text, "ProjectionExpression")
    paths = [parser.path()]
    while parser.took(","):
        paths.append(parser.path())
    _refuse_overlaps(paths)
    return parser.done(projection=tuple(paths))


def _always(_item: Item, _names: Names, _values: Values) -> bool:
    return True


def _refuse_overlaps(paths: list[Steps]) -> None:
    for place, one in enumerate(paths):
        for other in paths[place + 1 :]:
            shorter = min(len(one), len(other))
            if one[:shorter] == other[:shorter]:
                raise refusal(
                    "UpdateItem",
                    "ValidationException",
                    "Invalid expression: Two document paths overlap with each other",
                )


@cache
def reserved_words() -> frozenset[str]:
    """Read the words that DynamoDB takes as names only behind a placeholder, from the list that moto carries."""
    moto = find_spec("moto")
    if moto is None or moto.origin is None:
        raise NotModelledError("moto is not installed: its list of DynamoDB's reserved words is needed")
    words = Path(moto.origin).parent / "dynamodb" / "parsing" / "reserved_keywords.txt"
    return frozenset(words.read_text(encoding="ascii").upper().split())


class _Parser:
    def __init__(self, text: str, kind: str) -> None:
        self._text, self._kind = text, kind
        self._tokens = _tokens(text)
        self._at = 0
        self.paths: list[Steps] = []
        self._names: set[str] = set()
        self._values: set[str] = set()

    def done(self, **parts: Any) -> Parsed:
        if not self.at_end():
            raise self.unknown()
        return Parsed(frozenset(self._names), frozenset(self._values), **parts)

    def unknown(self) -> NotModelledError:
        here = " ".join(self._tokens[self._at - 1 : self._at + 2])
        return NotModelledError(f"no such grammar here, near {here!r}: {self._text}")

    def at_end(self) -> bool:
        return self._at == len(self._tokens)

    def take(self) -> str:
        if self.at_end():
            raise self.unknown()
        self._at += 1
        return self._tokens[self._at - 1]

    def took(self, wanted: str) -> bool:
        if not self.at_end() and self._tokens[self._at].upper() == wanted:
            self._at += 1
            return True
        return False

    def expect(self, wanted: str) -> None:
        if not self.took(wanted):
            raise self.unknown()

    def disjunction(self) -> Condition:
        left = self.conjunction()
        while self.took("OR"):
            left = either(left, self.conjunction())
        return left

    def conjunction(self) -> Condition:
        left = self.negation()
        while self.took("AND"):
            left = both(left, self.negation())
        return left

    def negation(self) -> Condition:
        if self.took("NOT"):
            return negated(self.negation())
        if self.took("("):
            inner = self.disjunction()
            self.expect(")")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        function = CONDITIONS.get(self._tokens[self._at]) if not self.at_end() else None
        if function is not None and self._tokens[self._at + 1 : self._at + 2] == ["("]:
            self._at += 1
            return function(*self.arguments())
        left = self.operand()
        word = self.take().upper()
        if word in _COMPARATORS:
            return compare(word, left, self.operand())
        if word == "BETWEEN":
            low = self.operand()
            self.expect("AND")
            return between(left, low, self.operand())
        if word == "IN":
            return one_of(left, self.arguments())
        raise self.unknown()

    def arguments(self) -> list[Operand]:
        self.expect("(")
        found = [self.operand()]
        while self.took(","):
            found.append(self.operand())
        self.expect(")")
        return found

    def action(self, verb: str) -> Action:
        path = self.path()
        if verb == "SET":
            self.expect("=")
            return Action(verb, path, self.sum())
        return Action(verb, path, nothing if verb == "REMOVE" else self.operand())

    def sum(self) -> Operand:
        left = self.operand()
        if self.took("+"):
            return plus(left, self.operand(), 1)
        if self.took("-"):
            return plus(left, self.operand(), -1)
        return left

    def operand(self) -> Operand:
        token = self.take()
        if token[0] == ":":
            self._values.add(token)
            return value_of(token)
        function = OPERANDS.get(token)
        if function is not None and self._tokens[self._at : self._at + 1] == ["("]:
            return function(*self.arguments())
        self._at -= 1
        return found_at(self.path())

    def path(self) -> Steps:
        steps: list[str | int] = [self._name()]
        while True:
            if self.took("."):
                steps.append(self._name())
            elif self.took("["):
                steps.append(int(self.take()))
                self.expect("]")
            else:
                self.paths.append(tuple(steps))
                return tuple(steps)

    def _name(self) -> str:
        token = self.take()
        if token[0] == "#":
            self._names.add(token)
        elif not (token[0].isalpha() or token[0] == "_") or token.upper() in _KEYWORDS:
            raise self.unknown()
        elif token.upper() in reserved_words():
            raise refusal(
                "UpdateItem" if self._kind == "UpdateExpression" else "Query",
                "ValidationException",
                f"Invalid {self._kind}: Attribute name is a reserved keyword; reserved keyword: {token}",
            )
        return token


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotModelledError(f"no such grammar here, near {text[at : at + 10]!r}: {text}")
        found.append(match[1] or match[2])
        at = match.end()
    return found
