"""Objects in S3, by version: read in ranges, copied, written."""

from __future__ import annotations

import json
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from suimon.drops.drop import Drop

# One connection to S3 delivers some 80 MB/s, one core checks more. Only the ranges in flight are in memory.
RANGE_BYTES = 8 * 1024 * 1024
RANGES_AT_ONCE = 4
TRIES = 3
# S3 answers 405 for a version that is a delete marker; answers to HEAD have no other code than the status.
_GONE = {"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "404", "405"}

# What S3 answers for as long as the object stands, and only the sender can change. A request like ours is invalid to S3
# only where the object needs a customer's key with it.
_UNREADABLE = {
    "InvalidObjectState": "the file lies in an archive storage class, from which nothing can be read: send it in "
    "STANDARD",
    "InvalidRequest": "the file is encrypted with a key that only the sender has (SSE-C): send it without a customer "
    "key",
}


class UnreadableError(Exception):
    """The version cannot be read and never will be; the message is for the person who sent the file."""


class GoneError(UnreadableError):
    """The version was deleted; nothing is wrong with what was in it."""


class ShortReadError(Exception):
    """These are not all bytes of the object: the connection broke, reading again may help."""


class S3Version:
    """One version of an object, read in ranges. Whatever happens to its key, the bytes are of this version.

    GoneError when the version was deleted, ShortReadError when several tries did not bring all of it.
    """

    def __init__(  # noqa: D417 the address needs no explanation
        self,
        s3: S3Client,
        bucket: str,
        key: str,
        version_id: str | None,
        *,
        etag: str | None = None,
        size: int | None = None,
    ) -> None:
        """Take the object as the event describes it; ask S3 for what is None (the newest version, ETag and size).

        Args:
            etag: without its quotes.
            size: in bytes.

        """
        self.name = f"s3://{bucket}/{key}"
        self._s3 = s3
        if etag is None or size is None:
            head = self._head({"Bucket": bucket, "Key": key} | ({"VersionId": version_id} if version_id else {}))
            etag, size = head["ETag"].strip('"'), head["ContentLength"]
            version_id = version_id or head.get("VersionId")
        self.size = size
        self._request: dict[str, Any] = {"Bucket": bucket, "Key": key, "IfMatch": f'"{etag}"'}
        if version_id:  # a bucket may have no versions; then the ETag alone must do
            self._request["VersionId"] = version_id

    def read(self, start: int, length: int) -> bytes:
        """Return exactly these bytes; fewer only at the end."""
        end = min(start + length, self.size)
        if start >= end:
            return b""  # S3 refuses empty ranges
        for _ in range(TRIES):
            body = self._get(start, end)
            if len(body) == end - start:
                return body
        raise ShortReadError(f"bytes {start} to {end} of {self.name} did not come in {TRIES} tries")

    def chunks(self) -> Generator[bytes, None, None]:
        """Yield all bytes in order, a few ranges ahead of the caller."""
        starts = iter(range(0, self.size, RANGE_BYTES))
        pool = ThreadPoolExecutor(RANGES_AT_ONCE, thread_name_prefix="s3")
        try:
            in_flight = deque(pool.submit(self.read, start, RANGE_BYTES) for start in islice(starts, RANGES_AT_ONCE))
            while in_flight:
                chunk = in_flight.popleft().result()
                in_flight.extend(pool.submit(self.read, start, RANGE_BYTES) for start in islice(starts, 1))
                yield chunk
        finally:
            # Lambda freezes a function that returns: nothing may be in flight then.
            pool.shutdown(cancel_futures=True)

    def _head(self, address: dict[str, str]) -> Any:
        try:
            return self._s3.head_object(**address)  # type: ignore[arg-type] # its keys are parameters
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise GoneError(f"{self.name} is not there") from error
            raise

    def _get(self, start: int, end: int) -> bytes:
        try:
            answer = self._s3.get_object(**self._request, Range=f"bytes={start}-{end - 1}")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _GONE:
                raise GoneError(f"{self.name} was deleted") from error
            if why := _UNREADABLE.get(code):
                raise UnreadableError(f"{why} (S3: {code}: {error.response['Error'].get('Message', '')})") from error
            if code == "InvalidRange":
                raise ShortReadError(f"{self.name} is shorter than the {self.size:,} bytes announced") from error
            raise
        if answer.get("ContentRange") != f"bytes {start}-{end - 1}/{self.size}":
            raise ShortReadError(
                f"{self.name} has not the {self.size:,} bytes announced: {answer.get('ContentRange')} came"
            )
        try:
            return answer["Body"].read()
        except BotoCoreError:  # the connection broke in the middle
            return b""


class Objects:
    """What the gate reads and writes in S3."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    def version(self, drop: Drop) -> S3Version:
        """Return the bytes of a drop."""
        return S3Version(self._s3, drop.bucket, drop.key, drop.version_id, etag=drop.etag, size=drop.size)

    def has_version(self, drop: Drop) -> bool:
        """Return whether the bytes of a drop are still there."""
        try:
            S3Version(self._s3, drop.bucket, drop.key, drop.version_id)
        except GoneError:
            return False
        return True

    def copy_version(self, drop: Drop, bucket: str, key: str) -> None:
        """Copy exactly that version, server-side and in parts where it is large; may be repeated."""
        self._s3.copy(
            {"Bucket": drop.bucket, "Key": drop.key, "VersionId": drop.version_id},
            bucket,
            key,
            # Tags and annotations are the upstream system's affair; copying either needs permissions of its own, and S3
            # copies annotations unless it is told not to.
            ExtraArgs={
                "CopySourceIfMatch": f'"{drop.etag}"',
                "TaggingDirective": "REPLACE",
                "AnnotationDirective": "EXCLUDE",
            },
        )

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """Yield every key with this prefix that exists now."""
        page: dict[str, Any] = {}
        while True:
            answer = self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix, **page)
            yield from (entry["Key"] for entry in answer.get("Contents", []))
            if not answer.get("IsTruncated"):
                return
            page = {"ContinuationToken": answer["NextContinuationToken"]}

    def put_json(self, bucket: str, key: str, value: Any) -> None:
        """Write one JSON document."""
        self.put_text(bucket, key, json.dumps(value, ensure_ascii=False), kind="application/json")

    def put_text(self, bucket: str, key: str, text: str, *, kind: str = "text/plain") -> None:
        """Write one text."""
        self.put_bytes(bucket, key, text.encode(), kind=f"{kind}; charset=utf-8")

    def put_bytes(self, bucket: str, key: str, body: bytes, *, kind: str) -> None:
        """Write bytes, of this content type."""
        self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind)

    def put_rows(self, bucket: str, key: str, path: Path) -> None:
        """Write the rows of a local CSV file, in parts where it is large."""
        self._s3.upload_file(str(path), bucket, key, ExtraArgs={"ContentType": "text/csv; charset=utf-8"})
