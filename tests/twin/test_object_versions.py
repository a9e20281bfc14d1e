"""The gate's reading of an object, against the twin's S3: any version, in ranges, and that version alone."""

import os

import pytest

from local.twin import Twin
from suimon.aws.objects import S3Version, UnreadableError

BUCKET, KEY = "versions", "sales/緑茶 +%.csv"


@pytest.fixture(scope="module")
def versions(cloud: Twin) -> list[tuple[str, bytes]]:
    """Two versions of one object, larger than one range."""
    s3 = cloud.session().client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    contents = [os.urandom(20_000_000), os.urandom(9_000_000)]
    return [(s3.put_object(Bucket=BUCKET, Key=KEY, Body=body)["VersionId"], body) for body in contents]


def test_every_version_is_read_in_ranges(cloud: Twin, versions: list[tuple[str, bytes]]) -> None:
    for version_id, body in versions:
        source = S3Version(cloud.session().client("s3"), BUCKET, KEY, version_id)
        assert b"".join(source.chunks()) == body
        assert source.read(8_999_990, 20) == body[8_999_990:9_000_010]


def test_a_version_that_is_not_there_cannot_be_read(cloud: Twin, versions: list[tuple[str, bytes]]) -> None:
    s3 = cloud.session().client("s3")
    s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=versions[0][0])
    with pytest.raises(UnreadableError):
        S3Version(s3, BUCKET, KEY, versions[0][0])
