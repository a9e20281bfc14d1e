"""`suimon drops close`: end a drop that nothing ends by itself."""

from __future__ import annotations

import json

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from suimon.cli.errors import CommandError
from suimon.cli.reconcile import function_of
from suimon.cli.stack import advice, stack_option


class RefusedError(click.ClickException):
    """The drop cannot be closed; exit status 1."""

    exit_code = 1


@click.command()
@click.argument("drop_id")
@click.option("--reason", required=True, help="Why nothing will come of it; the ledger keeps that.")
@stack_option
def close(drop_id: str, reason: str, stack: str) -> None:
    """Close the drop DROP_ID, which nothing ends by itself: its contract is gone, or its run will never report.

    It is never looked at again; the file may be sent again. Exit status: 0 closed, 1 it cannot be, 2 the stack could
    not be asked.
    """
    try:
        who = boto3.client("sts").get_caller_identity()["Arn"]
        request = {"close": {"drop_id": drop_id.partition(".")[0], "reason": reason, "who": who}}
        answer = boto3.client("lambda").invoke(FunctionName=function_of(stack), Payload=json.dumps(request).encode())
        found = json.loads(answer["Payload"].read())
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error
    if "FunctionError" in answer:
        raise CommandError(f"the freshness function failed: {found.get('errorMessage', found)}")
    if "refused" in found:
        raise RefusedError(found["refused"])
    click.echo(f"drop {found['drop_id']} is {found['state']}")
