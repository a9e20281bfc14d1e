"""What the command line names: a file here, or a version of an object in S3, and the bytes of either."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suimon.check.source import LocalFile, Source
from suimon.cli.words import phrase
from suimon.values import dataclass


class LocationError(ValueError):
    """What is named cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Location:
    """A path, or a key in a bucket and perhaps its version."""

    text: str
    bucket: str = ""
    key: str = ""
    version_id: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Location":
        """Read a path or s3://bucket/key?versionId=…; LocationError if it is neither, or no file is there."""
        if text.startswith("s3://"):
            # A key may hold ? and #: only a version id after the last ? is not part of it.
            address, asked, version_id = text.removeprefix("s3://").rpartition("?versionId=")
            bucket, _, key = (address if asked else version_id).partition("/")
            if not bucket or not key or (asked and not version_id):
                raise LocationError(phrase("{text}: write s3://bucket/key or s3://bucket/key?versionId=…", text=text))
            return cls(text, bucket, key, version_id if asked else None)
        if not Path(text).exists():
            raise LocationError(phrase("{text} does not exist", text=text))
        if not Path(text).is_file():
            raise LocationError(
                phrase("{text} is no file; a pipe must be saved to one, it is read more than once", text=text)
            )
        return cls(text)

    @contextmanager
    def opened(self) -> Iterator[Source]:
        """Open the bytes; LocationError when they cannot be read, now or in the middle."""
        if self.bucket:
            with self._in_s3() as source:
                yield source
        else:
            yield LocalFile(Path(self.text))

    @contextmanager
    def _in_s3(self) -> Iterator[Source]:
        # Imported here: boto3 takes longer to start than a small local file to check.
        import boto3  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        from suimon.aws.objects import S3Version, ShortReadError, UnreadableError  # noqa: PLC0415
        from suimon.cli.stack import CREDENTIALS, advice  # noqa: PLC0415

        try:
            yield S3Version(boto3.client("s3"), self.bucket, self.key, self.version_id)
        except (UnreadableError, ShortReadError) as error:
            raise LocationError(f"{self.text}: {error}") from error
        except ClientError as error:
            code = error.response["Error"]["Code"]
            known = phrase("S3 answers {code}; look at the address and at your permissions", code=code)
            what = advice(error) if code in CREDENTIALS else known
            raise LocationError(f"{self.text}: {what}") from error
        except BotoCoreError as error:
            raise LocationError(f"{self.text}: {advice(error)}") from error
