"""DAGs reach Airflow as in MWAA: `dags/` of a bucket is mirrored into the DAG folder every few seconds."""

import logging
import os
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX: Final = "dags/"
# MWAA itself takes about half a minute; people at a demo do not wait for that.
INTERVAL_SECONDS: Final = 2.0
_CACHE: Final = "__pycache__"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """What one round changes: relative paths to fetch and to remove."""

    fetch: tuple[str, ...]
    remove: tuple[str, ...]


def plan(listed: Mapping[str, str], fetched: Mapping[str, str], present: Collection[str]) -> Plan:
    """Decide what to do.

    Args:
        listed: relative path -> ETag, as the bucket has it.
        fetched: relative path -> ETag, as we last fetched it.
        present: relative paths of the files in the folder.

    """
    changed = [path for path, etag in listed.items() if fetched.get(path) != etag or path not in present]
    # Folders first: DAG files import what lies in them.
    changed.sort(key=lambda path: (-path.count("/"), path))
    return Plan(fetch=tuple(changed), remove=tuple(sorted(set(present) - listed.keys())))


def path_in_folder(key: str) -> str | None:
    """Return where an object belongs below the DAG folder; None for folder markers and keys that lead elsewhere."""
    relative = key.removeprefix(PREFIX)
    parts = relative.split("/")
    if any(part in {"", ".", "..", _CACHE} or "\\" in part or "\0" in part for part in parts):
        return None
    return str(PurePosixPath(*parts))


class DagSync:
    """Mirrors one bucket into one folder; remembers what it fetched."""

    def __init__(self, s3: "S3Client", bucket: str, folder: Path) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._folder = folder
        self._fetched: dict[str, str] = {}
        self._said: set[str] = set()

    def forever(self) -> None:
        """Mirror until the process ends; a bucket that is not there (yet) is only worth a line in the log."""
        while True:
            try:
                self.once()
            except (BotoCoreError, ClientError, OSError) as error:
                self._say_once("DAG bucket could not be mirrored, trying again: %s", error)
            else:
                self._said.clear()
            time.sleep(INTERVAL_SECONDS)

    def once(self) -> Plan:
        """Mirror once.

        The listing is complete before anything is removed: a listing that breaks off removes nothing.

        Raises:
            ClientError, BotoCoreError: the bucket cannot be read.
            OSError: the folder cannot be written.

        """
        listed = self._listing()
        step = plan(listed, self._fetched, self._present())
        for path in step.remove:
            self._remove(path)
        for path in step.fetch:
            self._fetch(path)
        if step.fetch or step.remove:
            logger.info("DAGs mirrored: fetched %s, removed %s", list(step.fetch), list(step.remove))
        return step

    def _listing(self) -> dict[str, str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX)
        listed = {}
        for entry in (entry for page in pages for entry in page.get("Contents", [])):
            path = path_in_folder(entry["Key"])
            if path is not None:
                listed[path] = entry["ETag"]
            elif not entry["Key"].endswith("/"):
                self._say_once("Key would leave the DAG folder, refused: %r", entry["Key"])
        return listed

    def _present(self) -> set[str]:
        files = (path.relative_to(self._folder) for path in self._folder.rglob("*") if not path.is_dir())
        return {path.as_posix() for path in files if _CACHE not in path.parts}

    def _fetch(self, path: str) -> None:
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=PREFIX + path)
        except self._s3.exceptions.NoSuchKey:
            return  # deleted since it was listed; the next round sees that
        content = answer["Body"].read()
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        # Written outside the folder and moved in: Airflow never parses half a file.
        descriptor, unfinished = tempfile.mkstemp(dir=self._folder.parent, prefix="dag-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(unfinished).replace(target)
        finally:
            Path(unfinished).unlink(missing_ok=True)
        # The ETag of what we got, which may be newer than what was listed.
        self._fetched[path] = answer["ETag"]

    def _remove(self, path: str) -> None:
        (self._folder / path).unlink(missing_ok=True)
        self._fetched.pop(path, None)
        for parent in (self._folder / path).parents:
            if parent == self._folder or any(parent.iterdir()):
                break
            parent.rmdir()

    def _say_once(self, what: str, about: object) -> None:
        if what % about not in self._said:
            self._said.add(what % about)
            logger.warning(what, about)
