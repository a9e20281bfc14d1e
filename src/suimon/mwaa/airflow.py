"""Airflow's REST API behind MWAA's InvokeRestApi."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from suimon.mwaa.pace import BusyError
from suimon.mwaa.run_state import ENDED, CannotAskError, DagState, RunState
from suimon.values import dataclass

if TYPE_CHECKING:
    from mypy_boto3_mwaa import MWAAClient

    from suimon.mwaa.pace import Pace

# MWAA answers within 10 s or not at all; a retry inside the client would spend two of its ten requests a second.
CLIENT_CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 1})
# A paused DAG is reported within a minute, and a burst of files does not ask for it twice each.
ASK_AGAIN = timedelta(minutes=1)
OK = 200
CLIENT_ERRORS = range(400, 500)
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, REQUEST_TIMEOUT, CONFLICT, TOO_MANY_REQUESTS = 401, 403, 404, 408, 409, 429


@dataclass(frozen=True)
class Answer:
    """Airflow's own answer, however MWAA wrapped it."""

    status: int
    body: Any


class Airflow:
    """Airflow's REST API behind MWAA's InvokeRestApi; 4xx answers are values, everything else is raised."""

    def __init__(self, client: MWAAClient, environment: str, pace: Pace) -> None:
        self._client = client
        self._environment = environment
        self._pace = pace
        self._asked: dict[str, datetime] = {}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Ask Airflow when it is our turn; a 4xx of Airflow's is an Answer.

        Any other failure raises ClientError or BotoCoreError, a queue that is too long BusyError.
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

    def dag_state(self, dag_id: str, now: datetime) -> DagState | None:
        """Ask how a DAG is, once a minute at most: None in between, or when Airflow does not say.

        A DAG whose file is gone is stale at first and still there, paused or not; later it is deleted.
        """
        asked = self._asked.get(dag_id)
        if asked and now - asked < ASK_AGAIN:
            return None
        self._asked[dag_id] = now
        answer = self.call("GET", f"/dags/{dag_id}")
        body = answer.body if isinstance(answer.body, dict) else {}
        if answer.status == NOT_FOUND or body.get("is_stale") is True:
            return DagState.GONE
        return {True: DagState.PAUSED, False: DagState.ACTIVE}.get(body.get("is_paused"))  # type: ignore[arg-type]  # or anything


def ask_run(airflow: Airflow, dag_id: str, run: str) -> RunState | None:
    """Ask Airflow for a run; None when it has none of this id, CannotAskError when it does not answer."""
    found = _ask(airflow, "GET", f"/dags/{dag_id}/dagRuns/{run}", None)
    if found is None:
        return None
    state = str(found["state"])
    if state not in ENDED:
        return RunState(state, {})
    return RunState(state, ask_tasks(airflow, dag_id, run))


def ask_tasks(airflow: Airflow, dag_id: str, run: str) -> dict[str, str]:
    """Ask Airflow for the states of a run's tasks, the last to end last; none without such a run.

    CannotAskError when it does not answer.
    """
    # The list of a run's tasks has a path of its own, `~` for all: with both ids it would be longer than MWAA takes.
    wanted = {"dag_ids": [dag_id], "dag_run_ids": [run], "page_limit": 100, "order_by": "end_date"}
    listed = _ask(airflow, "POST", "/dags/~/dagRuns/~/taskInstances/list", wanted) or {"task_instances": []}
    return {str(one["task_id"]): str(one["state"]) for one in listed["task_instances"]}


def _ask(airflow: Airflow, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
    try:
        answer = airflow.call(method, path, body)
    except (ClientError, BotoCoreError, BusyError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        raise CannotAskError(str(error), of_one_run=code == "RestApiServerException") from error
    if answer.status == NOT_FOUND:
        return None
    if answer.status != OK or not isinstance(answer.body, dict):
        words = f"Airflow answers {answer.status} to {method} {path}: {answer.body}"
        raise CannotAskError(words, of_one_run=True)
    return answer.body
