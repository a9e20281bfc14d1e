"""Incidents as people and scripts see them. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TypeVar

from suimon.drops.wording import japanese
from suimon.incidents.email import on_the_wall
from suimon.incidents.grouping import worst_first
from suimon.incidents.incident import Told
from suimon.incidents.inhibition import inhibition_of
from suimon.incidents.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
    from datetime import datetime

    from suimon.incidents.incident import ByPerson, Incident

T = TypeVar("T")
MOST_ALIKE = 2  # incidents that differ in their date alone and are shown one by one
_EACH_ITS_OWN = frozenset({"partition", "key", "stamped_slot", "drop_id", "run_id"})


def folded(found: Sequence[T], sort: Callable[[T], Hashable]) -> Iterator[tuple[T, int]]:
    """Yield incidents in their order, each with how many more of its sort are left out; of a few of a sort none are."""
    sizes = Counter(map(sort, found))
    seen: set[Hashable] = set()
    for one in found:
        what = sort(one)
        if sizes[what] <= MOST_ALIKE:
            yield one, 0
        elif what not in seen:
            seen.add(what)
            yield one, sizes[what] - 1


def sort_of(kind: str, severity: str, standing: str, about: Mapping[str, str]) -> Hashable:
    """Return what incidents have in common that differ in their date, file and run alone, as those of a long outage."""
    return (
        kind,
        severity,
        standing,
        frozenset((name, of) for name, of in about.items() if of and name not in _EACH_ITS_OWN),
    )


def listing(kind: str, dataset: str) -> str:
    """Return the command that lists all of a sort, without the stack's name."""
    return f"suimon incidents --kind {kind}" + (f" --dataset {dataset}" if dataset else "")


def chosen(standing: Collection[Incident], wanted: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Return what a person asks for, the worst first and without messages: an answer has 6 MB.

    wanted: dataset, kind, severity, and all or only the open. What is of no dataset, such as a DAG that is paused, may
    concern each of them.
    """
    return [
        as_json(replace(one, body=""), standing, now)
        for one in worst_first([*standing])
        if (one.is_open or wanted.get("all"))
        and (not wanted.get("dataset") or one.about.dataset in {"", wanted["dataset"]})
        and wanted.get("kind") in {"", None, str(one.kind)}
        and wanted.get("severity") in {"", None, str(one.severity)}
    ]


def as_json(one: Incident, standing: Collection[Incident], now: datetime) -> dict[str, Any]:
    """Return all of an incident. `standing`: all that has not recovered, for what explains it."""
    found = inhibition_of(one.kind, one.about, standing, now) if one.told is Told.MUTED else None
    return {
        "id": str(one.id),
        "kind": str(one.kind),
        "severity": str(one.severity),
        "standing": str(one.standing(now)),
        "subject": one.subject,
        "subject_ja": japanese(one.subject),
        "opened_at": one.opened_at.isoformat(),
        "updated_at": one.updated_at.isoformat(),
        "told": str(one.told),
        "told_at": one.told_at.isoformat() if one.told_at else None,
        "about": {name: value for name, value in asdict(one.about).items() if value},
        "acknowledged": _person(one.acknowledged),
        "snoozed": _person(one.snoozed),
        "closed": _person(one.closed),
        "muted_by": str(found[1].id) if found else "",
        "muted_why": found[0].why if found else "",
        "over": KINDS[one.kind].over,
        "body": on_the_wall(one.body, "UTC"),
        "body_ja": on_the_wall(japanese(one.body), "UTC"),
    }


def _person(by: ByPerson | None) -> dict[str, Any] | None:
    if by is None:
        return None
    until = by.until.isoformat() if by.until else None
    return {"who": by.who, "at": by.at.isoformat(), "reason": by.reason, "until": until}
