"""Outcome: what a DAG's closing task reports."""

from __future__ import annotations

import suimon.aws.cold_start  # isort: skip # noqa: F401 before all that it makes room for

import os
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from suimon.aws.clock import utc_now
from suimon.aws.counting import Moves
from suimon.aws.event_bus import CONFIG as EVENTS_CONFIG
from suimon.aws.event_bus import EventBus
from suimon.aws.later import later
from suimon.aws.log_line import log_line
from suimon.aws.version_tags import CONFIG as TAGS_CONFIG
from suimon.aws.version_tags import VersionTags
from suimon.contract.model import read_contracts
from suimon.drops.run_finished_event import RunFinished
from suimon.incidents.publisher import Publisher
from suimon.incidents.recipients import Recipients
from suimon.incidents.store import IncidentStore
from suimon.ledger.drops import Ledger
from suimon.mwaa.airflow import CLIENT_CONFIG, Airflow
from suimon.mwaa.pace import Pace
from suimon.outcome.confirming_reports import RunReports
from suimon.outcome.run_end import RunEnds
from suimon.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="outcome", json_serializer=log_line)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Record the end of one run; Lambda retries a failure, which ends in the queue of undelivered events."""
    run = RunFinished.from_event(event)
    logger.append_keys(drop_id=run.drop_id, run_id=run.run_id)
    record = run_reports().take(run, utc_now())
    logger.info("run finished", state=record.state, failed_task=run.failed_task, rows=run.rows)
    return {"drop_id": record.id, "state": record.state}


@cache
def run_reports() -> RunReports:
    """Build what takes the reports of runs, once for the life of the process."""
    settings = Settings.of("outcome", os.environ)
    table = boto3.resource("dynamodb").Table(settings.ledger_table)
    recipients = Recipients.of(read_contracts(Path(__file__).with_name("contracts.json")))
    bus = EventBus(boto3.client("events", config=EVENTS_CONFIG), settings.event_bus, settings.stack)
    topics = settings.alerts_topic_arn, settings.chat_topic_arn
    publisher = Publisher(
        later(lambda: boto3.client("sns")), *topics, recipients=recipients, stack=settings.stack, bus=bus
    )
    tags = VersionTags(boto3.client("s3", config=TAGS_CONFIG)) if settings.tags_versions else None
    run_ends = RunEnds(
        ledger=Ledger(table, "outcome", moved=Moves(bus, settings.stack, tags).heard),
        incidents=IncidentStore(table, publisher),
        sfn=later(lambda: boto3.client("stepfunctions")),
    )
    mwaa, environment = boto3.client("mwaa", config=CLIENT_CONFIG), settings.mwaa_environment
    return RunReports(run_ends, Airflow(mwaa, environment, Pace(table, environment, utc_now, time.sleep)))
