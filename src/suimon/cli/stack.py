"""What a deployed stack says of itself: its outputs."""

from __future__ import annotations

import boto3
import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
)

from suimon.cli.errors import CommandError

USUAL = "suimon-local"  # the twin's
stack_option = click.option(
    "--stack",
    envvar="SUIMON_STACK",
    show_envvar=True,
    default=USUAL,
    show_default=True,
    help="The deployed stack.",
)

_RIGHTS = "your role may not do this: it needs the stack's OperatorPolicy, or to look only its ViewerPolicy"
# What AWS says of keys, by error code: what to do about it.
_KEYS = {
    "ExpiredToken": "your credentials have expired: log in again",
    "ExpiredTokenException": "your credentials have expired: log in again",
    "InvalidClientTokenId": "AWS does not know your keys: check AWS_PROFILE and AWS_ACCESS_KEY_ID",
    "UnrecognizedClientException": "AWS does not know your keys: check AWS_PROFILE and AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "your secret key does not fit its key id: check AWS_SECRET_ACCESS_KEY",
    "AccessDenied": _RIGHTS,
    "AccessDeniedException": _RIGHTS,
    "ValidationError": "name the stack with --stack or SUIMON_STACK, and check AWS_REGION",
}


def of_stack(stack: str) -> str:
    """Return what to write behind a command so that it asks the same stack again."""
    return "" if stack == USUAL else f" --stack {stack}"


def advice(error: ClientError | BotoCoreError) -> str:
    """Return what AWS or its client says, and what to do about it."""
    if isinstance(error, NoRegionError):
        return "no region: set AWS_REGION to that of the stack"
    if isinstance(error, NoCredentialsError):
        return "no credentials: set AWS_PROFILE, or log in"
    if isinstance(error, EndpointConnectionError | HTTPClientError):
        return f"{error}; check your network, its proxy and VPN, and AWS_REGION"
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    return f"{error}; {_KEYS[code]}" if code in _KEYS else str(error)


def outputs_of(stack: str, *names: str) -> list[str]:
    """Read these outputs of a stack; CommandError when there is no such stack or output."""
    try:
        found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except (ClientError, BotoCoreError) as error:
        refused = isinstance(error, ClientError) and error.response["Error"]["Code"] == "AccessDenied"
        # A policy names its stack: of any other one, there or not, AWS says nothing else.
        wrong = f"is this its name? name it with --stack or SUIMON_STACK. Or {_RIGHTS}; AWS says: {error}"
        raise CommandError(f"stack {stack}: {wrong if refused else advice(error)}") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    try:
        return [outputs[name] for name in names]
    except KeyError as error:
        raise CommandError(f"stack {stack} has no output {error}: is it a deployment of Suimon?") from error
