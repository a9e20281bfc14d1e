"""A verdict's report: three objects in the reports bucket, and the text that the e-mail carries.

Most files need none, and the words and pages take longer to import than the rest of the gate: import this when needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.lake import file_name
from suimon.ledger.items import stamp
from suimon.report.as_json import as_json, cells_as_json_lines, describe, identity, labels_of, leading, summary
from suimon.report.messages import either
from suimon.report.page import page
from suimon.report.published import Published

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.aws.objects import Objects
    from suimon.check.verdict import Verdict
    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord

EXAMPLES = 20  # bad cells in the e-mail; all that are listed stand in the report


def publish(
    objects: Objects, bucket: str, record: DropRecord, contract: Contract, verdict: Verdict, now: datetime
) -> Published:
    """Write report.html, report.json and bad_cells.jsonl; return what people are told of the verdict."""
    drop, folder = record.drop, f"{record.dataset}/{record.partition}/{record.run_id}/"
    delivery = {
        "drop_id": record.id,
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
        "received": stamp(record.received_at),
        "checked": now.isoformat(timespec="seconds"),
        "size": f"{drop.size:,}",
        "drop_id": record.id,
        "version_id": drop.version_id,
    }
    lang, labels = contract.language, labels_of(contract, contract.language)
    what = identity(contract, file_name(record), record.partition)
    report = as_json(what | delivery | summary(verdict, lang, labels), indent=2)
    objects.put_text(bucket, f"{folder}bad_cells.jsonl", cells_as_json_lines(verdict, lang, labels))
    objects.put_text(bucket, f"{folder}report.json", report, kind="application/json")
    objects.put_text(bucket, f"{folder}report.html", page(verdict, contract, about, lang), kind="text/html")
    where = f"s3://{bucket}/{folder}"
    return Published(
        findings=describe(verdict, EXAMPLES, lang, labels),
        reason=leading(verdict, lang),
        codes=tuple(dict.fromkeys(str(count.code) for count in verdict.counts)),
        page=f"{where}report.html",
        links=either(lang, "The page to hand on to who sent the file: ", "送信元に渡すレポート: ")
        + f"{where}report.html\n"
        + either(lang, "Every bad cell: ", "すべての誤り: ")
        + f"{where}bad_cells.jsonl",
    )
