"""Promise 7 on real SQL: a load again changes nothing, an older drop never overwrites a newer one of its partition.

The batch is the sales DAG's own, sent to the twin's Data API. A drop is named by a digit: drop 2 was written after
drop 1. Its file has as many rows as its digit, and every order id begins with it, so that the table tells whose it is.
"""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.redshift import dialect
from local.redshift.errors import RedshiftError
from local.redshift.session import Session
from suimon.warehouse import ddl
from tests.twin.redshift_server import COPY_ROLE, Endpoint, endpoint, wait_until

sys.path.append(str(Path(__file__).parents[2] / "dags"))  # as Airflow does

from suimon_etl.load import BATCH, FENCE, failed_statement, load_parameters, load_statements, newer_load
from suimon_etl.quality import judge, partition_figures
from suimon_etl.request import Redshift, RunRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE, DAY, DAY_BEFORE = "sales_fact", "2026-11-20", "2026-11-19"
STATEMENTS = len(BATCH)
SCHEMA = pa.schema(
    [
        *(("order_id", pa.string()), ("order_date", pa.date32()), ("customer_id", pa.string())),
        *(("product_name", pa.string()), ("quantity", pa.int32())),
        *(("unit_price", pa.decimal128(12, 2)), ("amount", pa.decimal128(14, 2))),
    ]
)


@pytest.fixture
def redshift(tmp_path: Path) -> Iterator[Endpoint]:
    with endpoint(tmp_path) as running:
        assert running.run(*ddl.statements().values())["Status"] == "FINISHED"
        yield running


def given(redshift: Endpoint, drop: int, attempt: int = 1, partition: str = DAY, changes: int = 0) -> RunRequest:
    """Give the run of one attempt at a drop, with its Parquet in place; `changes` counts writes without an event."""
    drop_id, rows = f"{drop:x}" * 16, drop
    folder = f"processed/sales/{partition}/{drop_id}.{attempt}/"
    parquet = redshift.bucket / folder / "part-0.parquet"
    parquet.parent.mkdir(parents=True, exist_ok=True)
    price = Decimal("1.00")
    pq.write_table(
        pa.Table.from_pylist(
            [
                dict(
                    zip(
                        SCHEMA.names,
                        (f"{drop}-{row}", date.fromisoformat(partition), "C-1", "抹茶", 1, price, price),
                        strict=True,
                    )
                )
                for row in range(rows)
            ],
            schema=SCHEMA,
        ),
        parquet,
    )
    return RunRequest(
        dataset="sales",
        partition=partition,
        drop_id=drop_id,
        attempt=attempt,
        # The digit last but one, for S3's sequencers differ anywhere.
        written=f"{f'00{drop:x}F'.ljust(32, '0')}.{changes:04}",
        rows=rows,
        source_uri="s3://lake/accepted/sales_data.csv",
        contract_uri="s3://lake/accepted/_contract.json",
        target_uri=f"s3://lake/{folder}",
        glue_job="csv-to-parquet",
        redshift=Redshift(database="analytics", workgroup_name="suimon-local"),
        copy_role_arn=COPY_ROLE,
    )


def send(redshift: Endpoint, request: RunRequest, break_before: int | None = None) -> str:
    """Start the batch; `break_before` that statement, or before the commit, it ends as if its connection had broken."""
    sqls = load_statements(TABLE, request)
    assert len(sqls) == STATEMENTS
    if break_before is not None:
        sqls.insert(break_before, "SELECT 1 / (COUNT(*) - COUNT(*)) FROM sales_fact")
    return redshift.client().batch_execute_statement(
        Sqls=sqls,
        Parameters=load_parameters(request),  # type: ignore[arg-type] # plain dicts, for Airflow's operator
        Database="analytics",
        WorkgroupName="suimon-local",
    )["Id"]


def load(redshift: Endpoint, request: RunRequest) -> dict[str, Any]:
    return redshift.ended(send(redshift, request))


def was_fenced(described: dict[str, Any]) -> bool:
    if described["Status"] == "FINISHED":
        return False
    assert failed_statement(described) == FENCE, described["Error"]
    return True


def loaded_drop(redshift: Endpoint, partition: str = DAY) -> int | None:
    """Say whose file the partition is; fails when it is no whole file, or one and a half."""
    rows = redshift.rows("SELECT order_id FROM sales_fact WHERE order_date = CAST(:day AS DATE)", day=partition)
    drops = {int(order.partition("-")[0]) for (order,) in rows}
    assert len(drops) <= 1
    assert len(rows) == sum(drops)
    return drops.pop() if drops else None


def logged(redshift: Endpoint, partition: str = DAY) -> list[tuple[int, int, int]]:
    """Give drop, attempt and rows of each load of the partition, as they were written."""
    rows = redshift.rows(
        "SELECT drop_id, attempt, row_count FROM sales_fact_loads WHERE partition_key = :day ORDER BY written, attempt",
        day=partition,
    )
    return [(int(drop[0], 16), attempt, count) for drop, attempt, count in rows]


def hook(redshift: Endpoint) -> Any:
    """Stand in for the provider's hook, of which two members are used; it needs Airflow."""

    def execute_query(sql: str, parameters: list[dict[str, str]], **_: Any) -> SimpleNamespace:
        described = redshift.run(sql, **{parameter["name"]: parameter["value"] for parameter in parameters})
        if described["Status"] != "FINISHED":
            raise RedshiftError(described["Error"])
        return SimpleNamespace(statement_id=described["Id"])

    return SimpleNamespace(execute_query=execute_query, conn=redshift.client())


