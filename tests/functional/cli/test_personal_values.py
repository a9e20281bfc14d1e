"""Files with a person's value, through the functions of a stack: what stores, tells and shows them has it nowhere.

Personal values in every kind of broken file are the matter of tests/security/test_personal_data.py; here a few of them
go all the way: reports, ledger, tags, events, topics, e-mails, logs, the pages, and what each command answers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from click.testing import CliRunner
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from suimon.cli.main import main
from suimon.contract.arrival import Arrival
from suimon.contract.file import Tolerance
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.volume import Bound, Measure, Volume
from suimon.drops.states import State
from tests.datasets import release
from tests.functional.freshness.fakes import Redshift
from tests.functional.intake.gated import HEADER, put
from tests.functional.intake.test_app import created, queue_event
from tests.functional.sweep.swept import NOON, RAW, REPORTS, FakeMwaa, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.drops.drop import DropRecord
    from tests.functional.conftest import LambdaContext, Post

MARKER = "MRK7731"
GOOD_DAYS, FEW = [f"2026-11-{day:02}" for day in range(8, 14)], "2026-11-14"
TOLERATED = "2026-11-20"
PLACES = {"Airflow", "event", "item", "log", "printed", "s3", "suimon", "tags", "topic"}


def row(day: str, number: int = 1, customer: str = MARKER, **changed: str) -> str:
    cells = {
        "order": f"ORD-{number}",
        "day": day,
        "customer": customer,
        "product": "緑茶",
        "quantity": "2",
        "price": "148.00",
        "amount": "296.00",
    }
    return ",".join((cells | changed).values()) + "\n"


def good(day: str, rows: int) -> str:
    return HEADER + "".join(row(day, number) for number in range(rows))


# What becomes of a broken one, by the day of its file.
BROKEN: dict[str, Callable[[str], str | bytes]] = {
    "2026-11-15": lambda day: HEADER + row(day) + row(day, 2, customer="C1", quantity=MARKER),
    "2026-11-16": lambda day: HEADER + row(day) + f"ORD-2,{MARKER},{day},緑茶,2,148.00,296.00\n",
    "2026-11-17": lambda day: HEADER.replace("customer_id", MARKER) + row(day),
    "2026-11-18": lambda day: HEADER + row(day) + row(day, 2) + f'ORD-3,"{day},{MARKER}\n',
    "2026-11-19": lambda day: (HEADER + row(day)).encode().replace(b"148.00", b"14\xff8.00"),
    "2026-11-21": lambda day: HEADER + row(day, 1) + row(day, 1) + row(day, 3, customer=MARKER * 30),
}


class Mwaa(FakeMwaa):
    """An Airflow that starts what it is asked to."""

    def invoke_rest_api(self, **request: Any) -> dict[str, Any]:
        if request["Method"] != "POST" or not request["Path"].endswith("/dagRuns"):
            return super().invoke_rest_api(**request)
        self.runs[request["Body"]["dag_run_id"]] = "running"
        self.paths.append(json.dumps(request["Body"]))
        return self._answer({})


@dataclass
class Bus:
    """EventBridge that keeps what it is told."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def put_events(self, **request: Any) -> dict[str, Any]:
        self.entries += request["Entries"]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in request["Entries"]]}


def contract(*, personal: bool) -> Contract:
    """The sales of the release, due every day, a little of them tolerated as bad, compared with comparable days."""
    sales = release().contracts.of("sales")
    assert [column.name for column in sales.columns if column.personal] == ["customer_id"]
    return replace(
        sales,
        key_pattern=KeyPattern("sales/{ds}/sales_data.csv"),
        arrival=Arrival(days_after=1, deadline=time(6), time_zone="Asia/Tokyo", lookback_days=3),
        columns=tuple(replace(column, personal=personal and column.personal) for column in sales.columns),
        volume=Volume((Bound(Measure.ROWS, "few", 50),), days=5),
        tolerance=Tolerance(max_percent="20"),
    )


@pytest.fixture
def due_world(table: Table, post: Post, personal: bool) -> World:  # noqa: FBT001 a fixture's parameter
    return World(table, post, Contracts((contract(personal=personal),)), mwaa=Mwaa())


@dataclass
class Lived:
    """A stack that was sent all the files, its functions, and the bus that it told."""

    world: World
    apps: dict[str, ModuleType]
    bus: Bus
    records: dict[str, DropRecord]


