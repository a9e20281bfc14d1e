"""`suimon report`: fetch the report on a rejected file, or make a link to it for whoever sent the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from suimon.cli.errors import CommandError, RefusedError
from suimon.cli.pasted import PASTED
from suimon.cli.printing import json_option, print_json
from suimon.cli.stack import advice, of_stack, outputs_of, stack_option
from suimon.cli.words import lang_option, phrase, readable, say, spoken
from suimon.drops.foreign_text import one_line
from suimon.drops.refusal import no_drop
from suimon.drops.wording import in_language
from suimon.ledger.queries import find
from suimon.report.bad_records import NAME

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from suimon.contract.file import Language

PAGE, DATA = "report.html", ("report.json", "bad_cells.jsonl")
# S3 takes no longer; of a role whose session ends earlier, the link ends with it.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
MOST_HOURS = 7 * 24

_GONE = ("404", "403", "NoSuchKey", "AccessDenied")


@click.command()
@click.argument("drop_id", type=PASTED)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default="this folder",
    help="Where to make a folder of the drop's name with the report in it.",
)
@click.option("--link", is_flag=True, help="Print a link to the page instead; whoever has it can read the page.")
@click.option("--records", is_flag=True, help=f"With --link: to {NAME}, the bad records themselves.")
@click.option(
    "--hours",
    type=click.IntRange(1, MOST_HOURS),
    default=24,
    show_default=True,
    help="How long the link opens the page; no longer than the credentials that made it live.",
)
@json_option
@lang_option
@stack_option
def report(
    drop_id: str, out: Path, hours: int, lang: Language, stack: str, *, link: bool, records: bool, as_json: bool
) -> None:
    """Fetch the report on the last rejection of the drop DROP_ID, or print a link to it for the sender.

    Personal values are masked in it. Exit status: 0 done, 1 there is no such report, 2 it could not be read.
    """
    if records and not link:
        raise click.UsageError(phrase("--records makes a link of it: give --link, too; without, all parts are fetched"))
    drop_id = drop_id.partition(".")[0]
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"))  # links to what KMS encrypts need it
    try:
        table_name, bucket = outputs_of(stack, "LedgerTable", "ReportsBucket")
        page = page_of(table_name, drop_id, bucket, stack)
        if link:
            made = link_to(s3, bucket, page.removesuffix(PAGE) + NAME if records else page, hours)
            if as_json:
                print_json({"drop_id": drop_id, "link": made})
            else:
                click.echo(made)  # alone, to be pasted
            return
        files = fetch(s3, bucket, page.removesuffix(PAGE), out / drop_id)
    except ClientError as error:
        # Without the right to list a bucket, S3 answers 403 for what is not there.
        if error.operation_name in {"HeadObject", "GetObject"} and error.response["Error"]["Code"] in _GONE:
            why = phrase("the report is no longer kept, or your role may not read it")
            raise RefusedError(why, then=f"suimon explain {drop_id}{of_stack(stack)}") from error
        raise CommandError(advice(error)) from error
    except BotoCoreError as error:
        raise CommandError(advice(error)) from error
    except OSError as error:
        raise CommandError(one_line(f"{error.filename or out}: {error.strerror or error}")) from error
    if as_json:
        print_json({"drop_id": drop_id, "files": [str(path) for path in files]})
        return
    click.echo(f"{files[0]}")
    click.echo(say("A link to it for whoever sent the file:", readable(lang)))
    click.echo(f"  suimon report {drop_id} --link{of_stack(stack)}")


def link_to(s3: S3Client, bucket: str, key: str, hours: int) -> str:
    """Return a link that opens an object for so many hours; ClientError if it is not there: that would help nobody."""
    s3.head_object(Bucket=bucket, Key=key)
    return s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=hours * 3600)


def fetch(s3: S3Client, bucket: str, prefix: str, folder: Path) -> list[Path]:
    """Fetch the parts of a report into a folder and return where they are, the page first."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [PAGE, *DATA]
    for name in names:
        s3.download_file(bucket, prefix + name, str(folder / name))
    try:
        s3.download_file(bucket, prefix + NAME, str(folder / NAME))
        names.append(NAME)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:  # not every rejected file has bad records
            raise
    return [folder / name for name in names]


def page_of(table_name: str, drop_id: str, bucket: str, stack: str) -> str:
    """Return the key of a drop's page in a bucket; RefusedError if it has none.

    CommandError if the ledger names anything else: whoever makes a link may read more than its reader.
    """
    record = find(boto3.resource("dynamodb").Table(table_name), drop_id)
    if record is None:
        raise RefusedError(
            in_language(no_drop(drop_id), spoken()),
            then=f"suimon drops --state rejected{of_stack(stack)}",
        )
    if record.rejection is None or not record.rejection.report:
        without = "drop {drop} is {state}: there is no report, for nothing was rejected"
        why = phrase(without, drop=drop_id, state=record.state)
        raise RefusedError(why, then=f"suimon explain {drop_id}{of_stack(stack)}")
    start = f"s3://{bucket}/"
    key = record.rejection.report.removeprefix(start)
    if not record.rejection.report.startswith(f"{start}{record.dataset}/") or not key.endswith(f"/{PAGE}"):
        names = {"dataset": record.dataset, "where": one_line(record.rejection.report)}
        raise CommandError(phrase("the ledger names no report of {dataset}: {where}", **names))
    return key
