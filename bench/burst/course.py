"""The course of the benchmark on a twin that is up: files one by one, the burst, the account, Airflow alone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from bench.burst import figures, looking, processor
from bench.burst.sending import Sent, Upstream, content, day
from local.supervisor import wait_for, watch
from suimon.drops.states import AT_THE_GATE, State
from suimon.ledger.drops import Ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.service_resource import Table

    from bench.burst.figures import Account, Burst, Latency
    from local.twin import Twin

# The article's daily file is small; a megabyte is what the target for one file names.
SMALL_ROWS: Final = 20
MEGABYTE_ROWS: Final = 12_700
WARM_UP: Final = 5
# A message that failed comes back after a quarter of an hour at most: a file that is still away then is lost.
PATIENCE: Final = 20 * 60.0
# Airflow takes a run in some tens of milliseconds; MWAA's web server asks it from several processes.
AIRFLOW_THREADS: Final = 4
_LOOK_SECONDS: Final = 2.0
_ONE_SECONDS: Final = 60.0


class StuckError(Exception):
    """Files have not become runs in time; the message says how many and what they wait for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many files in the burst and one by one, how many runs of Airflow itself, how many threads that put files."""

    files: int
    single: int
    direct: int
    threads: int


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a plan.

    `first` is the seconds of the first file of all, `single` those of the files one by one; `processor` is the seconds
    of processor by part during the burst.
    """

    plan: Plan
    first: float
    single: Latency
    burst: Burst
    account: Account
    dead_letters: int
    direct_per_second: float
    processor: Mapping[str, float]
    file_bytes: int
    single_bytes: int


Tell = Callable[[str, int, int], None]  # what is done, how far it is, how far it goes


def run(twin: Twin, plan: Plan, tell: Tell) -> Result:
    """Send, follow, hold the sides against each other.

    Raises:
        StuckError: files were not taken in.
        PartDiedError: a part of the twin died meanwhile.

    """
    airflow, upstream = looking.Airflow.of(twin), Upstream(twin)
    table = twin.session().resource("dynamodb").Table(twin.outputs["LedgerTable"])
    airflow.pause()
    first, *single = _one_by_one(twin, upstream, Ledger(table), plan.single, tell)
    count = len(single) + 1
    before = processor.spent(twin)
    sent = _send(twin, upstream, range(count, count + plan.files), plan.threads, tell)
    _follow(twin, airflow, count + plan.files, plan.files, tell)
    spent = processor.between(before, processor.spent(twin))
    wait_for(lambda: _all_told(table), twin, PATIENCE, "the last drop to be TRIGGERED in the ledger")
    tell("sides asked", 0, 3)
    drops, runs = looking.drops(table), list(airflow.runs())
    queued_at = {run.drop_id: run.queued_at for run in runs}
    account = figures.account(looking.versions(twin), drops, runs)
    tell("sides asked", 3, 3)
    dead = sum(looking.waiting_messages(twin, name) for name in ("IntakeDeadLetterQueueUrl", "IntakeQueueUrl"))
    return Result(
        plan,
        first=figures.to_queued([first], queued_at)[0],
        single=figures.latency(figures.to_queued(single[WARM_UP:], queued_at)),
        burst=figures.burst(sent, drops, runs),
        account=account,
        dead_letters=dead,
        direct_per_second=_airflow_alone(twin, airflow, runs[0], plan.direct, tell),
        processor=spent,
        file_bytes=len(content(0, SMALL_ROWS)),
        single_bytes=len(content(0, MEGABYTE_ROWS)),
    )


def _one_by_one(twin: Twin, upstream: Upstream, ledger: Ledger, files: int, tell: Tell) -> list[Sent]:
    """Put each file when the one before it has its run; the first wakes the function up, some more warm it."""
    sent = []
    total = 1 + WARM_UP + files
    for number in range(total):
        tell("one by one", number, total)
        body = content(number, MEGABYTE_ROWS)
        one = upstream.put(number, body)
        deadline = time.monotonic() + _ONE_SECONDS
        while (record := ledger.get(one.drop.id)) is None or record.state is not State.TRIGGERED:
            watch(twin)
            if time.monotonic() > deadline:
                state = record.state if record else "not in the ledger"
                raise StuckError(f"the file of {day(number)} is {state} after {_ONE_SECONDS:.0f} s; see {twin.logs}")
            time.sleep(0.05)
        sent.append(one)
    tell("one by one", total, total)
    return sent


def _send(twin: Twin, upstream: Upstream, numbers: range, threads: int, tell: Tell) -> list[Sent]:
    sent = []
    for one in upstream.put_all(numbers, SMALL_ROWS, threads):
        sent.append(one)
        tell("files put", len(sent), len(numbers))
    watch(twin)
    return sent


def _follow(twin: Twin, airflow: looking.Airflow, until: int, files: int, tell: Tell) -> None:
    """Watch the runs come, until there are as many as files."""
    came, since = 0, time.monotonic()
    while (count := airflow.count()) < until:
        watch(twin)
        tell("runs queued", files - (until - count), files)
        if count > came:
            came, since = count, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            raise StuckError(
                f"{until - count} of {files} files have no run, and none came for {PATIENCE / 60:.0f} minutes: "
                f"{looking.waiting_messages(twin, 'IntakeQueueUrl')} messages wait in the intake queue, "
                f"{looking.waiting_messages(twin, 'IntakeDeadLetterQueueUrl')} are dead; see {twin.logs}"
            )
        time.sleep(_LOOK_SECONDS)
    tell("runs queued", files, files)


def _all_told(table: Table) -> bool:
    """Airflow has the run a moment before the ledger says so."""
    ledger = Ledger(table)
    later = datetime.now(UTC) + timedelta(days=1)
    return not any(next(ledger.in_state(state, later), None) for state in AT_THE_GATE)


def _airflow_alone(twin: Twin, airflow: looking.Airflow, like: figures.Run, count: int, tell: Tell) -> float:
    """Ask Airflow itself for runs, as fast as it takes them; gives runs a second."""
    done = itertools.count(1)

    def post(number: int) -> None:
        airflow.post(f"direct.{number}", dict(like.conf))
        tell("Airflow by itself", next(done), count)

    began = time.monotonic()
    with ThreadPoolExecutor(AIRFLOW_THREADS) as pool:
        list(pool.map(post, range(count)))
    watch(twin)
    return count / (time.monotonic() - began)
