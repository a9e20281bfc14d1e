"""Mistakes that take one version of a key, or one file, for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.aws.objects import Objects, S3Version
from suimon.drops import drop
from suimon.intake.admission import Admission
from suimon.ledger.drops import Ledger
from tests.simulation.bug import Bug, everywhere
from tests.simulation.services.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suimon.drops.drop import Drop, DropRecord


def _no_copy(*_args: Any) -> bool:
    return False


def _every_version_is_there(*_args: Any) -> bool:
    return True


def _newest_version(self: Objects, one: Drop) -> S3Version:
    return S3Version(self._s3, one.bucket, one.key, None)


def _copy_newest(self: Objects, one: Drop, bucket: str, key: str) -> None:
    self._s3.copy({"Bucket": one.bucket, "Key": one.key}, bucket, key)


def _no_fence(*_args: Any) -> None:
    return None


def _same_key_same_bytes(one: DropRecord, other: DropRecord) -> bool:
    return one.drop.key == other.drop.key


def _repeats_nothing(*_args: Any) -> None:
    return None


def _newer_by_index(self: Ledger, own: DropRecord) -> list[DropRecord]:
    return [one for one in _by_index(self, own) if _order(one.drop) > _order(own.drop)]


def _older_by_index(self: Ledger, own: DropRecord) -> Iterator[DropRecord]:
    yield from reversed([one for one in _by_index(self, own) if _order(one.drop) < _order(own.drop)])


def _by_index(self: Ledger, own: DropRecord) -> list[DropRecord]:
    record = self.get(own.id)
    return self.drops_of(record.dataset, record.partition) if record and record.match else []


def _order(one: Drop) -> str:
    return drop.written_order(one.sequencer)


BUGS_OF_VERSIONS = (
    Bug(
        "newest-read",
        "the key is read, not the version",
        ("verdicts_are_of_the_bytes",),
        ((Objects, "version", _newest_version),),
    ),
    Bug(
        "newest-copied",
        "the key is copied, not the version that was checked",
        ("runs_read_the_version",),
        ((Objects, "copy_version", _copy_newest),),
    ),
    Bug(
        "deleted-is-gone",
        "what was loaded and deleted since is turned away when it is replayed",
        ("only_what_is_deleted_is_gone",),
        ((Admission, "has_copy_for", _no_copy), (Objects, "has_version", _every_version_is_there)),
    ),
    Bug(
        "no-fence",
        "the load replaces its partition whatever is in it",
        ("order_never_goes_back", "the_table_is_one_file"),
        ((Warehouse, "later", _no_fence),),
    ),
    Bug(
        "duplicate-by-key",
        "a file under a known key is a duplicate, whatever is in it",
        ("the_table_is_the_newest",),
        everywhere("same_bytes", _same_key_same_bytes),
    ),
    Bug(
        "duplicates-by-etag",
        "the same bytes under another ETag are taken for others",
        ("the_same_bytes_run_once",),
        everywhere("repeated_by", _repeats_nothing),
    ),
    Bug(
        "duplicates-by-index",
        "other writes of the key are looked up in an index, which lags",
        ("the_same_bytes_run_once",),
        ((Ledger, "newer_writes", _newer_by_index), (Ledger, "older_writes", _older_by_index)),
    ),
)
