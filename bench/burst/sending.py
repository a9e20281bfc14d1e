"""Files as an upstream system sends them: one day of sales each, from several threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from local.demo.sales import sales_file
from suimon.drops.drop import Drop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

    from local.twin import Twin

# One file a day: ten thousand of them are 27 years, so that no file has anything to do with another.
FIRST_DAY: Final = date(1990, 1, 1)
SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that lies in the raw bucket; `at` is the moment before its PUT, `until` when S3 had answered."""

    drop: Drop
    at: datetime
    until: datetime


class Upstream:
    """Puts files with the rights of an upstream system; every thread has a client of its own."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._own = threading.local()

    def put(self, number: int, content: bytes) -> Sent:
        """Put the file of one day."""
        bucket, key = self._twin.outputs["RawBucket"], f"sales/{day(number)}/sales_data.csv"
        at = datetime.now(UTC)
        answer = self._client().put_object(Bucket=bucket, Key=key, Body=content)
        until = datetime.now(UTC)
        return Sent(Drop(bucket, key, answer["VersionId"], answer["ETag"].strip('"'), len(content), ""), at, until)

    def put_all(self, numbers: range, rows: int, threads: int) -> Iterator[Sent]:
        """Put the files of many days from `threads` threads, each file as it is made."""
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(lambda number: self.put(number, content(number, rows)), numbers)

    def _client(self) -> S3Client:
        if not hasattr(self._own, "s3"):
            self._own.s3 = self._twin.session("upstream").client("s3")
        s3: S3Client = self._own.s3
        return s3


def day(number: int) -> date:
    """Return the business day of a file by its number, from 0."""
    return FIRST_DAY + timedelta(days=number)


def content(number: int, rows: int) -> bytes:
    """Write the file of one day: good in every row."""
    return sales_file(day(number), rows, SEED).content
