"""What is promised of incidents: nothing is said to have recovered that has not, and nothing stays open for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.incidents.incident import HELD_BACK
from suimon.incidents.kinds import KINDS, Kind
from tests.simulation.alerts import OF_FILES, incident_of
from tests.simulation.promises_of_sets import sets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.schedule import Schedule

REMARKS = frozenset(str(kind) for kind in Kind if KINDS[kind].lapses)


def no_incident_outlives_its_cause(end: Schedule) -> Iterator[str]:
    """An incident that is open at the end is about something that is still so."""
    for item in end.services.table.items():
        if item.get("state") != "INCIDENT_OPEN":
            continue
        incident_id, kind = item["incident_id"], item["kind"]
        if kind in OF_FILES:
            if end.is_mended_since(item["drop_id"]):
                yield f"{incident_id} is open, though {end.name(item['drop_id'])} or a later file is loaded"
        elif kind == "incomplete-set":
            if not any(one.is_awaited for one in sets_of(end)):
                yield f"{incident_id} is open, and the set is whole"
        elif kind not in {"unmatched", *REMARKS}:
            yield f"{incident_id} is open and nothing is wrong"


def recoveries_are_true(end: Schedule) -> Iterator[str]:
    """9. Nobody hears that a file has recovered before it or a later one is loaded, unless that is taken back."""
    letters = end.services.sns.letters
    for lie in end.alerts.lies:
        later = [letter for letter in letters[lie.letter + 1 :] if incident_of(letter) == lie.incident]
        if not later or "This is not over" not in later[0].message:
            yield f"{lie.incident} was said to have recovered, and {lie.bad} was still bad"


def remarks_end_by_themselves(end: Schedule) -> Iterator[str]:
    """What needs nobody, such as records that were set aside, is open for a week at most."""
    for item in end.services.table.items():
        if item.get("state") == "INCIDENT_OPEN" and item["kind"] in REMARKS:
            yield f"{item['incident_id']} is still open"


def nothing_stays_held(end: Schedule) -> Iterator[str]:
    """10. What is told together with others is told: nothing stays held back, however long it goes on."""
    for item in end.services.table.items():
        if item.get("state") == "INCIDENT_OPEN" and item.get("told") in HELD_BACK:
            yield f"{item['incident_id']} is held back and nobody has heard of it"


PROMISES_OF_INCIDENTS = (
    no_incident_outlives_its_cause,
    recoveries_are_true,
    remarks_end_by_themselves,
    nothing_stays_held,
)
