"""`suimon put`: send a file as an upstream system would, under the key that its contract wants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import click
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from suimon.aws.clock import utc_now
from suimon.cli.contract import ProblemsError, contract_file_of, contract_option
from suimon.cli.errors import CommandError, InterruptedByPersonError
from suimon.cli.pasted import PARTITION
from suimon.cli.printing import json_option, print_json
from suimon.cli.stack import advice, of_stack, outputs_of, stack_option
from suimon.cli.words import lang_option, phrase, readable, say, spoken
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract
from suimon.contract.placeholders import SHARD
from suimon.drops.refusal import no_partition
from suimon.drops.wording import in_language

if TYPE_CHECKING:
    from suimon.contract.file import Language
    from suimon.contract.keys import KeyPattern


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@contract_option
@click.option(
    "--partition",
    type=PARTITION,
    metavar="YYYY-MM-DD",
    required=True,
    help="The file's business date, or other partition.",
)
@click.option("--shard", default="", help="Which part of a set it is.")
@click.option(
    "--bucket",
    envvar="SUIMON_RAW_BUCKET",
    show_envvar=True,
    help="The raw bucket, for who may not look at the stack; by default that of the stack.",
)
@json_option
@lang_option
@stack_option
def put(
    file: Path,
    contract_name: str,
    partition: str,
    shard: str,
    bucket: str | None,
    lang: Language,
    stack: str,
    *,
    as_json: bool,
) -> None:
    """Send FILE to the raw bucket under the key of its dataset and date. Then the gate does the rest.

    It needs the rights of an upstream system (UpstreamPolicy). Exit status: 0 sent, 2 not.
    """
    try:
        contract = read_contract(contract_file_of(contract_name))
    except ContractFileError as error:
        raise ProblemsError(error) from error
    if contract.key_pattern is None:
        raise CommandError(phrase("{dataset} takes no files: its table is only watched", dataset=contract.dataset))
    if not contract.has_partition(partition):
        why = in_language(no_partition(contract, partition), spoken())
        raise click.UsageError(phrase("--partition: {why}", why=why))
    key = key_of(contract.key_pattern, partition, shard)
    try:
        target = bucket or _raw_bucket(stack)
        boto3.client("s3").upload_file(str(file), target, key)
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error
    except S3UploadFailedError as error:
        refused = error.__context__  # whose answer stands in its text
        what = f"{target}/{key}: {advice(refused)}" if isinstance(refused, ClientError) else str(error)
        raise CommandError(what) from error
    except KeyboardInterrupt as error:
        look = f"suimon explain {contract.dataset} {partition}{of_stack(stack)}"
        raise InterruptedByPersonError(phrase("the file may have been sent; what came of it:"), then=look) from error
    if as_json:
        print_json({"dataset": contract.dataset, "partition": partition, "bucket": target, "key": key})
        return
    click.echo(say("sent to {where}", readable(lang), where=f"s3://{target}/{key}"))
    click.echo(f"  suimon explain {contract.dataset} {partition}{of_stack(stack)}")


def _raw_bucket(stack: str) -> str:
    try:
        return outputs_of(stack, "RawBucket")[0]
    except CommandError as error:
        instead = phrase("Who may only send names its bucket, by --bucket or SUIMON_RAW_BUCKET.")
        raise CommandError(f"{error.why}\n{instead}") from error


def key_of(pattern: KeyPattern, partition: str, shard: str) -> str:
    """Return the key of a partition that there is, and of its shard where there are shards; UsageError if none."""
    if pattern.has_shards != bool(shard):
        needed = "--shard is needed: the keys of this dataset are {keys}"
        unneeded = "--shard is not needed: the keys of this dataset are {keys}"
        raise click.UsageError(phrase(needed if pattern.has_shards else unneeded, keys=pattern.text))
    key = pattern.key_for(partition, shard or SHARD, at=utc_now())
    if not pattern.match(key):
        raise click.UsageError(phrase("--shard: {shard!r} is not 1 to 64 of A-Z a-z 0-9 _ -", shard=shard))
    return key
