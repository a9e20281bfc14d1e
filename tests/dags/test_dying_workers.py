"""Tasks and workers that are killed when AWS has done what they asked and nobody knows: on a real Airflow, real SQL.

The same Airflow meets rows of persons over which Spark, the load or the check fails (`personal_runs`).

    the task's process                     AWS (ours)                                     Airflow
    last call ──────────────────────────▶  does it
                                           kills the process, or its supervisor as well
                                                                                          sees no success: tries again

All runs share the start of Airflow, about 20 s, and the silence of 45 s after which it takes a worker for dead. On a
busy machine Airflow tries more often than it was made to: asserted is what is promised, not the number of tries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.dags.personal_runs import (
    BY_DAY,
    MARKER,
    OF_TRIGGERS,
    PARQUET,
    REDSHIFT_ERRORS,
    SPARK,
    SPARKS_ERROR,
    WHY,
    WITH_PERSONS,
    written_of_runs,
)
from tests.dags.running_airflow import TOPIC, Kill, Running, conf_of, partition_in, running_airflow
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.process
SALES, INVENTORY = "daily_sales_etl", "inventory_etl"
# A day is a run.
EVERY_TASK, A_WORKER, TASKS_FOR_GOOD, WORKER_AT_LAST, LATE = (f"2026-11-0{day}" for day in range(1, 6))
# The call after which a task is killed: its last, and with it done, its work. Not so of the two that wait: run_glue has
# only begun the job, load_redshift only sent the batch, and both go on without them.
LAST_CALLS = {
    "run_glue": "AWSGlue.StartJobRun",
    "check_parquet": r"S3\.List .*\.1/&.*",  # of the folder; the first listing is of the result beside it
    "load_redshift": "RedshiftData.BatchExecuteStatement",
    "check_quality": "RedshiftData.GetStatementResult",
    "report_outcome": "AWSEvents.PutEvents",
}
KILLS = {
    EVERY_TASK: [Kill(call) for call in LAST_CALLS.values()],
    A_WORKER: [Kill(LAST_CALLS["load_redshift"], worker=True)],
    TASKS_FOR_GOOD: [Kill(LAST_CALLS["run_glue"]), Kill(LAST_CALLS["run_glue"])],
    WORKER_AT_LAST: [Kill(LAST_CALLS["run_glue"]), Kill(LAST_CALLS["run_glue"], worker=True)],
}


@pytest.fixture(scope="module")
def persons(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The days with rows of persons: by day those that fail in ways of their own."""
    return WITH_PERSONS if request.config.getoption("--long") else BY_DAY


@pytest.fixture(scope="module")
def airflow(
    tmp_path_factory: pytest.TempPathFactory, conf: dict[str, Any], persons: tuple[str, ...]
) -> Iterator[Running]:
    """An Airflow whose runs have ended."""
    with running_airflow(tmp_path_factory.mktemp("airflow")) as running:
        running.cloud.kills = KILLS
        running.cloud.failing = {TASKS_FOR_GOOD: "", WORKER_AT_LAST: "", SPARK: SPARKS_ERROR}
        running.cloud.parquet, running.cloud.redshift_errors = PARQUET, REDSHIFT_ERRORS
        # First those that wait for a silence.
        for day in (WORKER_AT_LAST, A_WORKER, EVERY_TASK, TASKS_FOR_GOOD, *persons):
            running.open_run(SALES, conf_of(conf, "sales", day))
        running.open_run(INVENTORY, conf_of(conf, "inventory", LATE))

        def ended() -> bool:
            return not {"queued", "running"} & {*running.states(SALES).values(), *running.states(INVENTORY).values()}

        eventually(ended, "the end of every run", pause=2)
        yield running


def test_everybody_who_was_to_be_killed_was(airflow: Running) -> None:
    assert [kill for kills in KILLS.values() for kill in kills if kill.times] == []
    assert len(airflow.cloud.killed) == sum(map(len, KILLS.values()))


