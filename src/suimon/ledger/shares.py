"""How many workers of the gate may check large files of one dataset at once, so that one sender holds up no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from suimon.ledger.conditional import RefusedError, setting, write_if
from suimon.ledger.items import stamp
from suimon.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table

# A smaller file is checked in the time that asking for a place would take.
LARGE = 8 * 1024 * 1024  # bytes, decompressed at the contract's highest ratio
FREE = ""  # sorts before every moment


def share_of(workers: int) -> int:
    """Return how many of so many workers one dataset may occupy: half of them, at least one."""
    return max(1, workers // 2)


@dataclass(frozen=True)
class Shares:
    """Places of a dataset: `pk` = `share#<dataset>`, `sk` = a number; each is held by a worker until it ends.

    a worker                                another
    place 0: takes it
                                            place 0: refused, place 1: refused (mark: share-is-taken)
                                            puts its message back, checks a file of another dataset
    -- crash --
                                            the message again: place 0 has expired, takes it
    """

    table: Table
    places: int
    large: int = LARGE

    def take(self, dataset: str, owner: str, now: datetime, until: datetime) -> int | None:
        """Take a place until then at the latest, and return its number; None when all are taken."""
        free = Attr("pk").not_exists() | Attr("held_until").lt(stamp(now))
        for place in range(self.places):
            item = {**_key(dataset, place), "holder": owner, "held_until": stamp(until)}
            try:
                write_if(free, self.table.put_item, Item=item)
            except RefusedError as refused:
                if refused.item != item:  # else an answer was lost, and botocore has asked again
                    continue
            return place
        return None  # mark: share-is-taken

    def free(self, dataset: str, place: int, owner: str) -> None:
        """Free a place, unless it has expired and another worker holds it."""
        request = {"Key": _key(dataset, place), **setting({"held_until": FREE})}
        try:
            write_if(Attr("holder").eq(owner), self.table.update_item, **request)
        except RefusedError:
            return


def _key(dataset: str, place: int) -> dict[str, Any]:
    return {"pk": f"share#{dataset}", "sk": f"{place}"}
