"""The gate on moto: real S3, DynamoDB and SNS calls, the real checker, a scripted Airflow."""

from __future__ import annotations

import gzip
import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError

from suimon.aws.objects import Objects, ShortReadError
from suimon.check.engine import CheckError, InterruptedCheckError, check
from suimon.check.verdict import Measurement
from suimon.contract.file import Metric, Tolerance
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contracts
from suimon.contract.odcs.parse import read_contract_files
from suimon.drops.drop import Drop, EventError, Match, Replay
from suimon.drops.run_finished import RunFinished
from suimon.drops.states import State
from suimon.incidents.store import IncidentStore
from suimon.intake.errors import ReplayError, RetryLaterError
from suimon.intake.gate import Gate, receive
from suimon.intake.inspection import SCRATCH_BYTES, FileInspector, NoRoomError
from suimon.intake.queue import HANDED_OVER, resume_message
from suimon.intake.replays import ReplayRequest, replay
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.mwaa.airflow import Airflow
from suimon.mwaa.pace import Pace
from suimon.outcome.run_end import RunEnds
from tests.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    from suimon.check.verdict import Verdict
    from suimon.incidents.incident import Problem
    from tests.functional.conftest import LambdaContext, Post

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = "sales/2026-11-20/sales_data.csv"
HEADER = "order_id,order_date,customer_id,product_name,quantity,unit_price,amount\n"
GOOD = HEADER + '1,2026-11-20,C000123,"緑茶\n500ml",2,148.00,296.00\n2,2026-11-20,C000124,水筒,1,2480.75,2480.75\n'
BAD = GOOD.replace("296.00", "-296.00")


class FakeMwaa:
    """An Airflow that keeps its runs, answers as it is told to, and refuses a run id it has."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.paused = False
        self.fails: Exception | None = None

    def invoke_rest_api(self, **request: Any) -> dict[str, Any]:
        if self.fails:
            raise self.fails
        if request["Method"] == "POST":
            body = request["Body"]
            if body["dag_run_id"] in self.runs:
                response = {"Error": {"Code": "RestApiClientException"}, "RestApiStatusCode": 409}
                raise ClientError(response, "InvokeRestApi")  # type: ignore[arg-type]  # MWAA's own field
            self.runs[body["dag_run_id"]] = body["conf"]
        return {"RestApiStatusCode": 200, "RestApiResponse": {"is_paused": self.paused}}


class FakeSfn:
    """Keeps the answers to task tokens."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str]] = []

    def send_task_success(self, *, taskToken: str, **_: Any) -> None:  # noqa: N803 the API's name
        self.answers.append(("success", taskToken))

    def send_task_failure(self, *, taskToken: str, error: str, **_: Any) -> None:  # noqa: N803 the API's name
        self.answers.append((error, taskToken))


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return read_contract_files(sorted((Path(__file__).parents[3] / "contracts").glob("*.odcs.yaml")))


@pytest.fixture
def mwaa() -> FakeMwaa:
    return FakeMwaa()


