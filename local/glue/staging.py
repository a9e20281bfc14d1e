"""`s3://` for a Spark without an S3 file system: objects in before the script, its changes out after its end."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Arguments that Glue reads itself; the script's own S3 paths are among the others.
GLUES_OWN = frozenset({"--TempDir", "--conf", "--spark-event-logs-path", "--continuous-log-logGroup"})
# The file by which a job finds what else to read; its paths are seen from its own folder.
SET_NAME = "_set.json"
_ABSENT = frozenset({"NoSuchKey", "404"})


class StagingError(Exception):
    """An S3 path cannot be laid down on this machine, or what the script wrote cannot be uploaded."""


class _Object(TypedDict):
    Bucket: str
    Key: str


class _Mark(NamedTuple):
    """What a file keeps for as long as it is the one that was downloaded."""

    size: int
    modified: int
    inode: int


@dataclass(frozen=True)
class Stage:
    """A local copy of what a run's arguments name; an object `s3://bucket/key` lies at `root/bucket/key`."""

    root: Path
    before: Mapping[Path, _Mark]

    def buckets(self) -> dict[str, Path]:
        """Return the folder of each bucket."""
        return {place.name: place for place in sorted(self.root.iterdir())}


@dataclass(frozen=True)
class Uploaded:
    """What a run changed in S3."""

    written: tuple[str, ...]
    deleted: tuple[str, ...]


def s3_arguments(arguments: Mapping[str, str]) -> dict[str, str]:
    """Return those of a script's arguments that are S3 URIs."""
    return {name: value for name, value in arguments.items() if value.startswith("s3://") and name not in GLUES_OWN}


def stage(s3: "S3Client", arguments: Mapping[str, str], root: Path) -> Stage:
    """Download every object that an argument names, or that lies below one; what does not exist is left out.

    Raises:
        ClientError: S3 refuses, above all because the job's role may not read.
        StagingError: a key has no place below `root`.

    """
    root.mkdir(parents=True, exist_ok=True)
    uris = dict.fromkeys(s3_arguments(arguments).values())
    files = [path for uri in uris for path in _download(s3, uri, root)]
    further = dict.fromkeys(uri for path in files if path.name == SET_NAME for uri in _shards(path, root))
    files += [path for uri in further for path in _download(s3, uri, root)]
    for uri in uris:
        _place(root, uri).parent.mkdir(parents=True, exist_ok=True)
    return Stage(root, {path: _mark(path) for path in files})


def upload(s3: "S3Client", done: Stage) -> Uploaded:
    """Make S3 as the script left its files: delete what it deleted, then write in the order in which it wrote.

    Also of a script that failed or was stopped: S3 keeps what has been written. Of a Spark job that did not come to its
    end these are the files of its committed tasks; uploads of tasks that were not committed show nowhere.
    """
    after = {path: _mark(path) for path in _files(done.root)}
    deleted = [_uri(done.root, path) for path in done.before if path not in after]
    changed = [path for path, mark in after.items() if done.before.get(path) != mark and "_temporary" not in path.parts]
    for uri in deleted:
        s3.delete_object(**_object(uri))
    # The result of a run is written last, here as there: whoever finds it finds all that it names.
    for path in sorted(changed, key=lambda path: (after[path].modified, path)):
        with path.open("rb") as body:
            s3.put_object(**_object(_uri(done.root, path)), Body=body)
    return Uploaded(tuple(_uri(done.root, path) for path in changed), tuple(deleted))


def download_object(s3: "S3Client", uri: str, path: Path) -> Path:
    """Download one object; ClientError if it is not there or not readable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = s3.get_object(**_object(uri))["Body"]
    with path.open("wb") as file:
        shutil.copyfileobj(body, file, 1024 * 1024)
    return path


def _download(s3: "S3Client", uri: str, root: Path) -> Iterator[Path]:
    if not uri.endswith("/"):
        try:
            yield download_object(s3, uri, _place(root, uri))
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ABSENT:
                raise
        else:
            return
    bucket, prefix = _split(uri.rstrip("/") + "/")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        # An object whose name ends in a slash is a console's way to show an empty folder.
        for key in (entry["Key"] for entry in page.get("Contents", []) if not entry["Key"].endswith("/")):
            yield download_object(s3, f"s3://{bucket}/{key}", _place(root, f"s3://{bucket}/{key}"))


def _shards(path: Path, root: Path) -> Iterator[str]:
    """Return the folders of what a set's file names: the script reads them though no argument says so."""
    for source in json.loads(path.read_text(encoding="utf-8"))["sources"]:
        place = Path(os.path.normpath(path.parent / source["path"])).parent
        if not place.is_relative_to(root):
            raise StagingError(f"{_uri(root, path)} names {source['path']}, which is outside")
        yield f"{_uri(root, place)}/"


def _files(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        # Hadoop's local file system keeps a checksum `.name.crc` beside each file; S3 has none.
        if path.is_file() and not (path.name.startswith(".") and path.suffix == ".crc"):
            yield path


def _mark(path: Path) -> _Mark:
    status = path.stat()
    return _Mark(status.st_size, status.st_mtime_ns, status.st_ino)


def _place(root: Path, uri: str) -> Path:
    bucket, key = _split(uri)
    parts = key.rstrip("/").split("/")
    if not bucket or any(part in {"", ".", ".."} for part in parts):
        raise StagingError(f"{uri} has no place on this machine's disk: empty, . and .. are no names of files")
    return root.joinpath(bucket, *parts)


def _uri(root: Path, path: Path) -> str:
    return f"s3://{path.relative_to(root).as_posix()}"


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _object(uri: str) -> _Object:
    bucket, key = _split(uri)
    return {"Bucket": bucket, "Key": key}
