"""The event that tells how a run ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from suimon.drops.run_finished_event import RunFinished
from suimon.drops.states import State
from suimon_etl.report import Ending, ReportError, committed_by, ending_of, error_text, publish, run_finished
from suimon_etl.request import RunRequest

STEPS = ("run_glue", "check_parquet", "load_redshift")
DONE = dict.fromkeys(STEPS, "success")
LOADED = Ending()

LOG = (
    "https://a.c1.ap-northeast-1.airflow.amazonaws.com/dags/daily_sales_etl/runs/0123456789abcdef.1/tasks/load_redshift"
)


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


def finished(conf: dict[str, Any], ending: Ending = LOADED) -> dict[str, Any]:
    return run_finished(
        RunRequest.from_params(conf),
        dag_id="daily_sales_etl",
        run_id="0123456789abcdef.1",
        parquet_rows=3,
        table_rows=3 if ending.outcome == "loaded" else None,
        ending=ending,
        committed=ending.outcome == "loaded",
        log_url=LOG,
    )


WITHOUT_ERROR = (
    "load_redshift failed without an error of its own: it or its worker was killed, or it was marked; see its log"
)


def test_a_run_of_successes_has_loaded() -> None:
    assert ending_of(STEPS, DONE, {}, None) == LOADED
    assert LOADED.outcome == "loaded"


def test_the_step_that_failed_is_named_not_those_after_it() -> None:
    states = DONE | {"check_parquet": "failed", "load_redshift": "upstream_failed"}
    assert ending_of(STEPS, states, {"check_parquet": "part-0 is missing"}, None) == Ending(
        "check_parquet", "part-0 is missing"
    )


def test_a_step_killed_without_an_exception_is_still_named() -> None:
    ending = ending_of(STEPS, DONE | {"load_redshift": "failed"}, {"load_redshift": None}, None)
    assert ending == Ending("load_redshift", WITHOUT_ERROR)


@pytest.mark.parametrize("state", ["skipped", "upstream_failed", "removed", None])
def test_a_step_that_did_not_run_is_no_success(state: str | None) -> None:
    ending = ending_of(STEPS, DONE | {"load_redshift": state}, {}, None)
    assert (ending.outcome, ending.failed_task) == ("failed", "load_redshift")


def test_what_the_fence_skipped_is_superseded() -> None:
    ending = ending_of(STEPS, DONE | {"load_redshift": "skipped"}, {}, "fedcba9876543210.1")
    assert ending == Ending(superseded_by="fedcba9876543210.1")
    assert ending.outcome == "superseded"


@pytest.mark.parametrize("state", ["failed", "upstream_failed", "running", None])
def test_the_fence_excuses_nothing_that_it_did_not_skip(state: str | None) -> None:
    ending = ending_of(STEPS, DONE | {"check_parquet": state, "load_redshift": "skipped"}, {}, "fedcba9876543210.1")
    assert (ending.outcome, ending.failed_task) == ("failed", "check_parquet")


def test_the_outcome_function_understands_a_loaded_run(conf: dict[str, Any]) -> None:
    told = RunFinished.from_event({"detail": finished(conf)})

    assert (told.drop_id, told.attempt, told.state) == ("0123456789abcdef", 1, State.LOADED)
    assert told.rows == {"file": 3, "parquet": 3, "table": 3}
    assert (told.failed_task, told.error, told.log_url) == (None, None, None)


def test_the_outcome_function_understands_a_failed_run(conf: dict[str, Any]) -> None:
    told = RunFinished.from_event({"detail": finished(conf, Ending("load_redshift", "x" * 5_000))})

    assert told.state is State.FAILED
    assert told.rows == {"file": 3, "parquet": 3, "table": None}
    assert told.failed_task == "load_redshift"
    assert told.error == "x" * 1_000
    assert told.log_url == LOG


def test_the_outcome_function_understands_a_superseded_run(conf: dict[str, Any]) -> None:
    detail = finished(conf, Ending(superseded_by="fedcba9876543210.1"))
    told = RunFinished.from_event({"detail": detail})

    assert told.state is State.SUPERSEDED
    assert told.rows == {"file": 3, "parquet": 3, "table": None}
    assert (told.failed_task, told.error, told.log_url) == (None, None, None)
    assert detail["superseded_by"] == "fedcba9876543210.1"


def test_the_event_goes_to_the_bus_of_its_stack_as_readable_text(conf: dict[str, Any]) -> None:
    bus = Bus()
    detail = finished(conf, Ending("run_glue", "列 amount"))

    assert publish(bus, "suimon-events", detail) == "e-1"
    (entry,) = bus.entries
    assert entry.keys() == {"EventBusName", "Source", "DetailType", "Detail"}
    assert entry["EventBusName"] == "suimon-events"
    assert (entry["Source"], entry["DetailType"]) == ("suimon.dag", "Run Finished")
    assert json.loads(entry["Detail"]) == detail
    assert "列" in entry["Detail"]


def test_a_refused_entry_is_an_error_though_the_call_succeeds(conf: dict[str, Any]) -> None:
    with pytest.raises(ReportError, match="ThrottlingException: slow down"):
        publish(Bus(refuses=True), "suimon-events", finished(conf))


def test_errors_say_their_kind_unless_it_says_nothing() -> None:
    class AirflowFailException(Exception):  # noqa: N818 Airflow's name
        pass

    assert error_text(AirflowFailException("the table holds 2 rows")) == "the table holds 2 rows"
    assert error_text(KeyError("rows")) == "KeyError: 'rows'"
    assert error_text(TimeoutError()) == "TimeoutError"


@pytest.mark.parametrize(
    ("state", "committed"),
    [("success", True), ("failed", None), ("skipped", False), ("upstream_failed", False), (None, False)],
)
def test_the_report_says_whether_the_rows_stand_in_the_table(
    state: str | None,
    committed: bool | None,  # noqa: FBT001 a case
) -> None:
    assert committed_by("load_redshift", DONE | {"load_redshift": state}) is committed


def test_the_ledgers_side_reads_whether_the_rows_stand_there(conf: dict[str, Any]) -> None:
    detail = finished(conf, Ending("check_quality", "rate beyond its maximum"))
    assert RunFinished.from_event({"detail": detail | {"committed": True}}).committed is True
    assert RunFinished.from_event({"detail": detail | {"committed": None}}).committed is None
    assert RunFinished.from_event({"detail": detail}).committed is False
