"""Where the bytes of a file come from: a local file here, a version of an object in `suimon.aws.objects`."""

from collections import deque
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from suimon.values import dataclass

CHUNK_BYTES = 1024 * 1024


class Source(Protocol):
    """Bytes that stay the same however often they are read."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read(self, start: int, length: int) -> bytes:
        """Return exactly these bytes; fewer only at the end."""

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes in order, a few MB each; may be called again."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this machine."""

    path: Path

    @property
    def name(self) -> str:
        """Its path as it was given."""
        return str(self.path)

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return self.path.stat().st_size

    def read(self, start: int, length: int) -> bytes:
        """Return exactly these bytes; fewer only at the end."""
        with self.path.open("rb") as stream:
            stream.seek(start)
            return stream.read(length)

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes in order."""
        with self.path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk


@dataclass(slots=True)
class _Around:
    """A source around another one, of the same name and size."""

    source: Source

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.source.name

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self.source.size


@dataclass(slots=True)
class Hashed(_Around):
    """A source that hashes its bytes as they pass, so that a hash of them all costs no second reading."""

    _found: str | None = None

    def read(self, start: int, length: int) -> bytes:
        """Return exactly these bytes; fewer only at the end."""
        return self.source.read(start, length)

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes in order."""
        passing = sha256()
        for chunk in self.source.chunks():
            if self._found is None:
                passing.update(chunk)
            yield chunk
        self._found = self._found or passing.hexdigest()

    def sha256(self) -> str:
        """Return the SHA-256 of all bytes; they are read again only if nobody has read them in order to the end."""
        if self._found is None:
            deque(self.chunks(), maxlen=0)
        return self._found or ""


@dataclass(slots=True)
class Watched(_Around):
    """A source that tells how many of its bytes have been read; from 0 again when it is read again."""

    progress: Callable[[int], None]

    def read(self, start: int, length: int) -> bytes:
        """Return exactly these bytes; fewer only at the end."""
        found = self.source.read(start, length)
        self.progress(start + len(found))
        return found

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes in order."""
        told = 0
        self.progress(told)
        for chunk in self.source.chunks():
            told += len(chunk)
            self.progress(told)
            yield chunk
