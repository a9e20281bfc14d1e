"""Starting the DAG run of an accepted drop through MWAA's InvokeRestApi, exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from suimon.drops.drop import DropRecord, run_id
from suimon.mwaa.airflow import (
    CLIENT_ERRORS,
    CONFLICT,
    FORBIDDEN,
    NOT_FOUND,
    REQUEST_TIMEOUT,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
)
from suimon.mwaa.cause import Cause, Outcome, TriggerResult
from suimon.mwaa.pace import BusyError

if TYPE_CHECKING:
    from suimon.mwaa.airflow import Airflow

# InvokeRestApi's service model: a longer path is refused, and botocore does not look.
MAX_PATH = 64


def start_run(airflow: Airflow, dag_id: str, record: DropRecord, conf: dict[str, Any]) -> TriggerResult:
    """Start the run of this attempt, or find that it is already there.

    The run id is the same for every try, so whatever happened to an earlier one, a second run cannot come of it:

        us                                  Airflow
        POST run 0123456789abcdef.1   ->    creates it
        (timeout, or this process dies)
        POST run 0123456789abcdef.1   ->    409
        GET  run 0123456789abcdef.1   ->    200: it is ours. Without this look, a 409 that means something else
                                            (another run with the same logical date) would pass for success.
    """
    path = f"/dags/{dag_id}/dagRuns/{run_id(record)}"
    if len(path) > MAX_PATH:
        return _not(Cause.LONG_PATH, f"{path} has {len(path)} characters, MWAA takes {MAX_PATH}")
    try:
        # Null, not absent (422) and not a date (a second file of that date would be a 409).
        body = {"dag_run_id": run_id(record), "logical_date": None, "conf": conf}
        answer = airflow.call("POST", f"/dags/{dag_id}/dagRuns", body)
        found = airflow.call("GET", path) if answer.status == CONFLICT else answer
    except (BusyError, ClientError, BotoCoreError) as error:
        return _unanswered(error)
    if answer.status == CONFLICT and found.status == NOT_FOUND:
        return _not(Cause.FOREIGN_RUN, f"Airflow answers 409 but has no run of ours: {answer.body}")
    if found.status in CLIENT_ERRORS:
        return _not(_STATUSES.get(found.status, Cause.REFUSED_CONF), f"Airflow answers {found.status}: {found.body}")
    return TriggerResult(Outcome.TRIGGERED)


# Every other status of 4xx is Airflow's word on this one request.
_STATUSES = {
    NOT_FOUND: Cause.UNKNOWN_DAG,
    UNAUTHORIZED: Cause.FORBIDDEN_DAG,
    FORBIDDEN: Cause.FORBIDDEN_DAG,
    REQUEST_TIMEOUT: Cause.AWAY,
    TOO_MANY_REQUESTS: Cause.BUSY,
}
# Every other code (5xx, an environment that is updating) passes by itself.
_CODES = {
    "AccessDeniedException": Cause.DENIED,
    "ResourceNotFoundException": Cause.MISSING,
    "ValidationException": Cause.INVALID,
    "ThrottlingException": Cause.BUSY,
    "TooManyRequestsException": Cause.BUSY,
}


def _unanswered(error: Exception) -> TriggerResult:
    if isinstance(error, BusyError):
        return _not(Cause.BUSY, str(error))
    if isinstance(error, ClientError):
        code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        return _not(_CODES.get(code, Cause.AWAY), f"{code}: {text}")
    return _not(Cause.AWAY, str(error))  # timeouts and broken connections: the run may exist, the next try will tell


def _not(cause: Cause, reason: str) -> TriggerResult:
    return TriggerResult(Outcome.NOT_TRIGGERED, cause, reason)
