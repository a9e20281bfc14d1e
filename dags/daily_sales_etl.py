"""Sales: one accepted CSV to Parquet by Glue, into sales_fact by one transaction, checked, and its end reported.

When a later write of the partition is loaded already, the load and all after it are skipped: the run is superseded.

The gate opens a run for each accepted file, with `conf` as in `suimon_etl.request.SCHEMAS`. Nothing is scheduled and
nothing waits for files; the business date is the param `partition`, for these runs have no logical date.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param, task, teardown
from airflow.sdk.exceptions import AirflowFailException

from suimon_etl.operators import SUPERSEDED_BY, ConvertWithGlue, LoadPartition
from suimon_etl.report import error_text
from suimon_etl.request import SCHEMAS, RunRequest

TABLE = "sales_fact"
STEPS = ("run_glue", "check_parquet", "load_redshift", "check_quality")


def keep_error(context: Any) -> None:
    """Leave the error where report_outcome finds it; Airflow keeps the state of a failed task, not its exception.

    Runs before the task's process ends, hence before Airflow knows of the failure and starts what follows.
    """
    context["ti"].xcom_push(key="error", value=error_text(context.get("exception")))


with DAG(
    dag_id="daily_sales_etl",
    schedule=None,
    catchup=False,
    # A paused DAG takes runs and never starts them.
    is_paused_upon_creation=False,
    # Loads queue for the lock on the table anyway; the Glue job must allow as many runs at once.
    max_active_runs=8,
    params={name: Param(**schema) for name, schema in SCHEMAS.items()},
    default_args={
        "owner": "suimon",
        "retries": 2,
        "retry_delay": timedelta(seconds=15),
        "execution_timeout": timedelta(minutes=10),
        "on_failure_callback": keep_error,
    },
    tags=["suimon", "sales"],
    doc_md=__doc__,
):
    run_glue = ConvertWithGlue(
        task_id="run_glue",
        job_name="{{ params.glue_job }}",
        script_args={
            "--source_uri": "{{ params.source_uri }}",
            "--contract_uri": "{{ params.contract_uri }}",
            "--target_uri": "{{ params.target_uri }}",
            "--expected_rows": "{{ params.rows }}",
        },
        aws_conn_id=None,  # the execution role
        deferrable=True,
        waiter_delay=5,
        waiter_max_attempts=3 * 60 * 60 // 5,
        # The file has passed the gate, so a failure here is as a rule Glue's: once more, not more often.
        retries=1,
        retry_delay=timedelta(seconds=30),
    )

    @task
    def check_parquet(params: dict[str, Any], ti: Any) -> None:
        """Compare the Glue job's report with the file and with what lies in S3."""
        import boto3  # noqa: PLC0415 not while Airflow parses

        from suimon_etl.parquet import list_folder, problems, read_report  # noqa: PLC0415 as above

        request = RunRequest.from_params(params)
        s3 = boto3.client("s3")
        report = read_report(s3, request.target_uri)
        ti.xcom_push(key="rows", value=report.rows if report else None)
        if wrong := problems(request, report, list_folder(s3, request.target_uri)):
            raise AirflowFailException(f"The Parquet in {request.target_uri} is not the file: {'; '.join(wrong)}")

    load_redshift = LoadPartition(
        task_id="load_redshift",
        table=TABLE,
        aws_conn_id=None,
        deferrable=True,
        poll_interval=2,
        execution_timeout=timedelta(hours=1),
    )

    @task
    def check_quality(params: dict[str, Any], ti: Any) -> dict[str, Any]:
        """Ask the table what it holds of the partition now, and fail unless that is the file, or a later load."""
        from airflow.providers.amazon.aws.hooks.redshift_data import RedshiftDataHook  # noqa: PLC0415 as above

        from suimon_etl.load import newer_load, partition_figures, quality_problems  # noqa: PLC0415 as above

        request = RunRequest.from_params(params)
        hook = RedshiftDataHook(aws_conn_id=None)
        figures = partition_figures(hook, TABLE, request)
        wrong = quality_problems(request, figures)
        # The log is asked after the table: a load whose rows were seen there stands in it by now.
        if wrong and newer_load(hook, TABLE, request):
            return figures  # that run's to judge; this one's rows were counted before its commit
        ti.xcom_push(key="rows", value=figures["row_count"])
        if wrong:
            raise AirflowFailException(f"{TABLE} is not the file: {'; '.join(wrong)} (sum {figures['total_amount']})")
        return figures

    # A teardown runs whatever happened before, even after somebody marks the run as failed.
    @teardown(on_failure_fail_dagrun=True)
    @task(
        retries=6,
        retry_delay=timedelta(seconds=10),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(minutes=5),
    )
    def report_outcome(params: dict[str, Any], ti: Any) -> dict[str, Any]:
        """Tell the rest of Suimon how the run ended; retried until EventBridge has taken it."""
        import boto3  # noqa: PLC0415 as above

        from suimon_etl.report import ending_of, publish, run_finished  # noqa: PLC0415 as above

        states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id], task_ids=list(STEPS))[ti.run_id]
        errors = {step: ti.xcom_pull(task_ids=step, key="error") for step in STEPS}
        superseded_by = ti.xcom_pull(task_ids="load_redshift", key=SUPERSEDED_BY)
        ending = ending_of(STEPS, states, errors, superseded_by)
        detail = run_finished(
            RunRequest.from_params(params),
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            parquet_rows=ti.xcom_pull(task_ids="check_parquet", key="rows"),
            table_rows=ti.xcom_pull(task_ids="check_quality", key="rows"),
            ending=ending,
            log_url=f"{ti.log_url.partition('/tasks/')[0]}/tasks/{ending.failed_task}",
        )
        publish(boto3.client("events"), detail)
        return detail

    # A teardown is no end of a run by itself: this one fails the run when a step has failed.
    loaded = EmptyOperator(task_id="loaded", on_failure_callback=None)

    checked = check_quality()
    run_glue >> check_parquet() >> load_redshift >> checked >> [report_outcome(), loaded]
