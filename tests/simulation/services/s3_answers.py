"""What S3 answers and tells: bodies, headers, entries of lists, pages, events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.simulation.services.errors import NotModelledError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.services.buckets import Bucket, Version

_OK = {"HTTPStatusCode": 200, "RetryAttempts": 0}


class Body:
    """The bytes of an answer, read once."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, amt: int | None = None) -> bytes:
        """Return the next bytes, all of them unless told otherwise."""
        amt = len(self._content) if amt is None else amt
        read, self._content = self._content[:amt], self._content[amt:]
        return read

    def close(self) -> None:
        """Nothing is held."""


class Paginator:
    """What boto3's `get_paginator` gives."""

    _NEXT = {  # noqa: RUF012 a constant
        "list_object_versions": {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"},
        "list_objects_v2": {"ContinuationToken": "NextContinuationToken"},
    }

    def __init__(self, client: Any, operation: str) -> None:
        if operation not in self._NEXT:
            raise NotModelledError(f"no paginator for {operation} here")
        self._client, self._operation = client, operation

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """Yield page after page."""
        while True:
            page = getattr(self._client, self._operation)(**request)
            yield page
            if not page["IsTruncated"]:
                return
            request |= {name: page[found] for name, found in self._NEXT[self._operation].items()}


def headers(bucket: Bucket, version: Version) -> dict[str, Any]:
    answer = {
        "ETag": f'"{version.etag}"',
        "ContentLength": len(version.content),
        "LastModified": _moment(version),
        "ResponseMetadata": _OK,
    }
    return answer | ({"VersionId": version.version_id} if bucket.versioned else {})


def entry(bucket: Bucket, version: Version) -> dict[str, Any]:
    entry = {
        "Key": version.key,
        "VersionId": version.version_id,
        "IsLatest": bucket.newest(version.key) is version,
        "LastModified": _moment(version),
    }
    if version.is_delete_marker:
        return entry
    return entry | {"ETag": f'"{version.etag}"', "Size": len(version.content), "StorageClass": "STANDARD"}


def _moment(version: Version) -> datetime:
    """S3 tells whole seconds."""
    return datetime.fromtimestamp(int(version.written_at), UTC)


def event(bucket: Bucket, version: Version, reason: str) -> dict[str, Any]:
    told = {"key": version.key, "size": len(version.content), "etag": version.etag, "sequencer": version.sequencer}
    return {
        "version": "0",
        "id": f"event-{version.count}",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": _moment(version).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "ap-northeast-1",
        "resources": [f"arn:aws:s3:::{bucket.name}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": told | ({"version-id": version.version_id} if bucket.versioned else {}),
            "reason": reason,
        },
    }
