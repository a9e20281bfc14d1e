"""The marks themselves: each has a test and each such test a mark; what is hit and what is not."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from greenlet import getcurrent, greenlet

from tests.marks import ROOT, MarkError, asked_for, marks, told_of, watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODE = '''
from contextlib import contextmanager
from functools import cache, cached_property

def statement(x):
    """A docstring."""
    if x:
        return (
            x  # mark: in-several-lines
        )
    return 0  # mark: simple

def header(x):
    if x == 1:  # mark: branch
        pass
    elif x == 2:  # mark: other-branch
        pass
    try:
        {}[x]
    except KeyError:  # mark: handler
        pass
    for _ in range(x):  # mark: loop
        pass
    match x:
        case 3:  # mark: case
            pass
    with open(__file__):  # mark: with
        y = x
    return lambda: y

class Decorated:
    def __init__(self):
        super().__init__()  # mark: closure
        self.x = 1

    @classmethod
    def of(cls):
        return cls()  # mark: class-method

    @staticmethod
    def plain():
        return 1  # mark: static-method

    @property
    def seen(self):
        return self.x  # mark: property

    @cached_property
    def kept(self):
        return self.x  # mark: cached-property

    @contextmanager
    def opened(self):
        def inner():
            yield  # mark: inner
        yield from inner()

@cache
def remembered():
    return 1  # mark: cached

def untouched():
    pass
    # mark: behind-nothing

ELSEWHERE = 1  # mark: outside
'''


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "marked_code.py").write_text(CODE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("marked_code", None)


def hits(name: str, source: Path, call: str) -> bool:
    module: Any = importlib.import_module("marked_code")
    try:
        with watched(name, source=source):
            eval(call, vars(module))  # noqa: S307 the table below
    except MarkError:
        return False
    return True


def test_every_mark_has_a_test_that_hits_it() -> None:
    assert marks().keys() <= asked_for()


def test_every_test_and_every_docstring_names_a_mark_that_is_there() -> None:
    assert asked_for() | told_of() <= marks().keys()


@pytest.mark.parametrize(
    ("name", "hit", "passed"),
    [
        ("simple", "statement(0)", "statement(1)"),
        ("in-several-lines", "statement(1)", "statement(0)"),
        ("branch", "header(1)", "header(2)"),
        ("other-branch", "header(2)", "header(1)"),
        ("handler", "header(1)", "statement(1)"),
        ("loop", "header(1)", "header(0)"),
        ("case", "header(3)", "header(2)"),
        ("with", "header(0)", "statement(0)"),
        ("closure", "Decorated()", "untouched()"),
        ("class-method", "Decorated.of()", "Decorated()"),
        ("static-method", "Decorated.plain()", "Decorated()"),
        ("property", "Decorated().seen", "Decorated()"),
        ("cached-property", "Decorated().kept", "Decorated()"),
        ("inner", "Decorated().opened().__enter__()", "Decorated().opened()"),
        ("cached", "remembered()", "untouched()"),
    ],
)
def test_a_mark_is_hit_where_it_stands_and_only_there(name: str, hit: str, passed: str, source: Path) -> None:
    assert hits(name, source, hit)
    assert not hits(name, source, passed)


def test_several_marks_must_all_be_hit(source: Path) -> None:
    module: Any = importlib.import_module("marked_code")
    with watched("branch", "case", "property", source=source):
        module.header(1)
        module.header(3)
        _ = module.Decorated().seen
    with pytest.raises(MarkError, match=r"\['case'\]"), watched("branch", "case", source=source):
        module.header(1)


def test_a_mark_is_seen_in_a_greenlet_that_began_before(source: Path) -> None:
    module: Any = importlib.import_module("marked_code")
    here = getcurrent()

    def body() -> None:
        here.switch()
        module.statement(0)

    process = greenlet(body)
    process.switch()
    with watched("simple", source=source):
        process.switch()


def test_the_code_is_its_own_again_afterwards(source: Path) -> None:
    module: Any = importlib.import_module("marked_code")
    before = module.statement.__code__
    with watched("simple", source=source):
        module.statement(0)
        assert module.statement.__code__ is not before
    assert module.statement.__code__ is before


def test_an_error_of_the_test_itself_is_the_one_that_is_seen(source: Path) -> None:
    with pytest.raises(ZeroDivisionError), watched("simple", source=source):
        _ = 1 / 0


@pytest.mark.parametrize("name", ["behind-nothing", "outside", "unknown"])
def test_a_mark_that_can_never_be_hit_is_refused(name: str, source: Path) -> None:
    with pytest.raises(MarkError, match=name), watched(name, source=source):
        pass


def test_a_name_stands_behind_one_line_only(source: Path) -> None:
    (source / "more.py").write_text("def f():\n    pass  # mark: simple\n", encoding="utf-8")
    with pytest.raises(MarkError, match="simple again"):
        marks(source)


@pytest.mark.process
def test_a_test_that_misses_its_mark_fails(tmp_path: Path) -> None:
    [name, *_] = marks()
    misses = f"import pytest\n@pytest.mark.hits({name!r})\ndef test_that_misses(): pass\n"
    (tmp_path / "test_misses.py").write_text(misses, encoding="utf-8")
    settings = ("-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest")
    command = [sys.executable, "-m", "pytest", *settings, str(tmp_path)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert f"without coming past ['{name}']" in ended.stdout
