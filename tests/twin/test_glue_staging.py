"""What a run finds on disk in S3's place, and what is written back."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from local.glue.archive import ClassArchive
from local.glue.staging import StagingError, stage, upload
from tests.twin.glue_server import (
    FakeS3,
)


def test_a_key_that_would_leave_the_staging_folder_is_refused(tmp_path: Path) -> None:
    for uri in ("s3://lake/../../etc/passwd", "s3://lake/a//b", "s3://lake/"):
        with pytest.raises(StagingError):
            stage(FakeS3(), {"--x": uri}, tmp_path)  # type: ignore[arg-type] # a fake with the calls it makes


def test_an_input_that_the_script_left_alone_is_not_written_back(tmp_path: Path) -> None:
    s3: Any = FakeS3()
    s3.objects = {"s3://lake/in.csv": b"1", "s3://lake/folder/a": b"a", "s3://lake/folder/b": b"b"}
    staged = stage(s3, {"--in": "s3://lake/in.csv", "--folder": "s3://lake/folder/"}, tmp_path / "s3")
    folder = staged.buckets()["lake"] / "folder"
    Path(folder, "a").unlink()
    Path(folder, "c").write_text("c")
    Path(folder, ".c.crc").write_text("checksum")

    changed = upload(s3, staged)

    assert (changed.written, changed.deleted) == (("s3://lake/folder/c",), ("s3://lake/folder/a",))
    assert set(s3.objects) == {"s3://lake/in.csv", "s3://lake/folder/b", "s3://lake/folder/c"}


def test_what_a_set_names_is_laid_down_with_it(tmp_path: Path) -> None:
    s3: Any = FakeS3()
    sources = {"sources": [{"path": "../one/data.csv"}, {"path": "../two/data.csv"}]}
    s3.objects = {f"s3://lake/accepted/{name}/data.csv": b"1" for name in ("one", "two", "other")}
    s3.objects |= {"s3://lake/accepted/one/_contract.json": b"{}"}
    s3.objects |= {"s3://lake/accepted/whole/_set.json": json.dumps(sources).encode()}

    staged = stage(s3, {"--source_uri": "s3://lake/accepted/whole/_set.json"}, tmp_path / "s3")

    laid = {path.relative_to(tmp_path / "s3/lake/accepted").as_posix() for path in staged.before}
    assert laid == {"whole/_set.json", "one/data.csv", "one/_contract.json", "two/data.csv"}


def test_a_set_that_names_what_lies_outside_is_refused(tmp_path: Path) -> None:
    s3: Any = FakeS3()
    s3.objects = {"s3://lake/_set.json": json.dumps({"sources": [{"path": "../../../../etc/passwd"}]}).encode()}
    with pytest.raises(StagingError, match="outside"):
        stage(s3, {"--source_uri": "s3://lake/_set.json"}, tmp_path / "s3")


def test_the_class_archive_is_used_once_it_is_whole_and_wherever_the_clone_lies(tmp_path: Path) -> None:
    archive = ClassArchive(tmp_path / "My Projects")
    assert archive.java_options() == ""

    archive._folder.mkdir(parents=True)
    archive._ready.touch()

    (option,) = shlex.split(archive.java_options())
    assert option == f"-XX:SharedArchiveFile={archive._java}:{archive._spark}"
