"""YAML as clauses: values that know their line and their path, so that what is wrong in one can be pointed at."""

import re
from collections.abc import Iterator
from decimal import Decimal
from difflib import get_close_matches
from math import isfinite
from typing import Any

import yaml

from suimon.values import dataclass

Grammar = dict[str, Any]
"""What may stand in a mapping: key -> Grammar of a mapping, [Grammar] of a list of mappings, or one of these words."""
ECHO = 60  # characters of a value that a message repeats: it may be a whole data file
_PLAIN_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_LIKE = 0.85  # of a misspelt clause: how much of it must be there
_MARK = re.compile(r"#\s*DECIDE\b")
_BITS = 1024  # of a number: Python writes longer ones only up to a limit
READ = "read"  # a value, or anything below it, that Suimon reads and enforces
PROSE = "prose"  # documentation: whatever stands there promises nothing


# YAML of so many is read in some ten seconds.
MOST_CHARACTERS = 1_000_000


def cut(text: str, most: int = ECHO) -> str:
    """Return the start of a text, and … for the rest."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def brief(value: Any) -> str:
    """Write a value as messages repeat it."""
    return cut(repr(value.plain() if isinstance(value, Clause) else value))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a contract, where, and what to do."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class ContractFileError(ValueError):
    """A contract file, or several, that cannot be used; `problems` holds every one of them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Clause:
    """A value in a contract file and its place. Children of a mapping or list are clauses too."""

    file: str
    path: str
    line: int
    value: Any  # str, int, float, bool, None, or dict[str, Clause], or list[Clause]

    def __getitem__(self, key: str) -> "Clause | None":
        """Return what stands under a key of a mapping, None if nothing does or this is no mapping."""
        found = self.value.get(key) if isinstance(self.value, dict) else None
        return None if found is None or found.value is None else found

    def __iter__(self) -> Iterator["Clause"]:
        """Go through the items of a list; anything else has none."""
        return iter(self.value if isinstance(self.value, list) else ())

    def problem(self, message: str) -> Problem:
        """Return what is wrong here."""
        return Problem(self.file, self.line, self.path, message)

    def plain(self) -> Any:
        """Return the value as plain Python."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def at(self, location: tuple[int | str, ...]) -> "Clause":
        """Return the clause at a location below, or the nearest one above it that exists."""
        clause = self
        for step in location:
            children = dict(enumerate(clause)) if isinstance(clause.value, list) else clause.value
            if not isinstance(children, dict) or step not in children:
                break
            clause = children[step]
        return clause


def parse(text: str, file: str) -> Clause:
    """Read a YAML document; ContractFileError if it is none, or has a key twice or an alias."""
    try:
        return _parse(text, file)
    except RecursionError as error:
        raise ContractFileError([Problem(file, 1, "", "is nested too deep for a contract")]) from error


def _parse(text: str, file: str) -> Clause:
    if len(text) > MOST_CHARACTERS:
        said = f"has {len(text):,} characters, more than {MOST_CHARACTERS:,}; no contract is so long"
        raise ContractFileError([Problem(file, 1, "", said)])
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise ContractFileError(
            [Problem(file, line, "", f"not YAML: {cut(str(error.problem or error.context), 200)}")]
        ) from error
    except yaml.YAMLError as error:
        raise ContractFileError([Problem(file, 1, "", f"not YAML: {cut(str(error), 200)}")]) from error
    if node is None:
        raise ContractFileError([Problem(file, 1, "", "the file is empty")])
    problems: list[Problem] = []
    clause = _clause(node, file, "", problems, yaml.constructor.SafeConstructor(), set())
    if problems:
        raise ContractFileError(problems)
    return clause


def undecided(text: str, file: str) -> Iterator[Problem]:
    """Yield a problem for every line that a proposal has left to a person."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _MARK.search(line):
            question = cut(line[found.end() :].strip(" :"), 200)
            yield Problem(file, number, "", f"is marked DECIDE: {question or 'decide'} (then take the mark out)")


