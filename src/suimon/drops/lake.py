"""Where a drop's objects lie in the lake bucket: the accepted copy, rows set aside, Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.drop import DropRecord, run_id

if TYPE_CHECKING:
    from suimon.contract.model import Contract


def file_name(record: DropRecord) -> str:
    """The last part of the drop's key."""
    return record.drop.key.rsplit("/", 1)[-1]


# By the ending of a name, many a reader decides whether to unpack what is in it.
_ENDINGS = {"none": "", "gzip": ".gz", "zstd": ".zst", "zip": ".zip"}


def accepted_name(contract: Contract) -> str:
    """The name of an accepted copy: by its format, for the upstream system's may hold anything that S3 takes."""
    return f"data.csv{_ENDINGS[contract.file.compression] if contract.file else ''}"


def accepted_prefix(record: DropRecord) -> str:
    """Where the immutable copy of an accepted drop lies, ending in a slash."""
    return f"accepted/{record.dataset}/{record.partition}/{record.id}/"


def processed_prefix(record: DropRecord) -> str:
    """Where the run of this attempt writes its Parquet, ending in a slash."""
    return f"processed/{record.dataset}/{record.partition}/{run_id(record)}/"


def aside_key(record: DropRecord) -> str:
    """Where the records of this attempt lie that were set aside: in the lake, for they hold what the file held."""
    return f"aside/{record.dataset}/{record.partition}/{run_id(record)}/bad_rows.csv"
