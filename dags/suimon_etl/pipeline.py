"""The one pipeline: an accepted file to Parquet by Glue, into its table by one transaction, checked, its end reported.

When a later write of the partition is loaded already, the load and all after it are skipped: the run is superseded.

The gate opens a run for each accepted file, with `conf` as in `suimon_etl.request.SCHEMAS`. Nothing is scheduled and
nothing waits for files; the business date is the param `partition`, for these runs have no logical date.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from typing import Any

from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, AsyncCallback, DeadlineAlert, DeadlineReference, Param, task, teardown
from airflow.sdk.exceptions import AirflowFailException

from suimon_etl.operators import SUPERSEDED_BY, ConvertWithGlue, LoadPartition
from suimon_etl.release import UNNAMED, mix_of, own_release, release_tag
from suimon_etl.report import error_text
from suimon_etl.request import SCHEMAS, RunRequest
from suimon_etl.tables import table_of, tables

logger = logging.getLogger(__name__)

STEPS = ("run_glue", "check_parquet", "load_redshift", "check_quality")

# Three retries: long enough for a throttled or restarting service. Airflow waits from once to twice 5, 10 and 20
# minutes, at most 30, and always as long for one task: its jitter is a hash of DAG, task, logical date (None here) and
# try. The load of sales waits 7.1, 11.2 and 30 minutes.
RETRIES = 3
FIRST_RETRY_SECONDS = 5 * 60
LONGEST_RETRY = 6  # times the first
# The one setting: the first wait in seconds, for a twin and tests that nobody wants to wait for. The rest follows.
RETRY_SETTING = "SUIMON_RETRY_SECONDS"
# With it, Airflow itself tells this topic of a run that has not ended in time.
LATE_RUN_SETTING = "SUIMON_LATE_RUN_TOPIC"
# Two tries of Glue, two hours each, and a load with its retries.
LATE_AFTER = timedelta(hours=6)
# The job's own Timeout in template.yaml is shorter, so that Glue says why it ended.
GLUE_POLL_SECONDS = 5
GLUE_WAIT_SECONDS = 3 * 60 * 60


def dags_of_datasets() -> dict[str, DAG]:
    """Return, by id, the DAG of each dataset that brings none of its own."""
    return {table.dag_id: file_to_table(table.dataset) for table in tables() if not table.own_dag}


def file_to_table(dataset: str) -> DAG:
    """Return the DAG of a dataset that `tables.json` describes.

    `runs_at_once` go side by side and the others wait in Airflow's queue, however many they are. It is the dataset's
    share of the Glue job's concurrent runs: a burst of one dataset leaves the shares of the others alone. No pool: one
    for all datasets would be filled by that burst, and tasks of a pool that nobody has made wait for ever.
    """
    table = table_of(dataset)
    first_retry = timedelta(seconds=float(os.environ.get(RETRY_SETTING, FIRST_RETRY_SECONDS)))
    with DAG(
        dag_id=table.dag_id,
        schedule=None,
        catchup=False,
        # A paused DAG takes runs and never starts them.
        is_paused_upon_creation=False,
        max_active_runs=table.runs_at_once,
        deadline=_deadline(table.dag_id, os.environ.get(LATE_RUN_SETTING)),
        params=_params(dataset),
        default_args={
            "owner": "suimon",
            "retries": RETRIES,
            "retry_delay": first_retry,
            "retry_exponential_backoff": 2,
            "max_retry_delay": LONGEST_RETRY * first_retry,
            # Of the code that a worker runs; by the provider, of the load's wait in the triggerer, too: the scheduler
            # fails the task, and the next try sends the batch again, behind the lock of the first. Glue's has its own.
            "execution_timeout": timedelta(hours=2),
            "on_failure_callback": keep_error,
        },
        tags=["suimon", dataset, release_tag(own_release())],
        doc_md=f"Each file of `{table.files}` replaces its business date in {table.name}.\n\n{__doc__}",
    ) as dag:
        run_glue = ConvertWithGlue(
            task_id="run_glue",
            job_name="{{ params.glue_job }}",
            script_args={
                "--source_uri": "{{ params.source_uri }}",
                "--contract_uri": "{{ params.contract_uri }}",
                "--target_uri": "{{ params.target_uri }}",
                "--expected_rows": "{{ params.rows }}",
                "--release": f"{{{{ params.release or '{UNNAMED}' }}}}",
            },
            aws_conn_id=None,  # the execution role
            deferrable=True,
            waiter_delay=GLUE_POLL_SECONDS,
            waiter_max_attempts=GLUE_WAIT_SECONDS // GLUE_POLL_SECONDS,
            # The file has passed the gate, so a failure here is as a rule Glue's: once more, not more often.
            retries=1,
        )
        load_redshift = LoadPartition(
            task_id="load_redshift",
            table=table.name,
            sums_from="check_parquet",
            aws_conn_id=None,
            deferrable=True,
            poll_interval=2,
        )
        # A teardown is no end of a run by itself: this one fails the run when a step has failed.
        loaded = EmptyOperator(task_id="loaded", on_failure_callback=None)
        checked = check_quality(table.name)
        reported = task(
            retries=6,
            retry_delay=timedelta(seconds=10),
            retry_exponential_backoff=2,
            max_retry_delay=timedelta(minutes=5),
            execution_timeout=timedelta(minutes=10),
        )(report_outcome)
        # A teardown runs whatever happened before, even after somebody marks the run as failed.
        closing = teardown(on_failure_fail_dagrun=True)(reported)()
        run_glue >> check_parquet(dataset) >> load_redshift >> checked >> [closing, loaded]
    return dag


def _deadline(dag_id: str, topic: str | None) -> DeadlineAlert | None:
    """Return the alert on late runs, for who wants to hear of them even when Suimon's own sweep stands still.

    The triggerer, which sends it, cannot import what lies in the DAG folder: hence the provider's own notifier.
    """
    if not topic:
        return None
    told = {
        "target_arn": topic,
        "subject": f"[WARNING] A run of {dag_id} is late",
        "message": f"A run of {dag_id} has not ended {LATE_AFTER} after it was queued: look at it in Airflow.",
        "aws_conn_id": None,
    }
    return DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, LATE_AFTER, AsyncCallback(SnsNotifier, told))


def _params(dataset: str) -> dict[str, Param]:
    """Return the params of a run: those of every dataset, and a file of another one is refused."""
    return {name: Param(**schema) for name, schema in SCHEMAS.items()} | {
        "dataset": Param(**SCHEMAS["dataset"] | {"const": dataset})
    }


def keep_error(context: Any) -> None:
    """Leave the error where report_outcome finds it; Airflow keeps the state of a failed task, not its exception.

    Runs before the task's process ends, hence before Airflow knows of the failure and starts what follows. For a worker
    that has died Airflow's DAG processor runs it as well, without an exception and at any time: that tells nothing.
    """
    if exception := context.get("exception"):
        context["ti"].xcom_push(key="error", value=error_text(exception))


@task
def check_parquet(dataset: str, params: dict[str, Any], ti: Any) -> None:
    """Compare the Glue job's report with the file, with the table and with what lies in S3."""
    import boto3  # noqa: PLC0415 not while Airflow parses

    from suimon_etl.parquet import list_folder, problems, read_report  # noqa: PLC0415 as above

    request = RunRequest.from_params(params)
    if mixed := mix_of(request.release):
        raise AirflowFailException(mixed)
    s3 = boto3.client("s3")
    report = read_report(s3, request.target_uri)
    ti.xcom_push(key="rows", value=report.rows if report else None)
    ti.xcom_push(key="sums", value=dict(report.sums) if report else {})
    table = table_of(dataset).at(request.first_day)
    if wrong := problems(request, table, report, list_folder(s3, request.target_uri)):
        raise AirflowFailException(f"The Parquet in {request.target_uri} is not the file: {'; '.join(wrong)}")


