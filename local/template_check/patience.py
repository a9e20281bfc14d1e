"""How soon and how often: numbers of the template that must fit what the pages and the code promise."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from local.template_check.code import ROOT
from local.template_check.reading import globals_merged, of_type, referred
from suimon.contract.odcs.runs import MOST_RUNS_AT_ONCE
from suimon.intake.queue import HANDED_OVER, delay_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
FUNCTION: Final = "AWS::Serverless::Function"
ALARM: Final = "AWS::CloudWatch::Alarm"
SOON: Final = 900  # seconds within which a person hears of a failure
HOUR: Final = 3600
# A value above the threshold once is a failure of something; the other metrics rise and fall by themselves.
AT_ONCE: Final = {
    "ApproximateNumberOfMessagesVisible",
    "Errors",
    "Duration",
    "ExecutionsFailed",
    "ExecutionsTimedOut",
    "ExecutionsAborted",
    "NumberOfNotificationsFailed",
    "FailedInvocations",
    "InvocationsFailedToBeSentToDlq",
}
BY_THE_HOUR: Final = {"Heartbeat", "DeafSubscriptions"}  # written by rounds, of which there are four an hour
ARGUMENTS: Final = {"--enable-metrics", "--job-language", "--deployed_release"}  # what GlueWorkers' price is of
A_MINUTE: Final = 60
ONE_CPU: Final = 1769  # MB of memory at which Lambda gives a whole vCPU
MORE_THAN_A_ROUND: Final = 2
ROUND: Final = re.compile(r"rate\(15 minutes\)")  # docs/operations/alarms.md: "within a quarter of an hour"
RULE: Final = re.compile(r'ALARM\("\$\{(\w+)\}"\)')


def _in_time(template: Template) -> Iterator[str]:
    """An alarm rings soon, at the first failure, and ends when the failures do; no two look at the same thing."""
    looked_at: dict[str, str] = {}
    for name, alarm in of_type(template, ALARM):
        properties = alarm["Properties"]
        metric = properties["MetricName"]
        seconds = properties["Period"] * properties["EvaluationPeriods"]
        if seconds > (HOUR if metric in BY_THE_HOUR else SOON):
            yield f"{name}: rings after {seconds} s at the earliest"
        enough = 0 if metric != "Duration" else properties["Threshold"]
        if metric in AT_ONCE and (properties["EvaluationPeriods"], properties["Threshold"]) != (1, enough):
            yield f"{name}: waits for more than one failure"
        if properties.get("DatapointsToAlarm", properties["EvaluationPeriods"]) != properties["EvaluationPeriods"]:
            yield f"{name}: its periods are not those that it counts"
        if properties.get("TreatMissingData") not in {"breaching", "notBreaching"}:
            yield f"{name}: stays as it is when nothing happens any more"
        same = json.dumps([properties["Namespace"], metric, properties["Dimensions"]], sort_keys=True)
        if other := looked_at.setdefault(same, name).replace(name, ""):
            yield f"{name}: looks at what {other} looks at"


def _gate_down(template: Template) -> Iterator[str]:
    """The gate is down when one of the alarms rings that the page names, and by nothing else."""
    page = (ROOT / "docs" / "operations" / "alarms.md").read_text(encoding="utf-8")
    section = re.search(r"^### gate-down\n(.+?)(?=\n###|\Z)", page, re.MULTILINE | re.DOTALL)
    called = {name: _last(alarm) for name, alarm in of_type(template, ALARM)}
    wanted = {name for name, last in called.items() if section and re.search(rf"\b{last}\b(?!-)", section[1])}
    for name, alarm in of_type(template, "AWS::CloudWatch::CompositeAlarm"):
        rule = alarm["Properties"]["AlarmRule"]
        text = str(rule.get("Fn::Sub", "") if isinstance(rule, dict) else rule)
        if not all(RULE.fullmatch(part) for part in text.split(" OR ")):
            yield f"{name}: rings by something else than one of several alarms: {text}"
        elif set(RULE.findall(text)) != wanted:
            yield f"{name}: rings by others than the page names: {sorted(set(RULE.findall(text)) ^ wanted)}"


def _last(alarm: Template) -> str:
    name = alarm["Properties"]["AlarmName"]
    return str(name.get("Fn::Sub", "") if isinstance(name, dict) else name).removeprefix("${AWS::StackName}-")


def _tries(template: Template) -> Iterator[str]:
    """A message comes again until the sweep has taken over, and not much longer; what is called is called again."""
    sources = {
        referred(event["Properties"].get("Queue")): function["Properties"]
        for _, function in of_type(template, FUNCTION)
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    for queue, function in sources.items():
        properties = template["Resources"][queue]["Properties"]
        tries = properties.get("RedrivePolicy", {}).get("maxReceiveCount", 0)
        waited = sum(delay_for(one) for one in range(1, tries + 1))
        if tries <= HANDED_OVER or waited > properties.get("MessageRetentionPeriod", 0) / 10:
            yield f"{queue}: after {tries} tries a message is dead; the sweep takes over after {HANDED_OVER}"
        if properties.get("VisibilityTimeout") != 6 * function["Timeout"]:
            yield f"{queue}: after a crash its message comes again at another time than six timeouts"
    for _, rule in of_type(template, "AWS::Events::Rule"):
        for target in rule["Properties"]["Targets"]:
            called = template["Resources"].get(referred(target["Arn"]), {"Type": ""})
            again = called.get("Properties", {}).get("EventInvokeConfig", {}).get("MaximumRetryAttempts", 2)
            if called["Type"] == FUNCTION and again < 1:
                yield f"{referred(target['Arn'])}: what fails once is dead"


def _shares(template: Template) -> Iterator[str]:
    """What nobody waits for has its own share of the account's concurrency; what checks files has a processor."""
    asynchronous = {
        referred(target["Arn"])
        for _, rule in of_type(template, "AWS::Events::Rule")
        for target in rule["Properties"]["Targets"]
    } | {
        referred(schedule["Properties"]["Target"]["Arn"])
        for _, schedule in of_type(template, "AWS::Scheduler::Schedule")
    }
    for name, function in of_type(template, FUNCTION):
        properties = globals_merged(template, function)
        match properties.get("ReservedConcurrentExecutions"):
            case {"Fn::If": ["Reserves", int(share), {"Ref": "AWS::NoValue"}]} if share >= MORE_THAN_A_ROUND:
                pass
            case _ if name in asynchronous:
                yield f"{name}: another team's burst makes it deaf; it needs a share of its own"
        fed = any(event["Type"] == "SQS" for event in properties.get("Events", {}).values())
        if fed and properties.get("MemorySize", 128) < ONE_CPU:
            yield f"{name}: checks files with less than one processor"
        if properties.get("Timeout", 3) < A_MINUTE:
            yield f"{name}: is ended before AWS's clients give up waiting"
        if properties.get("Tracing") != "Active":
            yield f"{name}: leaves no trace"
    for name, machine in of_type(template, "AWS::Serverless::StateMachine"):
        if machine["Properties"].get("Tracing") != {"Enabled": True}:
            yield f"{name}: leaves no trace"


