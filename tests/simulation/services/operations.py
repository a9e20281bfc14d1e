"""What DynamoDB's expressions are made of, as closures over the item, the attribute names and values of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.services.errors import refusal
from tests.simulation.services.values import MISSING, is_less, is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Item = Mapping[str, Any]
    Names = Mapping[str, str]
    Values = Mapping[str, Any]
    Operand = Callable[[Item, Names, Values], Any]
    Condition = Callable[[Item, Names, Values], bool]

# A step into an item: an attribute's name, its placeholder, or a place in a list.
Steps = tuple["str | int", ...]


def resolved(path: Steps, names: Names) -> Steps:
    """Return a path without placeholders."""
    return tuple(names[step] if isinstance(step, str) and step[0] == "#" else step for step in path)


# ---------------------------------------------------------------- operands


def value_of(name: str) -> Operand:
    """Return the operand that is a value of the request."""

    def value(_item: Item, _names: Names, values: Values) -> Any:
        return values[name]

    return value


def nothing(_item: Item, _names: Names, _values: Values) -> Any:
    """Return the operand of what takes none."""
    return None


def found_at(path: Steps) -> Operand:
    """Return the operand that is what stands at a path; MISSING if nothing does."""
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


def look_up(item: Item, path: Steps) -> Any:
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


def plus(left: Operand, right: Operand, sign: int) -> Operand:
    """Return the operand that is a sum, or with the sign -1 a difference."""

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


OPERANDS: dict[str, Callable[..., Operand]] = {
    "if_not_exists": _if_not_exists,
    "list_append": _list_append,
    "size": _size,
}

# ---------------------------------------------------------------- conditions


def both(left: Condition, right: Condition) -> Condition:
    """Return a condition of two."""
    return lambda item, names, values: left(item, names, values) and right(item, names, values)


def either(left: Condition, right: Condition) -> Condition:
    """As above."""
    return lambda item, names, values: left(item, names, values) or right(item, names, values)


def negated(inner: Condition) -> Condition:
    """As above, of one."""
    return lambda item, names, values: not inner(item, names, values)


def compare(sign: str, left: Operand, right: Operand) -> Condition:
    """Return the condition that two operands compare so."""
    holds = COMPARISONS[sign]
    return lambda item, names, values: holds(left(item, names, values), right(item, names, values))


def between(of: Operand, low: Operand, high: Operand) -> Condition:
    """Return the condition that an operand lies within two others."""

    def holds(item: Item, names: Names, values: Values) -> bool:
        found = of(item, names, values)
        return not_over(low(item, names, values), found) and not_over(found, high(item, names, values))

    return holds


def one_of(of: Operand, options: list[Operand]) -> Condition:
    """Return the condition that an operand is one of some."""

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

CONDITIONS: dict[str, Callable[..., Condition]] = {
    "attribute_exists": _exists,
    "attribute_not_exists": _exists_not,
    "begins_with": _begins_with,
    "contains": _contains,
}
