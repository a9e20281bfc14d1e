"""A verdict's report: up to four objects in the reports bucket, and the text that the e-mail carries.

Most files need none, and the words and pages take longer to import than the rest of the gate: import this when needed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.aws.objects import ShortReadError, UnreadableError
from suimon.check.decode import DecodeError
from suimon.drops.lake import file_name
from suimon.ledger.items import stamp
from suimon.report.as_json import as_json, cells_as_json_lines, describe, identity, labels_of, leading, summary
from suimon.report.bad_records import NAME, bad_records
from suimon.report.messages import either
from suimon.report.page import page
from suimon.report.published import Published

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.aws.objects import Objects
    from suimon.check.verdict import Verdict
    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord

logger = logging.getLogger(__name__)

EXAMPLES = 20  # bad cells in the e-mail; all that are listed stand in the report


def publish(
    objects: Objects, bucket: str, record: DropRecord, contract: Contract, verdict: Verdict, now: datetime
) -> Published:
    """Write report.html, report.json, bad_cells.jsonl and, of a file with bad records, bad_records.csv.

    Return what people are told of the verdict.
    """
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
    records = _records(objects, record, contract, verdict)
    if records is not None:
        objects.put_bytes(bucket, f"{folder}{NAME}", records, kind="text/csv")
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
        + f"{where}bad_cells.jsonl"
        + (either(lang, "\nThe bad records: ", "\n誤りのあるレコード: ") + f"{where}{NAME}" if records else ""),
    )


def _records(objects: Objects, record: DropRecord, contract: Contract, verdict: Verdict) -> bytes | None:
    """Return the bad records; None, too, when the file cannot be read again: the verdict stands without them."""
    try:
        return bad_records(objects.version(record.drop), contract, verdict, contract.language)
    except (UnreadableError, ShortReadError, DecodeError, ClientError, BotoCoreError) as error:
        logger.warning("bad records left out", extra={"drop_id": record.id, "reason": type(error).__name__})
        return None
