"""The versions in the raw bucket, page by page, as S3 lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.drops.drop import Drop
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

PAGE = 1_000  # ListObjectVersions returns no more


@dataclass(frozen=True)
class Version:
    """One version of one object. `written`: for a multipart upload, S3 has the time of its beginning."""

    drop: Drop
    written: datetime

    @property
    def is_multipart(self) -> bool:
        """Whether it was uploaded in parts: the ETag of such an object ends in their number."""
        return "-" in self.drop.etag


@dataclass(frozen=True)
class Position:
    """Where a listing continues: behind this version of this key; both empty: at the beginning."""

    key: str = ""
    version_id: str = ""


@dataclass(frozen=True)
class Page:
    """Versions by key, those of one key newest first; `end` is where the next page begins, None after the last."""

    versions: tuple[Version, ...]
    end: Position | None


class RawBucket:
    """Listings of the raw bucket, without delete markers."""

    def __init__(self, s3: S3Client, name: str) -> None:
        self._s3 = s3
        self.name = name

    def pages(self, prefix: str = "", begin: Position | None = None) -> Iterator[Page]:
        """Yield page by page, each when it is asked for; each costs one request and has up to PAGE versions."""
        position = begin or Position()
        while True:
            marker: dict[str, Any] = {"KeyMarker": position.key} if position.key else {}
            if position.version_id:
                marker["VersionIdMarker"] = position.version_id
            page = self._s3.list_object_versions(Bucket=self.name, Prefix=prefix, MaxKeys=PAGE, **marker)
            end = None
            if page["IsTruncated"]:
                end = Position(page["NextKeyMarker"], page.get("NextVersionIdMarker", ""))
            yield Page(tuple(self._version(entry) for entry in page.get("Versions", [])), end)
            if end is None:
                return
            position = end

    def versions_of(self, key: str, behind: str = "") -> Iterator[Version]:
        """Yield the versions of one key, newest first, reading no more than is taken; `behind`: a version id of it."""
        for page in self.pages(key, Position(key, behind) if behind else None):
            for one in page.versions:
                if one.drop.key != key:  # a longer key that begins with this one is sorted behind it
                    return
                yield one

    def _version(self, entry: Any) -> Version:
        # Without a sequencer: a listing has none.
        drop = Drop(self.name, entry["Key"], entry["VersionId"], entry["ETag"].strip('"'), int(entry["Size"]), "")
        return Version(drop, entry["LastModified"])
