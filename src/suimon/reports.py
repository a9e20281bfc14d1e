"""A verdict's report: three objects in the reports bucket, and the text that the e-mail carries.

Most files need none, and the words and pages take longer to import than the rest of the gate: import this when needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.check.html import page
from suimon.check.report import as_json, cells_as_json_lines, describe, summary
from suimon.drop import run_id
from suimon.trigger import file_name

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.check.verdict import Verdict
    from suimon.contract.model import Contract
    from suimon.drop import DropRecord
    from suimon.objects import Objects

EXAMPLES = 20  # bad cells in the e-mail; all that are listed stand in the report


def publish(
    objects: Objects, bucket: str, record: DropRecord, contract: Contract, verdict: Verdict, now: datetime
) -> str:
    """Write report.html, report.json and bad_cells.jsonl; give the text for the e-mail, which says where they are."""
    drop, folder = record.drop, f"{record.dataset}/{record.partition}/{run_id(record)}/"
    identity = {
        "drop_id": record.id,
        "dataset": record.dataset,
        "partition": record.partition,
        "attempt": record.attempt,
        "bucket": drop.bucket,
        "key": drop.key,
        "version_id": drop.version_id,
        "etag": drop.etag,
        "size": drop.size,
    }
    about = {
        "file": file_name(record),
        "key": drop.key,
        "dataset": record.dataset,
        "partition": record.partition,
        "received": record.received_at,
        "checked": now.isoformat(timespec="seconds"),
        "size": f"{drop.size:,}",
        "drop_id": record.id,
        "version_id": drop.version_id,
    }
    lang = contract.language
    report = as_json(identity | summary(verdict, lang), indent=2)
    objects.put_text(bucket, f"{folder}bad_cells.jsonl", cells_as_json_lines(verdict, lang))
    objects.put_text(bucket, f"{folder}report.json", report, kind="application/json")
    objects.put_text(bucket, f"{folder}report.html", page(verdict, contract, about, lang), kind="text/html")
    where = f"s3://{bucket}/{folder}"
    return (
        f"{describe(verdict, EXAMPLES, lang)}\n\n"
        f"The page to hand on to who sent the file: {where}report.html\n"
        f"Every bad cell: {where}bad_cells.jsonl"
    )
