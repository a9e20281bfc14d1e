"""The event that tells how a run ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from suimon.drop import State
from suimon.outcome import RunFinished
from suimon_etl.report import Failure, ReportError, error_text, failure_of, publish, run_finished
from suimon_etl.request import RunRequest

STEPS = ("run_glue", "check_parquet", "load_redshift")
DONE = dict.fromkeys(STEPS, "success")


class Bus:
    """An event bus that takes what it is given, or refuses it."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses, self.entries = refuses, list[dict[str, Any]]()

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 boto3's name
        if self.refuses:
            refusal = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
            return {"FailedEntryCount": 1, "Entries": [refusal]}
        self.entries += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "e-1"}]}


def finished(conf: dict[str, Any], failure: Failure | None = None) -> dict[str, Any]:
    return run_finished(
        RunRequest.from_params(conf),
        dag_id="daily_sales_etl",
        run_id="0123456789abcdef.1",
        parquet_rows=3,
        table_rows=None if failure else 3,
        failure=failure,
        log_url="https://airflow.example/log",
    )


def test_a_run_of_successes_has_no_failure() -> None:
    assert failure_of(STEPS, DONE, {}) is None


def test_the_step_that_failed_is_named_not_those_after_it() -> None:
    states = DONE | {"check_parquet": "failed", "load_redshift": "upstream_failed"}
    assert failure_of(STEPS, states, {"check_parquet": "part-0 is missing"}) == Failure(
        "check_parquet", "part-0 is missing"
    )


def test_a_step_killed_without_an_exception_is_still_named() -> None:
    failure = failure_of(STEPS, DONE | {"load_redshift": "failed"}, {"load_redshift": None})
    assert failure == Failure("load_redshift", "load_redshift is failed and left no error; see its log")


@pytest.mark.parametrize("state", ["skipped", "upstream_failed", "removed", None])
def test_a_step_that_did_not_run_is_no_success(state: str | None) -> None:
    failure = failure_of(STEPS, DONE | {"load_redshift": state}, {})
    assert failure
    assert failure.task_id == "load_redshift"


def test_the_outcome_function_understands_a_loaded_run(conf: dict[str, Any]) -> None:
    told = RunFinished.from_event({"detail": finished(conf)})

    assert (told.drop_id, told.attempt, told.state) == ("0123456789abcdef", 1, State.LOADED)
    assert told.rows == {"file": 3, "parquet": 3, "table": 3}
    assert (told.failed_task, told.error, told.log_url) == (None, None, None)


def test_the_outcome_function_understands_a_failed_run(conf: dict[str, Any]) -> None:
    told = RunFinished.from_event({"detail": finished(conf, Failure("load_redshift", "x" * 5_000))})

    assert told.state is State.FAILED
    assert told.rows == {"file": 3, "parquet": 3, "table": None}
    assert told.failed_task == "load_redshift"
    assert told.error == "x" * 1_000
    assert told.log_url == "https://airflow.example/log"


def test_the_event_goes_to_the_default_bus_as_readable_text(conf: dict[str, Any]) -> None:
    bus = Bus()
    detail = finished(conf, Failure("run_glue", "列 amount"))

    assert publish(bus, detail) == "e-1"
    (entry,) = bus.entries
    assert entry.keys() == {"Source", "DetailType", "Detail"}
    assert (entry["Source"], entry["DetailType"]) == ("suimon.dag", "Run Finished")
    assert json.loads(entry["Detail"]) == detail
    assert "列" in entry["Detail"]


def test_a_refused_entry_is_an_error_though_the_call_succeeds(conf: dict[str, Any]) -> None:
    with pytest.raises(ReportError, match="ThrottlingException: slow down"):
        publish(Bus(refuses=True), finished(conf))


def test_errors_say_their_kind_unless_it_says_nothing() -> None:
    class AirflowFailException(Exception):  # noqa: N818 Airflow's name
        pass

    assert error_text(AirflowFailException("the table holds 2 rows")) == "the table holds 2 rows"
    assert error_text(KeyError("rows")) == "KeyError: 'rows'"
    assert error_text(TimeoutError()) == "TimeoutError"
    assert error_text(None) == "no exception was recorded; see the task's log"
