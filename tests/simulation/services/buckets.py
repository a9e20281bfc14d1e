"""What a bucket holds: the versions of its keys, and the order in which S3 lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Version:
    """One version of a key, or a delete marker; `count` numbers all writes of all buckets in their order."""

    key: str
    version_id: str
    content: bytes
    etag: str  # without quotes
    written_at: float  # Unix seconds
    count: int
    is_delete_marker: bool = False

    @property
    def sequencer(self) -> str:
        """S3's order of the writes of a key: hexadecimal of no fixed length; the shorter is padded on the right."""
        return f"{self.count:016X}".rstrip("0")


@dataclass
class Bucket:
    """A bucket. `tells`: whether it sends events."""

    name: str
    versioned: bool = True
    tells: bool = False
    keys: dict[str, list[Version]] = field(default_factory=dict)  # oldest first
    _counts: dict[str, int] = field(default_factory=dict)  # of every version there ever was, by its id

    def add(self, version: Version) -> None:
        """Write a version."""
        self._counts[version.version_id] = version.count
        if self.versioned:
            self.keys.setdefault(version.key, []).append(version)
        else:
            self.keys[version.key] = [version]

    def remove(self, key: str, version_id: str) -> None:
        """Delete a version for good, if it is there."""
        left = [version for version in self.keys.get(key, ()) if version.version_id != version_id]
        if left:
            self.keys[key] = left
        else:
            self.keys.pop(key, None)

    def newest(self, key: str) -> Version | None:
        """Return the newest version or delete marker of a key."""
        versions = self.keys.get(key)
        return versions[-1] if versions else None

    def version(self, key: str, version_id: str) -> Version | None:
        """Return one version or delete marker."""
        return next((one for one in self.keys.get(key, ()) if one.version_id == version_id), None)

    def current(self, prefix: str = "") -> Iterator[Version]:
        """Yield the objects that are there now, in the order of their keys; Python sorts text as UTF-8 sorts bytes."""
        for key in sorted(key for key in self.keys if key.startswith(prefix)):
            if not self.keys[key][-1].is_delete_marker:
                yield self.keys[key][-1]

    def versions_from(self, prefix: str, key_marker: str, version_marker: str) -> Iterator[Version]:
        """Yield what a listing of versions gives after the markers, which may be of a version that is gone by now."""
        passed = self._counts.get(version_marker, 0)
        for key in sorted(key for key in self.keys if key.startswith(prefix) and key >= key_marker):
            if key == key_marker and not version_marker:
                continue
            for version in reversed(self.keys[key]):
                if key > key_marker or version.count < passed:
                    yield version
