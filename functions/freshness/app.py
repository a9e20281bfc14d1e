"""Freshness: what EventBridge Scheduler starts every 15 minutes, and `suimon reconcile` portion by portion."""

from __future__ import annotations

import suimon.aws.cold_start  # isort: skip # noqa: F401 before all that it makes room for

import os
import time
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.config import Config

from suimon.aws.clock import utc_now
from suimon.aws.counting import Moves
from suimon.aws.event_bus import CONFIG as EVENTS_CONFIG
from suimon.aws.event_bus import EventBus
from suimon.aws.later import later
from suimon.aws.log_line import log_line
from suimon.aws.version_tags import CONFIG as TAGS_CONFIG
from suimon.aws.version_tags import VersionTags
from suimon.contract.model import Contracts, read_contracts
from suimon.drops.refusal import RefusalError
from suimon.freshness.date_facts import DateFacts
from suimon.freshness.round_time import RoundTime, round_time
from suimon.freshness.watch import Watch
from suimon.incidents.publisher import Publisher
from suimon.incidents.recipients import Recipients
from suimon.incidents.store import IncidentStore
from suimon.ledger.checkpoints import Checkpoints
from suimon.ledger.drops import Ledger
from suimon.ledger.round_lease import RoundLease
from suimon.ledger.unreadable_items import Unusable
from suimon.ledger.waivers import Waivers
from suimon.mwaa.airflow import CLIENT_CONFIG, Airflow
from suimon.mwaa.pace import Pace
from suimon.outcome.run_end import RunEnds
from suimon.settings import Settings
from suimon.status.questions import COMMANDS, QUESTIONS, QUESTIONS_ALIAS, RECONCILE, asked_in, is_scheduled
from suimon.sweep.parts import do_each
from suimon.sweep.plans.round import DEADLINES, FIGURES, PAGES, SOURCES, SUBSCRIPTIONS
from suimon.sweep.round import Sweep, SweepError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from suimon.freshness.publishing import SourcesJson
    from suimon.status.answers import Answers
    from suimon.sweep.findings import Findings

logger = Logger(service="freshness", json_serializer=log_line)
metrics = Metrics(namespace="Suimon", service="freshness")

# Redshift holds an answer back for 30 s at most; the client's own defaults would have it wait for five minutes.
REDSHIFT_CONFIG = Config(connect_timeout=5, read_timeout=40, retries={"total_max_attempts": 2})
# What the page of a stack may need; a round with less left leaves it to the next one.
PAGE_SECONDS = 120.0


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Make one round, as of the event's `time` (ISO 8601 with its offset) or now, and return its findings.

    Only a time within an hour is now. Any other is a dry look at deadlines and tables, which reports and records
    nothing.

    With `reconcile` an operator asks: {"walk": {...}} for the next portion of a walk over the whole bucket, {} for a
    round of the sweep. All else that persons ask by name is answered by `suimon.status.answers`; called by its alias
    for questions, it does nothing else. What nobody can do is refused before anything runs, with what to do, and fails
    nothing. SweepError at the end of a scheduled round in which a part failed.
    """
    metrics.add_dimension(name="stack", value=os.environ["SUIMON_STACK"])
    by_alias = context.invoked_function_arn.endswith(f":{QUESTIONS_ALIAS}")
    try:
        asked, request = asked_in(event, only_questions=by_alias)
        if asked in QUESTIONS | COMMANDS:
            return answer(asked, request)
        when = round_time(event.get("time"), utc_now(), scheduled=is_scheduled(event), repairs=asked == RECONCILE)
        return do(asked, request, when, context)
    except RefusalError as error:
        logger.warning("refused", reason=str(error))
        return error.to_json()


def do(asked: str, request: dict[str, Any], when: RoundTime, context: LambdaContext) -> dict[str, Any]:
    """Make a round, or look as of another time, or do what an operator asks; RefusalError when that cannot be."""
    now = when.at

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    if not when.is_now:
        return {**asdict(watch().look(now)), "dry_look": now.isoformat()}
    if "walk" in request:
        return walk(request["walk"], now)
    with lease(context.aws_request_id, time_left()):
        return reconcile(now, time_left) if asked else make_round(now, time_left)


def answer(name: str, request: Any) -> dict[str, Any]:
    """Answer a person; what changes something is logged with who asked, and why."""
    found = answers().to(name, request, utc_now())
    if name not in QUESTIONS:
        logger.info("a person asked", asked=name, request=request, refused=found.get("refused"))
    return found


def make_round(now: datetime, time_left: Callable[[], float]) -> dict[str, Any]:
    """Check deadlines and tables, sweep, and write what stands now; return the findings, SweepError if a part failed.

    Each part fails alone, is logged and reported. The sweep, which may take longer, comes after the deadlines; what
    says how things stand comes when all that is wrong has been reported.
    """
    summary, failed = do_each({DEADLINES: lambda: check_freshness(now)})  # however little time there is
    sweep().report_parts({DEADLINES}, failed, now)
    findings = sweep().round(now, time_left, watched=not failed)
    record(findings)
    read = DateFacts(watch().ledger, watch().waivers, now)
    parts: dict[str, Callable[[], None]] = {
        SUBSCRIPTIONS: lambda: count_deaf(now),
        SOURCES: lambda: write_sources(now),
        FIGURES: lambda: measure(read, now, time_left),
        PAGES: lambda: write_pages(read, now, time_left),
    }
    _, failed_after = do_each(parts, time_left)
    sweep().report_parts(parts.keys(), failed_after, now)
    if not failed:  # deadlines and tables were checked, the sweep has come to its end, and both could report
        write_metric("Heartbeat", "Count", 1)  # an alarm hears of it when none has come for an hour
    if failures := (*failed, *findings.failures, *failed_after):
        logger.error("parts of the round failed", failures=[asdict(failure) for failure in failures])
        raise SweepError("; ".join(f"{failure.part}: {failure.reason}" for failure in failures))
    return {**summary[DEADLINES], "sweep": findings.to_json()}


def write_sources(now: datetime) -> None:
    """Write sources.json if it says something new."""
    if sources().write(watch().tables.all(), now):
        logger.info("sources.json written")


def write_pages(read: DateFacts, now: datetime, time_left: Callable[[], float]) -> None:
    """Write the stack's page to the reports bucket if it says something new, and there is time to read what it says."""
    from suimon.status.pages import Pages  # noqa: PLC0415 nothing that draws pages slows a cold start

    if time_left() < PAGE_SECONDS:
        logger.warning("pages left out: no time")
        return
    pages = Pages(s3(), Checkpoints(table()), settings().reports_bucket, settings().stack)
    logger.info("pages written", keys=pages.write(answers().overview(read, now), now))


