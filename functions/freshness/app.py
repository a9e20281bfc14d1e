"""Freshness: what EventBridge Scheduler starts every 15 minutes."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from suimon.clock import utc_now
from suimon.contract.model import read_contracts
from suimon.freshness import Watch
from suimon.incidents import IncidentDesk
from suimon.ledger import Ledger
from suimon.settings import Settings, SettingsError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="freshness")
tracer = Tracer(service="freshness")
metrics = Metrics(namespace="Suimon", service="freshness")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Make one round, as of the event's `time` (ISO 8601 with its offset) or now; returns the summary."""
    summary = watch().round(datetime.fromisoformat(event["time"]) if event.get("time") else utc_now())
    logger.info("freshness checked", **asdict(summary))
    metrics.add_metric(name="FreshnessChecks", unit=MetricUnit.Count, value=summary.checked)
    metrics.add_metric(name="FreshnessProblems", unit=MetricUnit.Count, value=len(summary.problems))
    metrics.add_metric(name="IncidentsPublished", unit=MetricUnit.Count, value=len(summary.published))
    metrics.add_metric(name="IncidentsRecovered", unit=MetricUnit.Count, value=len(summary.recovered))
    return asdict(summary)


@cache
def watch() -> Watch:
    """What outlives an invocation."""
    settings = Settings.from_environment(os.environ)
    if settings.warehouse is None:
        raise SettingsError("SUIMON_REDSHIFT_DATABASE is not set: no table's age could be asked")
    table = boto3.resource("dynamodb").Table(settings.ledger_table)
    return Watch(
        contracts=read_contracts(Path(__file__).with_name("contracts.json")),
        ledger=Ledger(table),
        desk=IncidentDesk(table, boto3.client("sns"), settings.alerts_topic_arn),
        redshift=boto3.client("redshift-data"),
        warehouse=settings.warehouse,
    )
