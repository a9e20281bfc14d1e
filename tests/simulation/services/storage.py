"""What a table holds: items by key and by index, and what they were a few writes ago."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Item = dict[str, Any]
Key = tuple[str, str]

# How many of the newest writes a lagging read can be behind.
LONGEST_LAG = 256


class Storage:
    """Items with the keys `pk` and `sk`; `indexes` gives each index's partition key and sort key."""

    def __init__(self, indexes: Mapping[str, tuple[str, str]]) -> None:
        self.indexes = dict(indexes)
        self._partitions: dict[str, dict[str, Item]] = {}
        self._indexed: dict[str, dict[str, dict[Key, Item]]] = {name: {} for name in indexes}
        self._undo: deque[tuple[Key, Item | None]] = deque(maxlen=LONGEST_LAG)

    def items(self) -> Iterator[Item]:
        """Yield every item."""
        for partition in self._partitions.values():
            yield from partition.values()

    def item(self, key: Key, lag: int = 0) -> Item | None:
        """Return one item as it was so many writes ago."""
        if lag and key in (before := self._unseen(lag)):
            return before[key]
        partition = self._partitions.get(key[0])
        return partition.get(key[1]) if partition is not None else None

    def partition(self, index: str | None, value: Any, lag: int) -> list[Item]:
        """Return a partition of the table or of an index as it was so many writes ago, in the order of the sort key."""
        before = self._unseen(lag) if lag else {}
        if index is None:
            there = self._partitions.get(value)
            if not there and not before:
                return []
            found = [there[sk] for sk in sorted(there)] if there else []
            hash_name, sort_name = "pk", "sk"
        else:
            indexed = self._indexed[index].get(value)
            if not indexed and not before:
                return []
            found = list(indexed.values()) if indexed else []
            hash_name, sort_name = self.indexes[index]
        if before:
            found = [item for item in found if (item["pk"], item["sk"]) not in before]
            found += [
                item
                for item in before.values()
                if item is not None and item.get(hash_name) == value and sort_name in item
            ]
        if len(found) > 1 and (before or index is not None):
            found.sort(key=lambda item: (item[sort_name], item["pk"], item["sk"]))
        return found

    def write(self, key: Key, before: Item | None, after: Item | None) -> None:
        """Put an item in the place of another, or of none; None: delete it."""
        pk, sk = key
        if after is not None:
            partition = self._partitions.get(pk)
            if partition is None:
                self._partitions[pk] = {sk: after}
            else:
                partition[sk] = after
        elif before is not None:
            del self._partitions[pk][sk]
        for index, (hash_name, sort_name) in self.indexes.items():
            indexed = self._indexed[index]
            if before is not None and hash_name in before and sort_name in before:
                del indexed[before[hash_name]][key]
            if after is not None and hash_name in after and sort_name in after:
                value = after[hash_name]
                if value in indexed:
                    indexed[value][key] = after
                else:
                    indexed[value] = {key: after}
        self._undo.append((key, before))

    def _unseen(self, lag: int) -> dict[Key, Item | None]:
        """What the items were that the newest `lag` writes have changed."""
        before: dict[Key, Item | None] = {}
        for place in range(len(self._undo) - 1, max(len(self._undo) - 1 - lag, -1), -1):
            key, item = self._undo[place]
            before[key] = item
        return before
