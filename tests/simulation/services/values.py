"""DynamoDB's values as boto3's resources take and give them: numbers are Decimal, there are no floats."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final


class _Missing:
    """No such attribute: not the same as an attribute that is null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
_KEPT = (Decimal, bool, bytes, type(None))


def stored(value: Any) -> Any:  # noqa: PLR0911 one kind of value a line
    """Give what DynamoDB keeps of a value, and what boto3 reads back later; shares nothing with the caller's."""
    if type(value) is str:
        return value
    if type(value) is int:
        return Decimal(value)
    if isinstance(value, dict):
        return {str(name): stored(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [stored(one) for one in value]
    if isinstance(value, _KEPT):
        return value
    if isinstance(value, str):  # an enumeration's member is only a text there
        return str(value)
    if isinstance(value, (set, frozenset)) and value:
        return {stored(one) for one in value}
    if isinstance(value, float):
        raise TypeError("Float types are not supported. Use Decimal types instead.")  # boto3's own words
    raise TypeError(f'Unsupported type "{type(value)}" for value "{value}"')


def fresh(item: dict[str, Any]) -> dict[str, Any]:
    """Copy an item as far as a caller could change it."""
    return {name: value if type(value) is str else _unshared(value) for name, value in item.items()}


def _unshared(value: Any) -> Any:
    if isinstance(value, list):
        return [_unshared(one) for one in value]
    if isinstance(value, dict):
        return {name: one if type(one) is str else _unshared(one) for name, one in value.items()}
    return set(value) if isinstance(value, set) else value


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same one; a missing attribute is the same as nothing, true is not 1."""
    if one is MISSING or other is MISSING:
        return False
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


def is_less(one: Any, other: Any) -> bool:
    """Whether a text or number comes before another of its kind; values of two kinds have no order."""
    if isinstance(one, str):
        return isinstance(other, str) and one < other
    if isinstance(one, (Decimal, int)) and isinstance(other, (Decimal, int)):
        return one < other
    return isinstance(one, bytes) and isinstance(other, bytes) and one < other
