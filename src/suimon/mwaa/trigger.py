"""Starting the DAG run of an accepted drop through MWAA's InvokeRestApi, exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from suimon.drops.drop import DropRecord, run_id, written_order
from suimon.mwaa.pace import BusyError

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_mwaa import MWAAClient

    from suimon.contract.model import Contract
    from suimon.mwaa.pace import Pace
    from suimon.settings import Settings

# InvokeRestApi's service model: a longer path is refused, and botocore does not look.
MAX_PATH = 64
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, REQUEST_TIMEOUT, CONFLICT, TOO_MANY_REQUESTS = 401, 403, 404, 408, 409, 429
CLIENT_ERRORS = range(400, 500)
# A paused DAG is told within a minute, and a burst of files does not ask twice for each of them.
LOOK_AGAIN = timedelta(minutes=1)


class Outcome(StrEnum):
    """What became of a request for a run."""

    TRIGGERED = "triggered"
    NOT_TRIGGERED = "not triggered"


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


# Nothing is wrong with the request; news only when it lasts. Everything else stays until a person changes something.
PASSING = frozenset({Cause.AWAY, Cause.BUSY})
OF_ENVIRONMENT = frozenset({Cause.AWAY, Cause.BUSY, Cause.DENIED, Cause.MISSING, Cause.INVALID})
OF_DAG = frozenset({Cause.UNKNOWN_DAG, Cause.FORBIDDEN_DAG, Cause.LONG_PATH})
OF_DROP = frozenset({Cause.REFUSED_CONF, Cause.FOREIGN_RUN})


@dataclass(frozen=True)
class TriggerResult:
    """The outcome; without a run, why, and in `reason` what the other side answered."""

    outcome: Outcome
    cause: Cause | None = None
    reason: str = ""


@dataclass(frozen=True)
class Answer:
    """Airflow's own answer, whichever way MWAA wrapped it."""

    status: int
    body: Any


class Airflow:
    """Airflow's REST API behind MWAA's InvokeRestApi; answers of 4xx are values, everything else is raised."""

    def __init__(self, client: MWAAClient, environment: str, pace: Pace) -> None:
        self._client = client
        self._environment = environment
        self._pace = pace
        self._looked: dict[str, datetime] = {}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Ask Airflow when it is our turn; a 4xx of Airflow's is an Answer.

        Any other failure raises ClientError or BotoCoreError, a line that is too long BusyError.
        """
        self._pace.wait()
        request: dict[str, Any] = {"Name": self._environment, "Path": path, "Method": method}
        if body is not None:
            request["Body"] = body
        try:
            answer = self._client.invoke_rest_api(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "RestApiClientException":
                raise
            response: dict[str, Any] = dict(error.response)
            return Answer(int(response.get("RestApiStatusCode", 400)), response.get("RestApiResponse"))
        return Answer(int(answer["RestApiStatusCode"]), answer.get("RestApiResponse"))

    def is_paused(self, dag_id: str, now: datetime) -> bool | None:
        """Look whether a DAG is paused, once a minute at most: None in between, or when Airflow does not say."""
        looked = self._looked.get(dag_id)
        if looked and now - looked < LOOK_AGAIN:
            return None
        self._looked[dag_id] = now
        body = self.call("GET", f"/dags/{dag_id}").body
        paused = body.get("is_paused") if isinstance(body, dict) else None
        return paused if isinstance(paused, bool) else None


def conf_for(record: DropRecord, settings: Settings) -> dict[str, Any]:
    """Everything the DAG needs to know: it reads no settings of its own and never the key that a PUT may overwrite."""
    accepted, processed = accepted_prefix(record), processed_prefix(record)
    warehouse = settings.warehouse
    if warehouse is None:
        raise ValueError("SUIMON_REDSHIFT_DATABASE is not set: the DAG could not load anything")
    return {
        "dataset": record.dataset,
        "partition": record.partition,
        "drop_id": record.id,
        "attempt": record.attempt,
        "written": written_order(record.drop.sequencer),
        "rows": record.rows,
        "source_uri": f"s3://{settings.lake_bucket}/{accepted}{record.accepted_as}",
        "contract_uri": f"s3://{settings.lake_bucket}/{accepted}_contract.json",
        "target_uri": f"s3://{settings.lake_bucket}/{processed}",
        "glue_job": settings.glue_job,
        "redshift": {
            "database": warehouse.database,
            "workgroup_name": warehouse.workgroup_name,
            "cluster_identifier": warehouse.cluster_identifier,
            "secret_arn": warehouse.secret_arn,
        },
        "copy_role_arn": settings.copy_role_arn,
    }


def file_name(record: DropRecord) -> str:
    """The last part of the drop's key."""
    return record.drop.key.rsplit("/", 1)[-1]


# By the ending of a name, many a reader decides whether to unpack what is in it.
_ENDINGS = {"none": "", "gzip": ".gz", "zstd": ".zst", "zip": ".zip"}


def accepted_name(contract: Contract) -> str:
    """The name of an accepted copy: by its format, for the upstream system's may hold anything that S3 takes."""
    return f"data.csv{_ENDINGS[contract.file.compression] if contract.file else ''}"


def accepted_prefix(record: DropRecord) -> str:
    """Where the immutable copy of an accepted drop lies, ending in a slash."""
    return f"accepted/{record.dataset}/{record.partition}/{record.id}/"


def processed_prefix(record: DropRecord) -> str:
    """Where the run of this attempt writes its Parquet, ending in a slash."""
    return f"processed/{record.dataset}/{record.partition}/{run_id(record)}/"


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
