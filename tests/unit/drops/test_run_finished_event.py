"""What is read of a "Run Finished" event, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from suimon.drops.run_finished_event import LONGEST_ERROR, LONGEST_ID, OutcomeError, RunFinished
from suimon.drops.states import State

PAGE = "https://1-vpce.c2.airflow.ap-northeast-1.on.aws/dags/dag/runs/d.2"
DETAIL: dict[str, Any] = {
    "drop_id": "d",
    "attempt": "2",
    "dag_id": "dag",
    "run_id": "d.2",
    "outcome": "failed",
    "rows": {"file": 3, "parquet": 3, "table": None},
    "failed_task": "load_redshift",
    "error": "the disk is full",
    "log_url": f"{PAGE}/tasks/load_redshift",
    "committed": False,
}


def read(**changed: object) -> RunFinished:
    return RunFinished.from_event({"detail": DETAIL | changed})


def test_every_field_is_taken_as_it_is_said() -> None:
    assert read() == RunFinished(
        drop_id="d",
        attempt=2,
        dag_id="dag",
        run_id="d.2",
        state=State.FAILED,
        rows={"file": 3, "parquet": 3, "table": None},
        failed_task="load_redshift",
        error="the disk is full",
        log_url=f"{PAGE}/tasks/load_redshift",
        committed=False,
    )


def test_what_only_a_failure_has_may_be_absent() -> None:
    needed = {"drop_id", "attempt", "dag_id", "run_id", "outcome", "rows"}
    run = RunFinished.from_event({"detail": {name: value for name, value in DETAIL.items() if name in needed}})
    assert (run.failed_task, run.error, run.log_url, run.committed) == (None, None, None, None)


@pytest.mark.parametrize("name", ["drop_id", "attempt", "dag_id", "run_id", "outcome", "rows"])
def test_a_field_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(OutcomeError, match=f"not a Run Finished event: {name} is missing"):
        RunFinished.from_event({"detail": {key: value for key, value in DETAIL.items() if key != name}})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("outcome", "perhaps", "outcome is perhaps, none of loaded, failed, superseded"),
        ("attempt", "first", "attempt is 'first', no whole number from 1 to 1000000"),
        ("attempt", 10**40, "attempt is of 133 bits, no whole number from 1 to 1000000"),
        ("attempt", 1.0, "attempt is 1.0, no whole number"),
        ("attempt", True, "attempt is True, no whole number"),
        ("rows", 3, "rows is 3, no object"),
        ("rows", {"table": 0.5}, "table is 0.5, no whole number from 0"),
        ("rows", {"table": [1]}, "table is a list of 1, no whole number"),
        ("drop_id", "", "drop_id is '', no text of 1 to 250 bytes"),
        ("error", 7, "error is no text"),
    ],
)
def test_a_value_that_is_not_known_is_refused(name: str, value: object, said: str) -> None:
    with pytest.raises(OutcomeError, match=said):
        read(**{name: value})


def test_texts_of_others_are_as_long_as_people_can_read() -> None:
    run = read(dag_id="d" * 999, run_id="r" * 999, failed_task="t" * 999, error="e" * 9_999)
    assert {len(text) for text in (run.dag_id, run.run_id, run.failed_task or "")} == {LONGEST_ID}
    assert len(run.error or "") == LONGEST_ERROR


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        (PAGE, True),
        (f"{PAGE}/tasks/run.glue-1", True),
        (f"{PAGE}/tasks/", False),
        (f"{PAGE}/tasks/a/b", False),
        (PAGE.replace("d.2", "d.3"), False),
        (PAGE.replace("d.2", "dx2"), False),
        (PAGE.replace("https", "http"), False),
        (PAGE.replace("airflow.", "airflow-"), False),
        ("https://x.airflow.amazonaws.com/dags/dag/runs/d.2", True),
        ("https://x.airflow.amazonaws.com.cn/dags/dag/runs/d.2", True),
        ("https://x.airflow.amazonaws.com.evil/dags/dag/runs/d.2", False),
        ("", False),
        (None, False),
    ],
)
def test_a_link_leads_to_a_page_of_this_run_in_mwaa_or_nowhere(url: str | None, *, is_own: bool) -> None:
    assert read(log_url=url).log_url == (url if is_own else None)
