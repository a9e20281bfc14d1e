"""Tags on the version of an object that was sent: its sender, who sees nothing else, reads what became of it.

A copy, like an event: what they tell of stands in the ledger, and goes on if a tag is refused.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from suimon.drops.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import TagTypeDef

    from suimon.drops.drop import DropRecord

# Tags may not use up the time of the work.
CONFIG = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})
STATUS, DROP, CODE = OURS = ("suimon-status", "suimon-drop", "suimon-code")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
MOST_TAGS, LONGEST_VALUE = 10, 256
# After a refusal nothing is tagged for so long: a round of a thousand drops is refused once, not a thousand times.
PAUSE_SECONDS = 60.0
# What says nothing to a sender, or only for a moment.
_UNTAGGED = {State.RECEIVED, State.VALIDATING, State.TRIGGERED, State.GONE}

logger = logging.getLogger(__name__)


class VersionTags:
    """Tags versions of the raw bucket, each move at most once; a failure is logged and raises nothing."""

    def __init__(self, s3: S3Client, ticks: Callable[[], float] = time.monotonic) -> None:
        """Take the client. ticks: returns seconds that pass."""
        self._s3 = s3
        self._ticks = ticks
        self._paused_until = 0.0

    def drop_moved(self, record: DropRecord) -> None:
        """Tag the version of a drop that has moved; the sender's own tags stay."""
        wanted = tags_of(record)
        if not wanted or self._ticks() < self._paused_until:
            return
        version: Any = {"Bucket": record.drop.bucket, "Key": record.drop.key, "VersionId": record.drop.version_id}
        try:
            there = self._s3.get_object_tagging(**version)["TagSet"]
            if tags := merged(there, wanted):
                self._s3.put_object_tagging(**version, Tagging={"TagSet": tags})
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] in {"NoSuchKey", "NoSuchVersion"}:
                return  # it was deleted: nobody is to be told anything
            self._paused_until = self._ticks() + PAUSE_SECONDS
            logger.warning("version not tagged", extra={"drop_id": record.id, "reason": f"{type(error).__name__}"})


def tags_of(record: DropRecord) -> dict[str, str]:
    """Return the tags of a drop as it is now; none while it is on its way, and none of a set, which is no object."""
    if record.state in _UNTAGGED or record.members or not record.drop.version_id:
        return {}
    tags = {STATUS: record.state.lower(), DROP: record.id}
    if record.state is State.REJECTED and record.rejection and record.rejection.codes:
        tags[CODE] = _whole_words(record.rejection.codes)
    return tags


def merged(there: list[TagTypeDef], wanted: dict[str, str]) -> list[TagTypeDef]:
    """Return the sender's tags and ours; nothing to write if ours stand there already or have no room."""
    theirs = [tag for tag in there if tag["Key"] not in OURS]
    room = MOST_TAGS - len(theirs)
    tags = list(theirs)
    for key, value in list(wanted.items())[: max(room, 0)]:
        tags.append({"Key": key, "Value": value})
    return [] if {tag["Key"]: tag["Value"] for tag in tags} == {tag["Key"]: tag["Value"] for tag in there} else tags


def _whole_words(codes: tuple[str, ...]) -> str:
    """Return as many codes as a value of a tag holds."""
    text = " ".join(codes)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE + 1].rpartition(" ")[0]
