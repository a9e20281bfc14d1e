"""What the replay function does for the state machine and for people, on DynamoDB, S3 and SNS (moto)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError

from suimon.contract.model import Contract, Contracts
from suimon.drops.drop import Drop, DropRecord, Replay
from suimon.drops.match import Match
from suimon.drops.replay_record import Counts
from suimon.drops.states import State
from suimon.incidents.recipients import Recipients
from suimon.ledger.drops import Ledger
from suimon.ledger.items import item_of
from suimon.ledger.replays import LostRunningError, ReplayLedger
from suimon.replay.message import SummaryMessages
from suimon.replay.request import OverlapError, Request, RequestError, StalePlanError
from suimon.replay.steps import ReplaySteps

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONTRACTS = Contracts((Contract("sales", "1.0.0", "sales_fact", "load_sales"),))
DAYS = ("2026-11-01", "2026-11-02", "2026-11-03")
FIRST, SECOND = (f"arn:aws:states:ap-northeast-1:1:execution:suimon-replay:{name}" for name in ("first", "second"))


@dataclass
class Machine:
    """Step Functions' word on executions."""

    status: dict[str, str] = field(default_factory=dict)

    class exceptions:  # noqa: N801 boto3's name
        """The errors of a client."""

        class ExecutionDoesNotExist(Exception):  # noqa: N818 as above
            """No such execution, or none any longer."""

    def describe_execution(self, **request: str) -> dict[str, str]:
        try:
            return {"status": self.status[request["executionArn"]]}
        except KeyError:
            raise self.exceptions.ExecutionDoesNotExist from None


@pytest.fixture
def machine() -> Machine:
    return Machine({FIRST: "RUNNING", SECOND: "RUNNING"})


@pytest.fixture
def steps(table: Table, post: Post, machine: Machine) -> ReplaySteps:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="reports", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    for number, day in enumerate(DAYS):
        put(table, day, number, State.LOADED)
    sfn: Any = machine
    return ReplaySteps(
        ledger=Ledger(table),
        replays=ReplayLedger(table),
        contracts=CONTRACTS,
        s3=s3,
        sfn=sfn,
        reports_bucket="reports",
        messages=SummaryMessages(post.sns, post.topic_arn, Recipients.of(CONTRACTS), "prod"),
    )


def put(table: Table, day: str, number: int, state: State, attempt: int = 1, replay: Replay | None = None) -> str:
    drop = Drop("raw", f"sales/{day}/sales_data.csv", f"v{number}", "etag", 10, f"0{number}")
    record = DropRecord(drop, Match("sales", day), state, attempt, NOON, NOON)
    table.put_item(Item=item_of(record, "intake 1"))
    if replay:
        Ledger(table).touch(record, replay=replay)
    return drop.id


def asked(first: str = DAYS[0], last: str = DAYS[-1], **more: Any) -> Request:
    return Request.from_event({"dataset": "sales", "from": first, "to": last, "reason": "new prices", **more})


def summarise(steps: ReplaySteps, end: str = "finished") -> dict[str, Any]:
    return steps.summarise("sales", "first", end, NOON)


def test_what_begins_lies_in_s3_for_the_state_machine_and_in_the_ledger_for_people(steps: ReplaySteps) -> None:
    begun = steps.begin(asked(max_concurrency=2), FIRST, NOON)
    body = steps.s3.get_object(Bucket=begun["bucket"], Key=begun["key"])["Body"].read()
    assert [(item["partition"], item["attempt"]) for item in json.loads(body)] == [(day, 2) for day in DAYS]
    assert (begun["count"], begun["max_concurrency"], begun["tolerated"]) == (3, 2, 3)
    [record] = steps.replays.newest_first("sales")
    assert (record.id, record.planned, record.reason, record.ended_at) == ("first", 3, "new prices", None)


def test_a_replay_ages_in_the_ledger_and_so_does_what_failed_in_it(steps: ReplaySteps, table: Table) -> None:
    steps.begin(asked(), FIRST, NOON)
    steps.fail({"dataset": "sales", "execution": FIRST, "partition": DAYS[1], "error": "RunFailed"}, NOON)
    found = table.query(KeyConditionExpression=Key("pk").eq("replays#sales"))["Items"]
    ages = {str(item["sk"]): item.get("expires_at") for item in found}
    end = int((NOON + timedelta(days=400)).timestamp())
    assert ages == {"replay#first": end, f"failed#first#{DAYS[1]}": end, "running": None}


def test_a_second_replay_of_an_overlapping_range_is_refused_with_how_to_follow_the_first(steps: ReplaySteps) -> None:
    steps.begin(asked(*DAYS[:2]), FIRST, NOON)
    for first, last in ((DAYS[1], DAYS[2]), (DAYS[0], DAYS[0]), ("2026-10-01", "2026-12-01")):
        with pytest.raises(OverlapError, match="Follow replay first, or stop it") as refused:
            steps.begin(asked(first, last), SECOND, NOON)
        assert refused.value.then == "suimon replay sales --follow first"
        with pytest.raises(OverlapError):
            steps.plan(asked(first, last), NOON)
    assert steps.begin(asked(DAYS[2], DAYS[2]), SECOND, NOON)["count"] == 1
    assert set(steps.replays.running("sales").ranges) == {FIRST, SECOND}


