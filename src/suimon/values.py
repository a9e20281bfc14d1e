"""The dataclasses of a function: `from suimon.values import dataclass` in place of the standard library's.

The standard library compiles up to six methods for each class; with the hundred classes and more that a function
imports that is a fifth of its cold start (docs/bench-cold.md). Here frozen classes share all methods but `__init__`.
What they do is as in the standard library, whose `field`, `fields`, `replace` and `asdict` know them
(tests/unit/test_values.py).
"""

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn


def _dataclass(
    cls: type | None = None, /, *, frozen: bool = False, slots: bool = False, kw_only: bool = False
) -> type | Callable[[type], type]:
    """Make `cls` a dataclass, whose own methods stay as they are."""

    def made(cls: type) -> type:
        if not frozen:
            return dataclasses.dataclass(cls, slots=slots, kw_only=kw_only)
        for name, method in (_METHODS | _STATE if slots else _METHODS).items():
            if name not in vars(cls):
                setattr(cls, name, method)
        cls = dataclasses.dataclass(cls, init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)
        if "__init__" not in vars(cls):
            setattr(cls, "__init__", _first_init(cls))  # noqa: B010 to mypy a class has one __init__
        return cls

    return made if cls is None else made(cls)


def _first_init(cls: Any) -> Callable[..., None]:
    """Return an `__init__` that compiles the true one when it is first called: a start has no value of many classes."""

    def first(self: object, *given: object, **named: object) -> None:
        cls.__init__ = _init(cls)
        cls.__init__(self, *given, **named)

    return first


def _init(cls: Any) -> Callable[..., None]:
    """Compile the one method that differs from class to class."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": MISSING}
    by_position, by_keyword, body = ["self"], ["*"], ["pass"]
    for field in fields(cls):
        argument, value = _argument(field, known)
        if field.init:
            (by_keyword if field.kw_only else by_position).append(argument)
        if value:
            body.append(f"_set(self, {field.name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    arguments = by_position + (by_keyword if len(by_keyword) > 1 else [])
    exec(f"def __init__({', '.join(arguments)}):\n " + "\n ".join(body), known)  # noqa: S102 names of fields alone
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _argument(field: Field[Any], known: dict[str, Any]) -> tuple[str, str]:
    """Return a field as an argument of `__init__`, and the expression it is set to: none if it is set elsewhere."""
    name = field.name
    if field.default_factory is not MISSING:
        known[f"_make_{name}"] = field.default_factory
        made = f"_make_{name}()"
        return f"{name}=_MISSING", f"{made} if {name} is _MISSING else {name}" if field.init else made
    if field.default is not MISSING:
        known[f"_default_{name}"] = field.default
        return f"{name}=_default_{name}", name if field.init else f"_default_{name}"
    return name, name if field.init else ""


def _compared(self: Any) -> object:
    """Return all that makes a value equal to another, and its hash."""
    cls: Any = type(self)
    return _compared_of(cls)(self)


@cache
def _compared_of(cls: Any) -> Callable[[object], object]:
    names = [field.name for field in fields(cls) if field.compare]
    return attrgetter(*names) if names else lambda _: ()


def _eq(self: object, other: object) -> bool:
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self: object) -> int:
    return hash(_compared(self))


def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(self: object, name: str, value: object = None) -> NoReturn:  # noqa: ARG001 as Python calls it
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _get_state(self: Any) -> list[object]:
    return [getattr(self, field.name) for field in fields(self)]


def _set_state(self: Any, state: list[object]) -> None:
    for field, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_METHODS: dict[str, object] = {
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
}
_STATE: dict[str, object] = {
    "__getstate__": _get_state,
    "__setstate__": _set_state,
}  # slots have no __dict__ to be copied from

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 a type checker knows the standard library's
else:
    dataclass = _dataclass
