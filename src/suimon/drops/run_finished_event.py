"""The "Run Finished" event: what a DAG's closing task reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suimon.drops.states import State

OUTCOMES = {"loaded": State.LOADED, "failed": State.FAILED, "superseded": State.SUPERSEDED}


class OutcomeError(Exception):
    """A "Run Finished" event that cannot be used; the message says which field and why."""


@dataclass(frozen=True)
class RunFinished:
    """What the closing task of a DAG reports."""

    drop_id: str
    attempt: int
    dag_id: str
    run_id: str
    state: State
    rows: dict[str, int | None]
    failed_task: str | None
    error: str | None
    log_url: str | None
    committed: bool | None = None  # whether its rows stand in the table; None: not known

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> RunFinished:
        """Read the EventBridge event; OutcomeError names the field that is missing or of no known value."""
        try:
            detail = event["detail"]
            return cls(
                drop_id=str(detail["drop_id"]),
                attempt=int(detail["attempt"]),
                dag_id=str(detail["dag_id"]),
                run_id=str(detail["run_id"]),
                state=OUTCOMES[detail["outcome"]],
                rows=dict(detail["rows"]),
                failed_task=detail.get("failed_task"),
                error=detail.get("error"),
                log_url=detail.get("log_url"),
                committed=detail.get("committed"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise OutcomeError(f"not a Run Finished event: {error!r} is missing or unreadable") from error