def _rounds(template: Template) -> Iterator[str]:
    """Rounds begin every quarter of an hour, each day, on the minute."""
    for name, schedule in of_type(template, "AWS::Scheduler::Schedule"):
        properties = schedule["Properties"]
        if not ROUND.fullmatch(str(properties["ScheduleExpression"])):
            yield f"{name}: {properties['ScheduleExpression']} is not each quarter of an hour"
        if properties.get("FlexibleTimeWindow") != {"Mode": "OFF"}:
            yield f"{name}: begins at some time within a window"
        called = template["Resources"].get(referred(properties["Target"]["Arn"]), {}).get("Properties", {})
        for waits in (properties["Target"].get("RetryPolicy", {}), called.get("EventInvokeConfig", {})):
            if waits.get("MaximumEventAgeInSeconds", HOUR) >= SOON:
                yield f"{name}: a round that waited begins beside the next"
        if {"StartDate", "EndDate"} & properties.keys():
            yield f"{name}: begins or ends some day"


def _logged(template: Template) -> Iterator[str]:
    """Functions log what they do, and never the event that they get."""
    for name, function in of_type(template, FUNCTION):
        variables = globals_merged(template, function).get("Environment", {}).get("Variables", {})
        set_here = {key: value for key, value in variables.items() if key.startswith(("POWERTOOLS_", "AWS_"))}
        if set_here != {"POWERTOOLS_LOG_LEVEL": "INFO"}:
            yield f"{name}: logs by {set_here}"


def _glue(template: Template) -> Iterator[str]:
    """All runs that DAGs may ask for at once have a place."""
    for name, job in of_type(template, "AWS::Glue::Job"):
        places = job["Properties"].get("ExecutionProperty", {}).get("MaxConcurrentRuns", 1)
        if job["Properties"].get("WorkerType") != "G.1X" or job["Properties"]["DefaultArguments"].keys() != ARGUMENTS:
            yield f"{name}: runs by other workers or arguments than were decided on"
        if places != MOST_RUNS_AT_ONCE:
            yield f"{name}: has {places} places; all DAGs together may ask for {MOST_RUNS_AT_ONCE}"


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (
    _in_time,
    _gate_down,
    _tries,
    _shares,
    _rounds,
    _logged,
    _glue,
)
