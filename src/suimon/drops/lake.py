"""Where a drop's objects lie in the lake bucket: the accepted copy, rows set aside, Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord


def file_name(record: DropRecord) -> str:
    """Return the last part of the drop's key."""
    return record.drop.key.rsplit("/", 1)[-1]


CONTRACT = "_contract.json"  # beside an accepted copy: the contract that it was accepted by

# By the ending of a name, many a reader decides whether to unpack what is in it.
_ENDINGS = {"none": "", "gzip": ".gz", "zstd": ".zst", "zip": ".zip"}


def accepted_name(contract: Contract) -> str:
    """Return the name of an accepted copy: by its format, for the upstream system's may hold anything that S3 takes."""
    return f"data.csv{_ENDINGS[contract.file.compression] if contract.file else ''}"


def accepted_prefix(record: DropRecord) -> str:
    """Return where the immutable copy of an accepted drop lies, ending in a slash."""
    return f"accepted/{record.dataset}/{record.partition}/{record.id}/"


def accepted_key(record: DropRecord) -> str:
    """Return the key of the accepted object; ValueError of a drop that was never accepted."""
    if record.accepted is None:
        raise ValueError(f"drop {record.id} is {record.state} and has no accepted copy")
    return f"{accepted_prefix(record)}{record.accepted.name}"


def read_prefix(record: DropRecord) -> str:
    """Return the folder whose copy the run of this attempt reads: of a retraction, that of what was loaded before."""
    if (retracting := record.retracting) is None:
        return accepted_prefix(record)
    restored = f"accepted/{record.dataset}/{record.partition}/{retracting.restores}/"
    return restored if retracting.restores else f"{accepted_prefix(record)}emptied/"


def read_key(record: DropRecord) -> str:
    """Return the key of the object that the run of this attempt reads; ValueError of a drop that has none."""
    retracting = record.retracting
    return f"{read_prefix(record)}{retracting.name}" if retracting else accepted_key(record)


def processed_prefix(record: DropRecord) -> str:
    """Return where the run of this attempt writes its Parquet, ending in a slash."""
    return f"processed/{record.dataset}/{record.partition}/{record.run_id}/"


def aside_key(record: DropRecord) -> str:
    """Return where this attempt's set-aside records lie: in the lake, for they hold what the file held."""
    return f"aside/{record.dataset}/{record.partition}/{record.run_id}/bad_rows.csv"
