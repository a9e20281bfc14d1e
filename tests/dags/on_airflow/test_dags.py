"""The DAGs on the Airflow that MWAA runs: how they load, what they accept, and whole runs of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from airflow.api_fastapi.app import create_app
from airflow.models.taskinstance import TaskInstance
from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.sdk.bases.decorator import DecoratedOperator
from airflow.sdk.exceptions import ParamValidationError, TaskDeferred
from airflow.serialization.serialized_objects import DagSerialization
from fastapi.testclient import TestClient

from suimon_etl.load import BATCH
from suimon_etl.operators import ConvertWithGlue, LoadPartition
from suimon_etl.pipeline import file_to_table
from suimon_etl.tables import table_of
from tests.dags.on_airflow.fake_aws import FakeAws, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG

DAGS = Path(__file__).parents[3] / "dags"
STEPS = ["run_glue", "check_parquet", "load_redshift", "check_quality"]
TABLES = json.loads((DAGS / "suimon_etl" / "tables.json").read_text(encoding="utf-8"))
DATASETS = {dataset: table["dag_id"] for dataset, table in TABLES.items()}
FENCE, COPY, RECONCILE, PROVE = (BATCH.index(name) for name in ("fence", "copy", "reconcile", "prove"))
FOLDER = "suimon-lake/processed/sales/2026-11-20/0123456789abcdef.1"

# What hangs on our own code, or was shown on the older one by others: time is saved there.
on_the_newer_airflow = pytest.mark.skipif(
    os.environ.get("SUIMON_TEST_AIRFLOW") == "3.2.1", reason="the newer one does; a minute is saved"
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    fake = FakeAws()
    fake.objects = parquet("sales")
    server = serve(fake)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield fake
    server.shutdown()
    server.server_close()
    assert not fake.unknown


def parquet(dataset: str, folder: str = FOLDER) -> dict[str, bytes]:
    """Give what the Glue job leaves of three rows."""
    table = table_of(dataset)
    result = {
        "run": "0123456789abcdef.1",
        "version": table.version,
        "columns": [column.name for column in table.columns],
        "files": [{"name": "part-0.snappy.parquet", "size": 4, "rows": 3}],
        "sums": {column.name: "600.00" for column in table.summed},
    }
    return {f"{folder}.result.json": json.dumps(result).encode(), f"{folder}/part-0.snappy.parquet": b"PAR1"}


@pytest.fixture
def run(dags: dict[str, DAG], conf: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., DagRun]:
    """Run the whole DAG of the dataset as the gate opens it, without waiting between tries."""

    def run_once(retries: int = 0, **changed: Any) -> DagRun:
        dag = dags[DATASETS[(conf | changed)["dataset"]]]
        for task in dag.tasks:
            monkeypatch.setattr(task, "retries", retries)
            monkeypatch.setattr(task, "retry_delay", timedelta(0))
            monkeypatch.setattr(task, "retry_exponential_backoff", 0)
        return dag.test(run_conf=conf | changed, logical_date=None)

    return run_once


def states(run: DagRun) -> dict[str, str]:
    return {ti.task_id: str(ti.state) for ti in run.get_task_instances()}


def event(aws: FakeAws) -> dict[str, Any]:
    (entry,) = aws.events
    assert (entry["Source"], entry["DetailType"]) == ("suimon.dag", "Run Finished")
    detail: dict[str, Any] = json.loads(entry["Detail"])
    return detail


def test_it_is_the_airflow_that_was_asked_for() -> None:
    assert metadata.version("apache-airflow") == os.environ.get(
        "SUIMON_TEST_AIRFLOW", metadata.version("apache-airflow")
    )


def test_there_is_a_dag_in_a_file_of_its_name_for_every_table_of_the_release(dags: dict[str, DAG]) -> None:
    assert sorted(dags) == sorted(DATASETS.values()) == sorted(file.stem for file in DAGS.glob("*.py"))
    for file in DAGS.glob("*.py"):
        assert len(file.read_text().splitlines()) <= 12


def test_they_import_without_a_warning_of_any_kind() -> None:
    script = (
        # Warnings while Airflow itself is imported are not ours.
        "import airflow.sdk, airflow.providers.amazon.aws.operators.glue, warnings, sys; "
        f"warnings.simplefilter('error'); sys.path.append({str(DAGS)!r}); "
        f"import {', '.join(DATASETS.values())}"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_parsing_loads_no_aws_sdk_client_and_no_data_library() -> None:
    script = (
        f"import sys; sys.path.append({str(DAGS)!r}); import daily_sales_etl; "
        "print([m for m in ('aiobotocore', 'pandas', 'pyarrow', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_nothing_is_scheduled_and_it_starts_unpaused(dags: dict[str, DAG]) -> None:
    for dag in dags.values():
        assert (dag.schedule, dag.catchup, dag.is_paused_upon_creation) == (None, False, False)
        assert dag.doc_md


def test_a_dataset_has_its_share_of_runs_at_once() -> None:
    assert file_to_table("sales", at_once=7, doc="").max_active_runs == 7


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
    task = file_to_table("sales", at_once=1, doc="").get_task("load_redshift")
    assert (task.retry_delay, task.max_retry_delay) == (timedelta(seconds=0.5), timedelta(seconds=3))


def test_a_late_run_is_told_by_airflow_itself_where_a_topic_is_named(
    dags: dict[str, DAG], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any(dag.deadline for dag in dags.values())

    monkeypatch.setenv("SUIMON_LATE_RUN_TOPIC", "arn:aws:sns:ap-northeast-1:000000000000:alerts")
    dag = file_to_table("sales", at_once=1, doc="")

    (alert,) = dag.deadline
    assert alert.interval == timedelta(hours=6)
    assert alert.callback.path.startswith("airflow.providers.")  # a triggerer can import no module of the DAG folder
    assert alert.callback.kwargs["target_arn"] == "arn:aws:sns:ap-northeast-1:000000000000:alerts"
    assert SnsNotifier(**alert.callback.kwargs).target_arn.endswith(":alerts")
    DagSerialization.to_dict(dag)


@pytest.mark.parametrize(
    "redshift",
    [
        {"database": "analytics", "workgroup_name": "w", "cluster_identifier": None, "secret_arn": None},
        {"database": "analytics", "workgroup_name": None, "cluster_identifier": "c", "secret_arn": "arn:secret"},
    ],
)
def test_what_the_gate_sends_is_accepted(dag: DAG, conf: dict[str, Any], redshift: dict[str, Any]) -> None:
    sent = conf | {"redshift": redshift}
    assert {name: dag.params.get_param(name).resolve(value) for name, value in sent.items()} == sent


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dataset", "Sales; DROP"),
        ("dataset", "inventory"),
        ("partition", "2026-02-30"),
        ("partition", "20261120"),
        ("drop_id", "0123"),
        ("attempt", 0),
        ("attempt", "1"),
        ("written", "1.00000000"),
        ("written", "005e7f2a3b4c5d6e7f00000000000000.00000000"),
        ("written", f"{'0' * 32}.00000000 "),
        ("written", f"{'0' * 60}.00000000"),
        ("rows", 0),
        ("rows", 1.5),
        ("source_uri", "/local/file.csv"),
        ("target_uri", "s3://suimon-lake/processed/no-slash"),
        ("target_uri", "s3://suimon-lake/it's/"),
        ("glue_job", ""),
        ("redshift", {"database": "analytics"}),
        ("redshift", {"database": "analytics", "workgroup_name": "w", "cluster_identifier": "c"}),
        ("redshift", {"database": "analytics", "workgroup_name": None, "cluster_identifier": None}),
        ("redshift", {"database": "analytics", "workgroup_name": "w", "password": "x"}),
        ("copy_role_arn", "arn:aws:iam::000000000000:user/x"),
    ],
)
def test_a_conf_that_does_not_fit_is_refused(dag: DAG, name: str, value: object) -> None:
    with pytest.raises(ParamValidationError):
        dag.params.get_param(name).resolve(value)


def test_airflow_answers_400_to_a_bad_conf_and_opens_a_run_for_a_good_one(dag: DAG, conf: dict[str, Any]) -> None:
    with TestClient(create_app(apps="core")) as client:
        client.headers["Authorization"] = f"Bearer {client.get('/auth/token').json()['access_token']}"
        assert client.patch(f"/api/v2/dags/{dag.dag_id}", json={"is_paused": False}).status_code == 200

        def trigger(sent: dict[str, Any], run_id: str) -> tuple[int, dict[str, Any]]:
            body = {"logical_date": None, "dag_run_id": run_id, "conf": sent}
            answer = client.post(f"/api/v2/dags/{dag.dag_id}/dagRuns", json=body)
            return answer.status_code, answer.json()

        status, answer = trigger(conf | {"attempt": 0}, "0123456789abcdef.0")
        assert status == 400
        assert "attempt" in answer["detail"]
        without_rows = {name: value for name, value in conf.items() if name != "rows"}
        assert trigger(without_rows, "0123456789abcdef.0")[0] == 400
        status, answer = trigger(conf, "0123456789abcdef.1")
        assert (status, answer["state"], answer["conf"]) == (200, "queued", conf)


def test_a_good_file_is_loaded_and_reported(aws: FakeAws, run: Callable[..., DagRun], conf: dict[str, Any]) -> None:
    done = run()

    assert states(done) == dict.fromkeys([*STEPS, "loaded", "report_outcome"], "success")
    assert str(done.state) == "success"
    assert event(aws) == {
        "dataset": "sales",
        "partition": "2026-11-20",
        "drop_id": "0123456789abcdef",
        "attempt": 1,
        "dag_id": "daily_sales_etl",
        "run_id": done.run_id,
        "outcome": "loaded",
        "rows": {"file": 3, "parquet": 3, "table": 3},
        "failed_task": None,
        "error": None,
        "superseded_by": None,
        "committed": True,
        "log_url": None,
    }
    (arguments,) = aws.job_runs
    assert arguments == {
        "--source_uri": conf["source_uri"],
        "--contract_uri": conf["contract_uri"],
        "--target_uri": conf["target_uri"],
        "--expected_rows": "3",
    }


@pytest.mark.parametrize("dataset", sorted(DATASETS.keys() - {"sales"}))
def test_every_dataset_goes_the_same_way(aws: FakeAws, run: Callable[..., DagRun], dataset: str) -> None:
    folder = f"suimon-lake/processed/{dataset}/2026-11-20/0123456789abcdef.1"
    aws.objects = parquet(dataset, folder)

    done = run(dataset=dataset, target_uri=f"s3://{folder}/")

    assert states(done) == dict.fromkeys([*STEPS, "loaded", "report_outcome"], "success")
    told = event(aws)
    assert (told["dataset"], told["outcome"], told["rows"]) == (
        dataset,
        "loaded",
        {"file": 3, "parquet": 3, "table": 3},
    )
    (batch,) = aws.batches
    assert f"LOCK TABLE {table_of(dataset).name}" in batch["Sqls"][0]


def test_the_load_is_one_batch_with_bound_values(
    aws: FakeAws, run: Callable[..., DagRun], conf: dict[str, Any]
) -> None:
    run()

    (batch,) = aws.batches
    assert (batch["Database"], batch["WorkgroupName"]) == ("analytics", "suimon")
    assert not batch.keys() & {"ClusterIdentifier", "SecretArn", "DbUser"}
    assert {parameter["name"]: parameter["value"] for parameter in batch["Parameters"]} == {
        "partition": "2026-11-20",
        "written": conf["written"],
        "drop_id": "0123456789abcdef",
        "attempt": "1",
        "rows": "3",
        "sum_quantity": "600.00",
        "sum_unit_price": "600.00",
        "sum_amount": "600.00",
    }
    verbs = [re.sub(r"(?m)^--.*\n", "", sql).split()[0] for sql in batch["Sqls"]]
    assert verbs == ["LOCK", "SELECT", "CREATE", "COPY", "SELECT", "DELETE", "INSERT", "SELECT", "DELETE", "INSERT"]
    assert not any("2026-11-20" in sql for sql in batch["Sqls"] if "COPY" not in sql)


def test_a_cluster_with_a_secret_serves_as_well(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    arn = "arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:redshift"
    run(
        redshift={
            "database": "analytics",
            "workgroup_name": None,
            "cluster_identifier": "cluster-1",
            "secret_arn": arn,
        }
    )

    for call in (aws.batches[0], aws.queries[0]):
        assert (call["ClusterIdentifier"], call["SecretArn"]) == ("cluster-1", arn)
        assert "WorkgroupName" not in call


def test_a_failed_glue_job_is_reported_in_glues_own_words(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    aws.glue_state, aws.glue_error = "FAILED", "ConversionError: column amount, record 7 is not decimal(14,2)"

    done = run()

    assert str(done.state) == "failed"
    assert states(done)["report_outcome"] == "success"
    told = event(aws)
    assert (told["outcome"], told["failed_task"]) == ("failed", "run_glue")
    assert told["rows"] == {"file": 3, "parquet": None, "table": None}
    assert told["error"] == (
        "Glue job suimon-csv-to-parquet, run jr_1, ended as FAILED: "
        "ConversionError: column amount, record 7 is not decimal(14,2)"
    )
    log = f"https://airflow.example/dags/daily_sales_etl/runs/{quote(done.run_id)}/tasks/run_glue"
    assert told["log_url"] == log
    assert not aws.batches


@pytest.mark.parametrize("polls", [0, 2])
def test_a_refused_look_at_the_job_neither_fails_it_nor_starts_another(
    aws: FakeAws, run: Callable[..., DagRun], polls: int
) -> None:
    aws.lost_answers, aws.polls_until_converted = {"AWSGlue.GetJobRun"}, polls

    done = run()

    assert not aws.lost_answers
    assert states(done) == dict.fromkeys([*STEPS, "loaded", "report_outcome"], "success")
    assert len(aws.job_runs) == 1


def test_a_job_that_runs_for_longer_than_anybody_waits_is_not_started_again(
    aws: FakeAws, run: Callable[..., DagRun]
) -> None:
    aws.lost_answers, aws.polls_until_converted = {"AWSGlue.GetJobRun"}, 9
    aws.job_started = time.time() - 3 * 60 * 60

    assert str(run(retries=2).state) == "failed"
    assert len(aws.job_runs) == 1
    assert "run jr_1, is still RUNNING and nobody waits for it any more" in event(aws)["error"]


def test_a_retry_waits_for_the_job_that_the_try_before_has_left_running(
    aws: FakeAws, run: Callable[..., DagRun]
) -> None:
    aws.lost_answers, aws.polls_until_converted = {"AWSGlue.StartJobRun"}, 1

    done = run(retries=1)

    assert states(done) == dict.fromkeys([*STEPS, "loaded", "report_outcome"], "success")
    assert len(aws.job_runs) == 1


def test_a_start_whose_answer_is_lost_is_not_sent_again_behind_our_back(
    aws: FakeAws, run: Callable[..., DagRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    aws.lost_answers = {"AWSGlue.StartJobRun"}

    assert str(run().state) == "failed"
    assert len(aws.job_runs) == 1


def test_a_caller_may_set_the_client_that_starts_jobs_itself() -> None:
    assert ConvertWithGlue(task_id="a").botocore_config == {"retries": {"total_max_attempts": 1}}
    assert ConvertWithGlue(task_id="a", botocore_config={"read_timeout": 5}).botocore_config == {"read_timeout": 5}


@on_the_newer_airflow
def test_a_retry_that_may_not_look_for_a_job_starts_none(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    aws.lost_answers, aws.refused = {"AWSGlue.StartJobRun"}, "AWSGlue.GetJobRuns"

    assert str(run(retries=1).state) == "failed"
    assert len(aws.job_runs) == 1
    told = event(aws)
    assert told["failed_task"] == "run_glue"
    assert "AccessDeniedException" in told["error"]
    assert "GetJobRuns" in told["error"]


@pytest.mark.parametrize("lost", ["AWSGlue.GetJobRun", "AWSGlue.StartJobRun"])
def test_a_retry_after_the_job_has_ended_starts_it_again(aws: FakeAws, run: Callable[..., DagRun], lost: str) -> None:
    aws.lost_answers, aws.glue_state, aws.glue_error = {lost}, "FAILED", "an executor was lost"

    assert str(run(retries=1).state) == "failed"
    assert len(aws.job_runs) == 2


def test_parquet_that_is_not_what_the_job_reports_is_never_loaded(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    aws.objects[f"{FOLDER}/part-9.snappy.parquet"] = b"PAR1"

    done = run(retries=2)

    assert str(done.state) == "failed"
    told = event(aws)
    assert told["failed_task"] == "check_parquet"
    assert "part-9.snappy.parquet is not of this run, yet COPY would load it" in told["error"]
    assert told["rows"] == {"file": 3, "parquet": 3, "table": None}
    assert not aws.batches


def test_a_missing_result_of_the_job_fails_the_run(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    del aws.objects[f"{FOLDER}.result.json"]

    assert str(run(retries=2).state) == "failed"
    assert "left no result" in event(aws)["error"]


def test_parquet_of_another_release_is_never_loaded(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    result = json.loads(aws.objects[f"{FOLDER}.result.json"])
    result["columns"][-2:] = ["amount", "unit_price"]
    aws.objects[f"{FOLDER}.result.json"] = json.dumps(result).encode()

    assert str(run(retries=2).state) == "failed"
    assert "deploy dags/ of the gate's release, then replay" in event(aws)["error"]
    assert not aws.batches


@on_the_newer_airflow
def test_no_load_goes_without_the_control_sums(
    aws: FakeAws, run: Callable[..., DagRun], dag: DAG, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after somebody has marked check_parquet as a success."""
    monkeypatch.setattr(dag.get_task("check_parquet"), "python_callable", lambda *_, **__: None)

    assert str(run(retries=2).state) == "failed"
    assert not aws.batches
    told = event(aws)
    assert told["failed_task"] == "load_redshift"
    assert told["error"] == "check_parquet has left no control sums: run it again before the load"


