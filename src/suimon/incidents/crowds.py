"""Many incidents of one kind at once: the first ones are told one by one, the others together. Pure, but for a counter.

    report, report, …              up to `most` within an hour: an e-mail each
    report                         one more: recorded as open and held, no e-mail
    the next round of the sweep    one e-mail about all that are held; they are told

The record of what is held comes before the e-mail, and what is told is marked after it. So a crash in between tells
some twice, and none never.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.incidents.incident import Incident, Problem, Told
from suimon.incidents.kinds import KINDS, About, IncidentId, Kind
from suimon.ledger.items import moment, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from suimon.ledger.checkpoints import Checkpoints

WINDOW = timedelta(hours=1)
# A sender who sends the same bad file again and again hears of so many tries at once.
TRIES_TOLD, TRIES_WITHIN = 5, timedelta(minutes=15)
HELD_BACK = (Told.HELD, Told.AGAIN)


def how_to_tell(problem: Problem, known: Incident | None, checkpoints: Checkpoints, now: datetime) -> Told:
    """Return how news of a problem is told. A new incident counts among those of its kind."""
    crowd = KINDS[problem.kind].crowd
    if crowd is None:
        return Told.ALONE
    if known and known.is_open:
        since = now - known.updated_at
        if known.told in HELD_BACK or (known.told is Told.TOGETHER and since < WINDOW):
            return Told.AGAIN if known.told is Told.AGAIN else Told.HELD
        if known.told is Told.ALONE:
            return Told.AGAIN if known.revision >= TRIES_TOLD and since < TRIES_WITHIN else Told.ALONE
    return Told.HELD if _is_one_too_many(problem, crowd.most, checkpoints, now) else Told.ALONE


def _is_one_too_many(problem: Problem, most: int, checkpoints: Checkpoints, now: datetime) -> bool:
    """Count one more; return whether there are too many in this window. Two at once may count as one."""
    name = f"crowd:{group_of(problem.kind, problem.about)}"
    try:
        kept = checkpoints.get(name)
        began, count = moment(kept["began"]), int(kept["count"])
    except (KeyError, ValueError):
        began, count = now, 0
    if not timedelta() <= now - began < WINDOW:
        began, count = now, 0
    checkpoints.put(name, {"began": stamp(began), "count": str(count + 1)})
    return count >= most


def once_told(incident: Incident) -> Told:
    """Return how people have heard of a held incident once a message has named it with others."""
    return Told.ALONE if incident.told is Told.AGAIN else Told.TOGETHER


def group_of(kind: Kind, about: About) -> IncidentId:
    """Return the id under which incidents of a kind are told together."""
    crowd = KINDS[kind].crowd
    return IncidentId(kind, tuple(getattr(about, name) for name in crowd.by) if crowd else ())


def held(opened: Iterable[Incident]) -> dict[IncidentId, list[Incident]]:
    """Return the incidents of which there is news that nobody has heard yet, by group, the oldest first."""
    groups = defaultdict[IncidentId, list[Incident]](list)
    for one in sorted(opened, key=lambda one: one.opened_at):
        if one.is_open and one.told in HELD_BACK:
            groups[group_of(one.kind, one.about)].append(one)
    return dict(groups)
