"""Intake: S3 events from the queue, and requests of a replay."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from botocore.config import Config

from suimon.aws.objects import Objects
from suimon.clock import utc_now
from suimon.contract.model import read_contracts
from suimon.incidents.store import IncidentDesk
from suimon.intake.errors import ComeBackError
from suimon.intake.gate import Gate, ReplayRequest, receive
from suimon.intake.inspection import FileInspector
from suimon.intake.queue import HANDED_OVER, delay_for
from suimon.ledger.drops import Ledger
from suimon.mwaa.airflow import Airflow
from suimon.mwaa.pace import Pace
from suimon.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="intake")
tracer = Tracer(service="intake")
metrics = Metrics(namespace="Suimon", service="intake")
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

# MWAA answers within 10 s or not at all; a retry inside the client would spend two of its ten requests a second.
MWAA_CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 1})
LONGEST_RUN = 900  # seconds, the function's timeout: whatever is older belongs to nobody


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take a batch of S3 events (partial batch response), or one replay request (the drop's id and state)."""
    if "replay" in event:
        record = gate(context.aws_request_id).replay(ReplayRequest(**event["replay"]))
        metrics.add_metric(name="AttemptsReplayed", unit=MetricUnit.Count, value=1)
        return {"drop_id": record.id, "state": record.state}
    return dict(process_partial_response(event=event, record_handler=take, processor=processor, context=context))


@tracer.capture_method(capture_response=False)
def take(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Bring one drop through the gate; on failure its message comes again after a growing delay.

    Powertools hands over both arguments by these names.
    """
    try:
        taken = receive(gate(lambda_context.aws_request_id), record.body)
    except Exception as error:
        receives = int(record.attributes.approximate_receive_count)
        if isinstance(error, ComeBackError) and receives >= HANDED_OVER:
            logger.info("drop left to the sweep", reason=str(error))
            return
        queue = record.queue_url or ""
        # Left alone, a failed message stays hidden for six times the function's timeout.
        sqs().change_message_visibility(
            QueueUrl=queue, ReceiptHandle=record.receipt_handle, VisibilityTimeout=delay_for(receives)
        )
        if isinstance(error, ComeBackError):
            logger.info("drop put off", reason=str(error))
        else:
            logger.exception("drop failed")
        metrics.add_metric(name="DropsPutOff", unit=MetricUnit.Count, value=1)
        raise
    logger.append_keys(drop_id=taken.id, key=taken.drop.key)
    logger.info("drop taken", state=taken.state, rows=taken.rows, dataset=taken.dataset, partition=taken.partition)
    metrics.add_metric(name=f"Drops{taken.state.capitalize()}", unit=MetricUnit.Count, value=1)


@cache
def sqs() -> Any:
    """One client for the life of the process."""
    return boto3.client("sqs")


@cache
def settings() -> Settings:
    """Read the environment once."""
    return Settings.from_environment(os.environ)


@cache
def table() -> Any:
    """The ledger's table, for the life of the process."""
    return boto3.resource("dynamodb").Table(settings().ledger_table)


@cache
def parts() -> dict[str, Any]:
    """Everything of a gate that outlives an invocation."""
    objects, environment = Objects(boto3.client("s3")), settings().mwaa_environment
    pace = Pace(table(), environment, utc_now, time.sleep)
    return {
        "objects": objects,
        "airflow": Airflow(boto3.client("mwaa", config=MWAA_CONFIG), environment, pace),
        "desk": IncidentDesk(table(), boto3.client("sns"), settings().alerts_topic_arn),
        "sfn": boto3.client("stepfunctions"),
        "contracts": read_contracts(Path(__file__).with_name("contracts.json")),
        "settings": settings(),
        "inspector": FileInspector(objects, settings().reports_bucket, Path(tempfile.gettempdir()), utc_now),
        "clock": utc_now,
    }


def gate(owner: str) -> Gate:
    """Build the gate of one invocation."""
    remove_leftovers(Path(tempfile.gettempdir()))
    return Gate(owner=owner, ledger=Ledger(table(), f"intake {owner}"), **parts())


def remove_leftovers(folder: Path) -> None:
    """Make room: a check that was killed leaves its files, and Lambda keeps /tmp for the next invocation."""
    for left in folder.glob("check-*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LONGEST_RUN:
                shutil.rmtree(left, ignore_errors=True)
