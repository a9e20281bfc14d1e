"""Freshness: what EventBridge Scheduler starts every 15 minutes, and `suimon reconcile` portion by portion."""

from __future__ import annotations

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

from suimon.aws.event_bus import CONFIG as EVENTS_CONFIG
from suimon.aws.event_bus import EventBus
from suimon.clock import utc_now
from suimon.contract.model import Contracts, read_contracts
from suimon.drops.retraction import RetractError
from suimon.freshness.date_facts import DateFacts
from suimon.freshness.figures import figures_of
from suimon.freshness.forecast import MOST_DAYS, forecast, warnings
from suimon.freshness.publishing import SourcesJson
from suimon.freshness.round_time import RoundTimeError, round_time
from suimon.freshness.waiving import Request, WaiverError, waive
from suimon.freshness.watch import Watch
from suimon.incidents.actions import Action, ActionError
from suimon.incidents.crowds import worst_first
from suimon.incidents.kinds import Kind
from suimon.incidents.overview import as_json, chosen
from suimon.incidents.publisher import Publisher
from suimon.incidents.recipients import Recipients
from suimon.incidents.store import IncidentStore
from suimon.ledger.checkpoints import Checkpoints
from suimon.ledger.drops import Ledger
from suimon.ledger.round_lease import RoundIsRunningError, RoundLease
from suimon.ledger.unusable import Unusable
from suimon.ledger.waivers import Waivers
from suimon.mwaa.airflow import CLIENT_CONFIG, Airflow
from suimon.mwaa.check_up import look
from suimon.mwaa.pace import Pace
from suimon.outcome.run_end import RunEnds
from suimon.settings import Settings
from suimon.sweep.closing import CloseError, Closing, close
from suimon.sweep.holding import HoldError
from suimon.sweep.plans.lost_events import Walk
from suimon.sweep.round import Sweep, SweepError
from suimon.sweep.subscriptions import look_who_hears

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from suimon.drops.hold import Hold
    from suimon.status.overview import Overview
    from suimon.sweep.findings import Findings
    from suimon.sweep.plans.subscriptions import Hearing

logger = Logger(service="freshness")
metrics = Metrics(namespace="Suimon", service="freshness")

