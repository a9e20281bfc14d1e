"""S3, as far as gate and sweep use it: versions, ranges, preconditions, copies, lists."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation.services.buckets import Bucket
from tests.simulation.services.s3 import S3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import boto3

    Refused = Callable[[Callable[[], Any]], str]

NUMBERS = itertools.count()
KEYS = ["a", "b/1", "b/2", "b/é", "b/𠮷", "B", "見本 +%.csv"]


@pytest.fixture
def s3(kind: str, request: pytest.FixtureRequest) -> Any:
    if kind == "memory":
        return S3(lambda: 1_795_348_800.0)
    session: boto3.Session = request.getfixturevalue("session")
    return session.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    return made(s3, versioned=True)


@pytest.fixture
def plain_bucket(s3: Any) -> str:
    return made(s3, versioned=False)


def made(s3: Any, *, versioned: bool) -> str:
    name = f"bucket-{next(NUMBERS)}"
    if isinstance(s3, S3):
        s3.add(Bucket(name, versioned))
        return name
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def put(s3: Any, bucket: str, key: str, content: bytes = b"0123456789") -> Any:
    return s3.put_object(Bucket=bucket, Key=key, Body=content)


def read(s3: Any, bucket: str, key: str, **more: Any) -> bytes:
    content: bytes = s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()
    return content


# ---------------------------------------------------------------- reading


def test_an_object_comes_back_with_its_etag_and_version(s3: Any, bucket: str) -> None:
    written = put(s3, bucket, "a")
    answer = s3.get_object(Bucket=bucket, Key="a")
    assert answer["ETag"] == written["ETag"] == f'"{hashlib.md5(b"0123456789", usedforsecurity=False).hexdigest()}"'
    assert answer["VersionId"] == written["VersionId"]
    assert answer["ContentLength"] == 10
    assert answer["LastModified"].tzinfo is not None
    assert answer["Body"].read() == b"0123456789"
    assert answer["Body"].read() == b""


def test_each_version_keeps_its_bytes(s3: Any, bucket: str) -> None:
    first, second = put(s3, bucket, "a", b"one")["VersionId"], put(s3, bucket, "a", b"two")["VersionId"]
    assert first != second
    assert read(s3, bucket, "a") == b"two"
    assert read(s3, bucket, "a", VersionId=first) == b"one"


def test_a_bucket_without_versions_keeps_the_newest_bytes_only(s3: Any, plain_bucket: str) -> None:
    assert "VersionId" not in put(s3, plain_bucket, "a", b"one")
    put(s3, plain_bucket, "a", b"two")
    assert read(s3, plain_bucket, "a") == b"two"


@pytest.mark.parametrize(
    ("wanted", "content", "told"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
    ],
)
def test_a_range_gives_these_bytes_and_says_of_how_many(
    s3: Any, bucket: str, wanted: str, content: bytes, told: str
) -> None:
    put(s3, bucket, "a")
    answer = s3.get_object(Bucket=bucket, Key="a", Range=wanted)
    assert answer["Body"].read() == content
    assert (answer["ContentRange"], answer["ContentLength"]) == (told, len(content))


def test_a_range_behind_the_end_is_refused(s3: Any, bucket: str, refused: Refused) -> None:
    put(s3, bucket, "a")
    put(s3, bucket, "empty", b"")
    assert refused(lambda: s3.get_object(Bucket=bucket, Key="a", Range="bytes=10-12")) == "InvalidRange"
    assert refused(lambda: s3.get_object(Bucket=bucket, Key="empty", Range="bytes=0-1")) == "InvalidRange"


def test_if_match_reads_these_bytes_or_none(s3: Any, bucket: str, refused: Refused) -> None:
    written = put(s3, bucket, "a")
    assert read(s3, bucket, "a", IfMatch=written["ETag"], VersionId=written["VersionId"]) == b"0123456789"
    assert refused(lambda: read(s3, bucket, "a", IfMatch='"0"')) == "PreconditionFailed"


def test_what_is_not_there(s3: Any, bucket: str, refused: Refused) -> None:
    assert refused(lambda: read(s3, bucket, "a")) == "NoSuchKey"
    assert refused(lambda: read(s3, "no-such-bucket-here", "a")) == "NoSuchBucket"
    assert refused(lambda: s3.head_object(Bucket=bucket, Key="a")) == "404"


def test_head_tells_size_etag_and_version(s3: Any, bucket: str) -> None:
    written = put(s3, bucket, "a")
    put(s3, bucket, "a", b"later")
    head = s3.head_object(Bucket=bucket, Key="a", VersionId=written["VersionId"])
    assert (head["ContentLength"], head["ETag"], head["VersionId"]) == (10, written["ETag"], written["VersionId"])


# ---------------------------------------------------------------- deleting


def test_a_deleted_key_keeps_its_versions_below_a_marker(s3: Any, bucket: str, refused: Refused) -> None:
    version = put(s3, bucket, "a")["VersionId"]
    deleted = s3.delete_object(Bucket=bucket, Key="a")
    assert deleted["DeleteMarker"] is True
    assert refused(lambda: read(s3, bucket, "a")) == "NoSuchKey"
    assert refused(lambda: s3.head_object(Bucket=bucket, Key="a")) == "404"
    assert read(s3, bucket, "a", VersionId=version) == b"0123456789"


@pytest.mark.untrue("answers NoSuchVersion")
def test_a_marker_cannot_be_read(s3: Any, bucket: str, refused: Refused) -> None:
    put(s3, bucket, "a")
    marker = s3.delete_object(Bucket=bucket, Key="a")["VersionId"]
    assert refused(lambda: read(s3, bucket, "a", VersionId=marker)) == "MethodNotAllowed"


def test_a_version_deleted_for_good_is_gone_and_its_key_has_what_was_before(
    s3: Any, bucket: str, refused: Refused
) -> None:
    put(s3, bucket, "a", b"one")
    second = put(s3, bucket, "a", b"two")["VersionId"]
    for _ in range(2):
        s3.delete_object(Bucket=bucket, Key="a", VersionId=second)
    assert read(s3, bucket, "a") == b"one"
    assert refused(lambda: read(s3, bucket, "a", VersionId=second)) == "NoSuchVersion"


# ---------------------------------------------------------------- copying, writing


def test_a_copy_takes_exactly_that_version(s3: Any, bucket: str) -> None:
    first = put(s3, bucket, "a", b"one")
    put(s3, bucket, "a", b"two")
    source = {"Bucket": bucket, "Key": "a", "VersionId": first["VersionId"]}
    s3.copy(source, bucket, "b", ExtraArgs={"CopySourceIfMatch": first["ETag"], "TaggingDirective": "REPLACE"})
    assert read(s3, bucket, "b") == b"one"


def test_a_copy_of_other_bytes_is_refused(s3: Any, bucket: str, refused: Refused) -> None:
    put(s3, bucket, "a")
    source = {"Bucket": bucket, "Key": "a"}
    code = refused(lambda: s3.copy(source, bucket, "b", ExtraArgs={"CopySourceIfMatch": '"0"'}))
    assert code == "412"  # of the HEAD that boto3 begins a copy with


def test_a_copy_of_what_is_not_there_is_refused_without_words(s3: Any, bucket: str, refused: Refused) -> None:
    put(s3, bucket, "a")
    marker = s3.delete_object(Bucket=bucket, Key="a")["VersionId"]
    assert refused(lambda: s3.copy({"Bucket": bucket, "Key": "absent"}, bucket, "b")) == "404"
    assert refused(lambda: s3.copy({"Bucket": bucket, "Key": "a", "VersionId": marker}, bucket, "b")) == "405"


def test_a_local_file_is_written(s3: Any, bucket: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"rows")
    s3.upload_file(str(path), bucket, "a", ExtraArgs={"ContentType": "text/csv; charset=utf-8"})
    assert read(s3, bucket, "a") == b"rows"


def test_only_if_there_is_none(s3: Any, bucket: str, refused: Refused) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"one", IfNoneMatch="*")
    again = refused(lambda: s3.put_object(Bucket=bucket, Key="a", Body=b"two", IfNoneMatch="*"))
    assert again == "PreconditionFailed"
    assert read(s3, bucket, "a") == b"one"


def test_a_multipart_upload_has_an_etag_that_is_no_hash_of_its_bytes(s3: Any, bucket: str) -> None:
    parts = [b"x" * 5 * 1024 * 1024, b"rest"]
    if isinstance(s3, S3):
        s3.put_in_parts(bucket, "a", parts)
    else:
        upload = {
            "Bucket": bucket,
            "Key": "a",
            "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="a")["UploadId"],
        }
        etags = [s3.upload_part(**upload, PartNumber=at + 1, Body=part)["ETag"] for at, part in enumerate(parts)]
        told = [{"PartNumber": at + 1, "ETag": etag} for at, etag in enumerate(etags)]
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": told})
    head = s3.head_object(Bucket=bucket, Key="a")
    assert head["ETag"] == '"91e172063e16383281a05a65ee376070-2"'
    assert head["ContentLength"] == sum(map(len, parts))


@pytest.mark.untrue("counts characters, not bytes")
def test_a_key_of_1024_bytes_is_the_longest(s3: Any, bucket: str, refused: Refused) -> None:
    longest = "é" * 512
    put(s3, bucket, longest)
    assert read(s3, bucket, longest) == b"0123456789"
    assert refused(lambda: put(s3, bucket, f"{longest}x")) == "KeyTooLongError"


# ---------------------------------------------------------------- lists


def test_versions_are_listed_by_key_in_the_order_of_bytes_and_the_newest_of_a_key_first(s3: Any, bucket: str) -> None:
    for key in KEYS:
        put(s3, bucket, key)
    versions = [put(s3, bucket, "b/1", b"%d" % number)["VersionId"] for number in range(3)]
    answer = s3.list_object_versions(Bucket=bucket)
    keys = [one["Key"] for one in answer["Versions"]]
    assert list(dict.fromkeys(keys)) == sorted(KEYS, key=str.encode)
    assert [one["VersionId"] for one in answer["Versions"] if one["Key"] == "b/1"][:3] == versions[::-1]
    assert [one["IsLatest"] for one in answer["Versions"] if one["Key"] == "b/1"] == [True, False, False, False]
    assert answer["IsTruncated"] is False
    assert "DeleteMarkers" not in answer


def test_delete_markers_are_listed_apart(s3: Any, bucket: str) -> None:
    version = put(s3, bucket, "a")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="a")["VersionId"]
    answer = s3.list_object_versions(Bucket=bucket)
    assert [(one["VersionId"], one["IsLatest"], one["Size"]) for one in answer["Versions"]] == [(version, False, 10)]
    assert [(one["VersionId"], one["IsLatest"]) for one in answer["DeleteMarkers"]] == [(marker, True)]


def test_a_prefix_limits_a_list(s3: Any, bucket: str) -> None:
    for key in KEYS:
        put(s3, bucket, key)
    answer = s3.list_object_versions(Bucket=bucket, Prefix="b/")
    assert [one["Key"] for one in answer["Versions"]] == ["b/1", "b/2", "b/é", "b/𠮷"]
    assert "Versions" not in s3.list_object_versions(Bucket=bucket, Prefix="c")


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_of_versions_together_give_every_version_once(s3: Any, bucket: str, size: int) -> None:
    for key in ("a", "b", "b", "c", "b"):
        put(s3, bucket, key)
    s3.delete_object(Bucket=bucket, Key="a")
    found: list[tuple[str, str]] = []
    request: dict[str, Any] = {"Bucket": bucket, "MaxKeys": size}
    while True:
        page = s3.list_object_versions(**request)
        listed = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        assert len(listed) <= size
        found += [(one["Key"], one["VersionId"]) for one in listed]
        if not page["IsTruncated"]:
            break
        request |= {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
    assert sorted(key for key, _ in found) == ["a", "a", "b", "b", "b", "c"]
    assert len(set(found)) == 6


@pytest.mark.untrue("begins with the key")
def test_a_key_marker_alone_goes_on_behind_the_key(s3: Any, bucket: str) -> None:
    for key in ("a", "b", "b", "c"):
        put(s3, bucket, key)
    answer = s3.list_object_versions(Bucket=bucket, KeyMarker="b")
    assert [one["Key"] for one in answer["Versions"]] == ["c"]


@pytest.mark.untrue_twin("as moto")
@pytest.mark.untrue("forgets where a deleted version was, and gives nothing")
def test_a_list_goes_on_behind_a_version_that_was_deleted_meanwhile(s3: Any, bucket: str) -> None:
    versions = [put(s3, bucket, "a", b"%d" % number)["VersionId"] for number in range(3)]
    page = s3.list_object_versions(Bucket=bucket, MaxKeys=2)
    s3.delete_object(Bucket=bucket, Key="a", VersionId=page["NextVersionIdMarker"])
    rest = s3.list_object_versions(
        Bucket=bucket, KeyMarker=page["NextKeyMarker"], VersionIdMarker=page["NextVersionIdMarker"]
    )
    assert [one["VersionId"] for one in rest["Versions"]] == versions[:1]


@pytest.mark.untrue("takes it")
@pytest.mark.untrue_twin("takes it")
def test_a_version_marker_needs_a_key_marker(s3: Any, bucket: str, refused: Refused) -> None:
    assert refused(lambda: s3.list_object_versions(Bucket=bucket, VersionIdMarker="x")) == "InvalidArgument"


def test_objects_are_listed_by_pages_without_what_was_deleted(s3: Any, bucket: str) -> None:
    for key in ("a", "b", "c", "d", "x"):
        put(s3, bucket, key)
    s3.delete_object(Bucket=bucket, Key="b")
    pages = list(
        s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
        if not isinstance(s3, S3)
        else s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, MaxKeys=2)
    )
    assert [[one["Key"] for one in page["Contents"]] for page in pages] == [["a", "c"], ["d", "x"]]
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix="y")
