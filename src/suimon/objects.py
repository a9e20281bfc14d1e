"""Objects in S3, by version: read to disk, copied, written."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

    from suimon.drop import Drop

CHUNK_BYTES = 4 * 1024 * 1024
# Beside the file itself the check may spill: uniqueness of every key of a file needs less than the file again.
DISK_FACTOR = 2


class UnreadableError(Exception):
    """The version cannot be read and never will be; the message is for the person who sent the file."""


class NoRoomError(Exception):
    """Something else fills the disk for now: the file fits, but not at this moment."""


class ShortReadError(Exception):
    """Fewer bytes came than the object has: the connection broke, reading again may help."""


class Objects:
    """The S3 client and what the gate does with it."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    @contextmanager
    def on_disk(self, drop: Drop, directory: Path) -> Iterator[Path]:
        """Give the path of a file holding exactly the bytes of that version; it is gone afterwards.

        Memory stays at a few chunks whatever the size. UnreadableError when the version is gone or
        can never fit, NoRoomError when it does not fit now.
        """
        disk = shutil.disk_usage(directory)
        needed = drop.size * DISK_FACTOR
        if needed > disk.total:
            limit = disk.total // DISK_FACTOR
            raise UnreadableError(
                f"the file has {drop.size:,} bytes, the gate can check up to {limit:,}: send it in parts"
            )
        if needed > disk.free:
            raise NoRoomError(f"{needed:,} bytes are needed in {directory}, {disk.free:,} are free")
        try:
            answer = self._s3.get_object(
                Bucket=drop.bucket, Key=drop.key, VersionId=drop.version_id, IfMatch=f'"{drop.etag}"'
            )
        except ClientError as error:
            # A 405 is what S3 answers for a version that is a delete marker.
            if error.response["Error"]["Code"] in {"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "405"}:
                raise UnreadableError("the file was deleted before it could be checked: send it again") from error
            raise
        with tempfile.TemporaryDirectory(prefix="drop-", dir=directory) as folder:
            path = Path(folder) / "drop"
            with path.open("wb") as file:
                for chunk in answer["Body"].iter_chunks(CHUNK_BYTES):
                    file.write(chunk)
            if path.stat().st_size != drop.size:
                raise ShortReadError(
                    f"{path.stat().st_size} of {drop.size} bytes of s3://{drop.bucket}/{drop.key} came"
                )
            yield path

    def copy_version(self, drop: Drop, bucket: str, key: str) -> None:
        """Copy exactly that version, server-side and in parts where it is large; once more does no harm."""
        self._s3.copy(
            {"Bucket": drop.bucket, "Key": drop.key, "VersionId": drop.version_id},
            bucket,
            key,
            # Tags are the upstream system's affair; copying them would need a permission of its own.
            ExtraArgs={"CopySourceIfMatch": f'"{drop.etag}"', "TaggingDirective": "REPLACE"},
        )

    def put_json(self, bucket: str, key: str, value: Any) -> None:
        """Write one JSON document, readable by people."""
        body = json.dumps(value, ensure_ascii=False, indent=2).encode()
        self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json; charset=utf-8")

    def put_text(self, bucket: str, key: str, text: str) -> None:
        """Write one text."""
        self._s3.put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="text/plain; charset=utf-8")
