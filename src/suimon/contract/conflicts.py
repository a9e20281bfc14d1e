"""Why two contracts cannot be of one release. Standard library only."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal

from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.contract.model import Contract


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why two contracts cannot be of one release. `clause`: what they share."""

    clause: Literal["dataset", "table", "dag", "keys"]
    message: str


def conflict_of(one: Contract, other: Contract) -> Conflict | None:
    """Return why two contracts cannot stand side by side; a table is watched by one of them."""
    if one.dataset == other.dataset:
        return Conflict("dataset", f"two contracts for dataset {one.dataset!r}: keep one")
    for mine, theirs in product(one.patterns, other.patterns):
        if mine.may_meet(theirs):
            text = f"could match the same key: {mine.text!r} and {theirs.text!r}; make them differ"
            return Conflict("keys", f"contracts {one.dataset!r} and {other.dataset!r} {text}")
    if one.key_pattern is None or other.key_pattern is None:
        return _watch_the_same(one, other)
    if one.table == other.table:
        text = f"load the same table {one.table!r}, and each would delete the other's partitions; make them differ"
        return Conflict("table", f"contracts {one.dataset!r} and {other.dataset!r} {text}")
    if one.dag_id and one.dag_id == other.dag_id:
        text = f"open the same DAG {one.dag_id!r}, which loads one table; make them differ"
        return Conflict("dag", f"contracts {one.dataset!r} and {other.dataset!r} {text}")
    return None


def _watch_the_same(one: Contract, other: Contract) -> Conflict | None:
    """Return why two contracts, of which each watches a table, cannot; two that load have two tables."""
    if one.freshness and other.freshness and one.freshness.table == other.freshness.table:
        text = f"watch the same table {one.freshness.table!r}, and each would end the other's incidents"
        return Conflict("table", f"contracts {one.dataset!r} and {other.dataset!r} {text}; take one freshness out")
    return None
