"""A gate for one dataset of shards, and those around it; its services are moto's or the ones in memory."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from suimon.aws.objects import Objects
from suimon.contract.file import FileFormat
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.set_rule import SetRule
from suimon.drops.drop import Drop, DropRecord
from suimon.drops.run_finished_event import RunFinished
from suimon.drops.states import State
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.intake.errors import RetryLaterError
from suimon.intake.gate import Gate
from suimon.ledger.drops import Ledger
from suimon.ledger.shares import Shares
from suimon.mwaa.airflow import Airflow
from suimon.mwaa.pace import Pace
from suimon.outcome.run_end import RunEnds
from suimon.report.published import Published
from tests.functional.intake.gated import FakeMwaa
from tests.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from suimon.contract.volume import Volume


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = "2026-11-20"
THREE = SetRule(3, None, None, reload=False, complete_within_minutes=60)
MANIFEST = SetRule(None, KeyPattern("orders/{ds}/manifest.json"), None, reload=False, complete_within_minutes=60)
MARKER = SetRule(None, None, KeyPattern("orders/{ds}/_SUCCESS"), reload=True, complete_within_minutes=60)


class KilledError(BaseException):
    """This function is no more; nothing catches it."""


class Points:
    """Counts what is asked of the services, and does something at one of them: before it, or after its effect."""

    def __init__(self) -> None:
        self.passed = 0
        self.at: dict[int, Callable[[], None]] = {}

    def through(self, service: Any, names: frozenset[str]) -> Any:
        return _Watched(self, service, names)

    def reach(self) -> None:
        self.passed += 1
        if act := self.at.pop(self.passed, None):
            act()


class _Watched:
    def __init__(self, points: Points, service: Any, names: frozenset[str]) -> None:
        self._points, self._service, self._names = points, service, names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        if name not in self._names:
            return found

        def call(*args: Any, **request: Any) -> Any:
            self._points.reach()
            answer = found(*args, **request)
            self._points.reach()
            return answer

        return call


class LineCounter:
    """Judges a file by its first word, and counts its lines."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    @contextmanager
    def inspect(self, record: DropRecord, contract: Contract) -> Iterator[Any]:
        del contract
        body = self._objects.version(record.drop).read(0, record.drop.size)
        verdict = SimpleNamespace(
            accepted=not body.startswith(b"bad"),
            accepted_rows=body.count(b"\n"),
            set_aside=0,
            warnings=(),
            warns=False,
            sums={"length": Decimal(len(body))},
        )
        yield SimpleNamespace(
            verdict=verdict,
            aside=None,
            report=lambda: Published.without_report("it is bad"),
            sha256=hashlib.sha256(body).hexdigest,
        )


class World:
    """A gate for one dataset of shards, and those who send files, deliver events and run DAGs."""

    def __init__(
        self, table: Any, s3: Any, sns: Any, topic_arn: str, rule: SetRule, volume: Volume | None = None
    ) -> None:
        self.s3, self.points, self.mwaa, self.now, self.sent = s3, Points(), FakeMwaa(), NOON, 0
        asked = frozenset({"get_item", "query", "put_item", "update_item"})
        self.ledger = Ledger(self.points.through(table, asked))
        objects = Objects(self.points.through(s3, frozenset({"copy", "put_object", "list_objects_v2"})))
        mwaa = self.points.through(self.mwaa, frozenset({"invoke_rest_api"}))
        self.incidents = IncidentStore(table, Publisher(sns, topic_arn))
        contract = Contract(
            "orders",
            "1",
            "orders",
            dag_id="orders_etl",
            key_pattern=KeyPattern("orders/{ds}/part-{shard}.csv"),
            file=FileFormat(),
            set_rule=rule,
            volume=volume,
        )
        self.gate = Gate(
            ledger=self.ledger,
            objects=objects,
            airflow=Airflow(mwaa, "env", Pace(table, "env", self.clock, lambda _: None)),
            incidents=self.incidents,
            sfn=SimpleNamespace(),  # type: ignore[arg-type]  # nobody waits for an answer
            contracts=Contracts((contract,)),
            settings=SETTINGS,
            inspector=LineCounter(objects),
            shares=Shares(table, 4),
            owner="one",
            clock=self.clock,
        )
        self.run_ends = RunEnds(self.ledger, self.incidents, SimpleNamespace())  # type: ignore[arg-type]  # as above

    def clock(self) -> datetime:
        return self.now

    def put(self, name: str, content: str = "row\n", day: str = DAY) -> Drop:
        self.sent += 1
        key = f"orders/{day}/{name}"
        answer = self.s3.put_object(Bucket="raw", Key=key, Body=content.encode())
        etag, size = answer["ETag"].strip('"'), len(content.encode())
        return Drop("raw", key, answer["VersionId"], etag, size, f"{self.sent:04X}")

    def shard(self, number: int, content: str = "row\n", day: str = DAY) -> Drop:
        return self.put(f"part-{number}.csv", content, day)

    def take(self, *drops: Drop) -> None:
        for drop in drops:
            self.gate.take(drop)

    def until_quiet(self, *drops: Drop) -> None:
        """Deliver again what came to no good end, as the queue and the sweep do."""
        for _ in range(3):
            self.now += timedelta(minutes=20)  # leases run out
            for drop in drops:
                with suppress(RetryLaterError):
                    self.gate.take(drop)
            for partition in {drop.key.split("/")[1] for drop in drops}:
                for record in self.ledger.drops_of("orders", partition):
                    with suppress(RetryLaterError):
                        self.gate.resume(record.id)

    def end_runs(self, day: str) -> None:
        """End every open run of a day; as by the fence, none loads that is older than one that has loaded."""
        runs = [(conf["written"], run_id) for run_id, conf in self.mwaa.runs.items() if conf["partition"] == day]
        for written, run_id in sorted(runs, reverse=True):
            self.finish(run_id, State.LOADED if written == max(runs)[0] else State.SUPERSEDED)

    def last_run(self, day: str) -> str:
        runs = [(conf["written"], run_id) for run_id, conf in self.mwaa.runs.items() if conf["partition"] == day]
        return max(runs)[1]

    def states(self, *drops: Drop) -> list[State]:
        known = self.ledger.get_many(drop.id for drop in drops)
        return [known[drop.id].state for drop in drops]

    def finish(self, run_id: str, outcome: State = State.LOADED) -> None:
        drop_id, _, attempt = run_id.partition(".")
        rows: dict[str, int | None] = {}
        finished = RunFinished(drop_id, int(attempt), "orders_etl", run_id, outcome, rows, None, None, None)
        self.run_ends.record(finished, self.now)

    def sources(self, run_id: str) -> dict[str, Any]:
        key = self.mwaa.runs[run_id]["source_uri"].removeprefix("s3://lake/")
        found: dict[str, Any] = json.loads(self.s3.get_object(Bucket="lake", Key=key)["Body"].read())
        return found

    def names(self, run_id: str) -> list[str]:
        return [source["name"].rpartition("/")[2] for source in self.sources(run_id)["sources"]]


LOADED, TRIGGERED, ACCEPTED = State.LOADED, State.TRIGGERED, State.ACCEPTED
REJECTED, SUPERSEDED = State.REJECTED, State.SUPERSEDED
