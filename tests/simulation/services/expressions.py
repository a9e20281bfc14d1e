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
from tests.simulation.services.values import MISSING, is_less, is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Item = Mapping[str, Any]
    Names = Mapping[str, str]
    Values = Mapping[str, Any]
    Operand = Callable[[Item, Names, Values], Any]
    Condition = Callable[[Item, Names, Values], bool]

# A step into an item: an attribute's name, its placeholder, or a place in a list.
Path_ = tuple["str | int", ...]

_TOKEN = re.compile(r"\s*(?:(<>|<=|>=|[=<>(),.\[\]+-])|([:#]?[A-Za-z0-9_]+))")
_COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_VERBS = frozenset({"SET", "REMOVE", "ADD"})  # DELETE is for sets, and there are none here
_KEYWORDS = _VERBS | {"AND", "OR", "NOT", "BETWEEN", "IN"}


@dataclass(frozen=True, slots=True)
class Action:
    """One change of an update: SET or ADD (operand), or REMOVE, at a path."""

    verb: str
    path: Path_
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
    projection: tuple[Path_, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All expressions of one request together: what is checked, what is changed, which placeholders must be given."""

    names: frozenset[str]
    values: frozenset[str]
    condition: Condition | None
    update: tuple[Action, ...]


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
    others = (
        key_condition(key_text) if key_text is not None else None,
        condition(filter_text) if filter_text is not None else None,
        projection(projection_text) if projection_text is not None else None,
    )
    parsed = [one for one in (checked, changed, *others) if one is not None]
    return Plan(
        frozenset().union(*(one.names for one in parsed)),
        frozenset().union(*(one.values for one in parsed)),
        checked.condition if checked else None,
        changed.update if changed else (),
    )


def resolved(path: Path_, names: Names) -> Path_:
    """Give a path without placeholders."""
    return tuple(names[step] if isinstance(step, str) and step[0] == "#" else step for step in path)


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


def _refuse_overlaps(paths: list[Path_]) -> None:
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
        self.paths: list[Path_] = []
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
            left = _either(left, self.conjunction())
        return left

    def conjunction(self) -> Condition:
        left = self.negation()
        while self.took("AND"):
            left = _both(left, self.negation())
        return left

    def negation(self) -> Condition:
        if self.took("NOT"):
            return _not(self.negation())
        if self.took("("):
            inner = self.disjunction()
            self.expect(")")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        function = _CONDITIONS.get(self._tokens[self._at]) if not self.at_end() else None
        if function is not None and self._tokens[self._at + 1 : self._at + 2] == ["("]:
            self._at += 1
            return function(*self.arguments())
        left = self.operand()
        word = self.take().upper()
        if word in _COMPARATORS:
            return _compare(word, left, self.operand())
        if word == "BETWEEN":
            low = self.operand()
            self.expect("AND")
            return _between(left, low, self.operand())
        if word == "IN":
            return _one_of(left, self.arguments())
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
        return Action(verb, path, _nothing if verb == "REMOVE" else self.operand())

    def sum(self) -> Operand:
        left = self.operand()
        if self.took("+"):
            return _plus(left, self.operand(), 1)
        if self.took("-"):
            return _plus(left, self.operand(), -1)
        return left

    def operand(self) -> Operand:
        token = self.take()
        if token[0] == ":":
            self._values.add(token)
            return _value(token)
        function = _OPERANDS.get(token)
        if function is not None and self._tokens[self._at : self._at + 1] == ["("]:
            return function(*self.arguments())
        self._at -= 1
        return _at(self.path())

    def path(self) -> Path_:
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


# ---------------------------------------------------------------- operands


def _value(name: str) -> Operand:
    def value(_item: Item, _names: Names, values: Values) -> Any:
        return values[name]

    return value


def _nothing(_item: Item, _names: Names, _values: Values) -> Any:
    return None


def _at(path: Path_) -> Operand:
    if len(path) == 1 and isinstance(path[0], str):
        name = path[0]
        if name[0] == "#":

            def named(item: Item, names: Names, _values: Values) -> Any:
                return item.get(names[name], MISSING)

            return named

        def plain(item: Item, _names: Names, _values: Values) -> Any:
            return item.get(name, MISSING)

        return plain

    def deep(item: Item, names: Names, _values: Values) -> Any:
        return look_up(item, resolved(path, names))

    return deep


def look_up(item: Item, path: Path_) -> Any:
    """Follow a path into an item; MISSING where it leads nowhere."""
    found: Any = item
    for step in path:
        if isinstance(step, int):
            found = found[step] if isinstance(found, list) and step < len(found) else MISSING
        else:
            found = found.get(step, MISSING) if isinstance(found, dict) else MISSING
        if found is MISSING:
            return MISSING
    return found


def _if_not_exists(path: Operand, other: Operand) -> Operand:
    def operand(item: Item, names: Names, values: Values) -> Any:
        found = path(item, names, values)
        return other(item, names, values) if found is MISSING else found

    return operand


def _list_append(left: Operand, right: Operand) -> Operand:
    def operand(item: Item, names: Names, values: Values) -> Any:
        head, tail = left(item, names, values), right(item, names, values)
        if head is MISSING or tail is MISSING:
            raise _absent()
        if not (isinstance(head, list) and isinstance(tail, list)):
            raise _wrong_type("list_append")
        return head + tail

    return operand


def _plus(left: Operand, right: Operand, sign: int) -> Operand:
    def operand(item: Item, names: Names, values: Values) -> Any:
        one, other = left(item, names, values), right(item, names, values)
        if one is MISSING or other is MISSING:
            raise _absent()
        if isinstance(one, (str, bool, list, dict)) or isinstance(other, (str, bool, list, dict)):
            raise _wrong_type("+" if sign > 0 else "-")
        return one + sign * other

    return operand


def _size(of: Operand) -> Operand:
    def operand(item: Item, names: Names, values: Values) -> Any:
        found = of(item, names, values)
        if isinstance(found, str):
            return len(found.encode())
        return len(found) if isinstance(found, (list, dict, bytes)) else MISSING

    return operand


def _absent() -> Exception:
    message = "The provided expression refers to an attribute that does not exist in the item"
    return refusal("UpdateItem", "ValidationException", message)


def _wrong_type(what: str) -> Exception:
    message = f"An operand in the update expression has an incorrect data type: {what}"
    return refusal("UpdateItem", "ValidationException", message)


_OPERANDS: dict[str, Callable[..., Operand]] = {
    "if_not_exists": _if_not_exists,
    "list_append": _list_append,
    "size": _size,
}

# ---------------------------------------------------------------- conditions


def _both(left: Condition, right: Condition) -> Condition:
    return lambda item, names, values: left(item, names, values) and right(item, names, values)


def _either(left: Condition, right: Condition) -> Condition:
    return lambda item, names, values: left(item, names, values) or right(item, names, values)


def _not(inner: Condition) -> Condition:
    return lambda item, names, values: not inner(item, names, values)


def _compare(sign: str, left: Operand, right: Operand) -> Condition:
    compare = COMPARISONS[sign]
    return lambda item, names, values: compare(left(item, names, values), right(item, names, values))


def _between(of: Operand, low: Operand, high: Operand) -> Condition:
    def holds(item: Item, names: Names, values: Values) -> bool:
        found = of(item, names, values)
        return not_over(low(item, names, values), found) and not_over(found, high(item, names, values))

    return holds


def _one_of(of: Operand, options: list[Operand]) -> Condition:
    def holds(item: Item, names: Names, values: Values) -> bool:
        found = of(item, names, values)
        return any(is_same(found, option(item, names, values)) for option in options)

    return holds


def _exists(of: Operand) -> Condition:
    return lambda item, names, values: of(item, names, values) is not MISSING


def _exists_not(of: Operand) -> Condition:
    return lambda item, names, values: of(item, names, values) is MISSING


def _begins_with(of: Operand, start: Operand) -> Condition:
    return lambda item, names, values: begins(of(item, names, values), start(item, names, values))


def _contains(of: Operand, part: Operand) -> Condition:
    return lambda item, names, values: holds_part(of(item, names, values), part(item, names, values))


def not_over(one: Any, other: Any) -> bool:
    """Whether one is less than the other, or the same."""
    return is_less(one, other) or is_same(one, other)


def begins(text: Any, start: Any) -> bool:
    """Whether a text begins so; nothing else begins with anything."""
    return isinstance(text, str) and isinstance(start, str) and text.startswith(start)


def holds_part(whole: Any, part: Any) -> bool:
    """Whether a text holds a text, or a list a value."""
    if isinstance(whole, str):
        return isinstance(part, str) and part in whole
    return isinstance(whole, list) and any(is_same(part, one) for one in whole)


def _differs(one: Any, other: Any) -> bool:
    return not is_same(one, other)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": is_same,
    "<>": _differs,
    "<": is_less,
    "<=": not_over,
    ">": lambda one, other: is_less(other, one),
    ">=": lambda one, other: not_over(other, one),
}

_CONDITIONS: dict[str, Callable[..., Condition]] = {
    "attribute_exists": _exists,
    "attribute_not_exists": _exists_not,
    "begins_with": _begins_with,
    "contains": _contains,
}
