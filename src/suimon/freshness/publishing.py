"""Writes `sources.json` to the reports bucket when something in it has changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from suimon.freshness.sources_json import KEY, digest_of, sources_json
from suimon.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

    from suimon.freshness.sources_json import SeenTable
    from suimon.ledger.checkpoints import Checkpoints

_NAME = "sources.json"


@dataclass(frozen=True, kw_only=True)
class SourcesJson:
    """The file in its bucket, and the checkpoint that says what was written last."""

    s3: S3Client
    bucket: str
    checkpoints: Checkpoints

    def write(self, tables: list[SeenTable], now: datetime) -> bool:
        """Write the file if it says something new; return whether it was written.

        The file comes before the checkpoint: a crash in between has it written again.
        """
        digest = digest_of(tables)
        known = self.checkpoints.get(_NAME).get("digest")
        if digest == known or (known is None and not tables):
            return False
        text = json.dumps(sources_json(tables, now), ensure_ascii=False, indent=1) + "\n"
        self.s3.put_object(Bucket=self.bucket, Key=KEY, Body=text.encode(), ContentType="application/json")
        self.checkpoints.put(_NAME, {"digest": digest})
        return True