def test_an_older_drop_that_comes_last_changes_nothing(redshift: Endpoint) -> None:
    older, newer = given(redshift, 1), given(redshift, 2)
    assert not was_fenced(load(redshift, newer))

    assert was_fenced(load(redshift, older))

    assert loaded_drop(redshift) == 2
    assert logged(redshift) == [(2, 1, 2)]


def test_a_correction_replaces_what_it_corrects(redshift: Endpoint) -> None:
    assert not was_fenced(load(redshift, given(redshift, 1)))
    assert not was_fenced(load(redshift, given(redshift, 2)))
    assert loaded_drop(redshift) == 2
    assert logged(redshift) == [(1, 1, 1), (2, 1, 2)]


def test_a_write_whose_event_never_came_is_later_than_the_one_it_follows(redshift: Endpoint) -> None:
    known, found = given(redshift, 3), given(redshift, 2)
    found = replace(found, written=known.written.replace(".0000", ".0001"))
    load(redshift, found)
    assert was_fenced(load(redshift, known))
    assert not was_fenced(load(redshift, given(redshift, 4)))


def test_the_fence_says_which_run_stands_there(redshift: Endpoint) -> None:
    older, newer = given(redshift, 1), given(redshift, 3, attempt=2)
    load(redshift, given(redshift, 2))
    load(redshift, newer)

    error = load(redshift, older)["Error"]

    assert f"written {older.written}" in error
    assert f"was written {newer.written}, loaded by run 3333333333333333.2" in error
    assert newer_load(hook(redshift), TABLE, older) == "3333333333333333.2"
    assert newer_load(hook(redshift), TABLE, newer) is None


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


def test_a_load_that_broke_off_anywhere_is_simply_sent_again(redshift: Endpoint) -> None:
    for place in range(STATEMENTS + 1):
        day = f"2026-10-{place + 1:02}"
        load(redshift, given(redshift, 1, partition=day))
        request = given(redshift, 2, partition=day)

        assert redshift.ended(send(redshift, request, break_before=place))["Status"] == "FAILED"
        assert (loaded_drop(redshift, day), logged(redshift, day)) == (1, [(1, 1, 1)])

        assert not was_fenced(load(redshift, request))
        assert (loaded_drop(redshift, day), logged(redshift, day)) == (2, [(1, 1, 1), (2, 1, 2)])


def test_a_load_whose_answer_was_lost_is_logged_once(redshift: Endpoint) -> None:
    request = given(redshift, 2)
    assert not was_fenced(load(redshift, request))
    assert not was_fenced(load(redshift, request))
    assert (loaded_drop(redshift), logged(redshift)) == (2, [(2, 1, 2)])


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_of_two_loads_at_once_the_newer_stays(redshift: Endpoint, first: int, second: int) -> None:
    for place in range(1, STATEMENTS + 1):
        day = f"2026-10-{place:02}"
        holder, waiter = given(redshift, first, partition=day), given(redshift, second, partition=day)
        # The first as a session of the endpoint's own, so that the second comes when it has done so many statements.
        session = Session(redshift.warehouse, pid=101)
        parameters = {parameter["name"]: parameter["value"] for parameter in load_parameters(holder)}
        plans = [dialect.plan(sql, frozenset(parameters)) for sql in load_statements(TABLE, holder)]
        session.begin()
        for query, plan in enumerate(plans[:place]):
            session.run(plan, parameters, query)
        waiting = send(redshift, waiter)
        started = f"{waiting}:1"
        wait_until(lambda it=started: redshift.client().describe_statement(Id=it)["Status"] == "STARTED")
        for query, plan in enumerate(plans[place:], start=place):
            session.run(plan, parameters, query)
        session.commit()
        session.close()

        assert was_fenced(redshift.ended(waiting)) is (second < first)
        assert loaded_drop(redshift, day) == 2
        assert logged(redshift, day) == ([(2, 1, 2)] if second < first else [(1, 1, 1), (2, 1, 2)])


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

    asked = hook(redshift)
    assert judge(TABLE, ours, partition_figures(asked, TABLE, ours)).problems
    assert newer_load(asked, TABLE, ours) == f"{theirs.drop_id}.1"
    assert not judge(TABLE, theirs, partition_figures(asked, TABLE, theirs)).problems


def test_rows_that_went_missing_are_nobody_elses_load(redshift: Endpoint) -> None:
    request = given(redshift, 2)
    load(redshift, request)
    redshift.run("DELETE FROM sales_fact WHERE order_id = '2-0'")

    asked = hook(redshift)
    assert judge(TABLE, request, partition_figures(asked, TABLE, request)).problems
    assert newer_load(asked, TABLE, request) is None


def test_without_its_log_nothing_is_loaded_and_nothing_called_superseded(redshift: Endpoint) -> None:
    request = given(redshift, 1)
    redshift.run("DROP TABLE sales_fact_loads")

    described = load(redshift, request)

    assert failed_statement(described) == FENCE  # the place alone would say that it was fenced off
    with pytest.raises(RedshiftError, match='relation "sales_fact_loads" does not exist'):
        newer_load(hook(redshift), TABLE, request)
    assert loaded_drop(redshift) is None
