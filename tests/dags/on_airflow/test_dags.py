"""The DAGs as Airflow loads them: their files, steps, waits and retries."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import metadata
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from airflow.models.taskinstance import TaskInstance
from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.sdk.exceptions import TaskDeferred
from airflow.serialization.serialized_objects import DagSerialization

from suimon_etl import pipeline
from suimon_etl.operators import ConvertWithGlue, LoadPartition
from suimon_etl.pipeline import file_to_table
from tests.dags.on_airflow.whole_runs import DAGS, DATASETS, STEPS

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG

    from tests.dags.on_airflow.fake_aws import FakeAws


def test_it_is_the_airflow_that_was_asked_for() -> None:
    assert metadata.version("apache-airflow") == os.environ.get(
        "SUIMON_TEST_AIRFLOW", metadata.version("apache-airflow")
    )


def test_one_file_makes_a_dag_for_every_table_of_the_release(dags: dict[str, DAG]) -> None:
    assert sorted(dags) == sorted(DATASETS.values())
    assert {dag.fileloc for dag in dags.values()} == {str(DAGS / "suimon_datasets.py")}


def test_a_dataset_that_brings_its_own_dag_gets_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    own = tuple(replace(table, own_dag=table.dataset == "sales") for table in pipeline.tables())
    monkeypatch.setattr(pipeline, "tables", lambda: own)
    assert sorted(pipeline.dags_of_datasets()) == sorted(set(DATASETS.values()) - {"daily_sales_etl"})


def test_they_import_without_a_warning_of_any_kind() -> None:
    script = (
        # Warnings while Airflow itself is imported are not ours.
        "import airflow.sdk, airflow.providers.amazon.aws.operators.glue, warnings, sys; "
        f"warnings.simplefilter('error'); sys.path.append({str(DAGS)!r}); "
        "import suimon_datasets"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_parsing_loads_no_aws_sdk_client_and_no_data_library() -> None:
    script = (
        f"import sys; sys.path.append({str(DAGS)!r}); import suimon_datasets; "
        "print([m for m in ('aiobotocore', 'pandas', 'pyarrow', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_nothing_is_scheduled_and_it_starts_unpaused(dags: dict[str, DAG]) -> None:
    for dag in dags.values():
        assert (dag.schedule, dag.catchup, dag.is_paused_upon_creation) == (None, False, False)
        assert dag.doc_md


def test_a_dataset_has_its_share_of_runs_at_once(dags: dict[str, DAG]) -> None:
    assert (dags["daily_sales_etl"].max_active_runs, dags["inventory_etl"].max_active_runs) == (4, 2)


def test_the_waits_are_deferred_and_no_task_needs_a_pool_that_somebody_must_make(dags: dict[str, DAG]) -> None:
    for dag in dags.values():
        assert dag.get_task("run_glue").deferrable
        assert dag.get_task("load_redshift").deferrable
        assert {task.pool for task in dag.tasks} == {"default_pool"}


def test_the_steps_follow_each_other_and_the_report_comes_whatever_happened(dag: DAG) -> None:
    for before, after in pairwise(STEPS):
        assert dag.get_task(after).upstream_task_ids == {before}
    report = dag.get_task("report_outcome")
    assert report.is_teardown
    assert report.on_failure_fail_dagrun
    assert dag.get_task("loaded").upstream_task_ids == {"check_quality"}


def test_steps_are_tried_again_and_their_code_on_a_worker_ends_after_two_hours(dags: dict[str, DAG]) -> None:
    for dag in dags.values():
        for step in STEPS:
            task = dag.get_task(step)
            assert task.retries == (1 if step == "run_glue" else 3)
            assert (task.retry_delay, task.max_retry_delay) == (timedelta(minutes=5), timedelta(minutes=30))
            assert task.retry_exponential_backoff == 2
            assert task.execution_timeout == timedelta(hours=2)
        assert dag.get_task("report_outcome").retry_delay == timedelta(seconds=10)


def test_the_load_is_waited_for_no_longer_than_two_hours_and_the_glue_job_for_three(
    aws: FakeAws, run: Callable[..., DagRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.polls_until_converted, aws.polls_until_loaded = 1, 1
    waits = dict[str, TaskDeferred]()
    for kind in (ConvertWithGlue, LoadPartition):
        monkeypatch.setattr(kind, "execute", keeping_the_deferral(kind.execute, waits))

    run()

    assert waits["load_redshift"].timeout == timedelta(hours=2)
    glue = waits["run_glue"]
    assert glue.timeout is None
    assert timedelta(seconds=glue.trigger.waiter_delay * glue.trigger.attempts) == timedelta(hours=3)


def keeping_the_deferral(execute: Callable[..., Any], waits: dict[str, TaskDeferred]) -> Callable[..., Any]:
    def do(self: Any, context: Any) -> Any:
        try:
            return execute(self, context)
        except TaskDeferred as deferral:
            waits[self.task_id] = deferral
            raise

    return do


def test_a_try_comes_after_once_to_twice_5_10_and_20_minutes_and_at_most_30(dag: DAG) -> None:
    def waits(task_id: str) -> list[float]:
        end = datetime(2026, 11, 20, tzinfo=UTC)
        facts = {"dag_id": dag.dag_id, "task_id": task_id, "logical_date": None, "end_date": end}
        tries = (
            SimpleNamespace(**facts, task=dag.get_task(task_id), try_number=number, retry_delay_override=None)
            for number in (1, 2, 3)
        )
        return [round((TaskInstance.next_retry_datetime(tried) - end).total_seconds() / 60, 1) for tried in tries]

    assert waits("load_redshift") == [7.1, 11.2, 30.0]
    for first, second, third in map(waits, STEPS):
        assert 5 <= first <= 10 <= second <= 20 <= third <= 30


def test_one_setting_shortens_every_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUIMON_RETRY_SECONDS", "0.5")
    task = file_to_table("sales").get_task("load_redshift")
    assert (task.retry_delay, task.max_retry_delay) == (timedelta(seconds=0.5), timedelta(seconds=3))


def test_a_late_run_is_told_by_airflow_itself_where_a_topic_is_named(
    dags: dict[str, DAG], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any(dag.deadline for dag in dags.values())

    monkeypatch.setenv("SUIMON_LATE_RUN_TOPIC", "arn:aws:sns:ap-northeast-1:000000000000:alerts")
    dag = file_to_table("sales")

    (alert,) = dag.deadline
    assert alert.interval == timedelta(hours=6)
    assert alert.callback.path.startswith("airflow.providers.")  # a triggerer can import no module of the DAG folder
    assert alert.callback.kwargs["target_arn"] == "arn:aws:sns:ap-northeast-1:000000000000:alerts"
    assert SnsNotifier(**alert.callback.kwargs).target_arn.endswith(":alerts")
    DagSerialization.to_dict(dag)