# What must be left of a round's time for the figures of one more dataset.
FIGURES_SECONDS = 60
# Redshift holds an answer back for 30 s at most; the client's own defaults would have it wait for five minutes.
REDSHIFT_CONFIG = Config(connect_timeout=5, read_timeout=40, retries={"total_max_attempts": 2})
# What the page of a stack may need; a round with less left leaves it to the next one.
PAGE_SECONDS = 120.0


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Make one round, as of the event's `time` (ISO 8601 with its offset) or now, and return its findings.

    Only a time within an hour is now. Any other is a dry look at deadlines and tables, which reports and records
    nothing; RoundTimeError, before anything runs, for a time that is out of all reason.

    With `reconcile` an operator asks: {"walk": {...}} for the next portion of a walk over the whole bucket, {} for a
    round of the sweep. With `close` a person ends a drop: {"drop_id": …, "reason": …, "who": …}. With `expect` a person
    says that a file will not come: {"dataset": …, "partition": …, "reason": …, "who": …}, with "undo" that it will.
    With `retract` a person takes a file back: {"drop_id": …, "reason": …, "who": …}. With `forecast` somebody asks what
    is due: {"back": days, "ahead": days}; with `status`, the same, what may need a person; with `page` for the stack's
    page: {"language": "en" or "ja"}. With `hold` or `release` a person holds a dataset or lets it go on:
    {"dataset": …, "reason": …, "who": …, "until": …}. With `incidents` somebody asks what is open:
    {"dataset": …, "kind": …, "severity": …, "all": …}; with `incident` for one, {"verb": "show", "id": …}, or a person
    changes it: {"verb": "ack", "snooze" or "close", "id": …, "who": …, "reason": …, "until": …}. SweepError at the end
    of a scheduled round in which a part of the sweep failed.
    """
    metrics.add_dimension(name="stack", value=os.environ["SUIMON_STACK"])
    when = round_time(event.get("time"), utc_now(), scheduled=event.get("source") == "aws.scheduler")
    now = when.at

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    if "reconcile" in event and not when.is_now:
        raise RoundTimeError("what is reconciled is repaired now: leave the time away")
    for name, answer in ASKED.items():
        if name in event:
            return answer(event[name], utc_now())
    if not when.is_now:
        return {**asdict(watch().look(now)), "dry_look": now.isoformat()}
    if "walk" in event.get("reconcile", {}):
        return walk(event["reconcile"]["walk"], now)
    try:
        with lease(context.aws_request_id, time_left()):
            return reconcile(now, time_left) if "reconcile" in event else make_round(now, time_left)
    except RoundIsRunningError as error:
        logger.warning("round left out", reason=str(error))
        return {"refused": str(error)}


def make_round(now: datetime, time_left: Callable[[], float]) -> dict[str, Any]:
    """Check deadlines and tables, sweep, and look who hears; return the findings, SweepError when a part failed."""
    try:
        summary = check_freshness(now)
    finally:  # what stops the one does not stop the other; the sweep, which may take longer, comes second
        findings = sweep().round(now, time_left)
        record(findings)
    beat(look_who_hears(sns(), (settings().alerts_topic_arn, settings().watch_topic_arn), Checkpoints(table()), now))
    if sources().write(watch().tables.all(), now):
        logger.info("sources.json written")
    read = date_facts(now)
    measure(read, now, time_left)
    if time_left() > PAGE_SECONDS:
        write_pages(read, now)
    if findings.failures:
        raise SweepError("; ".join(f"{failure.part}: {failure.reason}" for failure in findings.failures))
    return {**summary, "sweep": findings.to_json()}


def date_facts(now: datetime) -> DateFacts:
    """Return what reads each date once, for one round or one question."""
    return DateFacts(watch().ledger, watch().waivers, now)


def write_pages(read: DateFacts, now: datetime) -> None:
    """Write the stack's page to the reports bucket if it says something new."""
    from suimon.status.pages import Pages  # noqa: PLC0415 nothing that draws pages slows a cold start

    pages = Pages(s3(), Checkpoints(table()), settings().reports_bucket, settings().stack)
    logger.info("pages written", keys=pages.write(see(read, now), now))


