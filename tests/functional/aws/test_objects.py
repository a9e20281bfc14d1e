"""A version of an object as a source of bytes, on moto."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import IncompleteReadError

from suimon.aws.objects import RANGES_AT_ONCE, GoneError, Objects, S3Version, ShortReadError
from suimon.drops.drop import Drop

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RANGE_BYTES = 1000
CONTENT = bytes(range(251)) * 33


class Watched:
    """An S3 client that counts its GETs, and whose next bodies may break off."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3
        self.ranges: list[str] = []
        self.breaks: list[Exception | bytes] = []

    def get_object(self, **request: Any) -> Any:
        self.ranges.append(request["Range"])
        answer: Any = self._s3.get_object(**request)
        return answer | {"Body": Broken(self.breaks.pop())} if self.breaks else answer

    def head_object(self, **request: Any) -> Any:
        return self._s3.head_object(**request)


class Broken:
    def __init__(self, what: Exception | bytes) -> None:
        self._what = what

    def read(self) -> bytes:
        if isinstance(self._what, Exception):
            raise self._what
        return self._what


@pytest.fixture
def s3(aws: None) -> Watched:
    del aws
    client = boto3.client("s3")
    client.create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    client.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    return Watched(client)


@pytest.fixture(autouse=True)
def _short_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suimon.aws.objects.RANGE_BYTES", RANGE_BYTES)


def put(content: bytes) -> dict[str, Any]:
    answer = boto3.client("s3").put_object(Bucket="raw", Key="key", Body=content)
    return {"version_id": answer["VersionId"], "etag": answer["ETag"].strip('"'), "size": len(content)}


def version(s3: Watched, **known: Any) -> S3Version:
    return S3Version(s3, "raw", "key", **known)  # type: ignore[arg-type]  # a fake


def test_the_bytes_come_in_order_and_are_those_of_the_version(s3: Watched) -> None:
    known = put(CONTENT)
    put(b"a later write of the key")
    source = version(s3, **known)
    for _ in range(2):
        assert b"".join(source.chunks()) == CONTENT
    assert (source.name, source.size) == ("s3://raw/key", len(CONTENT))
    assert source.read(RANGE_BYTES - 1, 3) == CONTENT[RANGE_BYTES - 1 : RANGE_BYTES + 2]
    assert source.read(len(CONTENT) - 2, 10) == CONTENT[-2:]


def test_what_is_not_known_is_asked(s3: Watched) -> None:
    older, newer = put(b"older"), put(b"newer!")
    found = version(s3, version_id=None)
    put(b"newest")
    assert (found.size, b"".join(found.chunks())) == (newer["size"], b"newer!")
    assert b"".join(version(s3, version_id=older["version_id"]).chunks()) == b"older"


def test_an_object_without_a_byte_is_not_asked_for(s3: Watched) -> None:
    source = version(s3, **put(b""))
    assert (list(source.chunks()), source.read(0, 10), s3.ranges) == ([], b"", [])


def test_only_a_few_ranges_are_under_way_and_none_after_the_reader_stopped(s3: Watched) -> None:
    source = version(s3, **put(CONTENT))
    with closing(source.chunks()) as chunks:
        next(chunks)
        assert len(s3.ranges) <= RANGES_AT_ONCE + 1
    assert len(s3.ranges) <= RANGES_AT_ONCE + 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("s3")]


@pytest.mark.parametrize(
    "broken", [b"half", IncompleteReadError(actual_bytes=4, expected_bytes=9)], ids=["short", "cut"]
)
def test_a_read_that_breaks_off_is_tried_again_and_at_last_given_up(s3: Watched, broken: Exception | bytes) -> None:
    known = put(b"all of it")
    s3.breaks = [broken]
    assert b"".join(version(s3, **known).chunks()) == b"all of it"
    s3.breaks = [broken] * 3
    with pytest.raises(ShortReadError, match="3 tries"):
        list(version(s3, **known).chunks())


@pytest.mark.parametrize("announced", [3, 30, 3 * RANGE_BYTES])
def test_another_length_than_announced_is_never_taken_for_the_file(s3: Watched, announced: int) -> None:
    with pytest.raises(ShortReadError, match="announced"):
        list(version(s3, **put(b"all of it") | {"size": announced}).chunks())


def test_other_bytes_than_announced_are_refused(s3: Watched) -> None:
    with pytest.raises(Exception, match="PreconditionFailed"):
        list(version(s3, **put(b"all of it") | {"etag": "0" * 32}).chunks())


def test_a_version_that_was_deleted_is_gone(s3: Watched) -> None:
    known = put(CONTENT)
    source = version(s3, **known)
    boto3.client("s3").delete_object(Bucket="raw", Key="key", VersionId=known["version_id"])
    with pytest.raises(GoneError, match="s3://raw/key was deleted"):
        list(source.chunks())
    with pytest.raises(GoneError, match="not there"):
        version(s3, version_id=known["version_id"])


@pytest.mark.parametrize("size", [10, 9 * 1024 * 1024], ids=["in one", "in parts"])
def test_a_copy_takes_neither_tags_nor_annotations_along(s3: Watched, size: int) -> None:
    # Either needs rights that the gate has not, and S3 copies both unless it is told not to.
    del s3
    client, calls = boto3.Session().client("s3"), dict[str, dict[str, Any]]()  # whose handlers are no other's
    client.meta.events.register(
        "before-parameter-build.s3", lambda model, params, **_: calls.update({model.name: dict(params)})
    )
    stored = put(b"x" * size)
    drop = Drop("raw", "key", stored["version_id"], etag=stored["etag"], size=size, sequencer="0")

    Objects(client).copy_version(drop, "raw", "copy")

    assert client.get_object(Bucket="raw", Key="copy")["ContentLength"] == size
    assert not [name for name in calls if "Tagging" in name or "Annotation" in name]
    if "CopyObject" in calls:
        assert calls["CopyObject"]["AnnotationDirective"] == "EXCLUDE"
        assert calls["CopyObject"]["TaggingDirective"] == "REPLACE"
    assert ("CopyObject" in calls) == (size == 10)
