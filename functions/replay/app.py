"""Replay: the plan that the state machine, or a dry run, asks for first: the drops of a range."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from suimon.clock import utc_now
from suimon.contract.model import Contracts, read_contracts
from suimon.ledger.drops import Ledger
from suimon.replay.plan import Request, gather, refuse_held
from suimon.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="replay")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Plan what `Request.from_event` reads; return {dataset, dag_id, table, max_concurrency, items, plan, …}."""
    # A misspelt dataset is an error, not a range without files.
    contract = contracts().of(Request.from_event(event).dataset)
    request = Request.from_event(event, contract)
    refuse_held(ledger().holds.of(request.dataset), utc_now())
    plan = gather(request, ledger().drops_of, sets=contract.set_rule is not None)
    logger.info("replay planned", dataset=request.dataset, items=len(plan.items), skipped=len(plan.skipped))
    named = {"dataset": request.dataset, "dag_id": contract.dag_id, "table": contract.table}
    return {**named, "max_concurrency": request.max_concurrency, **plan.to_json()}


@cache
def ledger() -> Ledger:
    """Build the ledger, once for the life of the process."""
    return Ledger(boto3.resource("dynamodb").Table(Settings.of("replay", os.environ).ledger_table))


@cache
def contracts() -> Contracts:
    """Read the release's contracts once."""
    return read_contracts(Path(__file__).with_name("contracts.json"))
