"""Patterns as automata over bytes: those of a plain subset of RE2, anchored at both ends, over ASCII.

A text that the automaton takes matches the pattern. One that it does not take may match all the same, if it holds other
characters than ASCII: it is in doubt.
"""

from dataclasses import field
from typing import Literal

from suimon.values import dataclass

MOST_STATES = 255
_MOST_STEPS = 4000  # of the automaton that is not deterministic yet; repetitions multiply them
_DIGITS = frozenset(b"0123456789")
_WORDS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_BLANKS = frozenset(b"\t\n\f\r ")
_ASCII = frozenset(range(1, 128))  # no text holds a NUL
_CLASSES = {"d": _DIGITS, "w": _WORDS, "s": _BLANKS}
_CLASSES |= {name.upper(): _ASCII - members for name, members in _CLASSES.items()}
_CONTROLS = {"t": 9, "n": 10, "r": 13, "f": 12, "v": 11}
_MARKS = frozenset(r"^$.|?*+()[]{}\\")
_MOST_REPEATS = 1000  # as RE2 has it


class UnknownPatternError(ValueError):
    """A pattern outside the subset, or one whose automaton would be too large."""


@dataclass(slots=True)
class _Machine:
    """An automaton that is not deterministic: by state, where bytes lead and where nothing leads."""

    bytes_to: list[tuple[frozenset[int], int] | None] = field(default_factory=list)
    free_to: list[list[int]] = field(default_factory=list)

    def state(self) -> int:
        if len(self.free_to) >= _MOST_STEPS:
            raise UnknownPatternError("too long")
        self.bytes_to.append(None)
        self.free_to.append([])
        return len(self.free_to) - 1

    def closure(self, states: set[int]) -> frozenset[int]:
        left = list(states)
        while left:
            for state in self.free_to[left.pop()]:
                if state not in states:
                    states.add(state)
                    left.append(state)
        return frozenset(states)


