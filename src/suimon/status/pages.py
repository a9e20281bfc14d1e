"""Writes the page of a stack to the reports bucket, in both languages, when what it says has changed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from suimon.contract.file import LANGUAGES
from suimon.contract.reserved import STATUS
from suimon.status.page import content, page
from suimon.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

    from suimon.contract.file import Language
    from suimon.ledger.checkpoints import Checkpoints
    from suimon.status.overview import Overview

FOLDER = f"{STATUS}/"


@dataclass(frozen=True)
class Pages:
    """The pages of a stack in its reports bucket; a checkpoint keeps what was written last."""

    s3: S3Client
    checkpoints: Checkpoints
    bucket: str
    stack: str

    def write(self, found: Overview, now: datetime) -> list[str]:
        """Write the pages that say something else than before, and each at least once a day; return their keys."""
        return [key_of(language) for language in LANGUAGES if self._write(found, language, now)]

    def _write(self, found: Overview, language: Language, now: datetime) -> bool:
        [other] = [name_of(one) for one in LANGUAGES if one != language]
        said = f"{now:%Y-%m-%d}{content(found, self.stack, now, language, other)}"
        digest, name = hashlib.sha256(said.encode()).hexdigest(), f"page:{language}"
        if self.checkpoints.get(name).get("digest") == digest:
            return False
        written = page(found, self.stack, now, language, other)
        # First the page: a crash in between only writes it again.
        kind = "text/html; charset=utf-8"
        self.s3.put_object(Bucket=self.bucket, Key=key_of(language), Body=written.encode(), ContentType=kind)
        self.checkpoints.put(name, {"digest": digest})
        return True


def key_of(language: Language) -> str:
    """Return the key of the page in a language."""
    return f"{FOLDER}{name_of(language)}"


def name_of(language: Language) -> str:
    """Return the page's name beside the one in the other language."""
    return f"index.{language}.html"
