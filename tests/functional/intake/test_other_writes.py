"""Several writes of one key at the gate, on moto: corrected, repeated, late, or in the middle of a check."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from suimon.check.engine import check
from suimon.drops.drop import Drop
from suimon.drops.match import Match
from suimon.drops.run_finished_event import RunFinished
from suimon.drops.states import State
from suimon.intake.admission import Admission
from suimon.intake.errors import RetryLaterError
from suimon.outcome.run_end import RunEnds

if TYPE_CHECKING:
    from suimon.check.verdict import Verdict
    from suimon.drops.drop import DropRecord
    from suimon.incidents.incident import Problem
    from suimon.intake.gate import Gate
    from tests.functional.conftest import Post

from tests.functional.intake.gated import BAD, GOOD, KEY, NOON, Clock, FakeMwaa, put


def test_the_corrected_file_of_the_same_key_is_a_new_drop(gate: Gate, mwaa: FakeMwaa) -> None:
    gate.take(put(BAD, sequencer="01"))
    assert gate.take(put(GOOD, sequencer="02")).state is State.TRIGGERED
    assert len(mwaa.runs) == 1


def test_the_same_bytes_under_the_same_key_open_no_second_run(gate: Gate, mwaa: FakeMwaa) -> None:
    gate.take(put(GOOD, sequencer="01"))
    assert gate.take(put(GOOD, sequencer="02")).state is State.DUPLICATE
    assert len(mwaa.runs) == 1


def test_the_same_bytes_in_other_parts_open_no_second_run(gate: Gate, mwaa: FakeMwaa) -> None:
    # An upload's ETag depends on its parts, and under SSE-KMS on the write; the bytes are the same.
    first, second, third = put(GOOD, sequencer="01"), _put_as_one_part(GOOD, "02"), put(GOOD, sequencer="03")
    assert first.etag != second.etag
    assert gate.take(first).state is State.TRIGGERED
    again = gate.take(second)
    assert (again.state, again.duplicate_of) == (State.DUPLICATE, first.id)
    assert again.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()
    assert gate.take(third).duplicate_of == first.id
    assert len(mwaa.runs) == 1
    copies = boto3.client("s3").list_objects_v2(Bucket="lake")["Contents"]
    assert {copy["Key"].split("/")[-2] for copy in copies} == {first.id}


@pytest.mark.hits("waits-for-the-earlier-write")
def test_bytes_that_the_write_before_may_turn_out_to_have_wait_until_that_is_known(
    gate: Gate, mwaa: FakeMwaa, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, later = put(GOOD, sequencer="01"), _put_as_one_part(GOOD, "02")
    accept = Admission.accept

    def meanwhile(admission: Admission, record: DropRecord, **changes: Any) -> DropRecord:
        monkeypatch.setattr(Admission, "accept", accept)
        with pytest.raises(RetryLaterError, match="may have the bytes of the write before it"):
            gate.take(later)
        return accept(admission, record, **changes)

    monkeypatch.setattr(Admission, "accept", meanwhile)
    assert gate.take(earlier).state is State.TRIGGERED
    clock.now += timedelta(seconds=5)
    assert gate.take(later).duplicate_of == earlier.id
    assert len(mwaa.runs) == 1


def _put_as_one_part(text: str, sequencer: str) -> Drop:
    s3, body = boto3.client("s3"), text.encode()
    upload = s3.create_multipart_upload(Bucket="raw", Key=KEY)["UploadId"]
    part = s3.upload_part(Bucket="raw", Key=KEY, UploadId=upload, PartNumber=1, Body=body)
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    answer = s3.complete_multipart_upload(
        Bucket="raw",
        Key=KEY,
        UploadId=upload,
        MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]
    )
    return Drop("raw", KEY, answer["VersionId"], answer["ETag"].strip('"'), len(body), sequencer)


def test_an_older_write_whose_event_comes_late_is_superseded(gate: Gate, mwaa: FakeMwaa) -> None:
    older, newer = put(BAD, sequencer="01"), put(GOOD, sequencer="02")
    gate.take(newer)
    assert gate.take(older).state is State.SUPERSEDED
    assert len(mwaa.runs) == 1


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


@pytest.mark.hits("waits-for-the-later-write", "later-write-is-in-force")
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