def test_a_retry_of_the_same_begin_finds_its_own_and_goes_on(steps: ReplaySteps) -> None:
    first = steps.begin(asked(), FIRST, NOON)
    assert steps.begin(asked(), FIRST, NOON + timedelta(minutes=1)) == first
    [record] = steps.replays.newest_first("sales")
    assert record.began_at == NOON


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", None])
def test_a_replay_that_ended_without_a_summary_is_in_nobodys_way(
    steps: ReplaySteps, machine: Machine, status: str | None
) -> None:
    steps.begin(asked(), FIRST, NOON)
    machine.status = {SECOND: "RUNNING"} | ({FIRST: status} if status else {})
    steps.begin(asked(), SECOND, NOON)
    assert set(steps.replays.running("sales").ranges) == {SECOND}


@pytest.mark.hits("replays-do-not-overlap")
def test_of_two_replays_that_begin_at_once_one_is_refused(steps: ReplaySteps, monkeypatch: pytest.MonkeyPatch) -> None:
    running = steps.replays.running("sales")
    steps.begin(asked(), FIRST, NOON)
    with pytest.raises(LostRunningError):
        steps.replays.put_running(replace(running, ranges={SECOND: (DAYS[0], DAYS[1])}))
    read = iter([running])
    real = ReplayLedger.running
    monkeypatch.setattr(ReplayLedger, "running", lambda self, dataset: next(read, None) or real(self, dataset))
    with pytest.raises(OverlapError):
        steps.begin(asked(), SECOND, NOON)


def test_a_plan_that_was_overtaken_begins_nothing(steps: ReplaySteps, table: Table) -> None:
    shown = steps.plan(asked(), NOON)["plan"]
    put(table, DAYS[1], 1, State.TRIGGERED, 2)
    with pytest.raises(StalePlanError):
        steps.begin(asked(plan=shown), FIRST, NOON)
    assert steps.replays.newest_first("sales") == []
    assert steps.replays.running("sales").ranges == {}


def test_a_range_without_work_begins_nothing(steps: ReplaySteps) -> None:
    begun = steps.begin(asked(what="failed"), FIRST, NOON)
    assert (begun["count"], begun["key"], steps.replays.newest_first("sales")) == (0, "", [])


def test_the_end_is_counted_from_the_ledger_kept_and_told_once(steps: ReplaySteps, table: Table, post: Post) -> None:
    steps.begin(asked(), FIRST, NOON)
    put(table, DAYS[0], 0, State.LOADED, 2)
    put(table, DAYS[1], 1, State.FAILED, 2)
    steps.fail({"dataset": "sales", "execution": FIRST, "partition": DAYS[1], "error": "RunFailed: Glue died"}, NOON)
    put(table, DAYS[2], 2, State.TRIGGERED, 2)
    found = summarise(steps)
    assert found["told"] == "1 loaded, 1 failed, 1 still running"
    [told] = post.published()
    assert told.subject == "[ERROR] sales 2026-11-01 to 2026-11-03 replayed: 1 loaded, 1 failed, 1 still running"
    assert "2026-11-02 failed: RunFailed: Glue died" in told.mail
    assert told.machine["counts"] == {"loaded": 1, "unneeded": 0, "failed": 1, "running": 1, "remaining": 0}
    assert told.attributes == {"kind": "replay", "dataset": "sales", "severity": "error"}
    record = steps.replays.of("sales", "first")
    assert record is not None
    assert (record.end, record.counts, record.told_at) == ("finished", Counts(loaded=1, failed=1, running=1), NOON)
    assert steps.replays.running("sales").ranges == {}
    assert summarise(steps) == found
    assert post.published() == []


@pytest.mark.hits("summary-is-told")
def test_a_summary_that_could_not_be_published_is_published_by_the_next_try(
    steps: ReplaySteps, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.begin(asked(), FIRST, NOON)

    def fails(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "Throttling", "Message": ""}}, "Publish")

    with monkeypatch.context() as patch:
        patch.setattr(SummaryMessages, "publish", fails)
        with pytest.raises(ClientError):
            summarise(steps)
    summarise(steps)
    assert len(post.published()) == 1


def test_a_stopped_replay_says_what_remains_and_one_that_runs_is_not_summed_up(
    steps: ReplaySteps, table: Table, machine: Machine, post: Post
) -> None:
    steps.begin(asked(), FIRST, NOON)
    put(table, DAYS[0], 0, State.TRIGGERED, 2)
    with pytest.raises(RequestError, match="stop it first"):
        steps.stopped("sales", "first", NOON)
    machine.status[FIRST] = "ABORTED"
    assert steps.stopped("sales", "first", NOON)["told"] == "0 loaded, 1 still running, 2 not begun"
    [told] = post.published()
    assert "suimon replay sales --resume first --stack prod" in told.mail


