"""Replay: what the state machine and people ask for: plan, begin, record a failure, summarise."""

from __future__ import annotations

import suimon.aws.cold_start  # isort: skip # noqa: F401 before all that it makes room for

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from suimon.aws.clock import utc_now
from suimon.aws.later import later
from suimon.aws.log_line import log_line
from suimon.contract.model import read_contracts
from suimon.drops.refusal import RefusalError
from suimon.incidents.recipients import Recipients
from suimon.intake.errors import RetryLaterError
from suimon.ledger.drops import Ledger
from suimon.ledger.replays import ReplayLedger
from suimon.replay.message import SummaryMessages
from suimon.replay.steps import ReplaySteps, id_of
from suimon.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="replay", json_serializer=log_line)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do the step that the event names; an event that names none is the request of a plan, which a person looks at.

    A person who is refused is answered: {"refused": {"en": …, "ja": …}, "then": …, "kind": the error's name}. The state
    machine gets the error.
    """
    try:
        return step(event)
    except RefusalError as error:
        if isinstance(event, dict) and "execution" in event:
            raise
        logger.info("refused", kind=type(error).__name__, why=str(error))
        return {**error.to_json(), "kind": type(error).__name__}
    except (ClientError, BotoCoreError) as error:  # the state machine tries again by this name
        raise RetryLaterError(f"{type(error).__name__}: {error}") from error


def step(event: dict[str, Any]) -> dict[str, Any]:
    """Do the step that an event names."""
    match event:
        case {"begin": wanted, "execution": str(execution)}:
            answer = steps().begin(steps().request(wanted), execution, utc_now())
        case {"failed": failed}:
            steps().fail(failed, utc_now())
            answer = {}
        case {"summarise": {"dataset": str(dataset), "end": str(end)}, "execution": str(execution)}:
            answer = steps().summarise(dataset, id_of(execution), end, utc_now())
        case {"stopped": {"dataset": str(dataset), "replay": str(replay_id)}}:
            answer = steps().stopped(dataset, replay_id, utc_now())
        case _:
            return steps().plan(steps().request(event), utc_now())
    logger.info("replay", step=next(iter(event)), **{name: value for name, value in answer.items() if name != "key"})
    return answer


@cache
def steps() -> ReplaySteps:
    """Build what does the steps, once for the life of the process."""
    settings = Settings.of("replay", os.environ)
    table = boto3.resource("dynamodb").Table(settings.ledger_table)
    contracts = read_contracts(Path(__file__).with_name("contracts.json"))
    recipients = Recipients.of(contracts)
    return ReplaySteps(
        ledger=Ledger(table),
        replays=ReplayLedger(table),
        contracts=contracts,
        s3=boto3.client("s3"),
        sfn=boto3.client("stepfunctions"),
        reports_bucket=settings.reports_bucket,
        messages=SummaryMessages(
            later(lambda: boto3.client("sns")), settings.alerts_topic_arn, recipients, settings.stack
        ),
    )
