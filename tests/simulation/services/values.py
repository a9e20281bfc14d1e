"""DynamoDB's values as boto3's resources take and give them: numbers are Decimal, there are no floats.

What is kept never changes, so that answers can share it: a write makes new values, a caller that changes an answer
within is told so.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, NoReturn

from tests.simulation.services.errors import NotModelledError


class _Missing:
    """No such attribute: not the same as an attribute that is null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


def _refuse(_self: Any, *_args: Any, **_more: Any) -> NoReturn:
    raise NotModelledError("an answer of the table is shared with the table: copy it before you change it")


class KeptMap(dict[str, Any]):
    """A map in an item."""

    __slots__ = ()
    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse


class KeptList(list[Any]):
    """A list in an item."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = append = clear = extend = insert = pop = remove = _refuse
    reverse = sort = _refuse


_KEPT = (Decimal, bool, bytes, type(None), KeptMap, KeptList)
_AS_IT_IS = frozenset({str, *_KEPT})
# Attempts, rows and sizes are small, and a Decimal costs more to make than to find.
_SMALL = tuple(Decimal(number) for number in range(1_000))


def stored(value: Any) -> Any:
    """Return what DynamoDB keeps of a value, and what boto3 reads back later; shares nothing with the caller's."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is int:
        return _SMALL[value] if 0 <= value < 1_000 else Decimal(value)
    if isinstance(value, dict):
        return KeptMap({str(name): one if type(one) is str else stored(one) for name, one in value.items()})
    if isinstance(value, (list, tuple)):
        return KeptList([stored(one) for one in value])
    if isinstance(value, str):  # an enumeration's member is only a text there
        return str(value)
    if isinstance(value, float):
        raise TypeError("Float types are not supported. Use Decimal types instead.")  # boto3's own words
    raise NotModelledError(f"no values of {kind} here")


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same one; a missing attribute is the same as nothing, true is not 1."""
    if type(one) is str:
        return bool(one == other)
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