def draw_page(request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return the stack's page for a person, in the language that is asked for."""
    from suimon.status.page import page  # noqa: PLC0415 likewise

    return {
        "html": page(see(date_facts(now), now), settings().stack, now, "ja" if request["language"] == "ja" else "en")
    }


def see(read: DateFacts, now: datetime) -> Overview:
    """Read what stands on the stack's page."""
    from suimon.status.overview import Held, days_back, overview  # noqa: PLC0415 likewise

    datasets = [one.dataset for one in contracts().all]
    back = days_back(sum(one.arrival is not None for one in contracts().all))
    holds = watch().ledger.holds.of_all(datasets).values()
    return overview(
        forecast(contracts(), read.of, now, back=back, ahead=1),
        worst_first(incidents().open_incidents()),
        [Held(one.dataset, one.since, one.until) for one in holds if one.is_in_force(now)],
        datasets,
        warnings(contracts(), now, ahead=1),
        now,
        back=back,
    )


def close_drop(request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Close a drop for a person, who gets its id and state, or why it was refused."""
    try:
        closing = Closing.from_request(request)
        ledger = Ledger(table(), closing.who or "a person", moved=bus().drop_moved)
        record = close(ledger, sfn(), closing, now)
    except CloseError as error:
        return {"refused": str(error)}
    logger.info("drop closed", drop_id=record.id, key=record.drop.key, reason=closing.reason, who=closing.who)
    return {"drop_id": record.id, "state": record.state}


def list_incidents(request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return the incidents that a person asks for, the worst first."""
    return {
        "datasets": sorted(one.dataset for one in contracts().all),
        "incidents": chosen(incidents().standing(), request, now),
    }


def act_on_incident(request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Show an incident, or do to it what a person asks; return it, or why that was refused."""
    store = incidents()
    try:
        if request.get("verb") == "show":
            found = store.find(str(request.get("id")))
        else:
            action = Action.from_request(request)
            found = store.act(action, now)
            logger.info("incident changed", incident=action.incident_id, verb=action.verb, who=action.who)
    except ActionError as error:
        return {"refused": str(error)}
    return as_json(found, store.standing(), now)


def expect(request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Record for a person that a file will not come, or will after all; return its state, or why it was refused."""
    try:
        asked = Request.read(request, contracts())
        found = waive(watch(), asked, now)
    except WaiverError as error:
        return {"refused": str(error)}
    logger.info("file waived", found=found, reason=asked.reason, who=asked.who, undo=asked.undo)
    return found


def look_ahead(request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return what is expected when, for people: by dataset and date, and what nobody can know."""
    back, ahead = (min(int(request[name]), MOST_DAYS) for name in ("back", "ahead"))
    found = forecast(contracts(), date_facts(now).of, now, back=back, ahead=ahead)
    return {
        "datasets": sorted(one.dataset for one in contracts().all),
        "expected": [one.to_json() for one in found],
        "warnings": warnings(contracts(), now, ahead=ahead),
    }


def standing(request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return what is expected, what has not recovered, and which datasets are held: all that may need a person."""
    holds = watch().ledger.holds.of_all(one.dataset for one in contracts().all).values()
    return {
        **look_ahead(request, now),
        "incidents": chosen(incidents().standing(), {"all": True}, now),
        "held": [as_json_hold(one) for one in holds if one.is_in_force(now)],
    }


def as_json_hold(held: Hold) -> dict[str, Any]:
    """Return a hold as people and scripts see it."""
    return {
        "dataset": held.dataset,
        "since": held.since.isoformat(),
        "until": held.until and held.until.isoformat(),
        "who": held.who,
        "reason": held.reason,
    }


def hold(request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Hold a dataset for a person, who gets what stands in the ledger now, or why it was refused."""
    try:
        held = sweep().holding().hold(request, now)
    except HoldError as error:
        return {"refused": str(error)}
    logger.info("dataset held", dataset=held.dataset, reason=held.reason, who=held.who)
    return {"dataset": held.dataset, "since": held.since.isoformat(), "until": held.until and held.until.isoformat()}


def release(request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Release a dataset for a person, who gets how many drops are on their way now, or why it was refused."""
    try:
        held, sent = sweep().holding().release(request, now)
    except HoldError as error:
        return {"refused": str(error)}
    logger.info("dataset released", dataset=held.dataset, who=held.released_by, sent=sent)
    return {"dataset": held.dataset, "sent": sent}


def retract(request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Take a file back for a person, who gets what happens now, or why it was refused."""
    try:
        found = sweep().retracting().retract(request, now)
    except RetractError as error:
        return {"refused": str(error)}
    logger.info("drop retracted", **found, reason=request.get("reason"), who=request.get("who"))
    return found


def check_up(_request: dict[str, Any], _now: datetime) -> dict[str, Any]:
    """Return what Airflow says of itself and of the contracts' DAGs, and which of the gate's requests it refuses."""
    dags = {one.dag_id for one in contracts().all if one.dag_id}
    refused = [str(one.id) for one in incidents().open_incidents() if one.kind in REFUSALS]
    return {**look(sweep().airflow, sorted(dags)), "denied": refused}


ASKED = {
    "check_up": check_up,
    "close": close_drop,
    "expect": expect,
    "forecast": look_ahead,
    "hold": hold,
    "incident": act_on_incident,
    "incidents": list_incidents,
    "page": draw_page,
    "release": release,
    "retract": retract,
    "status": standing,
}
REFUSALS = (Kind.MWAA_DENIED, Kind.FORBIDDEN_DAG)


def reconcile(now: datetime, time_left: Callable[[], float]) -> dict[str, Any]:
    """Make a round of the sweep for an operator and return its findings."""
    findings = sweep().round(now, time_left)
    record(findings)
    return {**findings.to_json(), "walk": None}


def walk(start: dict[str, str], now: datetime) -> dict[str, Any]:
    """Walk over the next portion of the bucket; return the findings and where the walk continues: null at its end."""
    findings, rest = sweep().portion(Walk(**start), now)
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


def beat(found: Hearing) -> None:
    """Write what the alarms on the watching itself look at, by the stack: a round has come to its end, who hears."""
    logger.info("subscriptions", **{name: value for name, value in asdict(found).items() if name != "seen"})
    for name, value in (("Heartbeat", 1), ("DeafSubscriptions", found.deaf)):
        with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace="Suimon") as metric:
            metric.add_dimension("stack", settings().stack)


def measure(read: DateFacts, now: datetime, time_left: Callable[[], float]) -> None:
    """Write the figures of every dataset to metrics, once an hour and as far as the time goes."""
    hour, kept = f"{now:%Y-%m-%dT%H}", Checkpoints(table())
    if kept.get("figures").get("hour") == hour:
        return
    newest = {seen.contract.dataset: seen.answer.newest for seen in watch().tables.all() if seen.answer}
    for contract in contracts().all:
        if time_left() < FIGURES_SECONDS:
            logger.warning("figures left out from a dataset on: no time", dataset=contract.dataset)
            break
        for name, (unit, value) in figures_of(contract, read.of, newest.get(contract.dataset), now).metrics().items():
            with single_metric(name=name, unit=MetricUnit(unit), value=value, namespace="Suimon") as metric:
                metric.add_dimension("stack", settings().stack)
                metric.add_dimension("dataset", contract.dataset)
    kept.put("figures", {"hour": hour})


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
def sfn() -> Any:
    """Return the client that answers waiting replays, for the life of the process."""
    return boto3.client("stepfunctions")


@cache
def incidents() -> IncidentStore:
    """Return the incident store that both rounds share."""
    topics, recipients = (settings().alerts_topic_arn, settings().chat_topic_arn), Recipients.of(contracts())
    publisher = Publisher(sns(), *topics, recipients=recipients, stack=settings().stack, bus=bus())
    return IncidentStore(table(), publisher, unusable=unusable())


@cache
def s3() -> Any:
    """Return the client of the buckets, for the life of the process."""
    return boto3.client("s3")


@cache
def sns() -> Any:
    """Return the client of the topics, for the life of the process."""
    return boto3.client("sns")


@cache
def bus() -> EventBus:
    """Return the stack's bus, for the life of the process."""
    return EventBus(boto3.client("events", config=EVENTS_CONFIG), settings().event_bus, settings().stack)


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
        redshift=boto3.client("redshift-data", config=REDSHIFT_CONFIG),
        warehouse=settings().warehouse,
        unusable=unusable(),
    )


@cache
def sources() -> SourcesJson:
    """Build what writes sources.json."""
    return SourcesJson(s3=boto3.client("s3"), bucket=settings().reports_bucket, checkpoints=Checkpoints(table()))


@cache
def sweep() -> Sweep:
    """Build what compares bucket, ledger, queues and Airflow."""
    mwaa, environment = boto3.client("mwaa", config=CLIENT_CONFIG), settings().mwaa_environment
    ledger = Ledger(table(), "the sweep", unusable=unusable(), moved=bus().drop_moved)
    return Sweep(
        contracts=contracts(),
        ledger=ledger,
        run_ends=RunEnds(ledger, incidents(), sfn()),
        incidents=incidents(),
        airflow=Airflow(mwaa, environment, Pace(table(), environment, utc_now, time.sleep)),
        table=table(),
        s3=s3(),
        sqs=boto3.client("sqs"),
        settings=settings(),
        site=lambda: str(mwaa.get_environment(Name=environment)["Environment"]["WebserverUrl"]),
        unusable=unusable(),
    )
