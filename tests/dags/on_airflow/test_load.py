"""The load and the checks of the table: what is tried again, what is skipped, what fails the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dags.on_airflow.whole_runs import COPY, FENCE, PROVE, RECONCILE, event, on_the_newer_airflow, states

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG

    from tests.dags.on_airflow.fake_aws import FakeAws


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
