"""A link for a sender opens one page for its hours; whoever changes anything of it holds a link that S3 refuses.

S3 is played here by what its documents say a signature of a query covers, since the emulator checks none.
Documentation: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import boto3
import pytest
from botocore.config import Config
from click.testing import CliRunner

from suimon.cli.main import main
from suimon.cli.report import MOST_HOURS, link_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

SECRET = "not-a-secret-but-long-enough-for-one"  # noqa: S105 # pragma: allowlist secret
REGION, BUCKET, HOURS = "ap-northeast-1", "reports", 24
PAGE = "sales/2026-11-20/c53e0ef825d8ee2b.1/report.html"
OTHER = PAGE.replace("c53e", "0000")


@pytest.fixture
def s3() -> S3Client:
    client = boto3.client(
        "s3",
        region_name=REGION,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=SECRET,
        config=Config(signature_version="s3v4"),
    )
    # The object is there.
    client.meta.events.register("before-call.s3.HeadObject", lambda **_: (_Found(), {}))  # type: ignore[arg-type] # what answers in its place
    return client


class _Found:
    status_code = 200


def opens(link: str, now: datetime, method: str = "GET") -> bool:
    """Return whether S3 would answer a link: every part of it is signed, and its time is not over."""
    parts = urlsplit(link)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    signature = query.pop("X-Amz-Signature", "")
    _, day, region, service, _ = query["X-Amz-Credential"].split("/")
    if query["X-Amz-SignedHeaders"] != "host":
        return False
    begun = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    lasts = timedelta(seconds=int(query["X-Amz-Expires"]))
    signed = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items()))
    path = quote(unquote(parts.path), safe="/-_.~")
    request = f"{method}\n{path}\n{signed}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in (day, region, service, "aws4_request", f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{digest}"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    # S3 takes none that lasts longer than a week, and none before its time but for a quarter of an hour.
    fits = timedelta() < lasts <= timedelta(days=7) and begun - timedelta(minutes=15) <= now < begun + lasts
    return hmac.compare_digest(key.hex(), signature) and fits


def with_query(link: str, **changes: str) -> str:
    parts = urlsplit(link)
    query = dict(parse_qsl(parts.query)) | {name.replace("_", "-"): value for name, value in changes.items()}
    return urlunsplit(parts._replace(query=urlencode(query)))


CHANGES: dict[str, Callable[[str], str]] = {
    "another report": lambda link: link.replace(PAGE, OTHER),
    "the bad records beside it": lambda link: link.replace("report.html", "bad_records.csv"),
    "the stack's page": lambda link: link.replace(PAGE, "status/index.en.html"),
    "a way up": lambda link: link.replace(PAGE, f"sales/../{PAGE}"),
    "an escaped way up": lambda link: link.replace(PAGE, f"sales/%2e%2e/{PAGE}"),
    "the whole bucket": lambda link: link.replace(PAGE, ""),
    "another bucket": lambda link: link.replace("reports", "raw", 1),
    "another region": lambda link: link.replace(REGION, "us-east-1"),
    "another version": lambda link: with_query(link, versionId="null"),
    "a longer time": lambda link: with_query(link, X_Amz_Expires=str(7 * 86_400)),
    "a later beginning": lambda link: with_query(link, X_Amz_Date="20261231T000000Z"),
    "another type": lambda link: with_query(link, response_content_type="text/html"),
    "another name to save it by": lambda link: with_query(link, response_content_disposition="attachment; x.exe"),
    "its access list": lambda link: with_query(link, acl=""),
    "its tags": lambda link: with_query(link, tagging="x"),
    "a part of it": lambda link: with_query(link, partNumber="1"),
    "another's key id": lambda link: link.replace("AKIDEXAMPLE", "AKIDANOTHER"),
    "more headers": lambda link: with_query(link, X_Amz_SignedHeaders="host;range"),
    "no signature": lambda link: with_query(link, X_Amz_Signature=""),
}


def test_a_link_opens_its_page_for_its_hours_and_no_longer(s3: S3Client) -> None:
    link, now = link_to(s3, BUCKET, PAGE, HOURS), datetime.now(UTC)
    assert opens(link, now)
    assert opens(link, now + timedelta(hours=HOURS, minutes=-1))
    assert not opens(link, now + timedelta(hours=HOURS, seconds=1))


@pytest.mark.parametrize("change", CHANGES)
def test_a_link_that_somebody_has_changed_opens_nothing(s3: S3Client, change: str) -> None:
    link = link_to(s3, BUCKET, PAGE, HOURS)
    changed = CHANGES[change](link)
    assert changed != link
    assert not opens(changed, datetime.now(UTC))


@pytest.mark.parametrize("method", ["HEAD", "PUT", "POST", "DELETE"])
def test_a_link_is_for_reading_alone(s3: S3Client, method: str) -> None:
    assert not opens(link_to(s3, BUCKET, PAGE, HOURS), datetime.now(UTC), method)


@pytest.mark.parametrize("hours", ["0", "-1", str(MOST_HOURS + 1), "1e9", "24.5", ""])
def test_no_link_is_asked_for_that_s3_would_not_take(hours: str) -> None:
    told = CliRunner().invoke(main, ["report", "c53e0ef825d8ee2b", "--link", "--hours", hours])
    assert told.exit_code == 2
    assert "Invalid value for '--hours'" in told.output