def unenforced(clause: Clause, grammar: Grammar, advice: dict[str, str]) -> Iterator[Problem]:
    """Yield a problem for every clause that the grammar does not know. `advice` says, by key, what to write instead."""
    if not isinstance(clause.value, dict):
        yield clause.problem(f"must be a mapping, is {_kind(clause)}")
        return
    for key, child in clause.value.items():
        match grammar.get(key):
            case None:
                like = get_close_matches(key, grammar, 1, _LIKE)
                what = f"did you mean {like[0]}?" if like else "remove it, or say it in a description"
                what = advice.get(key, what)
                yield child.problem(f"is not enforced by any part of Suimon; {what}")
            case dict() as below:
                yield from unenforced(child, below, advice)
            case [below]:
                if not isinstance(child.value, list):
                    yield child.problem(f"must be a list, is {_kind(child)}")
                for item in child:
                    yield from unenforced(item, below, advice)


def _clause(
    node: yaml.Node,
    file: str,
    path: str,
    problems: list[Problem],
    constructor: yaml.constructor.SafeConstructor,
    seen: set[int],
) -> Clause:
    line = node.start_mark.line + 1
    if id(node) in seen:
        problems.append(Problem(file, line, path, "is an alias; write it out"))
        return Clause(file, path, line, None)
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        children: dict[str, Clause] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            below = f"{path}.{cut(key)}" if path else cut(key)
            if key in children:
                problems.append(Problem(file, key_node.start_mark.line + 1, below, "stands twice; keep one"))
            child = _clause(value_node, file, below, problems, constructor, seen)
            # A block starts a line below its key; the key is what a reader looks for.
            children[key] = Clause(file, below, key_node.start_mark.line + 1, child.value)
        return Clause(file, path, line, children)
    if isinstance(node, yaml.SequenceNode):
        items = [
            _clause(item, file, f"{path}[{number}]", problems, constructor, seen)
            for number, item in enumerate(node.value)
        ]
        return Clause(file, path, line, items)
    return Clause(file, path, line, _scalar(node, file, path, problems, constructor))


def _scalar(
    node: yaml.Node, file: str, path: str, problems: list[Problem], constructor: yaml.constructor.SafeConstructor
) -> Any:
    line = node.start_mark.line + 1
    try:
        value = constructor.construct_object(node)
    except (yaml.YAMLError, ValueError, KeyError, AttributeError) as error:  # the last two: a tag that does not fit
        problems.append(Problem(file, line, path, f"cannot be read: {cut(str(error), 200)}"))
        return None
    if isinstance(value, int) and value.bit_length() > _BITS:  # Python writes none of some thousand digits
        problems.append(Problem(file, line, path, f"{cut(node.value)} is too great a number"))
        return None
    if isinstance(node, yaml.ScalarNode) and (read := _read_otherwise(node, value)) is not None:
        said = f"{cut(node.value)} is {read} to YAML; write that, or put it into quotes"
        problems.append(Problem(file, line, path, said))
    elif isinstance(value, float) and isfinite(value) and Decimal(node.value) != Decimal(str(value)):
        # A threshold that is not the one that was written would be enforced.
        problems.append(
            Problem(file, line, path, f"{cut(node.value)} has more digits than a number keeps; write fewer")
        )
    if value is not None and not isinstance(value, str | int | float | bool):
        value = node.value  # a date is text here: ODCS knows no other
    return value


def _read_otherwise(node: yaml.ScalarNode, value: Any) -> str | None:
    """Return what YAML 1.1 makes of a plain text that YAML 1.2 and people read otherwise, such as 010, 1:30 or no."""
    if isinstance(value, bool):
        return None if node.value.lower() in {"true", "false"} else str(value).lower()
    if isinstance(value, int):
        return None if _PLAIN_INTEGER.fullmatch(node.value) else str(value)
    if isinstance(value, float) and ("_" in node.value or ":" in node.value):
        return str(value)
    return None


def _kind(clause: Clause) -> str:
    match clause.value:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case None:
            return "empty"
        case _:
            return brief(clause)
