"""What explains what: while one problem is open, another that follows from it is recorded and not told. Pure.

Muted is never lost: once no open incident explains it any longer and it still stands, it is told. An incident explains
others for three days: a file that was rejected in spring must not silence the table that goes stale in autumn. Nor is
one muted for more than three days by causes that follow each other.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.incidents.kinds import Kind
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from suimon.incidents.about import About
    from suimon.incidents.incident import Incident

EXPLAINS_FOR = timedelta(days=3)


@dataclass(frozen=True)
class Inhibition:
    """While a problem of kind `cause` is open, one of kind `muted` with the same `by` is not told."""

    cause: Kind
    muted: Kind
    by: tuple[str, ...]
    why: str


_AIRFLOW = (Kind.MWAA_AWAY, Kind.MWAA_BUSY, Kind.MWAA_DENIED, Kind.MWAA_MISSING, Kind.MWAA_INVALID)
_OF_DAG = (Kind.UNKNOWN_DAG, Kind.FORBIDDEN_DAG, Kind.LONG_PATH, Kind.REFUSED_CONF, Kind.FOREIGN_RUN)
_NO_NEW_ROWS = (
    Kind.MISSING_FILE,
    Kind.INCOMPLETE_SET,
    Kind.REJECTED,
    Kind.MISDATED,
    Kind.GONE,
    Kind.RUN_FAILED,
    Kind.FAILING,
    Kind.STUCK,
    *_OF_DAG,
)

INHIBITIONS: tuple[Inhibition, ...] = (
    *(Inhibition(one, Kind.AIRFLOW_SILENT, (), "the same Airflow takes no runs") for one in _AIRFLOW),
    *(Inhibition(one, Kind.STUCK, (), "the files wait for Airflow to take their runs") for one in _AIRFLOW),
    *(Inhibition(one, Kind.STUCK, ("dataset",), "Airflow does not take the dataset's runs") for one in _OF_DAG),
    Inhibition(Kind.FAILING, Kind.STUCK, ("dataset",), "the same files fail at the gate"),
    Inhibition(Kind.DAG_GONE, Kind.QUEUED, ("dag_id",), "a DAG that is gone starts none of its runs"),
    Inhibition(Kind.DAG_GONE, Kind.HANGING, ("dag_id",), "a DAG that is gone goes on with none of its runs"),
    Inhibition(Kind.PAUSED, Kind.QUEUED, ("dag_id",), "a paused DAG starts none of its runs"),
    Inhibition(Kind.PAUSED, Kind.HANGING, ("dag_id",), "a paused DAG goes on with none of its runs"),
    Inhibition(Kind.AIRFLOW_SILENT, Kind.HANGING, (), "Airflow does not say how its runs are"),
    Inhibition(Kind.RUN_FAILED, Kind.HANGING, ("run_id",), "the run has failed"),
    *(Inhibition(one, Kind.STALE_TABLE, (), "no run loads anything") for one in _AIRFLOW),
    *(Inhibition(one, Kind.STALE_TABLE, ("dataset",), "what should have been loaded was not") for one in _NO_NEW_ROWS),
    Inhibition(Kind.HELD, Kind.STALE_TABLE, ("dataset",), "a person lets nothing of the dataset be loaded"),
    Inhibition(Kind.HELD, Kind.STUCK, ("dataset",), "a person lets no run of the dataset start"),
    Inhibition(Kind.SWEEP_FAILED, Kind.UNEXPLAINED, (), "the part of the sweep that would explain it failed"),
)
MUTABLE = frozenset(one.muted for one in INHIBITIONS)


def inhibition_of(
    kind: Kind, about: About, standing: Iterable[Incident], now: datetime
) -> tuple[Inhibition, Incident] | None:
    """Return what explains a problem: the first rule of the table that holds, and the open incident that it holds for.

    That one may be muted itself: no kind explains itself, however far around, so that the first one is told.
    """
    if kind not in MUTABLE:
        return None
    opened = [one for one in standing if one.is_open and now - one.opened_at < EXPLAINS_FOR]
    return next(
        (
            (rule, one)
            for rule in INHIBITIONS
            if rule.muted is kind
            for one in opened
            if one.kind is rule.cause and _same(rule.by, one.about, about)
        ),
        None,
    )


def _same(by: tuple[str, ...], one: About, other: About) -> bool:
    return all(getattr(one, name) == getattr(other, name) != "" for name in by)