@pytest.mark.parametrize(
    ("failed", "figures"),
    [
        (RECONCILE, "staged 2 rows of 3, sum of quantity 4 of 6"),
        (PROVE, "would hold 3 rows of 3, different order_id 2 of 3"),
    ],
)
def test_a_refused_reconciliation_fails_at_once_with_its_figures(
    aws: FakeAws, run: Callable[..., DagRun], failed: int, figures: str
) -> None:
    aws.failed_statement, aws.load_error = failed, f"Invalid digit, Value 's', Pos 0, Type: Integer context: {figures}"

    done = run(retries=2)

    assert str(done.state) == "failed"
    assert len(aws.batches) == 1
    told = event(aws)
    assert told["failed_task"] == "load_redshift"
    assert "sales_fact is unchanged" in told["error"]
    assert figures in told["error"]


def test_another_error_of_the_load_is_tried_again(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    aws.failed_statement, aws.load_error = COPY, "S3ServiceException: SlowDown"

    done = run(retries=1)

    assert str(done.state) == "failed"
    assert len(aws.batches) == 2
    assert "copy.sql" in event(aws)["error"]
    assert "SlowDown" in event(aws)["error"]


def test_a_load_that_failed_before_the_first_look_says_why_too(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    aws.polls_until_loaded, aws.failed_statement, aws.load_error = 0, COPY, "S3ServiceException: AccessDenied"

    assert str(run().state) == "failed"
    assert "AccessDenied" in event(aws)["error"]


@pytest.mark.parametrize("polls", [0, 1])
def test_a_load_behind_a_later_write_is_skipped_and_the_run_superseded(
    aws: FakeAws, run: Callable[..., DagRun], polls: int
) -> None:
    aws.polls_until_loaded, aws.failed_statement, aws.load_error = polls, FENCE, "Invalid digit, context: written"
    aws.newer = ("fedcba9876543210", 2)

    done = run(retries=2)

    assert str(done.state) == "success"
    skipped = dict.fromkeys(["load_redshift", "check_quality", "loaded"], "skipped")
    assert states(done) == dict.fromkeys(["run_glue", "check_parquet", "report_outcome"], "success") | skipped
    assert len(aws.batches) == 1
    told = event(aws)
    assert (told["outcome"], told["superseded_by"]) == ("superseded", "fedcba9876543210.2")
    assert told["rows"] == {"file": 3, "parquet": 3, "table": None}
    assert (told["failed_task"], told["error"], told["log_url"]) == (None, None, None)


def test_a_fence_that_could_not_look_is_a_failure_and_tried_again(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    aws.failed_statement, aws.load_error = FENCE, 'ERROR: relation "sales_fact_loads" does not exist'

    done = run(retries=1)

    assert str(done.state) == "failed"
    assert len(aws.batches) == 2
    told = event(aws)
    assert (told["outcome"], told["failed_task"]) == ("failed", "load_redshift")
    assert "fence.sql" in told["error"]
    assert 'relation "sales_fact_loads" does not exist' in told["error"]


def test_a_partition_that_a_later_load_has_replaced_meanwhile_is_not_judged(
    aws: FakeAws, run: Callable[..., DagRun]
) -> None:
    aws.rows, aws.newer = 2, ("fedcba9876543210", 1)

    done = run()

    assert str(done.state) == "success"
    told = event(aws)
    assert (told["outcome"], told["superseded_by"]) == ("loaded", None)
    assert told["rows"] == {"file": 3, "parquet": 3, "table": None}


@pytest.mark.parametrize(
    ("rows", "figures", "problem"),
    [
        (2, {}, "the table holds 2 rows of 2026-11-20, the file 3"),
        (3, {"check_0": 1}, "repeated order_id: 1 of 3 rows, allowed: none"),
    ],
)
def test_a_table_that_is_not_the_file_fails_the_run(
    aws: FakeAws, run: Callable[..., DagRun], rows: int, figures: dict[str, int], problem: str
) -> None:
    aws.rows, aws.figures = rows, figures

    done = run(retries=2)

    assert str(done.state) == "failed"
    assert len(aws.queries) == 2  # the table, once, and the load log
    told = event(aws)
    assert told["failed_task"] == "check_quality"
    assert problem in told["error"]
    assert told["rows"]["table"] == rows


@on_the_newer_airflow
def test_every_answer_is_lost_once_and_what_was_asked_is_asked_again(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    aws.lost_answers = {
        *("AWSGlue.StartJobRun", "AWSGlue.GetJobRuns", "AWSGlue.GetJobRun", "S3"),
        *("RedshiftData.BatchExecuteStatement", "RedshiftData.DescribeStatement"),
        *("RedshiftData.ExecuteStatement", "RedshiftData.GetStatementResult", "AWSEvents.PutEvents"),
    }

    done = run(retries=3)

    assert not aws.lost_answers
    assert states(done) == dict.fromkeys([*STEPS, "loaded", "report_outcome"], "success")
    # Told at least once, and each time the same: the ledger enters it once.
    told = {entry["Detail"] for entry in aws.events}
    assert [json.loads(detail)["outcome"] for detail in told] == ["loaded"]


def test_whatever_step_dies_after_its_work_it_is_done_again_and_the_same_is_told(
    aws: FakeAws, run: Callable[..., DagRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every task, before and after its wait; test_dying_workers.py kills them."""
    aws.polls_until_converted = 1
    died = list[tuple[str, str]]()
    for kind, method in AFTER_THEIR_WORK:
        monkeypatch.setattr(kind, method, dying_once(getattr(kind, method), method, died))

    done = run(retries=2)

    assert sorted(died) == sorted(
        [
            *((task, "execute") for task in [*STEPS, "report_outcome"]),
            ("run_glue", "execute_complete"),
            ("load_redshift", "execute_complete"),
        ]
    )
    assert states(done) == dict.fromkeys([*STEPS, "loaded", "report_outcome"], "success")
    # The second job was started when the first had ended; whether a load that is made again changes anything,
    # test_load_on_redshift.py asks of SQL.
    assert len(aws.job_runs) == 2
    assert aws.job_runs[0] == aws.job_runs[1]
    assert len(aws.batches) == 3
    sent = [batch | {"ClientToken": ""} for batch in aws.batches]
    assert sent == [sent[0]] * 3
    first, second = (json.loads(entry["Detail"]) for entry in aws.events)
    assert first == second
    assert (first["outcome"], first["rows"]) == ("loaded", {"file": 3, "parquet": 3, "table": 3})


AFTER_THEIR_WORK = (
    (ConvertWithGlue, "execute"),
    (ConvertWithGlue, "execute_complete"),
    (LoadPartition, "execute"),
    (LoadPartition, "execute_complete"),
    (DecoratedOperator, "execute"),
)


def dying_once(method: Callable[..., Any], name: str, died: list[tuple[str, str]]) -> Callable[..., Any]:
    """Let a method do its work, also that which ends in a deferral, and then fail, once for each task."""

    def do(self: Any, *args: Any, **more: Any) -> Any:
        try:
            return method(self, *args, **more)
        finally:
            if (self.task_id, name) not in died:
                died.append((self.task_id, name))
                raise RuntimeError("the worker is gone")

    return do


def test_a_refused_report_is_sent_again(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    aws.refusals = 1

    done = run(retries=1)

    assert str(done.state) == "success"
    assert event(aws)["outcome"] == "loaded"


def test_a_run_whose_end_nobody_was_told_of_is_no_success(aws: FakeAws, run: Callable[..., DagRun]) -> None:
    aws.refusals = 9

    done = run()

    assert str(done.state) == "failed"
    assert states(done) | {"report_outcome": ""} == dict.fromkeys([*STEPS, "loaded"], "success") | {
        "report_outcome": ""
    }
    assert not aws.events