@dataclass(frozen=True, slots=True)
class _Node:
    """A parsed pattern: one of some bytes, or its parts: one behind the other, either, or so many times."""

    kind: Literal["byte", "then", "or", "repeat"]
    members: frozenset[int] = frozenset()
    parts: tuple["_Node", ...] = ()
    least: int = 0
    most: int | None = None


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.text, self.at = pattern, 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        if self.at >= len(self.text):
            raise UnknownPatternError("ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def alternatives(self) -> _Node:
        options = [self.sequence()]
        while self.peek() == "|":
            self.take()
            options.append(self.sequence())
        return _Node("or", parts=tuple(options))

    def sequence(self) -> _Node:
        items = list[_Node]()
        while self.peek() not in {"", "|", ")"}:
            items.append(self.repeated(self.one()))
        return _Node("then", parts=tuple(items))

    def repeated(self, node: _Node) -> _Node:
        limits = {"?": (0, 1), "*": (0, None), "+": (1, None)}
        mark = self.peek()
        if mark == "{":
            least, most = self.counts()
        elif mark in limits:
            self.take()
            least, most = limits[mark]
        else:
            return node
        if self.peek() in {"?", "*", "+", "{"} and self.peek():
            raise UnknownPatternError("a repetition repeated, or a lazy one")
        return _Node("repeat", parts=(node,), least=least, most=most)

    def counts(self) -> tuple[int, int | None]:
        end = self.text.find("}", self.at)
        least, comma, most = self.text[self.at + 1 : end].partition(",")
        if end < 0 or not (least.isascii() and least.isdigit()) or (most and not (most.isascii() and most.isdigit())):
            raise UnknownPatternError("braces that are no count")
        self.at = end + 1
        low, high = int(least), int(most) if most else None if comma else int(least)
        if low > _MOST_REPEATS or (high is not None and not low <= high <= _MOST_REPEATS):
            raise UnknownPatternError("a count that RE2 refuses")
        return low, high

    def one(self) -> _Node:
        mark = self.take()
        if mark == "(":
            if self.peek() == "?":
                if self.text[self.at : self.at + 2] != "?:":
                    raise UnknownPatternError("flags or names")
                self.at += 2
            node = self.alternatives()
            if self.take() != ")":
                raise UnknownPatternError("an open group")
            return node
        if mark == "[":
            return _Node("byte", self.members())
        if mark == ".":
            return _Node("byte", _ASCII - {10})
        if mark == "\\":
            return _Node("byte", self.escaped())
        if mark in _MARKS or not mark.isascii():
            raise UnknownPatternError(f"{mark} in the middle")
        return _Node("byte", frozenset(mark.encode()))

    def escaped(self) -> frozenset[int]:
        mark = self.take()
        if mark in _CLASSES:
            return _CLASSES[mark]
        if mark in _CONTROLS:
            return frozenset((_CONTROLS[mark],))
        if not mark.isascii() or mark.isalnum() or mark.isspace():
            raise UnknownPatternError(f"\\{mark}")
        return frozenset(mark.encode())

    def members(self) -> frozenset[int]:
        negated = self.peek() == "^"
        self.at += negated
        found = set[int]()
        first = True
        while first or self.peek() != "]":
            if self.peek() == "[":
                raise UnknownPatternError("a class within a class")
            low, is_class = self.member()
            first = False
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in {"]", ""}:
                self.take()
                high, other = self.member()
                if is_class or other or min(low) > min(high):
                    raise UnknownPatternError("a range that is none")
                found |= set(range(min(low), min(high) + 1))
            else:
                found |= low
        self.take()
        return _ASCII - found if negated else frozenset(found)

    def member(self) -> tuple[frozenset[int], bool]:
        mark = self.take()
        if mark == "\\":
            return self.escaped(), self.text[self.at - 1] in _CLASSES
        if not mark.isascii():
            raise UnknownPatternError("other characters than ASCII")
        return frozenset(mark.encode()), False


def _built(machine: _Machine, node: _Node, state: int) -> int:
    """Add a node behind a state; return the state behind it."""
    if node.kind == "then":
        for part in node.parts:
            state = _built(machine, part, _fresh(machine, state))
        return state
    if node.kind == "repeat":
        return _repeated(machine, node, state)
    end = machine.state()
    if node.kind == "byte":
        machine.bytes_to[state] = (node.members, end)
    for option in node.parts:
        machine.free_to[_built(machine, option, _fresh(machine, state))].append(end)
    return end


def _repeated(machine: _Machine, node: _Node, state: int) -> int:
    (part,) = node.parts
    for _ in range(node.least):
        state = _built(machine, part, _fresh(machine, state))
    end = machine.state()
    if node.most is None:
        loop = _fresh(machine, state)
        machine.free_to[loop].append(end)
        machine.free_to[_built(machine, part, _fresh(machine, loop))].append(loop)
        return end
    for _ in range(node.most - node.least):
        machine.free_to[state].append(end)
        state = _built(machine, part, _fresh(machine, state))
    machine.free_to[state].append(end)
    return end


def _fresh(machine: _Machine, state: int) -> int:
    new = machine.state()
    machine.free_to[state].append(new)
    return new


def automaton(pattern: str) -> tuple[bytes, bytes]:
    """Return a pattern's table of transitions and which states accept; UnknownPatternError if it is not of the subset.

    State 0 is the one without a way out, 1 the first.
    """
    machine = _Machine()
    start = machine.state()
    end = _built(machine, _parsed(pattern), start)
    first = machine.closure({start})
    states, queue = {first: 1}, [first]
    table, accepts = [bytes(256)], [False]
    for members in queue:
        row = bytearray(256)
        for byte, found in _reached(machine, members).items():
            closed = machine.closure(found)
            if closed not in states:
                if len(states) >= MOST_STATES:
                    raise UnknownPatternError("too many states")
                states[closed] = len(states) + 1
                queue.append(closed)
            row[byte] = states[closed]
        table.append(bytes(row))
        accepts.append(end in members)
    return b"".join(table), bytes(accepts)


def _parsed(pattern: str) -> _Node:
    inner = pattern[1:-1]
    if not (pattern.startswith("^") and pattern.endswith("$")) or len(pattern) == 1:
        raise UnknownPatternError("not anchored")
    if inner.endswith("\\") and not inner.endswith("\\\\"):
        raise UnknownPatternError("ends in a dollar sign")
    parser = _Parser(inner)
    tree = parser.alternatives()
    if parser.at != len(inner):
        raise UnknownPatternError("a closed group that was never open")
    if len(tree.parts) > 1:
        raise UnknownPatternError("alternatives that anchors hold on one side only")
    return tree


def _reached(machine: _Machine, members: frozenset[int]) -> dict[int, set[int]]:
    """Return which states follow, by the byte that leads there."""
    reached = dict[int, set[int]]()
    for member in members:
        if to := machine.bytes_to[member]:
            for byte in to[0]:
                reached.setdefault(byte, set()).add(to[1])
    return reached
