"""What the sweep is tested on: buckets, queues and table on moto, an Airflow that knows its runs, a set clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from suimon.aws.versions import RawBucket
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.set_rule import SetRule
from suimon.drops.drop import Drop, DropRecord, Membership, written_order
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.intake.queue import IntakeQueue
from suimon.intake.shards import Gathering
from suimon.ledger.drops import Ledger
from suimon.ledger.unreadable_items import Unusable
from suimon.mwaa.airflow import Airflow
from suimon.outcome.run_end import RunEnds
from suimon.sweep.lost_events import LostEvents
from suimon.sweep.round import Sweep
from tests.settings import SETTINGS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.sweep.findings import Finding, Findings
    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAG = "daily_sales_etl"
RAW, REPORTS = "raw", "reports"


def key_of(day: str = "2026-11-21") -> str:
    return f"sales/{day}/sales_data.csv"


def contracts(*patterns: str) -> Contracts:
    """Return a contract of sales, and one more for each pattern."""
    sales = Contract("sales", "1", "sales_fact", dag_id=DAG, key_pattern=KeyPattern(key_of("{ds}")))
    others = (
        Contract(f"other{number}", "1", f"other{number}", dag_id=f"dag{number}", key_pattern=KeyPattern(pattern))
        for number, pattern in enumerate(patterns)
    )
    return Contracts((sales, *others))


class FakeMwaa:
    """An Airflow that has the runs it is given: `runs` by id, each a state or (state, {task: state})."""

    def __init__(self) -> None:
        self.runs: dict[str, Any] = {}
        self.paused: set[str] = set()
        self.fails: Exception | None = None
        self.paths: list[str] = []

    def invoke_rest_api(self, **request: Any) -> dict[str, Any]:
        self.paths.append(request["Path"])
        assert len(request["Path"]) <= 64
        if self.fails:
            raise self.fails
        match request["Path"].split("/")[1:]:
            case ["dags", dag]:
                return self._answer({"is_paused": dag in self.paused})
            case ["dags", "~", "dagRuns", "~", "taskInstances", "list"]:
                [run] = request["Body"]["dag_run_ids"]
                known = self.runs.get(run)
                tasks = known[1] if isinstance(known, tuple) else {}
                listed = [{"task_id": task, "state": state} for task, state in tasks.items()]
                return self._answer({"task_instances": listed, "total_entries": len(listed)})
            case ["dags", _, "dagRuns", run] if run in self.runs:
                known = self.runs[run]
                return self._answer({"dag_run_id": run, "state": known[0] if isinstance(known, tuple) else known})
            case _:
                error: Any = {"Error": {"Code": "RestApiClientException"}, "RestApiStatusCode": 404}
                raise ClientError(error, "InvokeRestApi")

    @staticmethod
    def _answer(body: Any) -> dict[str, Any]:
        return {"RestApiStatusCode": 200, "RestApiResponse": body}


@dataclass
class FakeSfn:
    """Keeps the tokens that were answered."""

    answered: list[str] = field(default_factory=list)

    def send_task_success(self, **request: Any) -> None:
        self.answered.append(request["taskToken"])

    def send_task_failure(self, **request: Any) -> None:
        self.answered.append(request["taskToken"])


@dataclass
class World:
    """The stack as the sweep sees it. Every put has its time; the event of none has come."""

    table: Table
    post: Post
    contracts: Contracts = field(default_factory=contracts)
    mwaa: FakeMwaa = field(default_factory=FakeMwaa)
    sfn: FakeSfn = field(default_factory=FakeSfn)
    s3: Any = None
    sqs: Any = None
    unusable: Unusable = field(default_factory=Unusable)

    def __post_init__(self) -> None:
        self.s3 = self.s3 or boto3.client("s3")
        self.sqs = self.sqs or boto3.client("sqs")
        for bucket in (RAW, REPORTS):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
        self.s3.put_bucket_versioning(Bucket=RAW, VersioningConfiguration={"Status": "Enabled"})
        names = ("intake", "intake-dead", "undelivered")
        self.queues = {name: self.sqs.create_queue(QueueName=name)["QueueUrl"] for name in names}

    def variables(self) -> dict[str, str]:
        """Return the environment of the freshness function."""
        named = {
            "STACK": "prod",
            "LEDGER_TABLE": self.table.name,
            "ALERTS_TOPIC_ARN": self.post.topic_arn,
            "WATCH_TOPIC_ARN": self.post.sns.create_topic(Name="watch")["TopicArn"],
            "EVENT_BUS": "default",
            "REDSHIFT_DATABASE": "analytics",
            "REDSHIFT_WORKGROUP": "main",
            "MWAA_ENVIRONMENT": "env",
            "RAW_BUCKET": RAW,
            "LAKE_BUCKET": "lake",
            "REPORTS_BUCKET": REPORTS,
            "INTAKE_QUEUE": self.queues["intake"],
            "INTAKE_DEAD_LETTER_QUEUE": self.queues["intake-dead"],
            "UNDELIVERED_QUEUE": self.queues["undelivered"],
        }
        return {f"SUIMON_{name}": value for name, value in named.items()}

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.table, "the test", unusable=self.unusable)

    @property
    def incidents(self) -> IncidentStore:
        return IncidentStore(self.table, Publisher(self.post.sns, self.post.topic_arn), unusable=self.unusable)

    def sweep(self, **changes: Any) -> Sweep:
        pace: Any = SimpleNamespace(wait=lambda: None)
        given: dict[str, Any] = {
            "contracts": self.contracts,
            "ledger": self.ledger,
            "run_ends": RunEnds(self.ledger, self.incidents, self.sfn),  # type: ignore[arg-type]  # a fake
            "incidents": self.incidents,
            "airflow": Airflow(self.mwaa, "env", pace),  # type: ignore[arg-type]  # a fake
            "table": self.table,
            "s3": self.s3,
            "sqs": self.sqs,
            "settings": replace(
                SETTINGS,
                raw_bucket=RAW,
                reports_bucket=REPORTS,
                intake_queue=self.queues["intake"],
                intake_dead_letter_queue=self.queues["intake-dead"],
                undelivered_queue=self.queues["undelivered"],
            ),
            "site": lambda: "airflow.example",
            "unusable": self.unusable,
            "wait_seconds": 0,
        }
        return Sweep(**given | changes)

    def round(self, now: datetime = NOON) -> Findings:
        return self.sweep().round(now, watched=True)

    def find(self, kind: str, now: datetime = NOON) -> Finding:
        return self.round(now).of(kind)

    def put(self, key: str, body: str = "a", written: datetime = NOON - HOUR) -> Drop:
        """Put an object as if at a time, and return the drop as its event would name it, but for the sequencer."""
        answer = self.s3.put_object(Bucket=RAW, Key=key, Body=body.encode())
        self.written(key, written)
        return Drop(RAW, key, answer["VersionId"], answer["ETag"].strip('"'), len(body), "")

    def written(self, key: str, at: datetime) -> None:
        """Set the time at which the newest version of a key was written."""
        backend = next(iter(s3_backends.values()))["aws"]
        backend.buckets[RAW].keys.getlist(key)[-1].last_modified = at.replace(tzinfo=None)

    def receive(self, drop: Drop, sequencer: str, now: datetime = NOON - HOUR) -> DropRecord:
        """Enter a drop as its event does."""
        known = Drop(drop.bucket, drop.key, drop.version_id, drop.etag, drop.size, sequencer)
        found = self.contracts.match(drop.key)
        return self.ledger.receive(known, Match(found[0].dataset, found[1]) if found else None, now)

    def bring(self, record: DropRecord, *states: State, at: datetime = NOON - HOUR) -> DropRecord:
        """Move a drop on, each step at the time given."""
        for state in states:
            if state is State.VALIDATING:
                record = self.ledger.claim(record, at, owner="x", lease=16 * MINUTE, attempt=record.attempt)
            elif state is State.ACCEPTED:
                record = self.ledger.move(record, state, at, opened_run=record.run_id, opened_dag=DAG)
            else:
                record = self.ledger.move(record, state, at)
        return record

    def triggered(self, at: datetime, day: str = "2026-11-21", sequencer: str = "0A") -> DropRecord:
        """Return a drop whose run was started at a time."""
        record = self.receive(self.put(key_of(day), written=at), sequencer, at)
        return self.bring(record, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, at=at)

    def state_of(self, drop_id: str) -> State:
        record = self.ledger.get(drop_id)
        assert record
        return record.state

    def resumed(self) -> list[str]:
        """Take the ids of the drops that the gate was asked to resume since this was last called."""
        ids = [str(json.loads(body)["resume"]) for body in self.messages("intake")]
        assert len(ids) == len(set(ids))
        return ids

    def messages(self, queue: str) -> list[str]:
        """Take what lies in a queue and is not hidden."""
        bodies = []
        while found := self.sqs.receive_message(QueueUrl=self.queues[queue], MaxNumberOfMessages=10).get("Messages"):
            for one in found:
                bodies.append(str(one["Body"]))
                self.sqs.delete_message(QueueUrl=self.queues[queue], ReceiptHandle=one["ReceiptHandle"])
        return bodies

    def depth(self, queue: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self.sqs.get_queue_attributes(QueueUrl=self.queues[queue], AttributeNames=names)["Attributes"]
        return sum(int(count) for count in counts.values())

    def send(self, queue: str, message: Any) -> None:
        body = message if isinstance(message, str) else json.dumps(message)
        self.sqs.send_message(QueueUrl=self.queues[queue], MessageBody=body)


TWO = SetRule(2, None, None, reload=False, complete_within_minutes=60)
ORDERS = Contract("orders", "1", "orders", dag_id="orders_etl", key_pattern=KeyPattern("orders/{ds}/part-{shard}.csv"))


def know_sets(world: World, rule: SetRule = TWO) -> None:
    """Deploy the contract of orders, which come in sets."""
    world.contracts = Contracts((*contracts().all, replace(ORDERS, set_rule=rule)))


def accepted_shard(world: World, day: int, number: int, at: datetime, *, joins: bool = True) -> DropRecord:
    """Return an accepted shard of a day, that has joined its set or not."""
    drop = world.put(f"orders/2026-11-{day:02}/part-{number}.csv", written=at)
    record = world.bring(world.receive(drop, f"{number:02X}", at), State.VALIDATING, at=at)
    record = world.ledger.move(record, State.ACCEPTED, at, membership=Membership())
    if joins:
        no_control: Any = None  # whose object would be read
        gathering = Gathering(
            ledger=world.ledger, objects=no_control, incidents=world.incidents, lake_bucket="lake", clock=lambda: at
        )
        gathering.join(record, world.contracts.of("orders"))
    return record


def lost_events_of(world: World) -> LostEvents:
    queue = IntakeQueue(world.sqs, world.queues["intake"])
    bucket = RawBucket(world.s3, RAW)
    return LostEvents(
        contracts=world.contracts,
        ledger=world.ledger,
        bucket=bucket,
        queue=queue,
        incidents=world.incidents,
        unusable=world.unusable,
    )


def written_order_of(world: World, *drops: Drop) -> list[str]:
    """Return the drops' versions in the order that the ledger gives their writes."""
    records = [world.ledger.get(drop.id) for drop in drops]
    by_write = sorted((one for one in records if one), key=lambda one: written_order(one.drop.sequencer))
    return [one.drop.version_id for one in by_write]
