"""In some schedules a person takes a file back, maybe twice.

The draws are apart from the others, see meddling.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.simulation.plan import MINUTE
from tests.simulation.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.simulation.choices import Choices
    from tests.simulation.plan import Plan
    from tests.simulation.schedule import Schedule

FIRST = -380  # the position of the first draw
# The folder of a copy that empties a partition, in the place of a drop's.
EMPTIED = "emptied"
IN_FORCE = ("ACCEPTED", "TRIGGERED", "LOADED", "FAILED")


@dataclass(frozen=True)
class Retracting:
    """at: when a file is taken back, in seconds. oldest: whether it is the oldest of those that could be.

    clears: when an operator clears every run that has ended in Airflow, those of retractions too; 0: never.
    """

    at: tuple[float, ...] = ()
    oldest: bool = False
    clears: float = 0.0

    def over(self, plan: Plan) -> Plan:
        """Return a plan that lasts longer than this does."""
        return (
            replace(plan, heals=max(plan.heals, *(at + MINUTE for at in (*self.at, self.clears)))) if self.at else plan
        )


def retracting(choices: Choices) -> Retracting:
    """Draw what is taken back."""
    with choices.apart("retracting", FIRST):
        first = (0.0, 10.0, 3 * MINUTE, 25 * MINUTE)[choices.among((15, 1, 2, 2))]
        again = (0.0, 0.1, 4 * MINUTE)[choices.among((3, 1, 1))]
        oldest = bool(choices.among((5, 1)))
        clears = (0.0, 5 * MINUTE, 40 * MINUTE)[choices.among((1, 1, 1))]
    if not first:
        return Retracting()
    again = again or (4 * MINUTE if clears else 0.0)  # what a cleared run loads may then be retracted, too
    at = (first, first + again) if again else (first,)
    return Retracting(at, oldest, at[-1] + clears if clears else 0.0)


def retractable(drops: Mapping[str, Mapping[str, Any]], *, oldest: bool) -> str | None:
    """Choose the newest file that is loaded, else on its way, or the oldest; parts of sets are refused anyway."""
    files = {drop_id: item["state"] for drop_id, item in drops.items() if "set_id" not in item}
    loaded = [drop_id for drop_id, state in files.items() if state == "LOADED"]
    found = loaded or [drop_id for drop_id, state in files.items() if state in IN_FORCE]
    return found[0 if oldest else -1] if found else None


def what_a_run_loads(end: Schedule, run: Any) -> list[str]:
    """Return the rows of the file that a run read, its drop's or another one's; none if it empties."""
    folder = run.conf["source_uri"].split("/")[-2]
    return [] if folder == EMPTIED else rows_of(end.bodies[folder])


def what_is_retracted_is_taken_back(end: Schedule) -> Iterator[str]:
    """T1. Where the newest file is retracted, its partition ends with the last loaded one before it, or empty."""
    for (dataset, partition), drops in end.partitions().items():
        newest = drops[-1]
        if end.states.get(newest.id, [""])[-1] != "RETRACTED":
            continue
        before = [one for one in drops[:-1] if {"ACCEPTED"} & {*end.states.get(one.id, ())}]
        before = [one for one in before if "retraction" not in end.drops[one.id]]
        if any("LOADED" not in end.states[one.id] for one in before):
            continue  # whether it counted at that moment, its end does not tell
        wanted = sorted(rows_of(end.bodies[before[-1].id])) if before else []
        if (rows := sorted(end.services.warehouse.rows(dataset, partition))) != wanted:
            yield f"{dataset} {partition} holds {rows} instead of {wanted}, {end.name(newest.id)} is retracted"


def what_is_retracted_stays_so(end: Schedule) -> Iterator[str]:
    """T2. Nothing takes a retracted drop up again, but a set that comes again takes those of its parts that stayed."""
    for drop_id, states in end.states.items():
        if "set_id" not in end.drops[drop_id] and "RETRACTED" in states and states[-1] != "RETRACTED":
            yield f"{end.name(drop_id)} was retracted, and went on: {states}"


def no_retraction_is_forgotten(end: Schedule) -> Iterator[str]:
    """T3. A retraction that waited for the end of a run is carried out when it has ended."""
    for drop_id, item in end.drops.items():
        wanted = item.get("retraction")
        if wanted and item["state"] in {"LOADED", "FAILED"} and item["attempt"] < wanted["attempt"]:
            yield f"{end.name(drop_id)} is {item['state']}, and was to be retracted"


PROMISES_OF_RETRACTIONS = (
    what_is_retracted_is_taken_back,
    what_is_retracted_stays_so,
    no_retraction_is_forgotten,
)
