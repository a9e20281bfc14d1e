"""The objects that COPY reads, with the credentials of its role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from local.endpoints import AwsError, role_session
from local.redshift.errors import RedshiftError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object under the prefix; `size` in bytes."""

    key: str
    size: int


class Objects(Protocol):
    """What COPY needs of S3; tests give a folder."""

    def under(self, bucket: str, prefix: str) -> Iterator[StoredObject]:
        """Return every object whose key starts with `prefix`, by key."""

    def fetch(self, bucket: str, key: str, path: Path) -> None:
        """Write the object to `path`."""


def open_as_role(role_arn: str) -> Objects:
    """Open S3 as the COPY role; raises RedshiftError in Redshift's words when the role does not trust Redshift."""
    try:
        session = role_session(role_arn, "suimon-redshift-copy", "redshift.amazonaws.com")
    except AwsError as error:
        raise RedshiftError(f"Redshift is not authorized to assume IAM Role {role_arn}", error.message) from error
    return S3Objects(session.client("s3"))


class S3Objects:
    """S3 through one client; errors become those of COPY."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def under(self, bucket: str, prefix: str) -> Iterator[StoredObject]:
        """Return every object whose key starts with `prefix`, by key; raises RedshiftError."""
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    yield StoredObject(item["Key"], item["Size"])
        except ClientError as error:
            raise _service_error(error) from error

    def fetch(self, bucket: str, key: str, path: Path) -> None:
        """Write the object to `path`; raises RedshiftError."""
        try:
            self._client.download_file(bucket, key, str(path))
        except ClientError as error:
            raise _service_error(error) from error


def _service_error(error: ClientError) -> RedshiftError:
    answer = error.response["Error"]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    # A HEAD has no body, so the code is only the status there.
    code = {"403": "AccessDenied", "404": "NoSuchKey"}.get(answer.get("Code", ""), answer.get("Code", ""))
    message = "Access Denied" if code == "AccessDenied" else answer.get("Message", "")
    return RedshiftError(f"S3ServiceException:{message},Status {status},Error {code}")
