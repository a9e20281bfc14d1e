"""S3: buckets with versions, at the level of boto3's client, fault-free and in memory."""

from __future__ import annotations

import hashlib
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.simulation.services.buckets import Bucket, Version
from tests.simulation.services.errors import Exceptions, NotModelledError, only, refusal
from tests.simulation.services.s3_answers import Body, Paginator, entry, event, headers

if TYPE_CHECKING:
    from collections.abc import Callable

_OK = {"HTTPStatusCode": 200, "RetryAttempts": 0}
_READ = frozenset({"Bucket", "Key", "VersionId", "IfMatch"})
_WRITE_MORE = frozenset(
    {"ContentType", "Metadata", "TaggingDirective", "AnnotationDirective", "CopySourceIfMatch", "ContentEncoding"}
)
_WRITE = _WRITE_MORE | {"Bucket", "Key", "Body", "IfNoneMatch"}
_GET = _READ | {"Range"}
_LIST_VERSIONS = frozenset({"Bucket", "Prefix", "KeyMarker", "VersionIdMarker", "MaxKeys"})
_LIST = frozenset({"Bucket", "Prefix", "ContinuationToken", "StartAfter", "MaxKeys"})
LONGEST_KEY = 1_024  # bytes
PAGE = 1_000


class S3:
    """The client. `on_created(bucket, event)` gets each "Object Created" event as EventBridge tells it."""

    def __init__(
        self, now: Callable[[], float], on_created: Callable[[str, dict[str, Any]], None] = lambda _bucket, _event: None
    ) -> None:
        self.now = now
        self.on_created = on_created
        self.exceptions = Exceptions()
        self.buckets: dict[str, Bucket] = {}
        self.page_keys = PAGE
        self._writes = 0

    def add(self, bucket: Bucket) -> Bucket:
        """Bring a bucket into being."""
        self.buckets[bucket.name] = bucket
        return bucket

    # ------------------------------------------------------------ objects

    def put_object(self, **request: Any) -> dict[str, Any]:
        """Write an object; `IfNoneMatch="*"` only if there is none."""
        only("PutObject", request, _WRITE)
        bucket, body = self._bucket(request, "PutObject"), request.get("Body", b"")
        content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
        newest = bucket.newest(request["Key"])
        if "IfNoneMatch" in request and newest is not None and not newest.is_delete_marker:
            raise _precondition("PutObject")
        return self._written(bucket, request["Key"], content, _etag(content), "PutObject")

    def put_in_parts(self, bucket: str, key: str, parts: list[bytes]) -> dict[str, Any]:
        """Write as a completed multipart upload leaves an object: its ETag is no hash of the bytes."""
        digests = b"".join(hashlib.md5(part, usedforsecurity=False).digest() for part in parts)
        etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
        return self._written(self.buckets[bucket], key, b"".join(parts), etag, "CompleteMultipartUpload")

    def upload_file(self, *names: str, ExtraArgs: dict[str, Any] | None = None) -> None:  # noqa: N803 boto3's name
        """Write a local file: its path, the bucket, the key."""
        path, bucket, key = names
        self.put_object(Bucket=bucket, Key=key, Body=Path(path).read_bytes(), **(ExtraArgs or {}))

    def copy(
        self,
        CopySource: dict[str, str],  # noqa: N803 boto3's names
        Bucket: str,  # noqa: N803 as above
        Key: str,  # noqa: N803 as above
        ExtraArgs: dict[str, Any] | None = None,  # noqa: N803 as above
    ) -> None:
        """Copy a version, as boto3's managed copy does it: a HEAD of the source first, with its errors."""
        extra = ExtraArgs or {}
        only("CopyObject", extra, _WRITE_MORE)
        source = self._head_version({**CopySource, "IfMatch": extra.get("CopySourceIfMatch")})
        target = self._bucket({"Bucket": Bucket}, "CopyObject")
        self._written(target, Key, source.content, _etag(source.content), "CopyObject")

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Read an object, or the bytes of one range of it."""
        only("GetObject", request, _GET)
        bucket = self._bucket(request, "GetObject")
        version = self._version(bucket, request, "GetObject")
        if request.get("IfMatch") is not None and request["IfMatch"].strip('"') != version.etag:
            raise _precondition("GetObject")
        answer = headers(bucket, version)
        if "Range" not in request:
            answer["Body"] = Body(version.content)
            return answer
        start, end = _range(request["Range"], len(version.content))
        answer["Body"] = Body(version.content[start:end])
        answer["ContentLength"] = end - start
        answer["ContentRange"] = f"bytes {start}-{end - 1}/{len(version.content)}"
        return answer

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Return size, ETag and version of an object; what is wrong is told by the status alone."""
        only("HeadObject", request, _READ)
        return headers(self._bucket(request, "HeadObject"), self._head_version(request))

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Delete a version for good, or, without a version, put a delete marker on the key."""
        only("DeleteObject", request, frozenset({"Bucket", "Key", "VersionId"}))
        bucket, key = self._bucket(request, "DeleteObject"), request["Key"]
        if "VersionId" in request:
            bucket.remove(key, request["VersionId"])
            return {"VersionId": request["VersionId"], "ResponseMetadata": _OK}
        if not bucket.versioned:
            bucket.remove(key, "null")
            return {"ResponseMetadata": _OK}
        marker = self._add(bucket, key, b"", "", is_delete_marker=True)
        return {"DeleteMarker": True, "VersionId": marker.version_id, "ResponseMetadata": _OK}

    # ------------------------------------------------------------ lists

    def list_object_versions(self, **request: Any) -> dict[str, Any]:
        """List versions and delete markers: keys in the order of their bytes, the newest of each key first."""
        only("ListObjectVersions", request, _LIST_VERSIONS)
        bucket = self._bucket(request, "ListObjectVersions")
        if "VersionIdMarker" in request and "KeyMarker" not in request:
            raise refusal(
                "ListObjectVersions", "InvalidArgument", "A version-id marker cannot be specified without a key marker."
            )
        size = min(request.get("MaxKeys", PAGE), self.page_keys)
        rest = bucket.versions_from(
            request.get("Prefix", ""), request.get("KeyMarker", ""), request.get("VersionIdMarker", "")
        )
        found = list(islice(rest, size + 1))
        answer: dict[str, Any] = {"IsTruncated": len(found) > size, "ResponseMetadata": _OK}
        if len(found) > size:
            last = found[size - 1]
            answer |= {"NextKeyMarker": last.key, "NextVersionIdMarker": last.version_id}
        for name, is_marker in (("Versions", False), ("DeleteMarkers", True)):
            listed = [entry(bucket, one) for one in found[:size] if one.is_delete_marker is is_marker]
            if listed:  # S3 leaves out what there is none of
                answer[name] = listed
        return answer

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        """List the objects that are there now, in the order of their keys' bytes."""
        only("ListObjectsV2", request, _LIST)
        bucket = self._bucket(request, "ListObjectsV2")
        size = min(request.get("MaxKeys", PAGE), self.page_keys)
        after = request.get("ContinuationToken") or request.get("StartAfter", "")
        found = [one for one in bucket.current(request.get("Prefix", "")) if one.key > after]
        answer: dict[str, Any] = {"IsTruncated": len(found) > size, "KeyCount": min(len(found), size)}
        if len(found) > size:
            answer["NextContinuationToken"] = found[size - 1].key
        if found:
            answer["Contents"] = [
                {name: value for name, value in entry(bucket, one).items() if name not in {"VersionId", "IsLatest"}}
                for one in found[:size]
            ]
        return answer | {"ResponseMetadata": _OK}

    def get_paginator(self, operation: str) -> Paginator:
        """Page through `list_object_versions` or `list_objects_v2`."""
        return Paginator(self, operation)

    # ------------------------------------------------------------ within

    def _bucket(self, request: dict[str, Any], operation: str) -> Bucket:
        bucket = self.buckets.get(request["Bucket"])
        if bucket is None:
            raise refusal(operation, "NoSuchBucket", "The specified bucket does not exist", 404)
        return bucket

    def _version(self, bucket: Bucket, request: dict[str, Any], operation: str) -> Version:
        key, version_id = request["Key"], request.get("VersionId")
        version = bucket.newest(key) if version_id is None else bucket.version(key, version_id)
        if version is None and version_id is not None:
            raise refusal(operation, "NoSuchVersion", "The specified version does not exist.", 404)
        if version is None or (version.is_delete_marker and version_id is None):
            raise refusal(operation, "NoSuchKey", "The specified key does not exist.", 404)
        if version.is_delete_marker:
            message = "The specified method is not allowed against this resource."
            raise refusal(operation, "MethodNotAllowed", message, 405)
        return version

    def _head_version(self, request: dict[str, Any]) -> Version:
        bucket, version_id = self._bucket(request, "HeadObject"), request.get("VersionId")
        key = request["Key"]
        version = bucket.newest(key) if version_id is None else bucket.version(key, version_id)
        if version is None or (version.is_delete_marker and version_id is None):
            raise refusal("HeadObject", "404", "Not Found", 404)
        if version.is_delete_marker:
            raise refusal("HeadObject", "405", "Method Not Allowed", 405)
        if request.get("IfMatch") is not None and request["IfMatch"].strip('"') != version.etag:
            raise refusal("HeadObject", "412", "Precondition Failed", 412)
        return version

    def _written(self, bucket: Bucket, key: str, content: bytes, etag: str, reason: str) -> dict[str, Any]:
        if not 0 < len(key.encode()) <= LONGEST_KEY:
            raise refusal(reason, "KeyTooLongError", "Your key is too long")
        version = self._add(bucket, key, content, etag)
        if bucket.tells:
            self.on_created(bucket.name, event(bucket, version, reason))
        answer: dict[str, Any] = {"ETag": f'"{etag}"', "ResponseMetadata": _OK}
        return answer | ({"VersionId": version.version_id} if bucket.versioned else {})

    def _add(self, bucket: Bucket, key: str, content: bytes, etag: str, *, is_delete_marker: bool = False) -> Version:
        self._writes += 1
        version = Version(
            key,
            # Ids in no order, as S3's: whoever sorts by them is wrong here too.
            f"{self._writes * 2_654_435_761 % 2**32:08x}" if bucket.versioned else "null",
            content,
            etag,
            self.now(),
            self._writes,
            is_delete_marker,
        )
        bucket.add(version)
        return version


def _range(text: str, size: int) -> tuple[int, int]:
    unit, _, span = text.partition("=")
    first, _, last = span.partition("-")
    if unit != "bytes" or not first:
        raise NotModelledError(f"ranges such as {text} are not known here")
    start, end = int(first), min(int(last) + 1, size) if last else size
    if start >= size:
        raise refusal("GetObject", "InvalidRange", "The requested range is not satisfiable", 416)
    return start, end


def _precondition(operation: str) -> Exception:
    message = "At least one of the pre-conditions you specified did not hold"
    return refusal(operation, "PreconditionFailed", message, 412)


def _etag(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
