"""What the article's `validate_source_data` does, with a file in place of the S3 object."""

import csv
from io import StringIO
from pathlib import Path

from bench.check.found import Found
from suimon.contract.model import Contract

_REQUIRED = {"order_id", "amount", "customer_id", "order_date"}


def check(path: Path, contract: Contract, partition: str) -> Found:  # noqa: ARG001 - it knows no contract
    """Read all of it into dictionaries; four checks, and the first that fails ends it."""
    rows = list(csv.DictReader(StringIO(path.read_bytes().decode("utf-8"))))
    if not rows:
        return _stopped(0, "no rows")
    if missing := _REQUIRED - set(rows[0]):
        return _stopped(len(rows), f"columns are missing: {sorted(missing)}")
    if empty := sum(1 for row in rows if not row.get("order_id")):
        return _stopped(len(rows), f"{empty} rows without order_id")
    if negative := [row for row in rows if float(row.get("amount", 0)) < 0]:
        return _stopped(len(rows), f"{len(negative)} negative amounts")
    return Found(accepted=True, rows=len(rows))


def _stopped(rows: int, complaint: str) -> Found:
    return Found(accepted=False, rows=rows, complaint=complaint)
