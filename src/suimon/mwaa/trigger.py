"""Starting the DAG run of an accepted drop through MWAA's InvokeRestApi, exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from suimon.mwaa.airflow import (
    CLIENT_ERRORS,
    CONFLICT,
    FORBIDDEN,
    NOT_FOUND,
    REQUEST_TIMEOUT,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
)
from suimon.mwaa.not_started import Cause, NotStarted
from suimon.mwaa.pace import BusyError

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord
    from suimon.mwaa.airflow import Airflow

# InvokeRestApi's service model: a longer path is refused, and botocore does not check it.
MAX_PATH = 64


def start_run(airflow: Airflow, dag_id: str, record: DropRecord, conf: dict[str, Any]) -> NotStarted | None:
    """Start the run of this attempt, or find that it exists already: None. Otherwise return why there is none.

    The run id is the same for every try, so whatever happened to an earlier try, there is never a second run:

        us                                  Airflow
        POST run 0123456789abcdef.1   ->    creates it
        (timeout, or this process crashes)
        POST run 0123456789abcdef.1   ->    409
        GET  run 0123456789abcdef.1   ->    200: it is ours. Without this request, a 409 for another reason
                                            (another run with the same logical date) would count as success.
                                            (mark: conflict-is-looked-up)
    """
    path = f"/dags/{dag_id}/dagRuns/{record.run_id}"
    if len(path) > MAX_PATH:
        return NotStarted(Cause.LONG_PATH, f"{path} has {len(path)} characters, MWAA takes {MAX_PATH}")
    # Null, not absent (422) and not a date (a second file of that date would be a 409).
    body = {"dag_run_id": record.run_id, "logical_date": None, "conf": conf}
    try:
        answer = airflow.call("POST", f"/dags/{dag_id}/dagRuns", body)
        if answer.status == CONFLICT:
            conflict, answer = answer, airflow.call("GET", path)  # mark: conflict-is-looked-up
            if answer.status == NOT_FOUND:
                return NotStarted(Cause.FOREIGN_RUN, f"Airflow answers 409 but has no run of ours: {conflict.body}")
    except (BusyError, ClientError, BotoCoreError) as error:
        return _unanswered(error)
    if answer.status in CLIENT_ERRORS:
        cause = _STATUSES.get(answer.status, Cause.REFUSED_CONF)
        return NotStarted(cause, f"Airflow answers {answer.status}: {answer.body}")
    return None


# Every other 4xx status is Airflow's answer to this one request.
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


def _unanswered(error: BusyError | ClientError | BotoCoreError) -> NotStarted:
    if isinstance(error, BusyError):
        return NotStarted(Cause.BUSY, str(error))
    if isinstance(error, ClientError):
        code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        return NotStarted(_CODES.get(code, Cause.AWAY), f"{code}: {text}")
    # Timeouts and broken connections: the run may exist, the next try finds out.
    return NotStarted(Cause.AWAY, str(error))
