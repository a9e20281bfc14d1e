"""The Glue job and its Parquet: started once, waited for, never loaded unless it is what was asked for."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from suimon_etl.operators import ConvertWithGlue
from tests.dags.on_airflow.whole_runs import FOLDER, STEPS, event, on_the_newer_airflow, states

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.models.dagrun import DagRun

    from tests.dags.on_airflow.fake_aws import FakeAws


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


def test_a_run_that_another_release_of_the_gate_asks_for_starts_no_job(
    aws: FakeAws, run: Callable[..., DagRun]
) -> None:
    done = run(release="0123456789ab")

    assert str(done.state) == "failed"
    assert (aws.job_runs, aws.batches) == ([], [])
    told = event(aws)
    assert (told["outcome"], told["failed_task"]) == ("failed", "run_glue")
    assert "the gate that asked for this run is of release 0123456789ab, the DAGs are of unnamed" in told["error"]
    assert "suimon retry" in told["error"]
