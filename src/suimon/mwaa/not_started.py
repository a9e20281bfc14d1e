"""Why a run could not be started. Pure."""

from __future__ import annotations

from enum import StrEnum

from suimon.values import dataclass


class Cause(StrEnum):
    """Why there is no run, each with its own incident."""

    AWAY = "mwaa-away"  # being updated, broken, or too slow
    BUSY = "mwaa-busy"  # more requests than MWAA takes
    DENIED = "mwaa-denied"
    MISSING = "mwaa-missing"
    INVALID = "mwaa-invalid"
    UNKNOWN_DAG = "unknown-dag"
    FORBIDDEN_DAG = "forbidden-dag"
    LONG_PATH = "long-path"
    REFUSED_CONF = "refused-conf"
    FOREIGN_RUN = "foreign-run"


@dataclass(frozen=True)
class NotStarted:
    """Why a run could not be started; `reason` is what Airflow or MWAA answered."""

    cause: Cause
    reason: str
