"""Intake: S3 events from the queue, and requests of a replay."""

from __future__ import annotations

import suimon.aws.cold_start  # isort: skip # noqa: F401 before all that it makes room for

import os
import shutil
import tempfile
import time
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from suimon.aws.clock import utc_now
from suimon.aws.counting import Moves
from suimon.aws.event_bus import CONFIG as EVENTS_CONFIG
from suimon.aws.event_bus import EventBus
from suimon.aws.later import later
from suimon.aws.log_line import log_line
from suimon.aws.objects import Objects
from suimon.aws.version_tags import CONFIG as TAGS_CONFIG
from suimon.aws.version_tags import VersionTags
from suimon.contract.model import read_contracts
from suimon.drops.drop import EventError
from suimon.incidents.publisher import Publisher
from suimon.incidents.recipients import Recipients
from suimon.incidents.store import IncidentStore
from suimon.intake.errors import FailingError, ForeignBucketError, RetryLaterError
from suimon.intake.gate import Gate, named, receive
from suimon.intake.inspection import FileInspector
from suimon.intake.kept_messages import KeptMessages
from suimon.intake.queue import HANDED_OVER, delay_for
from suimon.intake.replays import ReplayRequest, replay
from suimon.ledger.drops import Ledger
from suimon.ledger.shares import Shares, share_of
from suimon.mwaa.airflow import CLIENT_CONFIG, Airflow
from suimon.mwaa.pace import Pace
from suimon.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_sqs import SQSClient

    from suimon.drops.drop import DropRecord

logger = Logger(service="intake", json_serializer=log_line)
metrics = Metrics(namespace="Suimon", service="intake")
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

LONGEST_RUN = 900  # seconds, the function's timeout: no running check has older files


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take a batch of S3 events (partial batch response), or one replay request (the drop's id and state)."""
    metrics.add_dimension(name="stack", value=os.environ["SUIMON_STACK"])
    if "replay" in event:
        request = ReplayRequest(**event["replay"])
        logger.append_keys(drop_id=request.drop_id, attempt=request.attempt)
        record = replay(gate(context.aws_request_id), request)
        metrics.add_metric(name="AttemptsReplayed", unit=MetricUnit.Count, value=1)
        return {"drop_id": record.id, "state": record.state}
    return dict(process_partial_response(event=event, record_handler=take, processor=processor, context=context))


def take(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Take one drop as far as it can go now; on failure its message comes again after a growing delay.

    Powertools hands over both arguments by these names.
    """
    with logger.append_context_keys(**named(record.body)):
        _take(record, lambda_context.aws_request_id)


def _take(record: SQSRecord, owner: str) -> None:
    try:
        taken = _received(record, owner)
    except ForeignBucketError:
        logger.exception("drop refused")  # for good: nothing is entered, and the message ends here
        metrics.add_metric(name="DropsForeign", unit=MetricUnit.Count, value=1)
        return
    except RetryLaterError as error:
        if receives_of(record) >= HANDED_OVER:
            logger.info("drop left to the sweep", reason=str(error))
            return
        logger.info("drop put off", reason=str(error))
        put_off(record)
        raise
    except FailingError:
        logger.exception("drop failed")
        if receives_of(record) >= HANDED_OVER:
            return  # the sweep resumes it, and its record says why it fails
        put_off(record)
        raise
    except Exception:
        logger.exception("drop failed")
        put_off(record)
        raise
    if taken is None:
        return
    dataset, partition = (taken.match.dataset, taken.match.partition) if taken.match else (None, None)
    logger.info("drop taken", state=taken.state, rows=taken.rows, dataset=dataset, partition=partition)


def _received(record: SQSRecord, owner: str) -> DropRecord | None:
    """Do what a message asks; None for one that asks nothing that could be done, ever: it is kept, and ends here."""
    own = gate(owner)
    try:
        return receive(own, record.body)
    except EventError as error:
        logger.error("message kept", reason=str(error))  # noqa: TRY400 the reason says all
        messages = KeptMessages(own.objects, own.settings.reports_bucket, own.incidents)
        key = messages.keep(record.message_id, record.event_source_arn, record.body, error)
        messages.report([key], utc_now())
        metrics.add_metric(name="MessagesKept", unit=MetricUnit.Count, value=1)
        return None


def put_off(record: SQSRecord) -> None:
    """Show the message again in seconds: left alone, it stays hidden for six times the function's timeout."""
    sqs().change_message_visibility(
        QueueUrl=record.queue_url or "",
        ReceiptHandle=record.receipt_handle,
        VisibilityTimeout=delay_for(receives_of(record)),
    )
    metrics.add_metric(name="DropsPutOff", unit=MetricUnit.Count, value=1)


def receives_of(record: SQSRecord) -> int:
    """Return how many times the message has been received."""
    return int(record.attributes.approximate_receive_count)


@cache
def sqs() -> SQSClient:
    """One client for the life of the process."""
    return boto3.client("sqs")


def gate(owner: str) -> Gate:
    """Build the gate of one invocation."""
    remove_leftovers(Path(tempfile.gettempdir()))
    return built()(owner)


@cache
def built() -> Callable[[str], Gate]:
    """Build everything of a gate that outlives an invocation; return what builds the rest."""
    settings = Settings.of("intake", os.environ)
    table = boto3.resource("dynamodb").Table(settings.ledger_table)
    objects = Objects(boto3.client("s3"))
    pace = Pace(table, settings.mwaa_environment, utc_now, time.sleep)
    contracts = read_contracts(Path(__file__).with_name("contracts.json"))
    recipients = Recipients.of(contracts)
    bus = EventBus(boto3.client("events", config=EVENTS_CONFIG), settings.event_bus, settings.stack)
    topics = settings.alerts_topic_arn, settings.chat_topic_arn
    publisher = Publisher(
        later(lambda: boto3.client("sns")), *topics, recipients=recipients, stack=settings.stack, bus=bus
    )
    of_all_invocations = partial(
        Gate,
        objects=objects,
        airflow=Airflow(boto3.client("mwaa", config=CLIENT_CONFIG), settings.mwaa_environment, pace),
        incidents=IncidentStore(table, publisher),
        sfn=later(lambda: boto3.client("stepfunctions")),
        contracts=contracts,
        settings=settings,
        inspector=FileInspector(
            objects=objects,
            reports_bucket=settings.reports_bucket,
            scratch=Path(tempfile.gettempdir()),
            clock=utc_now,
        ),
        shares=Shares(table, share_of(int(settings.intake_concurrency))),
        clock=utc_now,
    )
    tags = VersionTags(boto3.client("s3", config=TAGS_CONFIG)) if settings.tags_versions else None
    heard = Moves(bus, settings.stack, tags).heard
    return lambda owner: of_all_invocations(owner=owner, ledger=Ledger(table, f"intake {owner}", moved=heard))


def remove_leftovers(folder: Path) -> None:
    """Remove the files of checks that were terminated: Lambda keeps /tmp for the next invocation."""
    for left in folder.glob("check-*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LONGEST_RUN:
                shutil.rmtree(left, ignore_errors=True)
