"""Promise 7 on real SQL: a load again changes nothing, an older drop never overwrites a newer one of its partition.

The batch is the DAGs' own, sent to the twin's Data API. A drop is named by a digit: drop 2 was written after drop 1.
Its file has as many rows as its digit, and the key of each begins with it, so that the table tells whose it is.
"""

from __future__ import annotations

import random
import re
import sys
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.redshift import dialect
from local.redshift.session import Session
from tests.dags.redshift_hook import hook
from tests.datasets import DATASETS, statements
from tests.twin.redshift_server import COPY_ROLE, Endpoint, endpoint
from tests.waiting import eventually

sys.path.append(str(Path(__file__).parents[2] / "dags"))  # as Airflow does

from suimon_etl.load import BATCH, FENCE, QuestionError, failed_statement, load_parameters, load_statements, newer_load
from suimon_etl.quality import judge, partition_figures
from suimon_etl.request import Redshift, RunRequest
from suimon_etl.tables import Column, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE, DAY, DAY_BEFORE = "sales_fact", "2026-11-20", "2026-11-19"
STATEMENTS = len(BATCH)
ARROW = {
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "integer": pa.int32(),
}


@pytest.fixture
def redshift(tmp_path: Path) -> Iterator[Endpoint]:
    with endpoint(tmp_path) as running:
        assert running.run(*statements().values())["Status"] == "FINISHED"
        yield running


def has_started(redshift: Endpoint, statement: str) -> bool:
    return redshift.client().describe_statement(Id=statement)["Status"] == "STARTED"


def cell(column: Column, key: str, name: str, day: date) -> Any:
    """Return what a column holds: `name` in the key, the day in dates, anything in the rest."""
    if column.name == key:
        return name
    return {
        "string": column.allowed[0] if column.allowed else "抹茶",
        "date": day,
        "timestamp": datetime(day.year, day.month, day.day, 1, 2, 3),  # noqa: DTZ001 TIMESTAMP has no zone
        "integer": 1,
        "decimal": Decimal("1.00"),
    }[column.type]


def given(
    redshift: Endpoint, drop: int, attempt: int = 1, partition: str = DAY, changes: int = 0, dataset: str = "sales"
) -> RunRequest:
    """Return the run of one attempt at a drop, with its Parquet in place; `changes` counts writes without an event."""
    drop_id, rows = f"{drop:x}" * 16, drop
    folder = f"processed/{dataset}/{partition}/{drop_id}.{attempt}/"
    parquet = redshift.bucket / folder / "part-0.parquet"
    parquet.parent.mkdir(parents=True, exist_ok=True)
    table, day = table_of(dataset), date.fromisoformat(partition)
    key = table.keys[0][0]
    schema = pa.schema([(column.name, ARROW.get(column.type) or _decimal(column)) for column in table.columns])
    written = [
        {column.name: cell(column, key, f"{drop}-{row}", day) for column in table.columns} for row in range(rows)
    ]
    pq.write_table(pa.Table.from_pylist(written, schema=schema), parquet, use_deprecated_int96_timestamps=True)
    return RunRequest(
        dataset=dataset,
        partition=partition,
        drop_id=drop_id,
        attempt=attempt,
        # The digit last but one, for S3's sequencers differ anywhere.
        written=f"{f'00{drop:x}F'.ljust(32, '0')}.{changes:08}",
        rows=rows,
        source_uri="s3://lake/accepted/sales_data.csv",
        contract_uri="s3://lake/accepted/_contract.json",
        target_uri=f"s3://lake/{folder}",
        glue_job="csv-to-parquet",
        redshift=Redshift(database="analytics", workgroup_name="suimon-local"),
        copy_role_arn=COPY_ROLE,
        event_bus="suimon",
    )


def _decimal(column: Column) -> pa.DataType:
    precision, scale = re.findall(r"[0-9]+", column.sql)
    return pa.decimal128(int(precision), int(scale))


def send(redshift: Endpoint, request: RunRequest, break_before: int | None = None) -> str:
    """Start the batch; `break_before` that statement, or before the commit, it ends as if its connection had broken."""
    table, sums = table_of(request.dataset), control_sums(request)
    sqls = load_statements(table.name, request, sums)
    assert len(sqls) == STATEMENTS
    if break_before is not None:
        sqls.insert(break_before, f"SELECT 1 / (COUNT(*) - COUNT(*)) FROM {table.name}")  # noqa: S608 a name of our own
    return redshift.client().batch_execute_statement(
        Sqls=sqls,
        Parameters=load_parameters(request, sums),  # type: ignore[arg-type] # plain dicts, for Airflow's operator
        Database="analytics",
        WorkgroupName="suimon-local",
    )["Id"]


