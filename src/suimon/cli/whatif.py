"""`suimon replay --dry-run --contract NEW`: which verdicts on stored files a changed contract would change."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from suimon.cli.contract import ProblemsError, contract_file_of
from suimon.cli.errors import CommandError
from suimon.cli.printing import print_json
from suimon.cli.stack import advice, outputs_of
from suimon.cli.words import phrase, say
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract
from suimon.drops.foreign_text import printable
from suimon.ledger.queries import find
from suimon.replay.whatif import Recheck, recheck
from suimon.report.messages import say as fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from suimon.contract.file import Language
    from suimon.contract.model import Contract

_SHOWN = 5  # bad cells of a file
_SUM = "{count:,} checked by {contract}: {rejected:,} newly rejected, {accepted:,} newly accepted, {unread:,} unread."


def what_if(
    found: dict[str, Any], name: str, dataset: str, stack: str, lang: Language, *, then: str, as_json: bool
) -> int:
    """Check the files of a plan by the contract `name`, show what would change, and return the exit status.

    then: the command to type next. Returned: 0 no verdict changes, 1 some do or a file could not be checked;
    CommandError when nothing could be.
    """
    contract = _contract(name, dataset)
    table_name, lake = outputs_of(stack, "LedgerTable", "LakeBucket")
    table = boto3.resource("dynamodb").Table(table_name)
    try:
        with TemporaryDirectory(prefix="suimon-") as scratch:
            checked = list(
                recheck(
                    found["items"],
                    contract,
                    find=partial(find, table),
                    s3=boto3.client("s3"),
                    lake=lake,
                    scratch=Path(scratch),
                )
            )
    except (ClientError, BotoCoreError) as error:
        rights = phrase(
            "to check stored files you need to read the raw bucket, which the OperatorPolicy does not grant"
        )
        raise CommandError(f"{advice(error)}; {rights}") from error
    if as_json:
        print_json([_as_json(one) for one in checked])
    else:
        for line in _lines(checked, contract, lang):
            click.echo(printable(line))
        click.echo(say("Nothing was started. To plan the replay, once it is deployed:", lang))
        click.echo(f"  {then}")
    return 1 if any(one.changes or one.verdict is None for one in checked) else 0


def _contract(name: str, dataset: str) -> Contract:
    try:
        contract = read_contract(contract_file_of(name))
    except ContractFileError as error:
        raise ProblemsError(error) from error
    if contract.dataset != dataset:
        raise CommandError(
            phrase(
                "--contract: {name} is of dataset {found}, not of {dataset}",
                name=name,
                found=contract.dataset,
                dataset=dataset,
            )
        )
    return contract


def _lines(checked: Sequence[Recheck], contract: Contract, lang: Language) -> Iterator[str]:
    for one in checked:
        of = {"partition": one.partition, "drop": one.drop_id, "key": one.key, "why": one.why}
        if one.verdict is None:
            yield say("{partition} {drop}: could not be checked: {why}", lang, **of)
        elif one.changes and one.was_accepted:
            yield say("{partition} {drop}: was accepted, would be rejected: {key}", lang, **of)
            yield from _cells(one, lang)
        elif one.changes:
            yield say("{partition} {drop}: was rejected, would be accepted: {key}", lang, **of)
    accepted = sum(one.changes and not one.was_accepted for one in checked)
    rejected = sum(one.changes and one.was_accepted for one in checked)
    unread = sum(one.verdict is None for one in checked)
    versions = ", ".join(sorted({one.version for one in checked})) or contract.version
    counts = {"rejected": rejected, "accepted": accepted, "unread": unread}
    yield say(_SUM, lang, count=len(checked), contract=f"{contract.dataset} {versions}", **counts)


def _cells(one: Recheck, lang: Language) -> Iterator[str]:
    verdict = one.verdict
    if verdict is None or verdict.accepted:
        return
    for cell in verdict.bad_cells[:_SHOWN]:
        line = say("line {line}", lang, line=cell.line) if cell.line else ""
        place = ", ".join(part for part in (line, cell.column or "") if part)
        value = "" if cell.value is None else f" “{cell.value}”"
        yield f"  {place or say('file', lang)}:{value} {fault(cell.code, cell.details, lang)}"
    if (further := verdict.bad_cell_count - _SHOWN) > 0:
        yield say("  further faults: {count:,}", lang, count=further)


def _as_json(one: Recheck) -> dict[str, Any]:
    cells = one.verdict.bad_cells[:_SHOWN] if one.verdict else ()
    return {
        "partition": one.partition,
        "drop": one.drop_id,
        "key": one.key,
        "was_accepted": one.was_accepted,
        "accepted": one.verdict.accepted if one.verdict else None,
        "contract_version": one.version,
        "faults": one.verdict.bad_cell_count if one.verdict else None,
        "why": one.why,
        "bad_cells": [
            {"code": str(cell.code), "line": cell.line, "column": cell.column, "value": cell.value} for cell in cells
        ],
    }
