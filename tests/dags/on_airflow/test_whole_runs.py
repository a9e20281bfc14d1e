"""A file from its Parquet to the report, whatever is lost or dies on the way."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.bases.decorator import DecoratedOperator

from suimon_etl.operators import ConvertWithGlue, LoadPartition
from suimon_etl.tables import table_of
from tests.dags.on_airflow.whole_runs import DATASETS, STEPS, event, on_the_newer_airflow, parquet, states

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.models.dagrun import DagRun

    from tests.dags.on_airflow.fake_aws import FakeAws


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
        "--release": "unnamed",
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
    """Make a method fail after its work, also after one that ends in a deferral, once for each task."""

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