def control_sums(request: RunRequest) -> dict[str, str]:
    """Return what the Glue job would report: every number of `given` is one."""
    return {column.name: str(request.rows) for column in table_of(request.dataset).summed}


def load(redshift: Endpoint, request: RunRequest) -> dict[str, Any]:
    return redshift.ended(send(redshift, request))


def was_fenced(described: dict[str, Any]) -> bool:
    if described["Status"] == "FINISHED":
        return False
    assert failed_statement(described) == FENCE, described["Error"]
    return True


def loaded_drop(redshift: Endpoint, partition: str = DAY, dataset: str = "sales") -> int | None:
    """Return whose file the partition is; fails when it is no whole file, or one and a half."""
    table = table_of(dataset)
    rows = redshift.rows(
        f"SELECT {table.keys[0][0]} FROM {table.name} WHERE {table.partition[0].column} = CAST(:day AS DATE)",  # noqa: S608 as above
        day=partition,
    )
    drops = {int(key.partition("-")[0]) for (key,) in rows}
    assert len(drops) <= 1
    assert len(rows) == sum(drops)
    return drops.pop() if drops else None


def logged(redshift: Endpoint, partition: str = DAY, dataset: str = "sales") -> list[tuple[int, int, int]]:
    """Return drop, attempt and rows of each load of the partition, as they were written."""
    rows = redshift.rows(
        f"SELECT drop_id, attempt, row_count FROM {table_of(dataset).name}_loads "  # noqa: S608 as above
        "WHERE partition_key = :day ORDER BY written, attempt",
        day=partition,
    )
    return [(int(drop[0], 16), attempt, count) for drop, attempt, count in rows]


@pytest.mark.parametrize("dataset", DATASETS)
def test_an_older_drop_that_comes_last_changes_nothing(redshift: Endpoint, dataset: str) -> None:
    older, newer = given(redshift, 1, dataset=dataset), given(redshift, 2, dataset=dataset)
    assert not was_fenced(load(redshift, newer))

    assert was_fenced(load(redshift, older))

    assert loaded_drop(redshift, dataset=dataset) == 2
    assert logged(redshift, dataset=dataset) == [(2, 1, 2)]


def test_a_correction_replaces_what_it_corrects(redshift: Endpoint) -> None:
    assert not was_fenced(load(redshift, given(redshift, 1)))
    assert not was_fenced(load(redshift, given(redshift, 2)))
    assert loaded_drop(redshift) == 2
    assert logged(redshift) == [(1, 1, 1), (2, 1, 2)]


def test_a_write_whose_event_never_came_is_later_than_the_one_it_follows(redshift: Endpoint) -> None:
    known, found = given(redshift, 3), given(redshift, 2)
    found = replace(found, written=known.written.replace(".00000000", ".00000001"))
    load(redshift, found)
    assert was_fenced(load(redshift, known))
    assert not was_fenced(load(redshift, given(redshift, 4)))


def test_the_fence_says_which_run_stands_there(redshift: Endpoint) -> None:
    older, newer = given(redshift, 1), given(redshift, 3, attempt=2)
    load(redshift, given(redshift, 2))
    load(redshift, newer)

    error = load(redshift, older)["Error"]

    assert f"loaded is {newer.written} by run 3333333333333333.2, later than " in error
    assert newer_load(hook(redshift.client()), TABLE, older) == "3333333333333333.2"
    assert newer_load(hook(redshift.client()), TABLE, newer) is None


def test_a_partition_is_fenced_by_its_own_loads_only(redshift: Endpoint) -> None:
    load(redshift, given(redshift, 2))
    assert not was_fenced(load(redshift, given(redshift, 1, partition=DAY_BEFORE)))
    assert (loaded_drop(redshift, DAY_BEFORE), loaded_drop(redshift)) == (1, 2)


def test_the_next_attempt_at_a_drop_loads_it_again_and_an_earlier_one_no_more(redshift: Endpoint) -> None:
    first, second = given(redshift, 2), given(redshift, 2, attempt=10)
    assert not was_fenced(load(redshift, first))
    assert not was_fenced(load(redshift, second))
    assert was_fenced(load(redshift, replace(first, attempt=9, target_uri=first.target_uri)))
    assert loaded_drop(redshift) == 2
    assert logged(redshift) == [(2, 1, 2), (2, 10, 2)]


