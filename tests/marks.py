"""Marks: `# mark: name` behind the line of the source that saves us, and a test that fails unless it came past it.

A timeline in a docstring says which line saves us from a race or a crash. That line carries a mark, the timeline names
it as (mark: name), and a test is decorated with `@pytest.mark.hits("name")`. Behind a simple statement a mark is hit
when the statement is executed; behind a header (`if …:`, `except …:`, `case …:`) when the body below it is entered.

The source itself does nothing: for the time of such a test, the marked function runs a copy of its code that reports
the hit. So a mark costs Lambda nothing, and threads and the simulation's greenlets are seen like everything else.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import io
import re
import tokenize
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
REPORT = "__report_mark__"
_MARK = {
    tokenize.COMMENT: re.compile(r"# mark: ([a-z0-9-]+)$"),
    tokenize.STRING: re.compile(r"\(mark: ([a-z0-9-]+)\)"),
}
_BODIES = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.ExceptHandler, ast.match_case)


class MarkError(AssertionError):
    """A mark that is missing, stands in two places, stands where it cannot be hit, or was not hit."""


@dataclass(frozen=True)
class Mark:
    """A marked line: its file, counted from the root of the sources, and its number there."""

    name: str
    file: str
    line: int


@contextmanager
def watched(*names: str, source: Path = SOURCE) -> Iterator[set[str]]:
    """Yield the set of these marks that have been hit, as it grows; MarkError at the end unless all were."""
    hit: set[str] = set()
    with ExitStack() as stack:
        stack.enter_context(patch.object(builtins, REPORT, hit.add, create=True))
        by_file: dict[str, list[Mark]] = {}
        for name in names:
            mark = marks(source).get(name)
            if mark is None:
                raise MarkError(f"no line carries the mark {name}")
            by_file.setdefault(mark.file, []).append(mark)
        for file, wanted in by_file.items():
            for function, code in _reporting(source, file, wanted):
                stack.callback(setattr, function, "__code__", function.__code__)
                function.__code__ = code
        yield hit
    if missed := set(names) - hit:
        raise MarkError(f"the test ended well without coming past {sorted(missed)}")


@cache
def marks(source: Path = SOURCE) -> dict[str, Mark]:
    """Return every mark by its name; MarkError when two lines carry the same one."""
    found: dict[str, Mark] = {}
    for name, file, line in _written(source, tokenize.COMMENT):
        if name in found:
            raise MarkError(f"{file}:{line} carries the mark {name} again")
        found[name] = Mark(name, file, line)
    return found


def told_of(source: Path = SOURCE) -> set[str]:
    """Return the names that docstrings mention as (mark: name)."""
    return {name for name, _, _ in _written(source, tokenize.STRING)}


def asked_for(tests: Path = ROOT / "tests") -> set[str]:
    """Return the names that tests must hit."""
    return {
        str(name.value)
        for path in tests.rglob("test_*.py")
        if ".hits(" in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "hits"
        for name in node.args
        if isinstance(name, ast.Constant)
    }


def _written(source: Path, kind: int) -> Iterator[tuple[str, str, int]]:
    for path in sorted(source.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        tokens = tokenize.generate_tokens(io.StringIO(text).readline) if "mark: " in text else ()
        for token in tokens:
            if token.type == kind:
                for name in _MARK[kind].findall(token.string):
                    yield name, path.relative_to(source).as_posix(), token.start[0]


def _reporting(source: Path, file: str, wanted: list[Mark]) -> Iterator[tuple[FunctionType, CodeType]]:
    """Yield each function that carries one of the marks, and a copy of its code that reports their hits."""
    path = source / file
    tree = ast.parse(path.read_text(encoding="utf-8"))
    places = [_outermost_function(tree, mark) for mark in wanted]
    for mark in wanted:
        _report_at(tree, mark)
    module = importlib.import_module(file.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    compiled = compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True)
    for place in dict.fromkeys(places):
        yield _function(module, place), _code(compiled, place)


def _outermost_function(tree: ast.Module, mark: Mark) -> str:
    """Return the qualified name of the function or method that the mark stands in."""
    path: list[str] = []
    level: Any = tree
    while True:
        level = next(
            (
                node
                for node in level.body
                if isinstance(node, ast.FunctionDef | ast.ClassDef)
                and node.lineno <= mark.line <= (node.end_lineno or 0)
            ),
            None,
        )
        if level is None:
            raise MarkError(f"{mark.file}:{mark.line}: the mark {mark.name} stands in no function")
        path.append(level.name)
        if isinstance(level, ast.FunctionDef):
            return ".".join(path)


def _report_at(tree: ast.Module, mark: Mark) -> None:
    """Insert the report before the statement on the mark's line, or into the body below it if that is a header."""
    report = ast.Expr(ast.Call(ast.Name(REPORT, ast.Load()), [ast.Constant(mark.name)], []))
    report.lineno = mark.line
    for node in ast.walk(tree):
        for block in _blocks(node):
            first = block[0].lineno
            if isinstance(node, _BODIES) and _header_line(node) <= mark.line < first and block is node.body:
                block.insert(0, report)
                return
            for place, statement in enumerate(block):
                if statement.lineno <= mark.line <= (statement.end_lineno or 0) and not any(_blocks(statement)):
                    block.insert(place, report)
                    return
    raise MarkError(f"{mark.file}:{mark.line}: the mark {mark.name} stands behind no statement")


def _blocks(node: ast.AST) -> list[list[ast.stmt]]:
    found = [getattr(node, name, None) for name in ("body", "orelse", "finalbody")]
    blocks = [block for block in found if isinstance(block, list) and block]
    inner = [*getattr(node, "handlers", []), *getattr(node, "cases", [])]
    return blocks or [one.body for one in inner]


def _header_line(node: Any) -> int:
    return int(node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno)


def _function(module: Any, place: str) -> FunctionType:
    holder, _, name = place.rpartition(".")
    found: Any = module
    for part in holder.split(".") if holder else ():
        found = vars(found)[part]
    found = vars(found)[name]
    for wrapper in ("__func__", "fget", "func"):  # class methods and properties, plain or cached
        found = getattr(found, wrapper, found)
    function: FunctionType = inspect.unwrap(found)
    return function


def _code(compiled: CodeType, place: str) -> CodeType:
    for constant in compiled.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == place:
                return constant
            if place.startswith(f"{constant.co_qualname}."):
                return _code(constant, place)
    raise MarkError(f"{place} is not compiled from {compiled.co_filename}")
