"""The "Run Finished" event: what a DAG's closing task reports."""

from __future__ import annotations

import re
from typing import Any

from suimon.drops import event_fields as fields
from suimon.drops.event_fields import FieldError
from suimon.drops.foreign_text import shown
from suimon.drops.states import State
from suimon.values import dataclass

LONGEST_ID, LONGEST_ERROR = 250, 4_000  # characters
_LONGEST_NAME = 10_000  # bytes; Airflow's names have 250 characters at most
ROWS = frozenset({"file", "parquet", "table"})  # what a run counts
# Where MWAA's web servers are: https://docs.aws.amazon.com/mwaa/latest/userguide/networking-about.html
_AIRFLOW = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:airflow\.amazonaws\.com(?:\.cn)?|airflow\.[a-z0-9-]+\.on\.aws)")

OUTCOMES = {"loaded": State.LOADED, "failed": State.FAILED, "superseded": State.SUPERSEDED}


class OutcomeError(Exception):
    """A "Run Finished" event that cannot be used; the message says which field and why."""


@dataclass(frozen=True)
class RunFinished:
    """What the closing task of a DAG reports.

    Whoever may put an event may write anything into it: texts are cleaned here, and `log_url` is the page of this run
    in MWAA, or None.
    """

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
    def from_event(cls, event: object) -> RunFinished:
        """Read the EventBridge event; OutcomeError names the field that is missing or of no known value."""
        try:
            detail = fields.part(event, "detail")
            outcome = fields.text(detail, "outcome", LONGEST_ID)
            if outcome not in OUTCOMES:
                raise FieldError(f"outcome is {shown(outcome)}, none of {', '.join(OUTCOMES)}")  # noqa: TRY301 as above
            rows = fields.part(detail, "rows")
            return cls(
                drop_id=fields.text(detail, "drop_id", LONGEST_ID),
                attempt=fields.whole(detail, "attempt", 1, fields.MOST_ATTEMPTS),
                dag_id=shown(fields.text(detail, "dag_id", _LONGEST_NAME), LONGEST_ID),
                run_id=shown(fields.text(detail, "run_id", _LONGEST_NAME), LONGEST_ID),
                state=OUTCOMES[outcome],
                rows={name: _counted(rows, name) for name in ROWS & rows.keys()},
                failed_task=_shown(detail, "failed_task", LONGEST_ID),
                error=_shown(detail, "error", LONGEST_ERROR),
                log_url=_own_page(detail),
                committed=committed if isinstance(committed := detail.get("committed"), bool) else None,
            )
        except FieldError as error:
            raise OutcomeError(f"not a Run Finished event: {error}") from error


def _counted(rows: dict[str, Any], name: str) -> int | None:
    return None if rows[name] is None else fields.whole(rows, name)


def _shown(detail: dict[str, Any], name: str, longest: int) -> str | None:
    text = detail.get(name)
    if not isinstance(text, str | None):
        raise FieldError(f"{name} is no text")
    return None if text is None else shown(text, longest)


def _own_page(detail: dict[str, Any]) -> str | None:
    """Return the link to the log if it leads to a page of this very run in MWAA, and nowhere else."""
    scheme, _, rest = str(detail.get("log_url") or "").partition("://")
    host, slash, path = rest.partition("/")
    run = f"dags/{detail['dag_id']}/runs/{detail['run_id']}"
    page = rf"{re.escape(run)}(?:/tasks/[\w.-]+)?"
    is_own = scheme == "https" and _AIRFLOW.fullmatch(host) and re.fullmatch(page, path)
    return f"https://{host}{slash}{path}" if is_own and path.isprintable() else None