@pytest.mark.hits("begun-is-not-resumed")
def test_resuming_goes_on_with_what_was_never_begun(steps: ReplaySteps, table: Table, machine: Machine) -> None:
    steps.begin(asked(), FIRST, NOON)
    put(table, DAYS[0], 0, State.LOADED, 2)
    machine.status[FIRST] = "ABORTED"
    steps.stopped("sales", "first", NOON)
    plan = steps.plan(asked(resume="first"), NOON)
    assert [item["partition"] for item in plan["items"]] == list(DAYS[1:])
    assert steps.begin(asked(resume="first", plan=plan["plan"]), SECOND, NOON)["count"] == 2
    with pytest.raises(RequestError, match="sales has no replay nosuch"):
        steps.plan(asked(resume="nosuch"), NOON)


def damage(steps: ReplaySteps, body: bytes | None) -> None:
    """Put something else in the place of the items that a replay has put into S3; None: they are gone."""
    record = steps.replays.of("sales", "first")
    assert record
    steps.s3.delete_object(Bucket="reports", Key=record.key)
    if body is not None:
        steps.s3.put_object(Bucket="reports", Key=record.key, Body=body)


OTHER_ITEM = b'[{"drop_id": "another", "partition": "2026-11-01", "attempt": 2, "reason": ""}]'
DAMAGED = [None, b"", b"{", b"null", b"[]", b"[1]", b"[{}]", b'{"drop_id": "a"}', b"\xff", OTHER_ITEM]


@pytest.mark.parametrize("body", DAMAGED, ids=str)
def test_a_replay_whose_items_are_lost_is_summed_up_by_what_the_ledger_knows(
    steps: ReplaySteps, table: Table, post: Post, body: bytes | None
) -> None:
    steps.begin(asked(), FIRST, NOON)
    replay = Replay(FIRST, "token")
    put(table, DAYS[0], 0, State.LOADED, 2, replay)
    put(table, DAYS[1], 1, State.LOADED, 2, replace(replay, execution=SECOND))
    steps.fail({"dataset": "sales", "execution": FIRST, "partition": DAYS[2], "error": "Gone: deleted"}, NOON)
    damage(steps, body)
    assert summarise(steps, "States.ItemReaderFailed: x")["told"] == "1 loaded, 1 failed, 1 not begun"
    [told] = post.published()
    assert told.subject.startswith("[ERROR]")
    assert "2026-11-03 failed: Gone: deleted" in told.mail
    assert steps.replays.running("sales").ranges == {}


@pytest.mark.parametrize("body", DAMAGED, ids=str)
def test_a_replay_whose_items_are_lost_is_not_resumed_and_the_error_says_what_to_do(
    steps: ReplaySteps, machine: Machine, body: bytes | None
) -> None:
    steps.begin(asked(), FIRST, NOON)
    machine.status[FIRST] = "ABORTED"
    damage(steps, body)
    with pytest.raises(RequestError, match="plan its range again, from 2026-11-01 to 2026-11-03"):
        steps.begin(asked(resume="first"), SECOND, NOON)
    assert steps.replays.of("sales", "second") is None


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("ABORTED", "It was stopped"),
        ("TIMED_OUT", "It ran for thirty days"),
        ("FAILED", "Its execution failed before its end could be told"),
        (None, "It ended longer ago than Step Functions remembers"),
    ],
)
def test_a_replay_that_ended_without_a_summary_is_summed_up_by_how_it_ended(
    steps: ReplaySteps, machine: Machine, post: Post, status: str | None, told: str
) -> None:
    steps.begin(asked(), FIRST, NOON)
    machine.status = {FIRST: status} if status else {}
    found = steps.stopped("sales", "first", NOON)
    assert told in post.published()[0].mail
    machine.status[FIRST] = "RUNNING"  # nobody asks again once the end is known
    assert steps.stopped("sales", "first", NOON) == found
    assert post.published() == []


def test_what_was_asked_to_be_tolerated_is_kept_for_who_resumes(steps: ReplaySteps) -> None:
    for execution, tolerate in ((FIRST, 0), (SECOND, 12.5)):
        day = DAYS[0] if execution is FIRST else DAYS[1]
        steps.begin(asked(day, day, tolerate=tolerate), execution, NOON)
    assert [record.tolerate for record in steps.replays.newest_first("sales")] == [0.0, 12.5]


@pytest.mark.parametrize("wanted", [[], "sales", 1, None])
def test_a_request_that_is_no_object_is_refused(steps: ReplaySteps, wanted: Any) -> None:
    with pytest.raises(RequestError, match="a request is an object"):
        steps.request(wanted)
