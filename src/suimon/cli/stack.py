"""What a deployed stack says of itself: its outputs."""

from __future__ import annotations

import boto3
import click
from botocore.exceptions import ClientError


class StackError(click.ClickException):
    """A stack that is not there or is not Suimon's; exit status 2."""

    exit_code = 2


def outputs_of(stack: str, *names: str) -> list[str]:
    """Read these outputs of a stack; StackError when there is no such stack or output."""
    try:
        found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        raise StackError(f"stack {stack}: {error}; name it with --stack or SUIMON_STACK") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    try:
        return [outputs[name] for name in names]
    except KeyError as error:
        raise StackError(f"stack {stack} has no output {error}: is it a deployment of Suimon?") from error
