"""The sales DAG without Glue, for tests that need hundreds of runs: two tasks, which the triggerer does by itself.

It takes the place of the real DAG in a twin's DAG bucket. A task process for each run would cost a second of processor;
`light_load`, among Airflow's plugins, does what the run is for in the process that is there anyway.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, BaseOperator
from airflow.triggers.base import StartTriggerArgs


class Load(BaseOperator):
    """Deferred from the start; it ends in the trigger, so that no worker ever sees it unless the trigger fails."""

    start_from_trigger = True
    start_trigger_args = StartTriggerArgs(trigger_cls="light_load.LoadTrigger", next_method="never")


class Report(BaseOperator):
    """Deferred from the start, as the load is."""

    start_from_trigger = True
    start_trigger_args = StartTriggerArgs(trigger_cls="light_load.ReportTrigger", next_method="never")


with DAG(
    dag_id="daily_sales_etl",
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=8,
    # Without the params of the real one: Airflow 3.3.1's triggerer ends when a DAG that it starts has a required param.
    tags=["suimon", "sales"],
    doc_md=__doc__,
):
    # Named as the real DAG's: Airflow is asked for the states of these before a run's end is believed.
    again = {"retries": 5, "retry_delay": timedelta(seconds=2)}
    Load(task_id="load_redshift", **again) >> Report(task_id="report_outcome", **again)