@pytest.fixture
def sfn() -> FakeSfn:
    return FakeSfn()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(
    table: Table, post: Post, contracts: Contracts, mwaa: FakeMwaa, sfn: FakeSfn, clock: Clock, tmp_path: Path
) -> Gate:
    s3 = boto3.client("s3")
    for bucket in ("raw", "lake", "reports"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    objects = Objects(s3)
    return Gate(
        ledger=Ledger(table),
        objects=objects,
        airflow=Airflow(mwaa, "env", Pace(table, "env", clock, lambda _: None)),  # type: ignore[arg-type]  # a fake
        incidents=IncidentStore(table, post.sns, post.topic_arn),
        sfn=sfn,  # type: ignore[arg-type]  # a fake
        contracts=contracts,
        settings=SETTINGS,
        inspector=FileInspector(objects=objects, reports_bucket="reports", scratch=tmp_path, clock=clock),
        owner="this invocation",
        clock=clock,
    )


def tolerant(gate: Gate, dataset: str = "sales") -> Gate:
    """Return a gate whose contract of a dataset tolerates a bad record of two lines."""
    lenient = replace(gate.contracts.of(dataset), tolerance=Tolerance(max_rows=2))
    others = (contract for contract in gate.contracts.all if contract.dataset != dataset)
    return replace(gate, contracts=Contracts((lenient, *others)))


def put(content: str | bytes, key: str = KEY, sequencer: str = "01") -> Drop:
    body = content.encode() if isinstance(content, str) else content
    answer = boto3.client("s3").put_object(Bucket="raw", Key=key, Body=body)
    return Drop("raw", key, answer["VersionId"], answer["ETag"].strip('"'), len(body), sequencer)


def body_of(bucket: str, key: str) -> str:
    return boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def test_a_good_file_opens_its_run_with_an_immutable_copy_of_exactly_its_bytes(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    put(BAD)  # a later PUT of the key changes nothing for this version
    record = gate.take(drop)
    assert (record.state, record.rows) == (State.TRIGGERED, 2)
    [(run_id, conf)] = mwaa.runs.items()
    assert run_id == f"{drop.id}.1"
    assert conf["source_uri"] == f"s3://lake/accepted/sales/2026-11-20/{drop.id}/data.csv"
    assert conf["target_uri"] == f"s3://lake/processed/sales/2026-11-20/{drop.id}.1/"
    assert (conf["rows"], conf["partition"], conf["attempt"]) == (2, "2026-11-20", 1)
    assert body_of("lake", f"accepted/sales/2026-11-20/{drop.id}/data.csv") == GOOD
    contract = json.loads(body_of("lake", f"accepted/sales/2026-11-20/{drop.id}/_contract.json"))
    assert contract["dataset"] == "sales"


def test_an_event_that_comes_again_opens_no_second_run(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    gate.take(drop)
    assert gate.take(drop).state is State.TRIGGERED
    assert len(mwaa.runs) == 1


def test_a_bad_file_opens_no_run_and_is_told_with_its_cells(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    drop = put(BAD)
    assert gate.take(drop).state is State.REJECTED
    assert not mwaa.runs
    [(subject, body)] = post.letters()
    assert subject == "[Suimon] sales 2026-11-20 rejected: sales_data.csv"
    assert "line 3, record 1, amount" in body
    assert "-296.00" in body
    report = json.loads(body_of("reports", f"sales/2026-11-20/{drop.id}.1/report.json"))
    assert (report["verdict"], report["bad_cells"], report["drop_id"]) == ("rejected", 1, drop.id)
    [cell] = body_of("reports", f"sales/2026-11-20/{drop.id}.1/bad_cells.jsonl").splitlines()
    assert json.loads(cell)["column"] == "amount"


def test_a_bad_file_has_a_page_that_the_letter_names_and_a_browser_opens(gate: Gate, post: Post) -> None:
    drop = put(BAD)
    gate.take(drop)
    key = f"sales/2026-11-20/{drop.id}.1/report.html"
    [(_, body)] = post.letters()
    assert f"s3://reports/{key}" in body
    page = boto3.client("s3").get_object(Bucket="reports", Key=key)
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert "-296.00" in page["Body"].read().decode()


def test_bad_records_within_the_tolerance_are_set_aside_and_told_once(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    drop = put(BAD.replace("C000123", "C999999"))
    record = tolerant(gate).take(drop)
    assert (record.state, record.rows) == (State.TRIGGERED, 1)
    [conf] = mwaa.runs.values()
    assert conf["rows"] == 1
    accepted = f"accepted/sales/2026-11-20/{drop.id}"
    assert body_of("lake", f"{accepted}/data.csv").splitlines()[1:] == GOOD.splitlines()[3:]
    assert json.loads(body_of("lake", f"{accepted}/_contract.json"))["file"]["line_ending"] == "lf"
    aside = f"aside/sales/2026-11-20/{drop.id}.1/bad_rows.csv"
    assert "C999999" in body_of("lake", aside)
    [(subject, body)] = post.letters()
    assert subject == "[Suimon] sales 2026-11-20, 1 record set aside: sales_data.csv"
    assert f"s3://lake/{aside}" in body
    assert f"s3://reports/sales/2026-11-20/{drop.id}.1/report.html" in body
    assert "C999999" not in body + body_of("reports", f"sales/2026-11-20/{drop.id}.1/report.html")


def test_what_goes_on_is_named_after_what_it_is_and_the_run_is_told_that_name(gate: Gate, mwaa: FakeMwaa) -> None:
    lines = "event_id\tuser_id\tevent_type\tevent_timestamp\nE1\tU1\tsearch\t2026-11-20T09:15:00Z\n"
    good, bad = (gzip.compress(text.encode()) for text in (lines, lines + "E2\tU1\tsearch\tyesterday\n"))
    key = "user_events/2026-11-20/events.tsv.gz"
    records = [tolerant(gate, "user_events").take(put(*drop)) for drop in ((good, key, "01"), (bad, key, "02"))]
    assert [record.accepted and record.accepted.name for record in records] == ["data.csv.gz", "data.csv"]
    folders = [f"accepted/user_events/2026-11-20/{record.id}" for record in records]
    sources = [conf["source_uri"] for conf in mwaa.runs.values()]
    assert sources == [f"s3://lake/{folders[0]}/data.csv.gz", f"s3://lake/{folders[1]}/data.csv"]
    assert body_of("lake", f"{folders[1]}/data.csv").splitlines() == lines.splitlines()
    assert json.loads(body_of("lake", f"{folders[1]}/_contract.json"))["file"]["compression"] == "none"


def test_a_file_without_a_bad_record_is_copied_as_it_is_under_a_tolerance_too(gate: Gate, post: Post) -> None:
    drop = put(GOOD)
    assert tolerant(gate).take(drop).rows == 2
    assert body_of("lake", f"accepted/sales/2026-11-20/{drop.id}/data.csv") == GOOD
    assert post.subjects() == []


def test_more_bad_records_than_tolerated_reject_the_file(gate: Gate) -> None:
    drop = put(BAD.replace("2480.75\n", "-2480.75\n"))
    assert tolerant(gate).take(drop).state is State.REJECTED
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="lake")


def test_a_warning_of_an_accepted_file_is_told_and_a_file_without_one_ends_it(
    gate: Gate, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = Metric("nullValues", ("product_name",), maximum="0", severity="warning", text="0")

    def judge(*given: Any, **options: Any) -> Verdict:
        return replace(check(*given, **options), measurements=(Measurement(metric, 1, "50.0000", kept=False),))

    with monkeypatch.context() as warned:
        warned.setattr("suimon.intake.inspection.check", judge)
        drop = put(GOOD, sequencer="01")
        assert gate.take(drop).state is State.TRIGGERED
    [(subject, body)] = post.letters()
    assert subject == "[Suimon] sales 2026-11-20, accepted with a warning: sales_data.csv"
    assert "product_name" in body
    assert gate.take(put(GOOD.replace("水筒", "茶筒"), sequencer="02")).state is State.TRIGGERED
    assert post.subjects() == [f"[Suimon] Recovered: {subject.removeprefix('[Suimon] ')}"]


def test_a_personal_value_never_leaves_the_gate(gate: Gate, post: Post) -> None:
    drop = put(GOOD.replace("C000123", "C" * 40))
    gate.take(drop)
    [(_, body)] = post.letters()
    report = body_of("reports", f"sales/2026-11-20/{drop.id}.1/bad_cells.jsonl")
    assert "customer_id" in body
    assert "CCCC" not in body + report


def test_the_corrected_file_of_the_same_key_is_a_new_drop(gate: Gate, mwaa: FakeMwaa) -> None:
    gate.take(put(BAD, sequencer="01"))
    assert gate.take(put(GOOD, sequencer="02")).state is State.TRIGGERED
    assert len(mwaa.runs) == 1


def test_the_same_bytes_under_the_same_key_open_no_second_run(gate: Gate, mwaa: FakeMwaa) -> None:
    gate.take(put(GOOD, sequencer="01"))
    assert gate.take(put(GOOD, sequencer="02")).state is State.DUPLICATE
    assert len(mwaa.runs) == 1


def test_an_older_write_whose_event_comes_late_is_superseded(gate: Gate, mwaa: FakeMwaa) -> None:
    older, newer = put(BAD, sequencer="01"), put(GOOD, sequencer="02")
    gate.take(newer)
    assert gate.take(older).state is State.SUPERSEDED
    assert len(mwaa.runs) == 1


def test_an_airflow_that_is_away_costs_nothing_but_time(gate: Gate, mwaa: FakeMwaa, post: Post, clock: Clock) -> None:
    drop = put(GOOD)
    mwaa.fails = ClientError({"Error": {"Code": "InternalServerException"}}, "InvokeRestApi")
    with pytest.raises(RetryLaterError):
        gate.take(drop)
    assert post.subjects() == []  # not news yet
    clock.now += timedelta(minutes=11)
    with pytest.raises(RetryLaterError):
        gate.take(drop)
    assert post.subjects() == ["[Suimon] MWAA environment env does not answer"]
    mwaa.fails = None
    assert gate.take(drop).state is State.TRIGGERED
    assert post.subjects() == ["[Suimon] Recovered: MWAA environment env does not answer"]


@pytest.mark.hits("run-was-faster")
def test_a_run_that_ends_before_its_start_is_recorded_stays_at_its_end(
    gate: Gate, mwaa: FakeMwaa, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop, start = put(GOOD), mwaa.invoke_rest_api

    def ends_at_once(**request: Any) -> dict[str, Any]:
        answer = start(**request)
        if request["Method"] == "POST":
            record = gate.ledger.get(drop.id)
            assert record
            gate.ledger.move(gate.ledger.move(record, State.TRIGGERED, NOON), State.LOADED, NOON)
        return answer

    monkeypatch.setattr(mwaa, "invoke_rest_api", ends_at_once)
    assert gate.take(drop).state is State.LOADED


def test_a_mistake_of_configuration_is_told_at_once_and_once(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    drop = put(GOOD)
    mwaa.fails = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "InvokeRestApi")
    for _ in range(2):
        with pytest.raises(RetryLaterError):
            gate.take(drop)
    [(_, body)] = post.letters()
    assert "airflow:InvokeRestApi" in body


def test_a_refused_run_of_one_file_is_not_closed_by_another_file(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    refused = {"Error": {"Code": "RestApiClientException"}, "RestApiStatusCode": 400, "RestApiResponse": "conf"}
    mwaa.fails = ClientError(refused, "InvokeRestApi")  # type: ignore[arg-type]  # MWAA's own fields
    with pytest.raises(RetryLaterError):
        gate.take(put(GOOD))
    assert post.subjects() == ["[Suimon] Airflow refuses the run of sales_data.csv"]
    mwaa.fails = None
    other_day = "2026-11-19"
    gate.take(put(GOOD.replace("2026-11-20", other_day), key=KEY.replace("2026-11-20", other_day)))
    assert post.subjects() == []


def test_a_full_disk_is_no_verdict_on_the_file(gate: Gate, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = put(GOOD)
    with monkeypatch.context() as full:
        full.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=10**10, free=10))
        with pytest.raises(NoRoomError):
            gate.take(drop)
    assert post.subjects() == []


def test_a_file_that_can_never_fit_is_rejected_with_the_limit(
    gate: Gate, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = put(GOOD)
    disk = SimpleNamespace(total=SCRATCH_BYTES + drop.size - 1, free=SCRATCH_BYTES + drop.size - 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: disk)
    assert tolerant(gate).take(drop).state is State.REJECTED
    [(_, body)] = post.letters()
    assert f"the gate can check up to {drop.size - 1}: send it in parts" in body


def test_a_file_of_any_size_is_checked_where_it_is_only_read(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SimpleNamespace(total=SCRATCH_BYTES, free=SCRATCH_BYTES)
    monkeypatch.setattr("shutil.disk_usage", lambda _: disk)
    assert gate.take(put(GOOD)).state is State.TRIGGERED


def test_a_disk_that_fills_up_during_the_check_is_no_verdict_on_the_file(
    gate: Gate, post: Post, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = put(GOOD)
    with monkeypatch.context() as full:
        full.setattr("suimon.intake.inspection.check", raising(InterruptedCheckError("no room")))
        with pytest.raises(InterruptedCheckError):
            gate.take(drop)
    assert post.subjects() == []
    clock.now += timedelta(seconds=5)
    assert gate.take(drop).state is State.TRIGGERED


def test_a_paused_dag_is_told(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    mwaa.paused = True
    assert gate.take(put(GOOD)).state is State.TRIGGERED
    assert post.subjects() == ["[Suimon] DAG daily_sales_etl is paused: files are accepted, nothing is loaded"]


def test_a_crash_between_accepted_and_triggered_leads_to_one_run(gate: Gate, mwaa: FakeMwaa, table: Table) -> None:
    drop = put(GOOD)
    gate.take(drop)
    # The run is there, but the ledger was never told.
    table.update_item(
        Key={"pk": f"drop#{drop.id}", "sk": "drop"},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": "ACCEPTED"},
    )
    assert gate.take(drop).state is State.TRIGGERED
    assert len(mwaa.runs) == 1


def test_a_check_that_fails_can_be_taken_up_at_once(gate: Gate, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = put(GOOD)
    with monkeypatch.context() as broken:
        broken.setattr("suimon.intake.inspection.check", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            gate.take(drop)
    clock.now += timedelta(seconds=5)
    assert gate.take(drop).state is State.TRIGGERED


def test_a_check_under_way_elsewhere_is_waited_for(gate: Gate, clock: Clock) -> None:
    drop = put(GOOD)
    record = gate.ledger.receive(drop, Match("sales", "2026-11-20"), NOON)
    gate.ledger.claim(record, NOON, owner="another", lease=timedelta(minutes=16), attempt=1)
    with pytest.raises(RetryLaterError, match="being checked"):
        gate.take(drop)
    clock.now += timedelta(minutes=17)  # it was killed
    assert gate.take(drop).state is State.TRIGGERED


def test_a_file_that_is_gone_is_told_and_done_with(gate: Gate, post: Post) -> None:
    drop = put(GOOD)
    boto3.client("s3").delete_object(Bucket="raw", Key=KEY, VersionId=drop.version_id)
    assert gate.take(drop).state is State.REJECTED
    [(_, body)] = post.letters()
    assert "deleted before it could be checked" in body


def test_a_key_that_no_contract_knows_is_recorded_and_told_once_a_pattern(gate: Gate, post: Post) -> None:
    assert gate.take(put("x", key="sale/2026-11-20/sales_data.csv")).state is State.UNMATCHED
    assert gate.take(put("x", key="sale/2026-11-21/sales_data.csv")).state is State.UNMATCHED
    assert post.subjects() == ["[Suimon] Files that no contract knows: sale/…/*.csv"]


def test_what_nobody_could_be_told_of_is_not_yet_recorded(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = put("x", key="sale/2026-11-20/sales_data.csv")
    monkeypatch.setattr(gate.incidents, "_publish", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        gate.take(drop)
    assert gate.ledger.get(drop.id) is None


def test_a_folder_that_a_console_made_is_recorded_and_no_news(gate: Gate, post: Post) -> None:
    assert gate.take(put("", key="sales/2026-11-20/")).state is State.UNMATCHED
    assert post.subjects() == []


def test_an_empty_file_is_rejected_and_not_lost(gate: Gate, post: Post) -> None:
    assert gate.take(put("")).state is State.REJECTED
    assert post.subjects() == ["[Suimon] sales 2026-11-20 rejected: sales_data.csv"]


@pytest.mark.parametrize(
    "key",
    ["売上/2026-11-20/売上 データ.csv", "a+b%2B c/%E5%A3%B2.csv", "x" * 1024, "é" * 512, "tab\there.csv", "'; DROP--"],
)
def test_a_key_may_hold_whatever_s3_takes(gate: Gate, key: str) -> None:
    drop = put(GOOD, key=key)
    assert gate.take(drop).state is State.UNMATCHED
    assert [record.drop for record in gate.ledger.drops_of_key("raw", key)] == [drop]


def test_an_odd_name_that_a_contract_declares_reaches_its_run(gate: Gate, mwaa: FakeMwaa) -> None:
    sales = replace(gate.contracts.of("sales"), key_pattern=KeyPattern("売上/{ds}/売上 +%2B.csv"))
    drop = put(GOOD, key="売上/2026-11-20/売上 +%2B.csv")
    assert replace(gate, contracts=Contracts((sales,))).take(drop).state is State.TRIGGERED
    [conf] = mwaa.runs.values()
    assert conf["source_uri"] == f"s3://lake/accepted/sales/2026-11-20/{drop.id}/data.csv"


def test_a_file_in_parts_is_checked_by_its_version(gate: Gate) -> None:
    s3 = boto3.client("s3")
    upload = s3.create_multipart_upload(Bucket="raw", Key=KEY)["UploadId"]
    part = s3.upload_part(Bucket="raw", Key=KEY, UploadId=upload, PartNumber=1, Body=GOOD.encode())["ETag"]
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    whole = s3.complete_multipart_upload(Bucket="raw", Key=KEY, UploadId=upload, MultipartUpload=parts)
    assert whole["ETag"].strip('"').endswith("-1")
    drop = Drop("raw", KEY, whole["VersionId"], whole["ETag"].strip('"'), len(GOOD.encode()), "01")
    assert gate.take(drop).state is State.TRIGGERED


def test_a_key_whose_contract_comes_later_is_taken_up_when_it_is_brought_again(gate: Gate) -> None:
    drop = put(GOOD)
    before = replace(gate, contracts=Contracts(tuple(one for one in gate.contracts.all if one.dataset != "sales")))
    assert before.take(drop).state is State.UNMATCHED
    assert gate.resume(drop.id).state is State.TRIGGERED
    assert [move.state for move in gate.ledger.history(drop.id)][:2] == [State.UNMATCHED, State.RECEIVED]


def test_a_drop_goes_on_from_the_ledger_alone(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    gate.ledger.receive(drop, Match("sales", "2026-11-20"), NOON)
    assert receive(gate, resume_message(drop.id)).state is State.TRIGGERED
    assert receive(gate, resume_message(drop.id)).state is State.TRIGGERED
    assert len(mwaa.runs) == 1


@pytest.mark.parametrize("body", ["no json", "[]", "{}", '{"resume": "0000000000000000"}', '{"detail": {}}'])
def test_a_message_that_asks_nothing_is_an_error_that_says_so(gate: Gate, body: str) -> None:
    with pytest.raises(EventError):
        receive(gate, body)


def test_a_file_that_is_overwritten_while_it_is_checked_opens_no_run(
    gate: Gate, mwaa: FakeMwaa, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = put(GOOD, sequencer="01"), put(GOOD + GOOD.splitlines()[-1].replace("2,", "3,", 1), sequencer="02")

    def overwritten(*asked: Any, **named: Any) -> Verdict:
        gate.ledger.receive(newer, Match("sales", "2026-11-20"), NOON)
        return check(*asked, **named)

    monkeypatch.setattr("suimon.intake.inspection.check", overwritten)
    assert gate.take(older).state is State.SUPERSEDED
    assert not mwaa.runs


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("during the check", marks=pytest.mark.hits("overwritten-during-check")),
        pytest.param("while it is reported", marks=pytest.mark.hits("overwritten-while-reported")),
    ],
)
def test_a_bad_file_that_is_overwritten_leaves_no_incident_open(
    gate: Gate, post: Post, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    older, newer = put(BAD, sequencer="01"), put(GOOD, sequencer="02")
    report = gate.incidents.report

    def load_newer() -> None:
        monkeypatch.undo()
        run_ends = RunEnds(gate.ledger, gate.incidents, gate.sfn)
        run = RunFinished(newer.id, 1, "daily_sales_etl", f"{newer.id}.1", State.LOADED, {}, None, None, None)
        gate.take(newer)
        run_ends.record(run, NOON)

    def during_the_check(*asked: Any, **named: Any) -> Verdict:
        load_newer()
        return check(*asked, **named)

    def while_told(problem: Problem, now: datetime) -> bool:
        load_newer()
        return report(problem, now)

    if moment == "during the check":
        monkeypatch.setattr("suimon.intake.inspection.check", during_the_check)
    else:
        monkeypatch.setattr(gate.incidents, "report", while_told)
    assert gate.take(older).state is State.SUPERSEDED
    assert gate.incidents.open_incidents() == []
    assert len(post.subjects()) == (0 if moment == "during the check" else 2)


def test_two_writes_of_the_same_bytes_at_once_open_one_run(
    gate: Gate, mwaa: FakeMwaa, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, later = put(GOOD, sequencer="01"), put(GOOD, sequencer="02")

    def meanwhile(*asked: Any, **named: Any) -> Verdict:
        monkeypatch.setattr("suimon.intake.inspection.check", check)
        with pytest.raises(RetryLaterError, match=f"has the bytes of drop {later.id}"):
            gate.take(earlier)
        return check(*asked, **named)

    monkeypatch.setattr("suimon.intake.inspection.check", meanwhile)
    assert gate.take(later).state is State.TRIGGERED
    clock.now += timedelta(seconds=5)
    record = gate.take(earlier)
    assert (record.state, record.duplicate_of) == (State.DUPLICATE, later.id)
    assert len(mwaa.runs) == 1


def test_the_third_write_of_the_same_bytes_is_a_duplicate_of_the_first(gate: Gate) -> None:
    first, *others = (put(GOOD, sequencer=sequencer) for sequencer in ("01", "02", "03"))
    gate.take(first)
    assert [gate.take(other).duplicate_of for other in others] == [first.id, first.id]


def test_a_dag_that_airflow_does_not_know_is_told_with_what_to_do(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    unknown = {"Error": {"Code": "RestApiClientException"}, "RestApiStatusCode": 404, "RestApiResponse": {}}
    mwaa.fails = ClientError(unknown, "InvokeRestApi")  # type: ignore[arg-type]  # MWAA's own fields
    with pytest.raises(RetryLaterError):
        gate.take(put(GOOD))
    [(subject, body)] = post.letters()
    assert subject == "[Suimon] Airflow does not know the DAG daily_sales_etl"
    assert "Put its file into the DAG bucket" in body


def loaded(gate: Gate, drop: Drop) -> None:
    gate.ledger.move(gate.take(drop), State.LOADED, NOON)


def test_a_replay_starts_the_next_attempt_under_its_own_run_id(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    record = replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))
    assert (record.state, record.attempt, record.replay) == (State.TRIGGERED, 2, Replay("execution", "token"))
    assert list(mwaa.runs) == [f"{drop.id}.1", f"{drop.id}.2"]


def test_a_retry_of_the_same_replay_joins_its_attempt_with_the_new_token(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))
    record = replay(gate, ReplayRequest(drop.id, 2, "newer token", "execution"))
    assert (record.attempt, record.replay) == (2, Replay("execution", "newer token"))
    assert len(mwaa.runs) == 2


@pytest.mark.hits("attempt-ended-before-retry")
def test_a_retry_after_the_attempt_s_end_is_answered_at_once(gate: Gate, sfn: FakeSfn) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    gate.ledger.move(replay(gate, ReplayRequest(drop.id, 2, "token", "execution")), State.LOADED, NOON)
    replay(gate, ReplayRequest(drop.id, 2, "newer token", "execution"))
    assert sfn.answers == [("success", "newer token")]


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"),
        ReadTimeoutError(endpoint_url="s3"),
        S3UploadFailedError("the connection broke"),
        ShortReadError("half of it"),
        NoRoomError("the disk is full"),
        InterruptedCheckError("no memory"),
        LostClaimError("another invocation"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_passing_error_of_a_replay_is_retried_by_it(
    gate: Gate, clock: Clock, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    with monkeypatch.context() as broken:
        broken.setattr("suimon.intake.inspection.check", raising(error))
        with pytest.raises(RetryLaterError, match=type(error).__name__):
            replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))
    clock.now += timedelta(seconds=5)
    assert replay(gate, ReplayRequest(drop.id, 2, "newer token", "execution")).state is State.TRIGGERED


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("a bug"),
        KeyError("a bug"),
        CheckError("two readers differ; please report it"),
        ParamValidationError(report="Unknown parameter"),
        ClientError({"Error": {"Code": "ValidationException"}}, "UpdateItem"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_bug_fails_the_replay_at_once_and_is_seen(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    monkeypatch.setattr("suimon.intake.inspection.check", raising(error))
    with pytest.raises(type(error)):
        replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))


def raising(error: Exception) -> Callable[..., Verdict]:
    def check(*_: Any, **__: Any) -> Verdict:
        raise error

    return check


def test_a_drop_whose_contract_is_gone_cannot_be_replayed(gate: Gate) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    without = replace(gate, contracts=Contracts(tuple(one for one in gate.contracts.all if one.dataset != "sales")))
    with pytest.raises(ReplayError, match="no contract for dataset 'sales'"):
        replay(without, ReplayRequest(drop.id, 2, "token", "execution"))


def test_a_drop_that_no_contract_matches_cannot_be_replayed(gate: Gate) -> None:
    drop = put("x", key="sale/2026-11-20/sales_data.csv")
    gate.take(drop)
    with pytest.raises(ReplayError, match="belongs to no dataset"):
        replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))


def test_two_replays_of_one_drop_do_not_both_run(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    replay(gate, ReplayRequest(drop.id, 2, "token", "one execution"))
    with pytest.raises(ReplayError, match="plan the replay again"):
        replay(gate, ReplayRequest(drop.id, 2, "token", "another execution"))
    assert len(mwaa.runs) == 2


def test_a_replay_whose_answer_was_lost_gets_it_when_another_goes_on(gate: Gate, sfn: FakeSfn) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    record = replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))
    gate.ledger.move(record, State.LOADED, NOON)  # and whoever wrote this died before it could answer
    replay(gate, ReplayRequest(drop.id, 3, "another token", "another execution"))
    assert sfn.answers == [("success", "token")]


def test_a_replay_of_a_file_that_no_longer_passes_is_answered_with_its_rejection(gate: Gate, sfn: FakeSfn) -> None:
    drop = put(BAD)
    gate.take(drop)
    assert replay(gate, ReplayRequest(drop.id, 2, "token", "execution")).state is State.REJECTED
    assert sfn.answers == [("Rejected", "token")]


@pytest.fixture
def app(gate: Gate, entry_point: Callable[[str, Contracts], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "1")
    module = entry_point("intake", gate.contracts)
    monkeypatch.setattr(module, "gate", lambda owner: replace(gate, owner=owner))
    return module


def queue_event(*bodies: str) -> dict[str, Any]:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="intake")["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    received = [sqs.receive_message(QueueUrl=url)["Messages"][0] for _ in bodies]
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:ap-northeast-1:123456789012:intake",
                "awsRegion": "ap-northeast-1",
            }
            for message in received
        ]
    }


def created(drop: Drop) -> str:
    entry = {
        "key": drop.key,
        "size": drop.size,
        "etag": drop.etag,
        "version-id": drop.version_id,
        "sequencer": drop.sequencer,
    }
    return json.dumps({"detail": {"bucket": {"name": drop.bucket}, "object": entry}})


def test_one_poisoned_message_does_not_hold_up_the_others(
    app: ModuleType, context: LambdaContext, mwaa: FakeMwaa
) -> None:
    event = queue_event("not json", created(put(GOOD)))
    answer = app.handler(event, context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
    assert len(mwaa.runs) == 1


@pytest.mark.parametrize(("receives", "delay"), [("1", 5), ("2", 10), ("4", 40), ("9", 900), ("30", 900)])
def test_a_message_that_failed_comes_again_in_seconds_and_then_ever_later(
    app: ModuleType, context: LambdaContext, monkeypatch: pytest.MonkeyPatch, receives: str, delay: int
) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(
        app, "sqs", lambda: SimpleNamespace(change_message_visibility=lambda **call: asked.append(call))
    )
    event = queue_event("not json")
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = receives
    app.handler(event, context)
    assert [call["VisibilityTimeout"] for call in asked] == [delay]


def test_a_drop_that_waits_for_hours_is_left_to_the_sweep_and_a_broken_message_is_not(
    app: ModuleType, context: LambdaContext, mwaa: FakeMwaa
) -> None:
    mwaa.fails = ClientError({"Error": {"Code": "InternalServerException"}}, "InvokeRestApi")
    event = queue_event(created(put(GOOD)), "not json")
    for record in event["Records"]:
        record["attributes"]["ApproximateReceiveCount"] = str(HANDED_OVER)
    answer = app.handler(event, context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}


def test_what_a_killed_check_left_is_removed_and_what_a_running_one_holds_is_not(
    app: ModuleType, tmp_path: Path
) -> None:
    old, young, foreign = (tmp_path / name for name in ("check-old", "check-young", "somebody-else"))
    for folder in (old, young, foreign):
        folder.mkdir()
    for folder in (old, foreign):
        os.utime(folder, (time.time() - 3600,) * 2)
    app.remove_leftovers(tmp_path)
    assert (old.exists(), young.exists(), foreign.exists()) == (False, True, True)


def test_a_replay_request_is_told_apart_from_a_batch(app: ModuleType, context: LambdaContext, gate: Gate) -> None:
    drop = put(GOOD)
    loaded(gate, drop)
    request = {"drop_id": drop.id, "attempt": 2, "task_token": "token", "execution": "execution"}
    assert app.handler({"replay": request}, context) == {"drop_id": drop.id, "state": State.TRIGGERED}