def reconcile(now: datetime, time_left: Callable[[], float]) -> dict[str, Any]:
    """Make a round of the sweep for an operator and return its findings."""
    findings = sweep().round(now, time_left)
    record(findings)
    return {**findings.to_json(), "walk": None}


def walk(start: dict[str, str], now: datetime) -> dict[str, Any]:
    """Walk over the next portion of the bucket; return the findings and where the walk continues: null at its end."""
    findings, rest = sweep().portion(start, now)
    record(findings)
    return {**findings.to_json(), "walk": asdict(rest) if rest else None}


def lease(holder: str, seconds: float) -> AbstractContextManager[None]:
    """Return the lease of a round that can last for so many seconds."""
    return RoundLease(table()).taken(holder, utc_now(), seconds)


def record(findings: Findings) -> None:
    """Write the findings to log and metrics."""
    logger.info("swept", **findings.to_json())
    for part in findings.parts:
        name = part.kind.title().replace(" ", "")
        metrics.add_metric(name=f"{name}Detected", unit=MetricUnit.Count, value=part.detected)
        metrics.add_metric(name=f"{name}Repaired", unit=MetricUnit.Count, value=part.repaired)
    metrics.add_metric(name="Unexplained", unit=MetricUnit.Count, value=findings.unexplained)


def count_deaf(now: datetime) -> None:
    """Write who hears the alerts to log and metrics."""
    from suimon.sweep.subscriptions import look_who_hears  # noqa: PLC0415 a round's end: no question waits for it

    found = look_who_hears(sns(), (settings().alerts_topic_arn, settings().watch_topic_arn), Checkpoints(table()), now)
    logger.info("subscriptions", **{name: value for name, value in asdict(found).items() if name != "seen"})
    write_metric("DeafSubscriptions", "Count", found.deaf)


def measure(read: DateFacts, now: datetime, time_left: Callable[[], float]) -> None:
    """Write the figures of every dataset to metrics, once an hour and as far as the time goes."""
    from suimon.freshness.hourly_figures import HourlyFigures  # noqa: PLC0415 likewise

    newest = {seen.contract.dataset: seen.answer.newest for seen in watch().tables.all() if seen.answer}
    hourly, left_out = HourlyFigures(Checkpoints(table())), []
    for dataset, found in hourly.measure(contracts(), read.of, newest, now, time_left):
        if found is None:
            left_out.append(dataset)
            continue
        for name, (unit, value) in found.metrics().items():
            write_metric(name, unit, value, dataset=dataset)
    if left_out:
        logger.warning("figures left to the next round: no time", datasets=left_out)


