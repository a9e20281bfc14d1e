"""Credentials that have expired, do not fit or are not there: each command says what, where and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore import exceptions as errors
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from click.testing import CliRunner

from suimon.cli.main import main
from tests.schemas import DOCS
from tests.unit.cli.test_every_command import ALL, LOCAL, UNEXPECTED, arguments_of, named, off_line

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["off_line"]


def said(code: str) -> Callable[[str], Exception]:
    """What AWS answers."""
    told = {"Error": {"Code": code, "Message": "The security token included in the request is not as it must be"}}
    return lambda operation: ClientError(told, operation)  # type: ignore[arg-type] # a whole answer has more


def met(kind: type[errors.BotoCoreError], **fields: str) -> Callable[[str], Exception]:
    """What botocore finds before it asks."""
    return lambda _operation: kind(**fields)


# What goes wrong, and the words that say what to do about it.
WRONG: dict[str, tuple[Callable[[str], Exception], str]] = {
    "expired": (said("ExpiredToken"), "log in again"),
    "expired, in JSON": (said("ExpiredTokenException"), "log in again"),
    "expired, of S3": (said("TokenRefreshRequired"), "log in again"),
    "expired request": (said("RequestExpired"), "log in again"),
    "unknown": (said("UnrecognizedClientException"), "check AWS_PROFILE and AWS_ACCESS_KEY_ID"),
    "unknown to STS": (said("InvalidClientTokenId"), "check AWS_PROFILE and AWS_ACCESS_KEY_ID"),
    "unknown to S3": (said("InvalidAccessKeyId"), "check AWS_PROFILE and AWS_ACCESS_KEY_ID"),
    "another secret": (said("SignatureDoesNotMatch"), "check AWS_SECRET_ACCESS_KEY"),
    "another secret, in JSON": (said("InvalidSignatureException"), "check AWS_SECRET_ACCESS_KEY"),
    "another session": (said("InvalidToken"), "unset AWS_SESSION_TOKEN"),
    "a wrong clock": (said("RequestTimeTooSkewed"), "your clock is wrong"),
    "no session": (met(errors.SSOTokenLoadError, error_msg="no token"), "aws sso login"),
    "an ended session": (met(errors.UnauthorizedSSOTokenError), "aws sso login"),
    "a session that cannot be renewed": (
        met(errors.TokenRetrievalError, provider="sso", error_msg="x"),
        "aws sso login",
    ),
    "an ended login": (met(errors.LoginRefreshRequired), "aws login"),
    "no keys": (met(errors.NoCredentialsError), "set AWS_PROFILE, or log in"),
    "half of the keys": (
        met(errors.PartialCredentialsError, provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ),
    "no such profile": (met(errors.ProfileNotFound, profile="prod"), "check AWS_PROFILE"),
    "a helper that fails": (
        met(errors.CredentialRetrievalError, provider="x", error_msg="x"),
        "mend what your profile",
    ),
    "settings that cannot be read": (met(errors.ConfigParseError, path="~/.aws/config"), "mend your profile"),
    "no MFA": (met(errors.RefreshWithMFAUnsupportedError), "MFA token"),
    "no region": (met(errors.NoRegionError), "set AWS_REGION"),
    "no real region": (met(errors.InvalidRegionError, region_name="Tokyo"), "set AWS_REGION"),
}


# What is typed where the words that are enough to begin do not reach AWS.
TYPED = {
    "expect": ("sales", "2026-11-20", "--undo"),
    "explain": ("sales", "2026-11-20"),
    "put": (__file__, "--contract", "sales", "--partition", "2026-11-20"),
    "warehouse create": ("--workgroup", "analytics", "--database", "analytics"),
    "replay": ("sales", "--from", "2026-11-20", "--to", "2026-11-20"),
}
ASKING = [path for path in ALL if path[0] not in LOCAL and path != ("warehouse", "describe")]


@pytest.fixture
def datasets(off_line: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the datasets of this repository, and nothing that answers."""
    del off_line
    monkeypatch.setenv("SUIMON_DATASETS", str(DOCS.parent / "datasets"))


@pytest.mark.usefixtures("datasets")
@pytest.mark.parametrize("path", ASKING, ids=named)
def test_whatever_is_wrong_with_credentials_a_command_says_what_to_do(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = TYPED.get(named(path), arguments_of(ALL[path]))
    for what, (made, to_do) in WRONG.items():
        answers(monkeypatch, made)
        result = CliRunner().invoke(main, [*path, *arguments], catch_exceptions=False)
        assert result.exit_code == 2, (what, result.output)
        assert to_do in result.stderr, (what, result.stderr)
        assert not UNEXPECTED.search(result.output), what


def answers(monkeypatch: pytest.MonkeyPatch, made: Callable[[str], Exception]) -> None:
    def refused(_client: Any, operation: str, _request: Any) -> None:
        raise made(operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", refused)


@pytest.mark.usefixtures("datasets")
@pytest.mark.parametrize("what", ["expired", "unknown to S3", "an ended session"])
def test_a_file_in_s3_that_nobody_may_read_is_no_wrong_address(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, to_do = WRONG[what]
    answers(monkeypatch, made)
    asked = ["check", "s3://raw/a.csv", "--contract", "sales", "--partition", "2026-11-20"]
    result = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert result.exit_code == 2
    assert to_do in result.stderr


@pytest.mark.usefixtures("datasets")
def test_a_file_that_could_not_be_sent_says_where_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, said("ExpiredToken"))
    result = CliRunner().invoke(main, ["put", *TYPED["put"], "--bucket", "raw"], catch_exceptions=False)
    assert result.exit_code == 2
    assert "raw/sales/2026-11-20" in result.stderr
    assert "log in again" in result.stderr
