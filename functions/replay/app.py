"""Replay: what the state machine and people ask for: plan, begin, record a failure, summarise."""

from __future__ import annotations

import suimon.aws.cold_start  # isort: skip # noqa: F401 before all that it makes room for

import os
import re
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
from suimon.drops.wording import Bilingual
from suimon.incidents.recipients import Recipients
from suimon.intake.errors import RetryLaterError
from suimon.ledger.drops import Ledger
from suimon.ledger.replays import ReplayLedger
from suimon.replay.message import SummaryMessages
from suimon.replay.request import RequestError, refuse_unusable
from suimon.replay.steps import ReplaySteps, id_of
from suimon.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

ONLY_EXECUTIONS = Bilingual(
    "begin, failed and summarise are asked for by an execution of the state machine, stopped names a dataset and a "
    "replay: ask for a plan by dataset, from and to",
    "begin、failed、summarise はステートマシンの実行だけが使います。stopped には dataset と replay が必要です。"
    "計画を作るには dataset、from、to を指定してください",
)
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
        if by_an_execution(event):
            raise
        logger.info("refused", kind=type(error).__name__, why=str(error))
        return {**error.to_json(), "kind": type(error).__name__}
    except (ClientError, BotoCoreError) as error:  # the state machine tries again by this name
        raise RetryLaterError(f"{type(error).__name__}: {error}") from error


def step(event: dict[str, Any]) -> dict[str, Any]:
    """Do the step that an event names; RequestError of one that only an execution of the state machine may ask for."""
    refuse_unusable(event.get("begin") if by_an_execution(event) else event)  # the machine's causes may be longer
    match event:
        case {"begin": wanted, "execution": str(execution)} if is_execution(execution):
            answer = steps().begin(steps().request(wanted), execution, utc_now())
        case {"failed": {"dataset": str(), "partition": str(), "error": str(), "execution": execution} as failed} if (
            is_execution(execution)
        ):
            steps().fail(failed, utc_now())
            answer = {}
        case {"summarise": {"dataset": str(dataset), "end": str(end)}, "execution": str(execution)} if is_execution(
            execution
        ):
            answer = steps().summarise(dataset, id_of(execution), end, utc_now())
        case {"stopped": {"dataset": str(dataset), "replay": str(replay_id)}}:
            answer = steps().stopped(dataset, replay_id, utc_now())
        case {"begin": _} | {"failed": _} | {"summarise": _} | {"stopped": _}:
            raise RequestError(ONLY_EXECUTIONS)
        case _:
            return steps().plan(steps().request(event), utc_now())
    logger.info("replay", step=next(iter(event)), **{name: value for name, value in answer.items() if name != "key"})
    return answer


def by_an_execution(event: object) -> bool:
    """Whether an event says that the state machine asks."""
    return isinstance(event, dict) and is_execution(event.get("execution"))


def is_execution(name: object) -> bool:
    """Whether this is the ARN of an execution of the stack's state machine."""
    own = rf"arn:[\w-]+:states:[\w-]+:\d+:execution:{re.escape(os.environ['SUIMON_STACK'])}-replay:[^:]{{1,80}}"
    return isinstance(name, str) and bool(re.fullmatch(own, name))


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
