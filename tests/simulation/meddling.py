"""In some schedules the raw bucket cannot be read for a while, the sweep's mark is spoilt, or a person closes a drop.

The draws are apart from the others: a record that was kept before there was any of this is still the same schedule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from suimon.drops.states import CLOSABLE
from tests.simulation.plan import HOUR, MINUTE, RAW
from tests.simulation.services.errors import refusal
from tests.simulation.services.s3 import S3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.choices import Choices
    from tests.simulation.plan import Plan
    from tests.simulation.services.table import Table

FIRST = -300  # the position of the first draw
MARKS: tuple[dict[str, str], ...] = (
    {"complete": "2026-11-28T16:50:00"},
    {"began": "9999-12-31T00:00:00+00:00", "complete": "9999-12-31T00:00:00+00:00"},
    {"from": "the beginning"},
)


@dataclass(frozen=True)
class Meddling:
    """unreadable: for how long; spoils, closes: when, in seconds; 0: never. mark: what the sweep finds in its place."""

    unreadable: float = 0.0
    spoils: float = 0.0
    mark: int = 0
    closes: float = 0.0

    def over(self, plan: Plan) -> Plan:
        """Return a plan that lasts as long as this does, with the rounds that find it."""
        heals = max(plan.heals, self.unreadable + MINUTE, self.spoils + MINUTE, self.closes + MINUTE)
        return replace(plan, heals=heals, spares_sweep=plan.spares_sweep and not self.spoils)


def meddling(choices: Choices) -> Meddling:
    """Draw what somebody does to a schedule."""
    with choices.apart("meddling", FIRST):
        unreadable = (0.0, 5 * MINUTE, 55 * MINUTE, 4 * HOUR)[choices.among((30, 1, 2, 1))]
        spoils = (0.0, 2 * MINUTE, 20 * MINUTE)[choices.among((20, 1, 1))]
        mark = choices.pick(len(MARKS))
        closes = (0.0, 1.0, 12 * MINUTE)[choices.among((16, 1, 1))]
    return Meddling(unreadable, spoils, mark, closes)


class RefusingS3(S3):
    """An S3 that may refuse to read the raw bucket, as a key's policy makes it; `refused`: when, for each version."""

    refuses = False

    def __init__(self, now: Any) -> None:
        super().__init__(now)
        self.refused: dict[tuple[str, str], list[float]] = {}

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Read an object, unless that is refused now."""
        if self.refuses and request["Bucket"] == RAW:
            self.refused.setdefault((request["Key"], request["VersionId"]), []).append(self.now())
            raise refusal("GetObject", "AccessDenied", "not authorized to perform: kms:Decrypt", 403)
        return super().get_object(**request)


def spoil(table: Table, mark: int) -> None:
    """Write what no round has left where the walk over the bucket goes on."""
    table.put_item(Item={"pk": "checkpoint#walk", "sk": "checkpoint", **MARKS[mark]})


def closable(drops: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Choose a file that waits for something; parts of sets, and sets, are left to their rules."""
    for drop_id, item in drops.items():
        if item["state"] in CLOSABLE and not item["members"] and "set_id" not in item:
            return drop_id
    return None