@task
def check_quality(table: str, params: dict[str, Any], ti: Any) -> dict[str, Any]:
    """Ask the table what it holds of the partition now, and fail unless that is the file, or a later load."""
    from airflow.providers.amazon.aws.hooks.redshift_data import RedshiftDataHook  # noqa: PLC0415 as above

    from suimon_etl.load import newer_load  # noqa: PLC0415 as above
    from suimon_etl.quality import ROWS, judge, partition_figures  # noqa: PLC0415 as above

    request = RunRequest.from_params(params)
    hook = RedshiftDataHook(aws_conn_id=None)
    figures = partition_figures(hook, table, request)
    found = judge(table, request, figures)
    # The log is asked after the table: a load whose rows were seen there stands in it by now.
    if found.problems and newer_load(hook, table, request):
        return figures  # that run's to judge; this one's rows were counted before its commit
    ti.xcom_push(key="rows", value=figures[ROWS])
    for warning in found.warnings:
        logger.warning("the contract wants to be told: %s", warning)
    if found.problems:
        raise AirflowFailException(f"{table} is not what it should be: {'; '.join(found.problems)}")
    return figures


def report_outcome(params: dict[str, Any], ti: Any) -> dict[str, Any]:
    """Report to the rest of Suimon how the run ended; retried until EventBridge has taken it."""
    import boto3  # noqa: PLC0415 as above

    from suimon_etl.report import committed_by, ending_of, publish, run_finished  # noqa: PLC0415 as above

    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id], task_ids=list(STEPS))[ti.run_id]
    errors = {step: ti.xcom_pull(task_ids=step, key="error") for step in STEPS}
    superseded_by = ti.xcom_pull(task_ids="load_redshift", key=SUPERSEDED_BY)
    ending = ending_of(STEPS, states, errors, superseded_by)
    request = RunRequest.from_params(params)
    detail = run_finished(
        request,
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        parquet_rows=ti.xcom_pull(task_ids="check_parquet", key="rows"),
        table_rows=ti.xcom_pull(task_ids="check_quality", key="rows"),
        ending=ending,
        committed=committed_by("load_redshift", states),
        log_url=f"{ti.log_url.partition('/tasks/')[0]}/tasks/{ending.failed_task}",
    )
    publish(boto3.client("events"), request.event_bus, detail)
    return detail
