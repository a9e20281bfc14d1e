"""What a deployed stack says of itself: its outputs and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConfigParseError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidConfigError,
    InvalidRegionError,
    LoginError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    RefreshWithMFAUnsupportedError,
    SSOError,
    TokenRetrievalError,
    UnknownCredentialError,
)

from suimon.cli.errors import CommandError
from suimon.cli.pasted import PASTED
from suimon.cli.words import phrase

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

USUAL = "suimon-local"  # the twin's
stack_option = click.option(
    "--stack",
    type=PASTED,
    envvar="SUIMON_STACK",
    show_envvar=True,
    default=USUAL,
    show_default=True,
    help="The deployed stack.",
)

_RIGHTS = "your role may not do this: it needs the stack's OperatorPolicy, or to look only its ViewerPolicy"
_TO_SEND = "your role may not do this: it needs the stack's UpstreamPolicy"
_TO_ASK = "your role may not ask the warehouse (redshift-data:ExecuteStatement): OperatorPolicy does not grant that"
_EXPIRED = "your credentials have expired: log in again (as by aws sso login), or set newer keys"
_UNKNOWN = "AWS does not know your keys: check AWS_PROFILE and AWS_ACCESS_KEY_ID"
_UNFIT = "your secret key does not fit its key id: check AWS_SECRET_ACCESS_KEY"
_SETTINGS = "mend your profile in ~/.aws/config, or choose another with AWS_PROFILE"
# What AWS says of keys, by error code, which services write differently: what to do about it.
CREDENTIALS = {
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"), _EXPIRED),
    **dict.fromkeys(("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"), _UNKNOWN),
    **dict.fromkeys(("AuthFailure", "MissingAuthenticationToken", "MissingAuthenticationTokenException"), _UNKNOWN),
    **dict.fromkeys(("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"), _UNFIT),
    "InvalidToken": "your session token does not fit your keys: log in again, or unset AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "your clock is wrong: set it",
}
_CODES = CREDENTIALS | {
    "AccessDenied": _RIGHTS,
    "AccessDeniedException": _RIGHTS,
    "AuthorizationError": _RIGHTS,  # SNS's
    "ValidationError": "name the stack with --stack or SUIMON_STACK, and check AWS_REGION",
}
# Of what other rights allow than those to look at a stack: what is missing, by the operation.
_RIGHTS_FOR = {
    **dict.fromkeys(("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"), _TO_SEND),
    **dict.fromkeys(("ExecuteStatement", "BatchExecuteStatement"), _TO_ASK),
}
# What its client says before it asks AWS, by kind.
_BEFORE: tuple[tuple[tuple[type[BotoCoreError], ...], str], ...] = (
    (
        (SSOError, TokenRetrievalError, LoginError),
        "your session has ended: log in again, with aws sso login or aws login",
    ),
    ((RefreshWithMFAUnsupportedError,), "log in again with your MFA token"),
    ((PartialCredentialsError,), "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither"),
    ((ProfileNotFound,), "check AWS_PROFILE against ~/.aws/config"),
    ((CredentialRetrievalError,), "log in again, or mend what your profile in ~/.aws/config gets its keys from"),
    ((ConfigNotFound, ConfigParseError, InvalidConfigError, UnknownCredentialError), _SETTINGS),
    ((InvalidRegionError,), "set AWS_REGION to that of the stack"),
    ((EndpointConnectionError, HTTPClientError), "check your network, its proxy and VPN, and AWS_REGION"),
)


def of_stack(stack: str) -> str:
    """Return what to write behind a command so that it asks the same stack again."""
    return "" if stack == USUAL else f" --stack {stack}"


def advice(error: ClientError | BotoCoreError) -> str:
    """Return what AWS or its client says, and what to do about it."""
    if isinstance(error, NoRegionError):
        return phrase("no region: set AWS_REGION to that of the stack")
    if isinstance(error, NoCredentialsError):
        return phrase("no credentials: set AWS_PROFILE, or log in")
    if isinstance(error, ClientError):
        what = _CODES.get(error.response["Error"]["Code"], "")
        what = _RIGHTS_FOR.get(error.operation_name, what) if what == _RIGHTS else what
    else:
        what = next((what for kinds, what in _BEFORE if isinstance(error, kinds)), "")
    return f"{str(error).rstrip('.')}; {phrase(what)}" if what else str(error)


def outputs_of(stack: str, *names: str) -> list[str]:
    """Read these outputs of a stack; CommandError when there is no such stack or output."""
    outputs = {output["OutputKey"]: output["OutputValue"] for output in _described(stack).get("Outputs", [])}
    return _named(stack, outputs, names, "stack {stack} has no output {name}: is it a deployment of Suimon?")


def parameters_of(stack: str, *names: str) -> list[str]:
    """Read these parameters of a stack; CommandError when there is no such stack or parameter."""
    given = {one["ParameterKey"]: one["ParameterValue"] for one in _described(stack).get("Parameters", [])}
    return _named(stack, given, names, "stack {stack} has no parameter {name}: is it a deployment of Suimon?")


def _described(stack: str) -> StackTypeDef:
    try:
        return boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except (ClientError, BotoCoreError) as error:
        refused = isinstance(error, ClientError) and error.response["Error"]["Code"] == "AccessDenied"
        # A policy names its stack: of any other one, there or not, AWS says nothing else.
        name = "is this its name? name it with --stack or SUIMON_STACK. Or {rights}; AWS says: {error}"
        wrong = phrase(name, rights=phrase(_RIGHTS), error=error) if refused else advice(error)
        raise CommandError(phrase("stack {stack}: {wrong}", stack=stack, wrong=wrong)) from error


def _named(stack: str, found: dict[str, str], names: tuple[str, ...], else_say: str) -> list[str]:
    try:
        return [found[name] for name in names]
    except KeyError as error:
        raise CommandError(phrase(else_say, stack=stack, name=error)) from error
