"""What a sender reads on the version that it sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from suimon.aws.version_tags import PAUSE_SECONDS, VersionTags, merged, tags_of
from suimon.drops.drop import Rejection
from suimon.drops.states import State
from tests.unit.drop_records import drop_record

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord

KEY = "sales/2026-11-20/sales.csv"


@pytest.fixture
def version(aws: None) -> str:  # noqa: ARG001 - it is there
    """Return a version of an object that its sender has tagged."""
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="raw")
    s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    return s3.put_object(Bucket="raw", Key=KEY, Body=b"a", Tagging="team=shop")["VersionId"]


def record_of(state: State, version: str, *codes: str) -> DropRecord:
    record = drop_record(state, KEY, version=version)
    rejection = Rejection(1, "1 fault.", codes, "") if codes else None
    return replace(record, drop=replace(record.drop, bucket="raw"), rejection=rejection)


def tags(version: str) -> dict[str, str]:
    s3 = boto3.client("s3", region_name="us-east-1")
    found = s3.get_object_tagging(Bucket="raw", Key=KEY, VersionId=version)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_a_sender_reads_what_became_of_its_file_beside_its_own_tags(version: str) -> None:
    ours = VersionTags(boto3.client("s3", region_name="us-east-1"))
    rejected = record_of(State.REJECTED, version, "type-error", "unique-error")
    ours.drop_moved(rejected)
    assert tags(version) == {
        "team": "shop",
        "suimon-status": "rejected",
        "suimon-drop": rejected.id,
        "suimon-code": "type-error unique-error",
    }
    ours.drop_moved(record_of(State.LOADED, version))
    assert tags(version) == {"team": "shop", "suimon-status": "loaded", "suimon-drop": rejected.id}


@pytest.mark.parametrize("state", [State.RECEIVED, State.VALIDATING, State.TRIGGERED, State.GONE])
def test_what_is_on_its_way_or_gone_is_not_tagged(state: State) -> None:
    assert tags_of(drop_record(state, KEY, version="v")) == {}


def test_every_other_state_is_told_in_a_word(version: str) -> None:
    for state in set(State) - {State.RECEIVED, State.VALIDATING, State.TRIGGERED, State.GONE}:
        assert tags_of(drop_record(state, KEY, version=version))["suimon-status"] == state.value.lower()


def test_a_set_is_no_object() -> None:
    assert tags_of(replace(drop_record(State.LOADED, KEY, version="v"), members=("a",))) == {}


def test_no_tag_of_the_sender_gives_way() -> None:
    theirs: Any = [{"Key": f"k{number}", "Value": "v"} for number in range(9)]
    found = merged(theirs, {"suimon-status": "loaded", "suimon-drop": "a"})
    assert [tag["Key"] for tag in found] == [*(f"k{number}" for number in range(9)), "suimon-status"]
    assert merged([*theirs, {"Key": "k9", "Value": "v"}], {"suimon-status": "loaded"}) == []


def test_codes_are_cut_between_words() -> None:
    record = replace(drop_record(State.REJECTED, KEY, version="v"), rejection=Rejection(1, "", ("a-code",) * 90, ""))
    code = tags_of(record)["suimon-code"]
    assert len(code) <= 256
    assert set(code.split()) == {"a-code"}


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDenied"}}, "PutObjectTagging"),
        EndpointConnectionError(endpoint_url="https://s3"),
    ],
)
def test_a_refusal_harms_nothing_and_is_not_repeated_for_a_while(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    class Refusing:
        calls = 0

        def get_object_tagging(self, **_: str) -> None:
            self.calls += 1
            raise error

    now = [0.0]
    s3: Any = Refusing()
    ours = VersionTags(s3, lambda: now[0])
    loaded = drop_record(State.LOADED, KEY, version="v")
    for _ in range(3):
        ours.drop_moved(loaded)
    assert s3.calls == 1
    assert [record.message for record in caplog.records] == ["version not tagged"]
    now[0] += PAUSE_SECONDS
    ours.drop_moved(loaded)
    assert s3.calls == 2


def test_a_version_that_was_deleted_is_no_failure(version: str, caplog: pytest.LogCaptureFixture) -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.delete_object(Bucket="raw", Key=KEY, VersionId=version)
    VersionTags(s3).drop_moved(record_of(State.LOADED, version))
    assert not caplog.records
