"""One sender holds up no other: of the workers, one dataset's large files occupy a share, on moto."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from suimon.contract.model import Contracts
from suimon.drops.states import State
from suimon.intake.errors import RetryLaterError
from suimon.intake.gate import LEASE
from suimon.ledger.shares import LARGE, Shares, share_of
from tests.functional.intake.gated import GOOD, NOON, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.contract.model import Contract
    from suimon.drops.drop import Drop, DropRecord
    from suimon.intake.gate import Gate
    from suimon.intake.inspection import Inspection, Inspector

WORKERS = 8
OTHER = "inventory/2026-11-20/inventory.csv"


@dataclass
class Workers:
    """While one worker checks a file of sales, the next ones take what lies in the queue."""

    inspector: Inspector
    gate: Gate | None = None
    queue: list[Drop] = field(default_factory=list)
    checking: list[str] = field(default_factory=list)
    most: int = 0
    put_back: list[Drop] = field(default_factory=list)
    ended: list[DropRecord] = field(default_factory=list)

    @contextmanager
    def inspect(self, record: DropRecord, contract: Contract) -> Iterator[Inspection]:
        self.checking.append(contract.dataset)
        self.most = max(self.most, len(self.checking))
        self.work()
        with self.inspector.inspect(record, contract) as inspection:
            yield inspection
        self.checking.remove(contract.dataset)

    def work(self) -> None:
        """Be the next worker, while there is one."""
        while self.gate and self.queue and len(self.checking) < WORKERS:
            drop = self.queue.pop(0)
            gate = replace(self.gate, owner=f"worker {drop.id}")
            try:
                self.ended.append(gate.take(drop))
            except RetryLaterError:
                self.put_back.append(drop)


def large_files(count: int) -> list[Drop]:
    """Put files of sales, a day each, that call themselves large."""
    days = [f"2026-11-{day:02}" for day in range(1, count + 1)]
    return [put(GOOD.replace("2026-11-20", day), f"sales/{day}/sales_data.csv") for day in days]


@pytest.fixture
def workers(gate: Gate, table: Table) -> Workers:
    workers = Workers(gate.inspector)
    shares = Shares(table, share_of(WORKERS), large=1)
    workers.gate = replace(gate, inspector=workers, shares=shares)
    return workers


@pytest.mark.hits("share-is-taken")
def test_eight_large_files_of_one_dataset_leave_workers_to_the_file_of_another(workers: Workers) -> None:
    other = put("no file of this kind", OTHER)
    workers.queue = [*large_files(8), other]
    workers.work()
    first = workers.ended[0]
    assert (first.drop.key, first.state) == (OTHER, State.REJECTED)  # judged while all of the share was at work
    assert workers.most == share_of(WORKERS) + 1
    assert len(workers.put_back) == 8 - share_of(WORKERS)


def test_what_was_put_back_is_checked_once_a_place_is_free(workers: Workers) -> None:
    workers.queue = large_files(8)
    workers.work()
    for _ in range(2):  # deliveries
        workers.queue, workers.put_back = workers.put_back, []
        workers.work()
    assert sorted(record.state for record in workers.ended) == [State.TRIGGERED] * 8
    assert workers.put_back == []


def test_a_small_file_needs_no_place(gate: Gate, table: Table) -> None:
    shares = Shares(table, 0)
    drop = put(GOOD)
    assert replace(gate, shares=shares).take(drop).state is State.TRIGGERED
    with pytest.raises(RetryLaterError, match="waits for other large files of sales"):
        replace(gate, shares=shares).take(replace(drop, version_id="another", size=LARGE))


@pytest.mark.parametrize(("compression", "waits"), [("none", False), ("gzip", True)])
def test_a_compressed_file_is_as_large_as_it_may_become(
    compression: Literal["none", "gzip"],
    waits: bool,  # noqa: FBT001 a parameter
    gate: Gate,
    table: Table,
) -> None:
    sales = gate.contracts.of("sales")
    assert sales.file
    packed = replace(sales, file=replace(sales.file, compression=compression, max_ratio=100))
    drop = put(GOOD)
    full = replace(gate, shares=Shares(table, 0, large=drop.size + 1), contracts=Contracts((packed,)))
    if waits:
        with pytest.raises(RetryLaterError, match="waits for other large files of sales"):
            full.take(drop)
    else:
        assert full.take(drop).state is State.TRIGGERED


def test_the_place_of_a_worker_that_crashed_is_free_after_its_lease(table: Table) -> None:
    shares, end = Shares(table, 1), NOON + LEASE
    assert shares.take("sales", "one", NOON, end) == 0
    assert shares.take("sales", "two", end, end + LEASE) is None
    assert shares.take("inventory", "two", NOON, end) == 0
    later = end + timedelta(seconds=1)
    assert shares.take("sales", "two", later, later + LEASE) == 0
    shares.free("sales", 0, "one")  # it was only slow: the place is another's by now
    assert shares.take("sales", "three", later, later + LEASE) is None


def test_a_place_that_is_freed_is_there_at_once(table: Table) -> None:
    shares = Shares(table, 1)
    assert shares.take("sales", "one", NOON, NOON + LEASE) == 0
    shares.free("sales", 0, "one")
    assert shares.take("sales", "two", NOON, NOON + LEASE) == 0


def test_an_answer_that_was_lost_takes_no_second_place(table: Table) -> None:
    shares = Shares(table, 2)
    assert shares.take("sales", "one", NOON, NOON + LEASE) == 0
    assert shares.take("sales", "one", NOON, NOON + LEASE) == 0


@pytest.mark.parametrize(("workers", "share"), [(2, 1), (3, 1), (8, 4), (100, 50)])
def test_the_share_is_half_of_the_workers(workers: int, share: int) -> None:
    assert share_of(workers) == share
