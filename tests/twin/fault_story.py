"""What happens to a whole twin under fault: files sent twice, a function killed, Airflow away for a minute."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import psutil

from bench.burst import looking
from local.airflow.site import airflow_parts, site_of
from local.demo.sales import Fault, SalesFile, sales_file
from local.supervisor import is_alive, spawn, wait_until_ready, watch
from suimon.dataset.dag_folder import generated
from suimon.drops.states import State
from suimon.intake.gate import LEASE
from suimon.ledger.conditional import setting
from suimon.ledger.drops import Ledger
from suimon.ledger.items import stamp
from suimon.warehouse.data_api import Warehouse
from tests.datasets import release
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3 import S3Client

    from bench.burst.figures import Run, Taken
    from local.twin import RunningPart, Twin
    from suimon.drops.drop import DropRecord

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
WAREHOUSE = Warehouse(database="analytics", workgroup_name="suimon-local")
SEED: Final = 20261122
BAD, ROWS, THREADS = 6, 3, 8
AWAY_SECONDS: Final = 60.0
FIRST_LOADS: Final = 8
AT_ONCE: Final = 4
PAST_LIMIT = timedelta(hours=3)
# Dates up to yesterday, so that no file is missing. The last days are good, so that the table is fresh.
YESTERDAY = datetime.now(ZoneInfo("Asia/Tokyo")).date() - timedelta(days=1)
AIRFLOW = ("airflow-api-server", "airflow-scheduler")
# A check of such a file takes a fraction of a second; one that stands longer than this belongs to who stands still.
STILL_SECONDS: Final = 10.0


@dataclass
class Story:
    """The twin, what was sent into it, and what was done to it."""

    twin: Twin
    files: dict[date, SalesFile]
    bad: frozenset[date]
    killed: DropRecord | None = None
    _own: threading.local = field(default_factory=threading.local)

    @property
    def table(self) -> Table:
        return self.twin.session().resource("dynamodb").Table(self.twin.outputs["LedgerTable"])

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.table)

    def put(self, day: date) -> None:
        if not hasattr(self._own, "s3"):  # a client for each thread
            self._own.s3 = self.twin.session("upstream").client("s3")
        s3: S3Client = self._own.s3
        key = f"sales/{day}/sales_data.csv"
        s3.put_object(Bucket=self.twin.outputs["RawBucket"], Key=key, Body=self.files[day].content)

    def wait(self, look: Callable[[], bool], what: str, pause: float = 1.0) -> None:
        deadline = time.monotonic() + PATIENCE
        while not look():
            watch(self.twin)
            assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s in vain for {what}; {self.states()}"
            time.sleep(pause)

    def drops(self) -> dict[str, Taken]:
        return looking.drops(self.table)

    def states(self) -> Counter[State]:
        return Counter(drop.state for drop in self.drops().values())

    def standing_in(self, state: State) -> list[DropRecord]:
        return list(self.ledger.in_state(state, datetime.now(UTC) + timedelta(hours=1)))

    def part(self, name: str) -> RunningPart:
        return next(part for part in self.twin.running if part.name == name)


def files(number: int) -> tuple[dict[date, SalesFile], frozenset[date]]:
    """Make the files, a day each, and choose the bad ones."""
    days = [YESTERDAY - timedelta(days=back) for back in range(number)]
    bad = frozenset(random.Random(SEED).sample(days[10:], BAD))  # noqa: S311 a draw that is to be repeated
    fault = (Fault(2, "amount", "-1.00"),)
    return {day: sales_file(day, ROWS, 1, fault if day in bad else ()) for day in days}, bad


def take_the_light_dag(story: Story) -> None:
    """Put the light DAG in place of the real one, and let it read what the real one leaves to Glue."""
    twin = story.twin
    (site_of(twin).plugins / "light_load.py").write_text((HERE / "light_dag/light_load.py").read_text())
    light = (HERE / "light_dag/daily_sales_etl.py").read_text(encoding="utf-8")
    for name, text in generated(replace(release(), dags={"sales": light})).items():
        twin.session().client("s3").put_object(Bucket=twin.dag_bucket, Key=f"dags/{name}", Body=text.encode())
    accepted = f"arn:aws:s3:::{twin.outputs['LakeBucket']}/accepted/*"
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": accepted}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    twin.session().client("iam").put_user_policy(UserName="airflow", PolicyName="light-dag", PolicyDocument=policy)
    airflow = looking.Airflow.of(twin)
    story.wait(lambda: sorted(airflow.tasks()) == ["load_redshift", "report_outcome"], "Airflow to know the light DAG")


def tell(story: Story) -> None:
    """Everything that happens: afterwards the tests only look."""
    draw = random.Random(SEED)  # noqa: S311 as above
    good = [day for day in story.files if day not in story.bad]
    draw.shuffle(good)
    first, fresh = good[: 2 * FIRST_LOADS], iter(good[2 * FIRST_LOADS :])
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(story.put, first))
        story.wait(lambda: len(story.standing_in(State.LOADED)) >= FIRST_LOADS, "the first loads")
        story.killed = kill_a_function_at_work(story, fresh)
        rest = [*fresh, *story.bad, *story.files]
        draw.shuffle(rest)
        puts = [pool.submit(story.put, day) for day in rest]
        stop_airflow_for_a_while(story)
        for put in puts:
            put.result()
    story.wait(lambda: others_are_at_their_end(story), "every file but one to come to its end", pause=10)
    bring_back(story)
    story.wait(lambda: not on_the_way(story.drops()), "the last file to be loaded", pause=5)
    # A report is believed when the steps before it have ended; Airflow closes the run a moment later.
    ended = {"success", "failed"}
    story.wait(lambda: {run.state for run in runs_of(story)} <= ended, "Airflow to close its runs")


def kill_a_function_at_work(story: Story, fresh: Iterator[date]) -> DropRecord:
    """End a function's process while it has a drop under check, and return that drop; take `fresh` days until then.

    Nobody tells which process has which drop. But a process that stands still keeps its drop from moving: when of those
    under check all have moved on but one, that one is its own.
    """
    cloud = psutil.Process(story.part("cloud").pid)
    met = Counter[int]()
    while days := list(islice(fresh, AT_ONCE)):
        before_puts = {worker.pid: cpu_of(worker) for worker in workers_of(cloud)}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            puts = [pool.submit(story.put, day) for day in days]
            before = wait_for_checks(story, days)
        for put in puts:
            put.result()
        # Most likely the one that has worked most since.
        worker = max(workers_of(cloud), key=lambda one: cpu_of(one) - before_puts.get(one.pid, 0.0))
        worker.suspend()
        still, alone_since = before, time.monotonic()
        while still and time.monotonic() < alone_since + STILL_SECONDS:
            watch(story.twin)
            time.sleep(0.2)
            still = [one for one in story.standing_in(State.VALIDATING) if one in before]
            if len(still) > 1:
                alone_since = time.monotonic()
        if len(still) == 1:
            worker.kill()
            return still[0]
        worker.resume()
        met[len(before)] += 1
    raise AssertionError(f"no function was met with a drop under check; so many were under check at a time: {met}")


def wait_for_checks(story: Story, days: list[date]) -> list[DropRecord]:
    """Wait until a drop of these days is under check, and return those that are; none when all were too quick."""
    checked: list[DropRecord] = []

    def is_seen() -> bool:
        records = [record for day in days for record in story.ledger.drops_of("sales", str(day))]
        checked[:] = [record for record in records if record.state is State.VALIDATING]
        is_late = len(records) == len(days) and all(record.state is not State.RECEIVED for record in records)
        return bool(checked) or is_late

    story.wait(is_seen, "a check", pause=0.02)
    return checked


def cpu_of(worker: psutil.Process) -> float:
    """Return the seconds that a process has worked; none if it has ended."""
    try:
        used = worker.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return used.user + used.system


def workers_of(cloud: psutil.Process) -> list[psutil.Process]:
    """List the processes of the intake function."""
    return [child for child in cloud.children() if any("-intake-" in word for word in child.cmdline())]


def stop_airflow_for_a_while(story: Story) -> None:
    """End API server and scheduler with all their children, and start them again after a minute."""
    ended = [story.part(name) for name in AIRFLOW]
    story.twin = story.twin.with_(running=tuple(one for one in story.twin.running if one not in ended))
    for one in ended:
        os.killpg(one.pid, signal.SIGKILL)
    deadline = time.monotonic() + AWAY_SECONDS
    while time.monotonic() < deadline:
        watch(story.twin)
        time.sleep(1)
    assert not any(map(is_alive, ended))
    for part in airflow_parts(story.twin):
        if part.name in AIRFLOW:
            again = spawn(part, story.twin)
            story.twin = story.twin.with_(running=(*story.twin.running, again))
            wait_until_ready(part, again, story.twin)


def bring_back(story: Story) -> None:
    """End the killed function's lease, as a quarter of an hour would, and make a round of the sweep.

    Nobody may set the clock of a round: so the lease is ended in the ledger. The message itself comes back to no
    function before the queue's hour and a half are over.
    """
    assert story.killed
    record = story.ledger.get(story.killed.id)
    assert record
    assert record.state is State.VALIDATING, f"the drop of the killed function is {record.state}: who else took it?"
    past = stamp(datetime.now(UTC) - LEASE)
    backdate(story, record.id, lease_until=past, updated_at=past)
    sweep(story)


def sweep(story: Story) -> None:
    """Make a round of the sweep, as the schedule does every quarter of an hour."""
    functions = story.twin.session().client("lambda")
    answer = functions.invoke(FunctionName=story.twin.outputs["FreshnessFunctionName"], Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def others_are_at_their_end(story: Story) -> bool:
    """Whether every drop that was sent is there, and none but the killed function's is on its way.

    A run that reported its end while Airflow was away could not be confirmed. AWS would deliver that report again, the
    twin's Lambda does not: so the sweep has to find such runs, which it asks about once they are past their limit.
    """
    assert story.killed
    drops = story.drops()
    if len(drops) < 2 * len(story.files):
        return False
    left = on_the_way(drops) - {story.killed.id}
    if left and left <= {run.id.partition(".")[0] for run in runs_of(story) if run.state == "success"}:
        for one in left:
            backdate(story, one, updated_at=stamp(datetime.now(UTC) - PAST_LIMIT))
        sweep(story)
    return not left


def runs_of(story: Story) -> list[Run]:
    return list(looking.Airflow.of(story.twin).runs())


def backdate(story: Story, drop_id: str, **moments: str) -> None:
    """Backdate moments of a drop in the ledger."""
    table = story.twin.session().resource("dynamodb").Table(story.twin.outputs["LedgerTable"])
    table.update_item(Key={"pk": f"drop#{drop_id}", "sk": "drop"}, **setting(moments))


def on_the_way(drops: dict[str, Taken]) -> set[str]:
    not_over = {State.RECEIVED, State.VALIDATING, State.ACCEPTED, State.TRIGGERED}
    return {drop_id for drop_id, drop in drops.items() if drop.state in not_over}