def write_metric(name: str, unit: str, value: float, **dimensions: str) -> None:
    """Write one metric of the stack."""
    with single_metric(name=name, unit=MetricUnit(unit), value=value, namespace="Suimon") as metric:
        for dimension, of in {"stack": settings().stack, **dimensions}.items():
            metric.add_dimension(dimension, of)


def check_freshness(now: datetime) -> dict[str, Any]:
    """Check deadlines and tables, and return the summary."""
    summary = watch().round(now)
    logger.info("freshness checked", **asdict(summary))
    metrics.add_metric(name="FreshnessChecks", unit=MetricUnit.Count, value=summary.checked)
    metrics.add_metric(name="FreshnessProblems", unit=MetricUnit.Count, value=len(summary.problems))
    metrics.add_metric(name="IncidentsPublished", unit=MetricUnit.Count, value=len(summary.published))
    metrics.add_metric(name="IncidentsRecovered", unit=MetricUnit.Count, value=len(summary.recovered))
    return asdict(summary)


@cache
def settings() -> Settings:
    """Read the environment once."""
    return Settings.of("freshness", os.environ)


@cache
def table() -> Any:
    """Return the ledger's table, for the life of the process."""
    return boto3.resource("dynamodb").Table(settings().ledger_table)


@cache
def contracts() -> Contracts:
    """Read the release's contracts once."""
    return read_contracts(Path(__file__).with_name("contracts.json"))


@cache
def unusable() -> Unusable:
    """Return where both rounds note what they leave out; the sweep, which comes second, reports it."""
    return Unusable()


@cache
def incidents() -> IncidentStore:
    """Return the incident store that both rounds share."""
    topics, recipients = (settings().alerts_topic_arn, settings().chat_topic_arn), Recipients.of(contracts())
    publisher = Publisher(sns(), *topics, recipients=recipients, stack=settings().stack, bus=bus())
    return IncidentStore(table(), publisher, unusable=unusable())


@cache
def s3() -> Any:
    """Return the client of the buckets, for the life of the process."""
    return later(lambda: boto3.client("s3"))


@cache
def sns() -> Any:
    """Return the client of the topics, for the life of the process."""
    return later(lambda: boto3.client("sns"))


@cache
def bus() -> EventBus:
    """Return the stack's bus, for the life of the process."""
    events = later(lambda: boto3.client("events", config=EVENTS_CONFIG))
    return EventBus(events, settings().event_bus, settings().stack)


@cache
def moves() -> Moves:
    """Return what hears of every move of a drop."""
    tags = VersionTags(later(lambda: boto3.client("s3", config=TAGS_CONFIG))) if settings().tags_versions else None
    return Moves(bus(), settings().stack, tags)


@cache
def answers() -> Answers:
    """Build what answers persons."""
    from suimon.status.answers import Answers  # noqa: PLC0415 deadlines are looked at before

    def ledger_of(who: str) -> Ledger:
        return Ledger(table(), who, moved=moves().heard)

    return Answers(watch=watch(), sweep=sweep(), ledger_of=ledger_of, stack=settings().stack)


@cache
def watch() -> Watch:
    """Build what checks deadlines and tables."""
    return Watch(
        contracts=contracts(),
        ledger=Ledger(table(), "freshness", unusable=unusable()),
        incidents=incidents(),
        waivers=Waivers(table(), unusable()),
        checkpoints=Checkpoints(table()),
        tables_every=settings().tables_every,
        redshift=later(lambda: boto3.client("redshift-data", config=REDSHIFT_CONFIG)),
        warehouse=settings().warehouse,
        unusable=unusable(),
    )


@cache
def sources() -> SourcesJson:
    """Build what writes sources.json."""
    from suimon.freshness.publishing import SourcesJson  # noqa: PLC0415 likewise

    return SourcesJson(s3=s3(), bucket=settings().reports_bucket, checkpoints=Checkpoints(table()))


@cache
def sweep() -> Sweep:
    """Build what compares bucket, ledger, queues and Airflow."""
    mwaa, environment = later(lambda: boto3.client("mwaa", config=CLIENT_CONFIG)), settings().mwaa_environment
    ledger = Ledger(table(), "the sweep", unusable=unusable(), moved=moves().heard)
    return Sweep(
        contracts=contracts(),
        ledger=ledger,
        run_ends=RunEnds(ledger, incidents(), later(lambda: boto3.client("stepfunctions"))),
        incidents=incidents(),
        airflow=Airflow(mwaa, environment, Pace(table(), environment, utc_now, time.sleep)),
        table=table(),
        s3=s3(),
        sqs=later(lambda: boto3.client("sqs")),
        settings=settings(),
        site=lambda: str(mwaa.get_environment(Name=environment)["Environment"]["WebserverUrl"]),
        unusable=unusable(),
    )
