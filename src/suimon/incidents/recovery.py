"""Decide when the problem of an incident has recovered: a recovery that is reported must be true.

This is about incidents that name a drop, or drops that wait: others may load, reject or start something at any time, so
what was reported is compared with what the ledger says now. All other problems are looked for again by the part that
reports them, which knows by itself whether they are still there (`incident.gone`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.drops.states import State
from suimon.incidents.about import About
from suimon.incidents.incident import Incident, Recovery, of_kind
from suimon.incidents.kinds import KINDS, IncidentId, Kind
from suimon.incidents.messages.recoveries import (
    NOT_WATCHED,
    NOTHING_WAITS_FOR_AIRFLOW,
    file_is_loaded,
    file_is_retracted,
)
from suimon.mwaa.not_started import Cause

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from suimon.drops.drop import DropRecord
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.drops import Ledger

# What was reported of one write of a slot, and recovers by the writes of that slot.
OF_WRITES = (Kind.REJECTED, Kind.MISDATED, Kind.GONE, Kind.SET_CLOSED, Kind.RUN_FAILED)
_OF_SLOTS = (Kind.REJECTED, Kind.MISDATED, Kind.GONE, Kind.SET_CLOSED)
OF_CAUSES = tuple(map(Kind, Cause))

_ENDS = frozenset({State.LOADED, State.REJECTED, State.GONE, State.FAILED, State.RETRACTED})


def recovery_by_writes(incident: Incident, writes: Sequence[DropRecord]) -> Recovery | None:
    """Return the recovery of what was reported of a write; None while it has not recovered.

    writes: the drop that the incident names and every later write of its slot, in their order; a duplicate stands there
    in the state of the write that it repeats.

    The last write that has come to an end decides. One that is still on its way proves nothing: it may be rejected, or
    its run may fail.
    """
    ended = [write for write in writes if write.state in _ENDS]
    if ended and ended[-1].state is State.RETRACTED:
        return Recovery(incident.id, file_is_retracted(ended[-1]), incident.revision)
    if not ended or ended[-1].state is not State.LOADED:
        return None
    return Recovery(incident.id, file_is_loaded(ended[-1]), incident.revision)


def close_recovered(
    incidents: IncidentStore, ledger: Ledger, ids: Sequence[IncidentId], now: datetime
) -> list[IncidentId]:
    """Close those of some incidents that have recovered by the writes of their slots; return their ids.

    Called by whoever has loaded a write, by whoever has reported one and finds a later one, and by the sweep: a check
    may take longer than a newer file needs for all its way.

        the older file                          the newer one
        its check begins
                                                is loaded; nothing is open that it could close
        is rejected and reported
        the newer one is found loaded           (mark: newer-file-was-faster)
    """
    opened = [one for one in incidents.read(ids) if one.stands]
    decided = [recovery_by_writes(one, _writes_since(ledger, one.about.drop_id)) for one in opened]
    recoveries = [one for one in decided if one]
    return incidents.recover(recoveries, now) if recoveries else []  # mark: newer-file-was-faster


def _writes_since(ledger: Ledger, drop_id: str) -> list[DropRecord]:
    """Read a drop and all later writes of its slot, in their order, duplicates in the state of what they repeat."""
    reported = ledger.get(drop_id)
    if reported is None:
        return []
    writes = [reported, *ledger.newer_writes(reported)]
    originals = ledger.get_many({one.duplicate_of for one in writes if one.duplicate_of})
    return [
        replace(one, state=original.state, accepted=original.accepted)
        if one.state is State.DUPLICATE and one.duplicate_of and (original := originals.get(one.duplicate_of))
        else one
        for one in writes
    ]


def ids_by_slot(write: DropRecord) -> list[IncidentId]:
    """Return the incidents that may be open of the slot of a write."""
    return [IncidentId.of(kind, About.drop(write)) for kind in _OF_SLOTS]


def ids_by_load(loaded: DropRecord, members: Iterable[DropRecord]) -> list[IncidentId]:
    """Return the incidents that the load of a file, or of a set with these members, may end."""
    failed = IncidentId.of(Kind.RUN_FAILED, About.drop(loaded))
    return [failed, *(one for write in (loaded, *members) for one in ids_by_slot(write))]


def ids_by_start(environment: str, dag_id: str, started: DropRecord) -> list[IncidentId]:
    """Return the incidents that have recovered when the run of a drop has started.

    One run says nothing of an environment that answers now and then: see `recoveries_by_waiting`.
    """
    about = About.drop(started, dag_id=dag_id, environment=environment)
    proven = (kind for kind in OF_CAUSES if not KINDS[kind].patience or "dag_id" in KINDS[kind].identified_by)
    return [IncidentId.of(kind, about) for kind in proven]


def recoveries_by_waiting(
    opened: Iterable[Incident], waiting: Sequence[DropRecord], dags: Mapping[str, str], now: datetime
) -> list[Recovery]:
    """Return the recoveries of causes why runs could not be started: those for which no file waits any longer.

    waiting: every accepted drop whose run has not been started. dags: the DAG of each dataset.
    """
    return [
        Recovery(one.id, NOTHING_WAITS_FOR_AIRFLOW)
        for one in of_kind(opened, *OF_CAUSES)
        if not any(_waits_for(record, one, dags, now) for record in waiting)
    ]


def _waits_for(record: DropRecord, incident: Incident, dags: Mapping[str, str], now: datetime) -> bool:
    about = About.drop(record, dag_id=dags.get(record.dataset, ""), environment=incident.about.environment)
    has_lasted = KINDS[incident.kind].has_lasted(record.updated_at, now)
    return has_lasted and IncidentId.of(incident.kind, about) == incident.id


def recoveries_without_contract(opened: Iterable[Incident], datasets: Collection[str]) -> list[Recovery]:
    """Return the recoveries of what was reported of files of datasets that no contract knows any longer.

    datasets: those that a contract knows.
    """
    of_files = of_kind(opened, *OF_WRITES, Kind.IMPERFECT, Kind.VOLUME)
    return [
        Recovery(one.id, NOT_WATCHED, one.revision)
        for one in of_files
        if one.about.dataset and one.about.dataset not in datasets
    ]
