"""What a round cannot use of what it reads: it is left out, so that the round goes on, and reported at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Read = TypeVar("Read")
# What reading an item raises that somebody else has written, or that another release has.
_UNREADABLE = (KeyError, ValueError, TypeError, AttributeError)
REASON_CHARACTERS = 500


class UnreadableItemError(Exception):
    """An item of the ledger that no release has written so; the message names the item and what is wrong with it."""


class Unusable:
    """By name, why something was left out; the rounds of one function share it."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def add(self, name: str, reason: str) -> None:
        """Note what was left out."""
        self._found[name] = reason[:REASON_CHARACTERS]

    def __contains__(self, name: str) -> bool:
        """Whether this was left out since the last `take`."""
        return name in self._found

    def take(self) -> dict[str, str]:
        """Return what was left out since this was last called."""
        found, self._found = self._found, {}
        return found


def read_each(
    items: Iterable[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], Read], unusable: Unusable | None
) -> Iterator[Read]:
    """Yield what the items say; one that cannot be read is left out, or an UnreadableItemError if nobody collects."""
    for item in items:
        try:
            value = read_item(item, read)
        except UnreadableItemError as error:
            if unusable is None:
                raise
            unusable.add(str(item.get("pk")), str(error))
        else:
            yield value


def read_item(item: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Read]) -> Read:
    """Read an item; UnreadableItemError says which one it is and why it cannot be read."""
    try:
        return read(item)
    except _UNREADABLE as error:
        raise UnreadableItemError(
            f"the ledger's item {item.get('pk')!r} cannot be read: {type(error).__name__}: {error}"
        ) from error
