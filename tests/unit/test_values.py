"""Frozen dataclasses of `suimon.values` do as those of the standard library."""

import ast
import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pytest

import suimon.values

PACKAGE = Path(suimon.values.__file__).parent
BOTH = {"standard library": dataclasses.dataclass, "suimon.values": suimon.values.dataclass}


def pair_of(dataclass: Any, **options: bool) -> Any:
    """The same class with every kind of field, made by `dataclass`."""

    @dataclass(frozen=True, **options)
    class Pair:
        """Two and more."""

        LIMIT: ClassVar[int] = 3
        first: int
        second: str = "two"
        many: dict[str, int] = field(default_factory=dict, compare=False)
        hidden: int = field(default=4, repr=False, compare=False)
        named: int = field(default=5, kw_only=True)
        found: int = field(init=False, default=6)
        made: list[int] = field(init=False, default_factory=list, compare=False)
        later: int = field(init=False, repr=False, compare=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "later", self.first + 1)

        def doubled(self) -> int:
            return 2 * self.first

    Pair.__qualname__ = "Pair"
    return Pair


@dataclasses.dataclass(frozen=True)
class _Standard:
    first: int


@suimon.values.dataclass(frozen=True, slots=True)
class Slotted:
    first: int
    second: tuple[str, ...] = ()


@suimon.values.dataclass(frozen=True)
class Plain:
    first: int
    second: tuple[str, ...] = ()

    @cached_property
    def third(self) -> int:
        return self.first + 2


@suimon.values.dataclass(frozen=True)
class Heir(Plain):
    fourth: int = 4


@suimon.values.dataclass(frozen=True)
class Nothing:
    pass


@suimon.values.dataclass(frozen=True, slots=True)
class Own:
    first: int

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "first", int(text))

    def __repr__(self) -> str:
        return f"own {self.first}"


def raised(call: Callable[[], object]) -> str:
    """The class and the text of what a call raises, without the place where the class was made."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 which, is compared
        call()
    return f"{type(caught.value).__name__}: {caught.value}".replace("pair_of.<locals>.", "")


ANSWERS: dict[str, Callable[[Any], object]] = {
    "a value is shown with its fields": lambda cls: repr(cls(1, many={"a": 1}, named=7)),
    "equal fields, equal values": lambda cls: (cls(1) == cls(1), cls(1) != cls(1), cls(1) == cls(1, "x")),
    "what is not compared": lambda cls: cls(1, hidden=8) == cls(1, hidden=9),
    "another class is never equal": lambda cls: (cls(1) == _Standard(1), cls(1) == 1),
    "equal values are one in a set": lambda cls: len({cls(1), cls(1), cls(2), cls(1, named=1)}),
    "a default is made for each value": lambda cls: cls(1).many is cls(1).many,
    "a default's value": lambda cls: asdict(cls(1)),
    "by position and by name": lambda cls: asdict(cls(1, "a", {"b": 2}, 3, named=4)),
    "replaced": lambda cls: asdict(replace(cls(1), first=9)),
    "names of fields": lambda cls: [one.name for one in fields(cls)],
    "matched by position": lambda cls: cls.__match_args__,
    "a copy": lambda cls: copy.deepcopy(cls(1, many={"a": 1})) == cls(1, many={"a": 1}),
    "methods and constants": lambda cls: (cls(4).doubled(), cls.LIMIT, cls(4).later),
    "without what is needed": raised,
    "more than is known": lambda cls: raised(lambda: cls(1, other=2)),
    "too much by position": lambda cls: raised(lambda: cls(1, "a", {}, 3, 4)),
    "what is not for __init__": lambda cls: raised(lambda: cls(1, found=2)),
    "set": lambda cls: raised(lambda: setattr(cls(1), "first", 2)),
    "of what is not for __init__": lambda cls: raised(lambda: replace(cls(1), found=2)),
}


@pytest.mark.parametrize("slots", [False, True], ids=["plain", "slots"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_value_does_as_one_of_the_standard_library(answer: Callable[[Any], object], *, slots: bool) -> None:
    standard, ours = (answer(pair_of(dataclass, slots=slots)) for dataclass in BOTH.values())
    assert ours == standard


@pytest.mark.parametrize("value", [Slotted(1, ("a",)), Plain(1), Heir(1, fourth=2), Nothing()])
def test_a_value_is_pickled_and_copied(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 made here
    assert copy.copy(value) == value
    assert hash(copy.copy(value)) == hash(value)


@pytest.mark.parametrize("value", [Slotted(1), Plain(1), Heir(1)])
def test_a_value_never_changes(value: Any) -> None:
    with pytest.raises(FrozenInstanceError, match="'first'"):
        value.first = 2
    with pytest.raises(FrozenInstanceError, match="'first'"):
        del value.first
    assert value.first == 1


def test_a_value_has_its_own_methods() -> None:
    assert repr(Own("3")) == "own 3"


def test_a_value_keeps_what_was_worked_out_once() -> None:
    assert Plain(1).third == 3


def test_a_value_of_another_class_with_the_same_fields_is_another() -> None:
    assert Plain(1) != Heir(1)
    assert Nothing() == Nothing()


def test_no_module_that_a_function_may_import_makes_classes_by_the_standard_library() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module == "dataclasses":
                names = {name.name for name in node.names}
            else:
                names = {ast.unparse(node).partition(".")[2]} if isinstance(node, ast.Attribute) else set()
            if "dataclass" in names and path != PACKAGE / "values.py":
                found.append(str(path.relative_to(PACKAGE)))
    assert not found
