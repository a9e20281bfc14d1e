"""The inspection of a file: the checker in a folder of its own, and the report of what it found."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from suimon.aws.objects import UnreadableError
from suimon.check.engine import Aside, check
from suimon.check.source import Hashed
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from suimon.aws.objects import Objects
    from suimon.check.verdict import Verdict
    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord
    from suimon.report.published import Published

# What any check needs of the disk: segments in transit, and keys that do not fit into memory.
SCRATCH_BYTES = 512 * 1024 * 1024
# What a core checks in a second of the slowest sound files, those in CP932 (docs/bench-check.md).
BYTES_A_SECOND = 56_000_000
# Of the function's 900 seconds; the copy of what was accepted, the report and a slow disk take the others.
SECONDS_OF_CHECKING = 600
LARGEST_BYTES = BYTES_A_SECOND * SECONDS_OF_CHECKING


class NoRoomError(Exception):
    """Something else fills the disk now; the file will fit later."""


@dataclass(frozen=True)
class Inspection:
    """A verdict; `aside` has the rows of a file whose bad ones are left out, `report` publishes the report.

    sha256: returns the hash of the file's bytes.
    """

    verdict: Verdict
    aside: Aside
    report: Callable[[], Published]
    sha256: Callable[[], str]


class Inspector(Protocol):
    """What judges a drop: the checker, or in the simulation a stand-in that reads the same version."""

    def inspect(self, record: DropRecord, contract: Contract) -> AbstractContextManager[Inspection]:
        """Judge the drop's bytes; UnreadableError when they cannot be read and never will be."""


@dataclass(frozen=True, kw_only=True)
class FileInspector:
    """The checker. `scratch` is a folder, `clock` returns the time in UTC."""

    objects: Objects
    reports_bucket: str
    scratch: Path
    clock: Callable[[], datetime]

    @contextmanager
    def inspect(self, record: DropRecord, contract: Contract) -> Iterator[Inspection]:
        """Judge the drop's bytes; UnreadableError when they cannot be read and never will be, NoRoomError for now."""
        within_time(record.drop.size)
        make_room(self.scratch, record.drop.size if contract.tolerance else 0)
        with TemporaryDirectory(prefix="check-", dir=self.scratch) as folder:
            aside = Aside(Path(folder, "accepted.csv"), Path(folder, "bad_rows.csv"))
            source = Hashed(self.objects.version(record.drop))
            verdict = check(
                source,
                contract,
                record.partition,
                scratch=Path(folder),
                arrived=record.received_at,
                progress=self._in_time(),
                aside=aside if contract.tolerance else None,
            )
            yield Inspection(verdict, aside, lambda: self._report(record, contract, verdict), source.sha256)

    def _in_time(self) -> Callable[[int], None]:
        """Return what is told of each MB or so that is read, and raises UnreadableError when that comes too late."""
        ends = self.clock() + timedelta(seconds=SECONDS_OF_CHECKING)

        def look(_read: int) -> None:
            if self.clock() > ends:
                raise UnreadableError(
                    f"the gate has checked the file for {SECONDS_OF_CHECKING} seconds and has not come to its end: "
                    "send it in parts, as a set of shards"
                )

        return look

    def _report(self, record: DropRecord, contract: Contract, verdict: Verdict) -> Published:
        from suimon.report.publish import publish  # noqa: PLC0415 its words and pages would slow every cold start

        return publish(self.objects, self.reports_bucket, record, contract, verdict, self.clock())


def within_time(size: int) -> None:
    """Raise UnreadableError for a file that the function is ended over: it would be tried again for hours."""
    if size > LARGEST_BYTES:
        raise UnreadableError(
            f"the file has {size:,} bytes; in its time the gate can check up to {LARGEST_BYTES:,}: send it in "
            "parts, as a set of shards, or compressed"
        )


def make_room(scratch: Path, rows_bytes: int) -> None:
    """Raise unless there is room for a check, and for the rows of a file whose bad ones may be set aside.

    UnreadableError when there never can be enough, NoRoomError when there is not now.
    """
    disk = shutil.disk_usage(scratch)
    needed = SCRATCH_BYTES + rows_bytes
    if rows_bytes and needed > disk.total:
        raise UnreadableError(
            f"the file has {rows_bytes:,} bytes; where bad records are set aside, the gate can check up to "
            f"{max(0, disk.total - SCRATCH_BYTES):,}: send it in parts"
        )
    if needed > disk.free:
        raise NoRoomError(f"{needed:,} bytes are needed in {scratch}, {disk.free:,} are free")
