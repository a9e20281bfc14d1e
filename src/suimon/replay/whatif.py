"""What a changed contract would say of stored files: each is checked again, nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.aws.objects import GoneError, S3Version, UnreadableError
from suimon.check.engine import CheckError, check
from suimon.contract.model import Role
from suimon.drops.lake import accepted_key
from suimon.drops.states import State
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from suimon.check.source import Source
    from suimon.check.verdict import Verdict
    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord


@dataclass(frozen=True)
class Recheck:
    """One stored file: whether it was accepted, and the verdict by the new contract; without one, why there is none.

    version: of the contract that judges its partition.
    """

    drop_id: str
    partition: str
    key: str
    was_accepted: bool
    verdict: Verdict | None
    version: str
    why: str = ""

    @property
    def changes(self) -> bool:
        """Whether the verdict would be another one."""
        return self.verdict is not None and self.verdict.accepted is not self.was_accepted


def recheck(
    items: Iterable[dict[str, Any]],
    contract: Contract,
    *,
    find: Callable[[str], DropRecord | None],
    s3: S3Client,
    lake: str,
    scratch: Path,
) -> Iterator[Recheck]:
    """Check each file of a plan's items by `contract`; of a set, each of its shards.

    The bytes are those of the version that came; once that is deleted, those of the accepted copy.
    """
    for record in _files(items, contract, find):
        was_accepted, version = record.state is not State.REJECTED, contract.at(record.partition)
        verdict, why = None, ""
        try:
            verdict = check(_source(record, s3, lake), version, record.partition, scratch=scratch)
        except (UnreadableError, CheckError) as error:
            why = str(error)
        yield Recheck(record.id, record.partition, record.drop.key, was_accepted, verdict, version.version, why)


def _files(
    items: Iterable[dict[str, Any]], contract: Contract, find: Callable[[str], DropRecord | None]
) -> Iterator[DropRecord]:
    for item in items:
        record = find(item["drop_id"])
        for one in (find(member) for member in record.members) if record and record.members else (record,):
            if one and contract.role_of(one.drop.key) is not Role.CONTROL:
                yield one


def _source(record: DropRecord, s3: S3Client, lake: str) -> Source:
    drop = record.drop
    try:
        return S3Version(s3, drop.bucket, drop.key, drop.version_id)
    except GoneError:
        if record.accepted is None:
            raise
        return S3Version(s3, lake, accepted_key(record), None)
