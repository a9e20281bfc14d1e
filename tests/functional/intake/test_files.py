"""Files at the gate, on moto: checked, copied, rejected or set aside, and what people read of it."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from suimon.aws.objects import GoneError
from suimon.check.engine import check
from suimon.check.verdict import Measurement
from suimon.contract.file import Metric
from suimon.contract.model import Contracts
from suimon.drops.drop import Drop
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.incidents.publisher import Publisher
from suimon.incidents.recipients import Recipients
from suimon.incidents.store import IncidentStore
from suimon.intake.errors import RetryLaterError

if TYPE_CHECKING:
    from suimon.check.verdict import Verdict
    from suimon.intake.gate import Gate
    from tests.functional.conftest import Post

from tests.functional.intake.gated import BAD, GOOD, KEY, NOON, Clock, FakeMwaa, body_of, delete, put, tolerant

ROOT = Path(__file__).parents[3]
TEMPLATE, BENCH = ROOT / "template.yaml", ROOT / "docs" / "bench-check.md"


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


def in_japanese(gate: Gate, post: Post) -> Gate:
    """Return the gate of contracts in Japanese."""
    contracts = Contracts(tuple(replace(one, language="ja") for one in gate.contracts.all))
    publisher = Publisher(post.sns, post.topic_arn, recipients=Recipients.of(contracts))
    return replace(gate, contracts=contracts, incidents=IncidentStore(gate.shares.table, publisher))


@pytest.mark.parametrize(
    ("day", "english", "japanese"),
    [
        ("0001-01-01", "the contract takes none before 1990-01-01", "契約では 1990-01-01 より前を受け付けません"),
        ("2062-11-20", "the contract takes none after 2026-11-24", "契約では 2026-11-24 より後を受け付けません"),
    ],
)
def test_a_file_under_an_absurd_date_is_rejected_with_a_sentence_and_nothing_of_it_is_kept(
    gate: Gate, mwaa: FakeMwaa, post: Post, day: str, english: str, japanese: str
) -> None:
    key = KEY.replace("2026-11-20", day)
    assert gate.take(put(GOOD.replace("2026-11-20", day), key)).state is State.REJECTED
    [(_, body)] = post.letters()
    assert english in body
    assert "send it under the key of its right date" in body
    assert in_japanese(gate, post).take(put(BAD, key, "02")).state is State.REJECTED
    [(_, body)] = post.letters()
    assert japanese in body
    assert "正しい日付のキーで送信してください" in body
    assert not mwaa.runs
    assert boto3.client("s3").list_objects_v2(Bucket="lake")["KeyCount"] == 0


def test_an_event_that_comes_again_opens_no_second_run(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = put(GOOD)
    gate.take(drop)
    assert gate.take(drop).state is State.TRIGGERED
    assert len(mwaa.runs) == 1


def test_a_bad_file_opens_no_run_and_is_reported_with_its_cells(gate: Gate, mwaa: FakeMwaa, post: Post) -> None:
    drop = put(BAD)
    assert gate.take(drop).state is State.REJECTED
    assert not mwaa.runs
    [(subject, body)] = post.letters()
    assert subject == "[ERROR] sales 2026-11-20 rejected: sales_data.csv"
    assert "line 3, record 1, amount" in body
    assert "-296.00" in body
    report = json.loads(body_of("reports", f"sales/2026-11-20/{drop.id}.1/report.json"))
    assert (report["verdict"], report["bad_cells"], report["drop_id"]) == ("rejected", 1, drop.id)
    [cell] = body_of("reports", f"sales/2026-11-20/{drop.id}.1/bad_cells.jsonl").splitlines()
    assert json.loads(cell)["column"] == "amount"


def test_a_bad_files_bad_records_lie_beside_its_report_for_the_sender(gate: Gate, post: Post) -> None:
    drop = put(BAD)
    gate.take(drop)
    key = f"sales/2026-11-20/{drop.id}.1/bad_records.csv"
    [(_, body)] = post.letters()
    assert f"The bad records: s3://reports/{key}" in body
    [header, record] = body_of("reports", key).splitlines()
    assert header.startswith('"suimon_reason","order_id"')
    assert record.startswith('"line 3, record 1, amount: ')


def test_a_verdict_stands_though_its_file_cannot_be_read_again_for_its_bad_records(
    gate: Gate, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> bytes:
        raise GoneError("deleted since")

    monkeypatch.setattr("suimon.report.publish.bad_records", gone)
    drop = put(BAD)
    assert gate.take(drop).state is State.REJECTED
    [(_, body)] = post.letters()
    assert "bad_cells.jsonl" in body
    assert "bad_records.csv" not in body


def test_a_bad_file_has_a_page_that_the_email_names_and_a_browser_opens(gate: Gate, post: Post) -> None:
    drop = put(BAD)
    gate.take(drop)
    key = f"sales/2026-11-20/{drop.id}.1/report.html"
    [(_, body)] = post.letters()
    assert f"s3://reports/{key}" in body
    page = boto3.client("s3").get_object(Bucket="reports", Key=key)
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert "-296.00" in page["Body"].read().decode()


def test_bad_records_within_the_tolerance_are_set_aside_and_reported_once(
    gate: Gate, mwaa: FakeMwaa, post: Post
) -> None:
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
    assert subject == "[WARNING] sales 2026-11-20 1 record set aside: sales_data.csv"
    assert f"s3://lake/{aside}" in body
    assert f"s3://reports/sales/2026-11-20/{drop.id}.1/report.html" in body
    assert "C999999" not in body + body_of("reports", f"sales/2026-11-20/{drop.id}.1/report.html")


def test_what_is_forwarded_is_named_after_what_it_is_and_the_run_gets_that_name(gate: Gate, mwaa: FakeMwaa) -> None:
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


def test_a_warning_of_an_accepted_file_is_reported_and_a_file_without_one_closes_it(
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
    assert subject == "[WARNING] sales 2026-11-20 accepted with a warning: sales_data.csv"
    assert "product_name" in body
    assert gate.take(put(GOOD.replace("水筒", "茶筒"), sequencer="02")).state is State.TRIGGERED
    assert post.subjects() == [f"[RECOVERED] {subject.partition('] ')[2]}"]


def test_a_personal_value_never_leaves_the_gate(gate: Gate, post: Post) -> None:
    drop = put(GOOD.replace("C000123", "C" * 40))
    gate.take(drop)
    [(_, body)] = post.letters()
    report = body_of("reports", f"sales/2026-11-20/{drop.id}.1/bad_cells.jsonl")
    assert "customer_id" in body
    assert "CCCC" not in body + report


def test_a_check_that_fails_can_be_repeated_at_once(gate: Gate, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_file_that_was_deleted_before_its_check_breaks_no_contract_and_is_reported(gate: Gate, post: Post) -> None:
    drop = put(GOOD)
    delete(drop)
    assert gate.take(drop).state is State.GONE
    [(subject, body)] = post.letters()
    assert subject == "[ERROR] sales 2026-11-20 deleted before its check: sales_data.csv"
    assert "was deleted before it could be checked, and was not loaded. That is no breach" in body
    assert "does not keep" not in body


def test_a_deleted_file_is_reported_in_the_contract_s_language(gate: Gate, post: Post) -> None:
    drop = put(GOOD)
    delete(drop)
    assert in_japanese(gate, post).take(drop).state is State.GONE
    [(subject, body)] = post.letters()
    assert subject == "[ERROR] sales 2026-11-20 検査前に削除: sales_data.csv"
    assert "検査の前に削除されたため、取り込んでいません。契約 sales 1.0.0 の違反ではありません。" in body


def test_an_empty_file_is_rejected_and_not_lost(gate: Gate, post: Post) -> None:
    assert gate.take(put("")).state is State.REJECTED
    assert post.subjects() == ["[ERROR] sales 2026-11-20 rejected: sales_data.csv"]


def test_a_file_in_parts_is_checked_by_its_version(gate: Gate) -> None:
    s3 = boto3.client("s3")
    upload = s3.create_multipart_upload(Bucket="raw", Key=KEY)["UploadId"]
    part = s3.upload_part(Bucket="raw", Key=KEY, UploadId=upload, PartNumber=1, Body=GOOD.encode())["ETag"]
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    whole = s3.complete_multipart_upload(Bucket="raw", Key=KEY, UploadId=upload, MultipartUpload=parts)
    assert whole["ETag"].strip('"').endswith("-1")
    drop = Drop("raw", KEY, whole["VersionId"], whole["ETag"].strip('"'), len(GOOD.encode()), "01")
    assert gate.take(drop).state is State.TRIGGERED