def test_a_run_whose_every_task_is_killed_once_loads_and_tells_so(airflow: Running) -> None:
    tries = airflow.tries(SALES, EVERY_TASK)

    assert [task for task in LAST_CALLS if tries[task] < 2] == []
    assert airflow.states(SALES)[EVERY_TASK] == "success"
    # Reported again after the kill, and each time the same: the ledger enters it once.
    first, *others = airflow.told(EVERY_TASK)
    assert others
    assert [told for told in others if told != first] == []
    assert (first["outcome"], first["rows"]) == ("loaded", {"file": 3, "parquet": 3, "table": 3})


def test_the_load_of_a_worker_that_is_gone_is_made_again(airflow: Running) -> None:
    assert airflow.tries(SALES, A_WORKER)["load_redshift"] > 1
    first, *others = airflow.told(A_WORKER)
    assert [told for told in others if told != first] == []
    assert (first["outcome"], first["rows"]) == ("loaded", {"file": 3, "parquet": 3, "table": 3})


def test_the_table_holds_each_partition_once_however_often_it_was_loaded(airflow: Running) -> None:
    rows = airflow.cloud.redshift.rows(
        "SELECT order_date, count(*), count(DISTINCT order_id), sum(amount) FROM sales_fact "
        "WHERE order_date >= '2026-11-01' GROUP BY 1 ORDER BY 1"
    )
    assert rows == [[day, 3, 3, "600.00"] for day in (EVERY_TASK, A_WORKER)]
    assert airflow.cloud.redshift.rows("SELECT count(*) FROM sales_fact_loads WHERE partition_key >= '2026-11-01'") == [
        [2]
    ]


def test_no_glue_job_is_started_while_one_writes_the_folder(airflow: Running) -> None:
    assert airflow.cloud.started_beside == []
    started = [partition_in(run["--target_uri"]) for run in airflow.cloud.job_runs]
    # One that has failed is started again.
    assert set(started) >= set(KILLS)
    assert [day for day in (TASKS_FOR_GOOD, WORKER_AT_LAST) if started.count(day) < 2] == []


@pytest.mark.parametrize("day", [TASKS_FOR_GOOD, WORKER_AT_LAST])
def test_a_run_that_dies_for_good_is_told_with_its_task_why_and_where_to_look(airflow: Running, day: str) -> None:
    assert airflow.states(SALES)[day] == "failed"
    told, *others = airflow.told(day)
    assert [other for other in others if other != told] == []
    assert (told["outcome"], told["failed_task"]) == ("failed", "run_glue")
    assert told["rows"] == {"file": 3, "parquet": None, "table": None}
    assert told["error"] == (
        "run_glue failed without an error of its own: it or its worker was killed, or it was marked; see its log"
    )
    assert told["log_url"] == f"{airflow.site.url}/dags/{SALES}/runs/{told['run_id']}/tasks/run_glue"


def test_a_late_run_is_reported_by_the_triggerer_itself(airflow: Running) -> None:
    message, *others = airflow.cloud.messages
    assert [other for other in others if other["Subject"] != message["Subject"]] == []
    assert message["TargetArn"] == TOPIC
    assert message["Subject"] == "[WARNING] A run of inventory_etl is late"
    assert "A run of inventory_etl has not ended 0:00:01 after it was queued" in message["Message"]


def test_no_row_of_a_person_is_written_down_whatever_fails_over_it(airflow: Running, persons: tuple[str, ...]) -> None:
    states = airflow.states(SALES)
    assert {day: states[day] for day in persons} == dict.fromkeys(persons, "failed")
    told = {day: [detail["error"] for detail in airflow.told(day)] for day in persons}
    assert {day: [error for error in errors if WHY[day] not in error] for day, errors in told.items()} == {
        day: [] for day in persons
    }
    written = list(written_of_runs(airflow))
    found = {where for where, text in written if MARKER in text}
    assert {where for where in found if not OF_TRIGGERS.fullmatch(where)} == set()
    # The same look finds what may be said of them.
    for day in persons:
        places = {where.partition(" ")[0] for where, text in written if day in text}
        assert places == {"event", "log", "table"}