@pytest.fixture
def lived(
    due_world: World,
    stack: dict[str, ModuleType],
    entry_point: Callable[[str, Contracts], ModuleType],
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
) -> Lived:
    """Send the files, load the good ones, have people do what they may, and the freshness function its round."""
    bus, client = Bus(), boto3.client
    fakes: dict[str, Any] = {"events": bus, "redshift-data": Redshift(sales_fact=date(2026, 11, 14))}
    monkeypatch.setattr(boto3, "client", lambda name, **more: fakes.get(name) or client(name, **more))
    place: Any = {"LocationConstraint": "ap-northeast-1"}
    client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration=place)
    for name, value in {
        "CHAT_TOPIC_ARN": client("sns").create_topic(Name="chat")["TopicArn"],
        "GLUE_JOB": "csv-to-parquet",
        "INTAKE_CONCURRENCY": "4",
        "REDSHIFT_COPY_ROLE_ARN": "arn:aws:iam::123456789012:role/copy",
        "TAG_VERSIONS": "yes",
    }.items():
        monkeypatch.setenv(f"SUIMON_{name}", value)
    stack["intake"] = entry_point("intake", due_world.contracts)
    monkeypatch.setattr(stack["intake"], "utc_now", lambda: NOON)
    monkeypatch.setattr("suimon.cli.tail.utc_now", lambda: NOON)
    files: dict[str, str | bytes] = {day: good(day, 20) for day in GOOD_DAYS}
    files |= {FEW: good(FEW, 2), TOLERATED: good(TOLERATED, 20) + row(TOLERATED, 21, customer="C2", quantity=MARKER)}
    files |= {day: make(day) for day, make in BROKEN.items()}
    records: dict[str, DropRecord] = {}
    for number, (day, body) in enumerate(files.items()):
        drop = put(body, f"sales/{day}/sales_data.csv", f"{number:02X}")
        stack["intake"].handler(queue_event(created(drop)), context)
        record = due_world.ledger.get(drop.id)
        assert record
        records[day] = record
        if record.state is State.TRIGGERED:
            due_world.ledger.move(record, State.LOADED, NOON)
    stack["freshness"].handler({"time": NOON.isoformat()}, context)
    return Lived(due_world, stack, bus, records)


def commands(lived: Lived) -> Iterator[list[str]]:
    """Yield what people type, in this order."""
    yield from (
        ["hold", "sales", "--reason", "moved"],
        ["status"],
        ["release", "sales"],
        ["expect", "sales", "2026-11-22", "--cancel", "--reason", "a strike"],
        ["retract", lived.records[GOOD_DAYS[0]].id, "--reason", "wrong"],
        ["status"],
        ["status", "sales"],
        ["incidents", "--all"],
        ["forecast"],
        ["drops", "--state", "rejected"],
        ["tail", "--once", "--back", "1000"],
        ["reconcile"],
        ["replay", "sales", "--from", GOOD_DAYS[0], "--to", "2026-11-21", "--dry-run"],
        ["retry", "--dry-run"],
    )
    for day, record in lived.records.items():
        yield from (["explain", record.id], ["explain", "sales", day])
    yield from (["incidents", str(incident.id)] for incident in lived.world.incidents.open_incidents())


def answered(lived: Lived, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what each command says, its exit status first."""
    for typed in commands(lived):
        for way in ([], ["--json"]):
            result = CliRunner().invoke(main, [*typed, *way, "--stack", "prod"])
            yield f"suimon {' '.join([*typed, *way])}", f"{result.exit_code} {result.output}"
    for record in lived.records.values():
        if record.state is State.REJECTED:
            result = CliRunner().invoke(main, ["report", record.id, "--out", str(folder), "--stack", "prod"])
            fetched = " ".join(path.read_text(encoding="utf-8") for path in (folder / record.id).iterdir())
            yield f"suimon report {record.id}", f"{result.exit_code} {result.output} {fetched}"


def kept(lived: Lived) -> Iterator[tuple[str, str]]:
    """Yield what the stack has stored and told: objects that are no one's file, tags, items, events, messages."""
    s3 = lived.world.s3
    for found in s3.list_objects_v2(Bucket=REPORTS).get("Contents", ()):
        yield f"s3://{REPORTS}/{found['Key']}", s3.get_object(Bucket=REPORTS, Key=found["Key"])["Body"].read().decode()
    for version in s3.list_object_versions(Bucket=RAW)["Versions"]:
        tags = s3.get_object_tagging(Bucket=RAW, Key=version["Key"], VersionId=version["VersionId"])["TagSet"]
        yield f"tags of {version['Key']}", str(tags)
    for item in lived.world.table.scan()["Items"]:
        yield f"item {item['pk']!s}", str(item)
    for entry in lived.bus.entries:
        yield f"event {entry['DetailType']}", str(entry)
    for topic in sns_backends[DEFAULT_ACCOUNT_ID]["ap-northeast-1"].topics.values():
        for message in topic.sent_notifications:
            yield f"topic {topic.name}", str(message)
    for path in lived.world.mwaa.paths:
        yield "Airflow", path


@pytest.mark.parametrize(
    "personal",
    [True, pytest.param(False, marks=pytest.mark.long)],
    ids=["personal", "what is not personal is found by the same look"],
)
def test_a_person_s_value_is_in_nothing_that_is_stored_told_or_shown(
    lived: Lived,
    personal: bool,  # noqa: FBT001 a parameter of pytest's
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    states = {day: record.state for day, record in lived.records.items()}
    assert {day for day, state in states.items() if state is State.REJECTED} == BROKEN.keys()
    asked = dict(answered(lived, tmp_path / "reports"))
    assert {typed: said for typed, said in asked.items() if said.startswith("2 ")} == {}
    logs = [one for when in ("setup", "call") for one in caplog.get_records(when)]
    told = [
        *asked.items(),
        *kept(lived),
        ("log", " ".join(f"{one.getMessage()} {vars(one)}" for one in logs)),
        ("printed", "".join(capsys.readouterr())),
    ]
    assert {where.split()[0].split(":")[0] for where, _ in told} == PLACES
    found = {where for where, text in told if MARKER in text}
    if personal:
        assert found == set()
    else:
        # Nothing but the file itself tells a sender, a log or a page of the stack which cell was wrong.
        kinds = {where.split()[0].split(":")[0] for where in found}
        assert kinds == {"event", "item", "s3", "suimon", "topic"}
        assert {f"topic {name}" for name in ("alerts", "chat")} <= found
