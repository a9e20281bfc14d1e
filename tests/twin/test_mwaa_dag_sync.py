"""DAGs follow their bucket into the DAG folder, and nothing else does."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from local.mwaa.dag_sync import DagSync, Plan, path_in_folder, plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "dag-bucket"


@pytest.fixture
def s3() -> Iterator["S3Client"]:
    with mock_aws():
        client = boto3.Session("AKIAEXAMPLE", "secret", region_name="us-east-1").client(
            "s3", endpoint_url="https://s3.us-east-1.amazonaws.com"
        )
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "dags"
    folder.mkdir()
    return folder


def test_files_arrive_change_and_go_with_the_bucket(s3: "S3Client", folder: Path) -> None:
    sync = DagSync(s3, BUCKET, folder)
    s3.put_object(Bucket=BUCKET, Key="dags/daily.py", Body=b"one")
    s3.put_object(Bucket=BUCKET, Key="dags/sql/load.sql", Body=b"select 1")
    sync.once()
    assert contents(folder) == {"daily.py": b"one", "sql/load.sql": b"select 1"}

    s3.put_object(Bucket=BUCKET, Key="dags/daily.py", Body=b"two")
    assert sync.once() == Plan(fetch=("daily.py",), remove=())
    assert contents(folder)["daily.py"] == b"two"

    s3.delete_object(Bucket=BUCKET, Key="dags/sql/load.sql")
    sync.once()
    assert contents(folder) == {"daily.py": b"two"}
    assert not (folder / "sql").exists()


def test_a_round_without_changes_touches_nothing(s3: "S3Client", folder: Path) -> None:
    sync = DagSync(s3, BUCKET, folder)
    s3.put_object(Bucket=BUCKET, Key="dags/daily.py", Body=b"one")
    sync.once()
    before = (folder / "daily.py").stat().st_mtime_ns

    assert sync.once() == Plan(fetch=(), remove=())
    assert (folder / "daily.py").stat().st_mtime_ns == before


def test_what_somebody_put_into_or_took_from_the_folder_is_put_right(s3: "S3Client", folder: Path) -> None:
    sync = DagSync(s3, BUCKET, folder)
    s3.put_object(Bucket=BUCKET, Key="dags/daily.py", Body=b"one")
    sync.once()
    (folder / "daily.py").unlink()
    (folder / "stray.py").write_bytes(b"not in the bucket")

    sync.once()

    assert contents(folder) == {"daily.py": b"one"}


def test_pythons_cache_is_left_alone(s3: "S3Client", folder: Path) -> None:
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/daily.cpython-311.pyc").write_bytes(b"code")

    assert DagSync(s3, BUCKET, folder).once() == Plan(fetch=(), remove=())


def test_more_than_one_page_of_keys_is_mirrored(s3: "S3Client", folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    for number in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"dags/sql/{number}.sql", Body=b"")
    assert s3.list_objects_v2(Bucket=BUCKET)["IsTruncated"]

    DagSync(s3, BUCKET, folder).once()

    assert len(contents(folder)) == 5


def test_a_missing_bucket_removes_nothing(s3: "S3Client", folder: Path) -> None:
    (folder / "daily.py").write_bytes(b"one")

    with pytest.raises(ClientError):
        DagSync(s3, "no-such-bucket", folder).once()

    assert contents(folder) == {"daily.py": b"one"}


def test_keys_that_would_leave_the_folder_are_refused_and_the_others_still_come(s3: "S3Client", folder: Path) -> None:
    s3.put_object(Bucket=BUCKET, Key="dags/../escaped.py", Body=b"evil")
    s3.put_object(Bucket=BUCKET, Key="dags/daily.py", Body=b"one")
    s3.put_object(Bucket=BUCKET, Key="other/outside.py", Body=b"not a DAG")

    DagSync(s3, BUCKET, folder).once()

    assert contents(folder.parent) == {"dags/daily.py": b"one"}


@pytest.mark.parametrize(
    "key",
    ["dags/../x.py", "dags//etc/x.py", "dags/a/./x.py", "dags/a/../../x.py", "dags/a\\..\\x.py", "dags/", "dags/a/"],
)
def test_such_keys_have_no_place(key: str) -> None:
    assert path_in_folder(key) is None


def test_dots_within_a_name_are_harmless() -> None:
    assert path_in_folder("dags/sql/v1..2/load.sql") == "sql/v1..2/load.sql"


def test_a_reader_never_sees_half_a_file(s3: "S3Client", folder: Path) -> None:
    first, second = b"a" * 2_000_000, b"b" * 2_000_000
    sync = DagSync(s3, BUCKET, folder)
    s3.put_object(Bucket=BUCKET, Key="dags/daily.py", Body=first)
    sync.once()
    seen: set[bytes] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add((folder / "daily.py").read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for body in (second, first, second):
        s3.put_object(Bucket=BUCKET, Key="dags/daily.py", Body=body)
        sync.once()
    done.set()
    reader.join()

    assert seen <= {first, second}


def test_the_plan_fetches_what_is_new_changed_or_lost_and_removes_the_rest() -> None:
    listed = {"new": "1", "changed": "2", "same": "1", "lost": "1"}
    fetched = {"changed": "1", "same": "1", "lost": "1"}

    assert plan(listed, fetched, {"changed", "same", "gone"}) == Plan(("changed", "lost", "new"), ("gone",))


def test_modules_in_folders_come_before_the_dags_that_import_them() -> None:
    assert plan({"a.py": "1", "b.py": "1", "etl/x.py": "1", "etl/deep/y.py": "1"}, {}, ()).fetch == (
        "etl/deep/y.py",
        "etl/x.py",
        "a.py",
        "b.py",
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
