"""Starting the DAG run of an accepted drop through MWAA's InvokeRestApi, exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from suimon.drop import DropRecord, run_id

if TYPE_CHECKING:
    from mypy_boto3_mwaa import MWAAClient

    from suimon.settings import Settings

# InvokeRestApi's service model: a longer path is refused, and botocore does not look.
MAX_PATH = 64
FORBIDDEN, NOT_FOUND, REQUEST_TIMEOUT, CONFLICT, TOO_MANY_REQUESTS = 403, 404, 408, 409, 429
CLIENT_ERRORS = range(400, 500)


class Outcome(StrEnum):
    """What became of a request for a run."""

    TRIGGERED = "triggered"
    TRY_LATER = "try later"  # nothing is wrong with the request: the environment is away, busy or slow
    MISCONFIGURED = "misconfigured"  # it will fail the same way until a person changes something


@dataclass(frozen=True)
class TriggerResult:
    """The outcome; `reason` says what the other side answered, `paused` that the run waits for somebody to unpause.

    `of_drop`: the mistake is in this run's own request, so that other drops are not concerned.
    """

    outcome: Outcome
    reason: str = ""
    paused: bool = False
    of_drop: bool = False


@dataclass(frozen=True)
class Answer:
    """Airflow's own answer, whichever way MWAA wrapped it."""

    status: int
    body: Any


class Airflow:
    """Airflow's REST API behind MWAA's InvokeRestApi; answers of 4xx are values, everything else is raised."""

    def __init__(self, client: MWAAClient, environment: str) -> None:
        self._client = client
        self._environment = environment

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Ask Airflow; a 4xx of Airflow's is an Answer, any other failure raises ClientError or BotoCoreError."""
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
        "rows": record.rows,
        "source_uri": f"s3://{settings.lake_bucket}/{accepted}{record.accepted_as or file_name(record)}",
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


def rewritten_name(record: DropRecord) -> str:
    """The name of rows that were written anew: readers that go by a name's ending must not unpack them."""
    name = file_name(record)
    for ending in (".gz", ".zst", ".zip"):
        name = name.removesuffix(ending)
    return name.rsplit(".", 1)[0] + ".csv"


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
        return TriggerResult(
            Outcome.MISCONFIGURED, f"{path} has {len(path)} characters, MWAA takes {MAX_PATH}: shorten the DAG's id"
        )
    try:
        # Null, not absent (422) and not a date (a second file of that date would be a 409).
        body = {"dag_run_id": run_id(record), "logical_date": None, "conf": conf}
        answer = airflow.call("POST", f"/dags/{dag_id}/dagRuns", body)
        if answer.status == CONFLICT:
            found = airflow.call("GET", path)
            if found.status == NOT_FOUND:
                told = f"Airflow answers 409 but has no run of ours: {answer.body}"
                return TriggerResult(Outcome.MISCONFIGURED, told, of_drop=True)
            answer = found
        if answer.status in CLIENT_ERRORS:
            return _refused(answer, dag_id)
        dag = airflow.call("GET", f"/dags/{dag_id}")
    except ClientError as error:
        return _failed(error)
    except BotoCoreError as error:  # timeouts and broken connections: the run may exist, the next try will tell
        return TriggerResult(Outcome.TRY_LATER, str(error))
    # A paused DAG takes runs and never starts them.
    return TriggerResult(Outcome.TRIGGERED, paused=isinstance(dag.body, dict) and dag.body.get("is_paused") is True)


def _refused(answer: Answer, dag_id: str) -> TriggerResult:
    if answer.status in {TOO_MANY_REQUESTS, REQUEST_TIMEOUT}:
        return TriggerResult(Outcome.TRY_LATER, f"Airflow answers {answer.status}: {answer.body}")
    if answer.status == NOT_FOUND:
        return TriggerResult(
            Outcome.MISCONFIGURED,
            f"Airflow does not know the DAG {dag_id}: is its file in the DAG bucket, and does it import without error?",
        )
    told = f"Airflow refuses the run with {answer.status}: {answer.body}"
    return TriggerResult(Outcome.MISCONFIGURED, told, of_drop=answer.status != FORBIDDEN)


# What a person must mend; every other code (throttling, 5xx, an environment that is updating) passes by itself.
_HOPELESS = {
    "AccessDeniedException": "the intake function may not call airflow:InvokeRestApi on this environment",
    "ResourceNotFoundException": "there is no MWAA environment of this name",
    "ValidationException": "MWAA does not accept the request",
}


def _failed(error: ClientError) -> TriggerResult:
    code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in _HOPELESS:
        return TriggerResult(Outcome.MISCONFIGURED, f"{_HOPELESS[code]} ({code}: {text})")
    return TriggerResult(Outcome.TRY_LATER, f"{code}: {text}")