def test_a_replay_of_an_older_drop_is_kept_out_too(redshift: Endpoint) -> None:
    load(redshift, given(redshift, 1))
    load(redshift, given(redshift, 2))
    assert was_fenced(load(redshift, given(redshift, 1, attempt=2)))
    assert loaded_drop(redshift) == 2


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_load_that_broke_off_anywhere_is_simply_sent_again(redshift: Endpoint, dataset: str) -> None:
    for place in range(STATEMENTS + 1):
        day = f"2026-10-{place + 1:02}"
        load(redshift, given(redshift, 1, partition=day, dataset=dataset))
        request = given(redshift, 2, partition=day, dataset=dataset)

        assert redshift.ended(send(redshift, request, break_before=place))["Status"] == "FAILED"
        assert (loaded_drop(redshift, day, dataset), logged(redshift, day, dataset)) == (1, [(1, 1, 1)])

        assert not was_fenced(load(redshift, request))
        assert (loaded_drop(redshift, day, dataset), logged(redshift, day, dataset)) == (2, [(1, 1, 1), (2, 1, 2)])


def test_a_load_whose_answer_was_lost_is_logged_once(redshift: Endpoint) -> None:
    request = given(redshift, 2)
    assert not was_fenced(load(redshift, request))
    assert not was_fenced(load(redshift, request))
    assert (loaded_drop(redshift), logged(redshift)) == (2, [(2, 1, 2)])


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
@pytest.mark.parametrize("dataset", DATASETS)
def test_of_two_loads_at_once_the_newer_stays(redshift: Endpoint, dataset: str, first: int, second: int) -> None:
    for place in range(1, STATEMENTS + 1) if dataset == "sales" else (1, BATCH.index("delete") + 1, STATEMENTS):
        day = f"2026-10-{place:02}"
        holder = given(redshift, first, partition=day, dataset=dataset)
        waiter = given(redshift, second, partition=day, dataset=dataset)
        # The first as a session of the endpoint's own, so that the second comes when it has done so many statements.
        session = Session(redshift.warehouse, pid=101)
        sums = control_sums(holder)
        parameters = {parameter["name"]: parameter["value"] for parameter in load_parameters(holder, sums)}
        batch = load_statements(table_of(dataset).name, holder, sums)
        plans = [dialect.plan(sql, frozenset(parameters)) for sql in batch]
        session.begin()
        for query, plan in enumerate(plans[:place]):
            session.run(plan, parameters, query)
        waiting = send(redshift, waiter)
        eventually(partial(has_started, redshift, f"{waiting}:1"))
        for query, plan in enumerate(plans[place:], start=place):
            session.run(plan, parameters, query)
        session.commit()
        session.close()

        assert was_fenced(redshift.ended(waiting)) is (second < first)
        assert loaded_drop(redshift, day, dataset) == 2
        assert logged(redshift, day, dataset) == ([(2, 1, 2)] if second < first else [(1, 1, 1), (2, 1, 2)])


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_when_the_partition_is_that_of_the_latest_write(redshift: Endpoint, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 a schedule, not a secret
    runs = [given(redshift, drop, attempt) for drop in range(1, 5) for attempt in (1, 2)]
    committed: set[tuple[int, int]] = set()
    for _ in range(6):
        sent = [(run, send(redshift, run)) for run in chance.choices(runs, k=3)]  # under way together
        for run, statement in sent:
            if not was_fenced(redshift.ended(statement)):
                committed.add((int(run.drop_id[0], 16), run.attempt))
        assert loaded_drop(redshift) == max(committed)[0]
    assert [(drop, attempt) for drop, attempt, _ in logged(redshift)] == sorted(committed)


def test_a_load_that_was_replaced_before_its_check_is_told_so_by_the_log(redshift: Endpoint) -> None:
    ours, theirs = given(redshift, 1), given(redshift, 2)
    load(redshift, ours)
    load(redshift, theirs)

    asked = hook(redshift.client())
    assert judge(TABLE, ours, partition_figures(asked, TABLE, ours)).problems
    assert newer_load(asked, TABLE, ours) == f"{theirs.drop_id}.1"
    assert not judge(TABLE, theirs, partition_figures(asked, TABLE, theirs)).problems


def test_rows_that_went_missing_are_nobody_elses_load(redshift: Endpoint) -> None:
    request = given(redshift, 2)
    load(redshift, request)
    redshift.run("DELETE FROM sales_fact WHERE order_id = '2-0'")

    asked = hook(redshift.client())
    assert judge(TABLE, request, partition_figures(asked, TABLE, request)).problems
    assert newer_load(asked, TABLE, request) is None


def test_without_its_log_nothing_is_loaded_and_nothing_called_superseded(redshift: Endpoint) -> None:
    request = given(redshift, 1)
    redshift.run("DROP TABLE sales_fact_loads")

    described = load(redshift, request)

    assert failed_statement(described) == FENCE  # the place alone would say that it was fenced off
    with pytest.raises(QuestionError, match='relation "sales_fact_loads" does not exist'):
        newer_load(hook(redshift.client()), TABLE, request)
    assert loaded_drop(redshift) is None
