"""The provider's operators, with errors that say why and a conf that may hold null."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.amazon.aws.hooks.glue import GlueJobHook
from airflow.providers.amazon.aws.hooks.redshift_data import (
    RedshiftDataQueryAbortedError,
    RedshiftDataQueryFailedError,
)
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
from airflow.providers.amazon.aws.triggers.glue import GlueJobCompleteTrigger
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from suimon_etl.load import (
    FENCE,
    failed_statement,
    failure_text,
    is_wrong_data,
    load_parameters,
    load_statements,
    newer_load,
)
from suimon_etl.redshift_words import without_values
from suimon_etl.release import mix_of
from suimon_etl.request import RunRequest

if TYPE_CHECKING:
    import jinja2
    from airflow.sdk import Context

GLUE_RUNNING = frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"})
REDSHIFT_FAILED = frozenset({"FAILED", "ABORTED"})
SUPERSEDED_BY = "superseded_by"  # the XCom of a load that the fence has kept out: which run's load stands there


class ConvertWithGlue(GlueJobOperator):
    """Run the Glue job, never two at once for one folder; its error is Glue's own, which the provider leaves out.

    The provider can find a job again, too (`resume_glue_job_on_retry`). But it then lists all runs of the job before
    every first try, and starts another one when it is refused the list.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Take what the provider's operator takes; unless told otherwise, the client that starts jobs tries once."""
        # A StartJobRun takes no token that would make two of them one: botocore must not send it again by itself.
        kwargs.setdefault("botocore_config", {"retries": {"total_max_attempts": 1}})
        super().__init__(**kwargs)

    def execute(self, context: Context) -> str:
        """Start the job, unless an earlier try has left it running; then wait for that one."""
        if wrong := mix_of(context["params"].get("release", "")):
            raise AirflowFailException(wrong)
        if context["ti"].try_number > 1:
            folder = self.script_args["--target_uri"]  # of this run of the DAG alone
            pages = self._glue.get_paginator("get_job_runs").paginate(JobName=self.job_name)
            for run in (run for page in pages for run in page["JobRuns"]):
                if run.get("Arguments", {}).get("--target_uri") == folder and run["JobRunState"] in GLUE_RUNNING:
                    self._wait_on(run, "an earlier try has started it")
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Return the id of the job run that succeeded."""
        if event and event.get("status") == "success":
            return super().execute_complete(context, event)
        if not event or "run_id" not in event:
            raise AirflowException(f"The wait for Glue job {self.job_name} ended without a result: {event}")
        # The waiter tells one refused look at the job as it tells a failed job.
        run = self._glue.get_job_run(JobName=self.job_name, RunId=event["run_id"])["JobRun"]
        state = run["JobRunState"]
        if state == "SUCCEEDED":
            return str(run["Id"])
        if state in GLUE_RUNNING:
            self._wait_on(run, event.get("message"))
        reason = run.get("ErrorMessage") or "Glue gave no reason"
        raise AirflowException(f"Glue job {self.job_name}, run {run['Id']}, ended as {state}: {reason}")

    @cached_property
    def _glue(self) -> Any:
        """A client that only looks, and that may ask again."""
        return GlueJobHook(aws_conn_id=self.aws_conn_id, region_name=self.region_name).conn

    def _wait_on(self, run: dict[str, Any], why: object) -> NoReturn:
        """Wait in the triggerer for what is left of the time since the job has started; fail for good without any."""
        told = f"Glue job {self.job_name}, run {run['Id']}, is still {run['JobRunState']}"
        waited = (datetime.now(tz=UTC) - run["StartedOn"]).total_seconds()
        attempts = self.waiter_max_attempts - int(waited / self.waiter_delay)
        if attempts <= 0:
            raise AirflowFailException(
                f"{told} and nobody waits for it any more ({why}). "
                "Stop it, then replay the drop; the job's Timeout should be shorter."
            )
        self.log.warning("%s; the wait goes on: %s", told, why)
        self.defer(
            trigger=GlueJobCompleteTrigger(
                job_name=self.job_name,
                run_id=run["Id"],
                waiter_delay=self.waiter_delay,
                waiter_max_attempts=attempts,
                aws_conn_id=self.aws_conn_id,
                region_name=self.region_name,
            ),
            method_name="execute_complete",
        )


class LoadPartition(RedshiftDataOperator):
    """Replace one partition of `table` in one transaction, unless a later write of it is loaded: then skip the rest.

    Wrong data fails at once, anything else may be retried. The control sums are those that the task `sums_from` has
    left as its XCom `sums`.
    """

    def __init__(self, *, table: str, sums_from: str, **kwargs: Any) -> None:
        super().__init__(sql="", **kwargs)
        self.table = table
        self.sums_from = sums_from

    def render_template_fields(self, context: Context, jinja_env: jinja2.Environment | None = None) -> None:
        """Take target, SQL and parameters from the run's conf; Jinja would make the text 'None' of a null."""
        super().render_template_fields(context, jinja_env)
        self.request = RunRequest.from_params(context["params"])
        self.database = self.request.redshift.database
        self.workgroup_name = self.request.redshift.workgroup_name
        self.cluster_identifier = self.request.redshift.cluster_identifier
        self.secret_arn = self.request.redshift.secret_arn
        sums = context["ti"].xcom_pull(task_ids=self.sums_from, key="sums")
        if sums is None:
            raise AirflowFailException(f"{self.sums_from} has left no control sums: run it again before the load")
        self.sql = load_statements(self.table, self.request, sums)
        self.parameters = load_parameters(self.request, sums)

    def execute(self, context: Context) -> Any:
        """Send the batch and wait for it in the triggerer; give the ids of its statements."""
        if wrong := mix_of(self.request.release):
            raise AirflowFailException(wrong)
        self.parameters = bind_to_batches(self.hook.conn, self.parameters)
        try:
            return super().execute(context)
        except (RedshiftDataQueryFailedError, RedshiftDataQueryAbortedError) as error:
            raise self._end(context, self.statement_id, str(error)) from None

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Return the ids of the statements of the batch, or say why there is none."""
        if event and event.get("status") == "error":
            raise self._end(context, event["statement_id"], str(event.get("message")))
        return super().execute_complete(context, event)

    def _end(self, context: Context, statement_id: str, message: str) -> AirflowException:
        description = self.hook.conn.describe_statement(Id=statement_id)
        if description["Status"] not in REDSHIFT_FAILED:
            return AirflowException(f"The wait for statement {statement_id} was cut off: {without_values(message)}")
        failed = failed_statement(description)
        # A fence that could not look fails at the same place: only the log itself says that nothing is left to do.
        if failed == FENCE and (newer := newer_load(self.hook, self.table, self.request)):
            context["ti"].xcom_push(key=SUPERSEDED_BY, value=newer)
            return AirflowSkipException(
                f"{self.request.partition} holds the load of run {newer}, of a later write. {self.table} is unchanged."
            )
        kind = AirflowFailException if is_wrong_data(description) else AirflowException
        return kind(failure_text(self.table, self.request, description))


def bind_to_batches(client: Any, parameters: list[dict[str, str]]) -> list[dict[str, str]] | None:
    """Have the client send `parameters` with every batch; give what is still to be passed to it as an argument.

    The service binds them whoever asks, but boto3 1.42.84, which MWAA 3.2.1 pins, does not know the argument and
    refuses it. There they are put into the finished request, before it is signed (boto3 guide, "Extensibility guide":
    before-call).
    """
    batch = client.meta.service_model.operation_model("BatchExecuteStatement")
    if "Parameters" in batch.input_shape.members:
        return parameters
    client.meta.events.register("before-call.redshift-data.BatchExecuteStatement", partial(_add, parameters))
    return None


def _add(parameters: list[dict[str, str]], params: dict[str, Any], **_: Any) -> None:
    params["body"] = json.dumps(json.loads(params["body"]) | {"Parameters": parameters}).encode()
