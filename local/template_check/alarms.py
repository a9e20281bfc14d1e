"""Alarms look at something that is there, by the numbers it has, tell somebody, and say what to do."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from local.template_check.reading import actions_on, in_list, of_type, referred, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
FUNCTION: Final = "AWS::Serverless::Function"
DAY: Final = 86_400  # seconds
# Where a metric lives, its dimensions, and the types of resource that they name.
METRICS: Final = {
    ("AWS/SQS", "QueueName"): "AWS::SQS::Queue",
    ("AWS/Lambda", "FunctionName"): FUNCTION,
    ("AWS/States", "StateMachineArn"): "AWS::Serverless::StateMachine",
    ("AWS/DynamoDB", "TableName"): "AWS::DynamoDB::Table",
    ("AWS/SNS", "TopicName"): "AWS::SNS::Topic",
}
# A metric has a value for each of these sets of dimensions, and for no other.
DIMENSIONS: Final = {
    "AWS/SQS": [{"QueueName"}],
    "AWS/Lambda": [{"FunctionName"}],
    "AWS/States": [{"StateMachineArn"}],
    # An index counts by itself: DynamoDB developer guide, the metric WriteThrottleEvents.
    "AWS/DynamoDB": [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    "AWS/SNS": [{"TopicName"}],
    "AWS/Events": [{"RuleName"}, {"RuleName", "EventBusName"}],
    "Suimon": [{"stack"}],  # functions/freshness/app.py
}
# How each metric is looked at, so that one failure among a thousand is seen.
STATISTICS: Final = {
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible": "Maximum", "ApproximateAgeOfOldestMessage": "Maximum"},
    "AWS/Lambda": {"Errors": "Sum", "Throttles": "Sum", "Duration": "Maximum"},
    "AWS/States": {"ExecutionsFailed": "Sum", "ExecutionsTimedOut": "Sum", "ExecutionsAborted": "Sum"},
    "AWS/DynamoDB": {"ReadThrottleEvents": "Sum", "WriteThrottleEvents": "Sum"},
    "AWS/SNS": {"NumberOfNotificationsFailed": "Sum"},
    "AWS/Events": {"FailedInvocations": "Sum", "InvocationsFailedToBeSentToDlq": "Sum"},
    "Suimon": {"Heartbeat": "Sum", "DeafSubscriptions": "Maximum"},
}

# A subscription that has vanished is forgotten after a week, which is no good news.
WITHOUT_ALL_CLEAR: Final = {"DeafSubscriptions"}


def _alarms(template: Template) -> Iterator[str]:
    """Every alarm looks at something that is there, tells somebody, and says what to do; each function has its own."""
    looked_at = set()
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        properties = alarm["Properties"]
        yield from (f"{name}: {wrong}" for wrong in _of_alarm(template, properties))
        looked_at |= {(referred(one["Value"]), properties["MetricName"]) for one in properties["Dimensions"]}
    for name, _ in of_type(template, FUNCTION):
        if (name, "Errors") not in looked_at:
            yield f"{name}: nobody hears when it fails"
    for name, _ in of_type(template, "AWS::Serverless::StateMachine"):
        if (name, "ExecutionsFailed") not in looked_at:
            yield f"{name}: nobody hears when it fails"


def _of_alarm(template: Template, properties: dict[str, Any]) -> Iterator[str]:
    namespace, metric = properties["Namespace"], properties["MetricName"]
    known = STATISTICS.get(namespace, {})
    if metric not in known:
        yield f"{namespace} has no metric {metric}"
    elif properties.get("Statistic") != known[metric]:
        yield f"{metric} is looked at by its {known[metric]}"
    if not properties.get("AlarmActions") or properties.get("ActionsEnabled", True) is not True:
        yield "nobody hears it"
    if "TreatMissingData" not in properties:
        yield "does not say what silence means"
    below = str(properties.get("ComparisonOperator", "")).startswith("LessThan")
    if below != (properties.get("TreatMissingData") == "breaching"):
        yield "rings when all is well: too few is for alarms on silence, too many for the others"
    if below and properties["Threshold"] < 1:
        yield "never rings: there are no less than none"
    page = f"docs/operations/alarms.md#{_last(properties['AlarmName'])}"
    if page not in json.dumps(properties.get("AlarmDescription", "")):
        yield f"its description does not end at {page}"
    yield from _dimensions(template, properties)
    yield from _who_hears(template, properties, silence=below)


def _dimensions(template: Template, properties: dict[str, Any]) -> Iterator[str]:
    namespace = properties["Namespace"]
    dimensions = {one["Name"]: one["Value"] for one in properties["Dimensions"]}
    if set(dimensions) not in DIMENSIONS.get(namespace, []):
        yield f"{namespace} has no {properties['MetricName']} by {sorted(dimensions)}"
    for dimension, value in dimensions.items():
        kind = METRICS.get((namespace, dimension))
        if dimension == "stack" and value != {"Ref": "AWS::StackName"}:
            yield f"looks at the stack {value}"
        found = template["Resources"].get(referred(value), {})
        if kind and found.get("Type") != kind:
            yield f"{dimension} names no {kind}"
        if kind == FUNCTION:
            log = referred(found.get("Properties", {}).get("LoggingConfig", {}).get("LogGroup"))
            if f"${{{log}}}" not in json.dumps(properties.get("AlarmDescription", "")):
                yield f"its description does not name {log}, where one looks first"
            timeout = found.get("Properties", {}).get("Timeout", 3) * 1000
            if properties["MetricName"] == "Duration" and not timeout / 2 < properties["Threshold"] < timeout:
                yield f"rings at {properties['Threshold']} ms of the {timeout} that the function has"
    if "RuleName" in dimensions and not _is_a_rule(template, dimensions):
        yield "RuleName and EventBusName name no rule"


def _is_a_rule(template: Template, dimensions: dict[str, Any]) -> bool:
    for name, rule in of_type(template, "AWS::Events::Rule"):
        own, bus = rule["Properties"].get("Name"), rule["Properties"].get("EventBusName")
        # A Ref of a rule on a bus of its own is "bus|rule", which is no name.
        named = dimensions["RuleName"] == own or (referred(dimensions["RuleName"]) == name and not bus)
        if named and dimensions.get("EventBusName") == bus:
            return True
    return False


def _who_hears(template: Template, properties: dict[str, Any], *, silence: bool) -> Iterator[str]:
    """Alarms may publish to the topics they name; what is silent is told where the silent one does not publish."""
    told = [referred(topic) for topic in properties.get("AlarmActions", [])]
    cleared = [referred(topic) for topic in properties.get("OKActions", [])]
    if cleared != ([] if properties.get("MetricName") in WITHOUT_ALL_CLEAR else told):
        yield "the all-clear does not go to those who heard the alarm"
    for topic in told:
        if not _alarms_may_publish(template, topic):
            yield f"may not publish to {topic}"
    roles = [name for name, _ in of_type(template, "AWS::IAM::Role")]
    if silence and any("sns:Publish" in actions_on(template, role, topic) for role in roles for topic in told):
        yield "is heard through the topic of those whose silence it is to tell"


def _alarms_may_publish(template: Template, topic: str) -> bool:
    return any(
        topic in {referred(one) for one in policy["Properties"]["Topics"]}
        and referred(statement["Resource"]) == topic
        and statement["Effect"] == "Allow"
        and "sns:Publish" in in_list(statement["Action"])
        and statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        and ":cloudwatch:" in json.dumps(statement.get("Condition"))
        for _, policy in of_type(template, "AWS::SNS::TopicPolicy")
        for statement in statements(policy["Properties"]["PolicyDocument"])
    )


def _ages(template: Template) -> Iterator[str]:
    """A queue that is worked on has an alarm on its age, long before a message ends."""
    looked_at = {
        referred(dimension["Value"]): alarm["Properties"]["Threshold"]
        for _, alarm in of_type(template, "AWS::CloudWatch::Alarm")
        if alarm["Properties"]["MetricName"] == "ApproximateAgeOfOldestMessage"
        for dimension in alarm["Properties"]["Dimensions"]
    }
    for name, queue in of_type(template, "AWS::SQS::Queue"):
        if "RedrivePolicy" in queue["Properties"] and not 0 < looked_at.get(name, 0) <= DAY:
            yield f"{name}: nobody hears within a day when nobody takes from it"


def _throttles(template: Template) -> Iterator[str]:
    """What a table or one of its indexes refuses has an alarm of its own: DynamoDB counts each by itself."""
    watched = {
        (referred(dimensions.get("TableName")), dimensions.get("GlobalSecondaryIndexName"), metric)
        for metric, dimensions in _watched(template, "AWS/DynamoDB")
    }
    for name, table in of_type(template, "AWS::DynamoDB::Table"):
        indexes = [one["IndexName"] for one in table["Properties"].get("GlobalSecondaryIndexes", [])]
        for index in (None, *indexes):
            for metric in STATISTICS["AWS/DynamoDB"]:
                if (name, index, metric) not in watched:
                    yield f"{name}: nobody hears {metric} of {index or 'the table'}"
        for _, index, _ in watched:
            if index and index not in indexes:
                yield f"{name}: has no index {index}"


def _together(template: Template) -> Iterator[str]:
    """An alarm that is made of others names alarms that are there, tells somebody, and says what to do."""
    there = {name for name, _ in of_type(template, "AWS::CloudWatch::Alarm")}
    for name, alarm in of_type(template, "AWS::CloudWatch::CompositeAlarm"):
        properties = alarm["Properties"]
        named = set(re.findall(r'ALARM\("\$\{(\w+)\}"\)', json.dumps(properties["AlarmRule"]).replace('\\"', '"')))
        if not named or named - there:
            yield f"{name}: rings by {sorted(named - there) or 'nothing'}"
        page = f"docs/operations/alarms.md#{_last(properties['AlarmName'])}"
        if page not in json.dumps(properties.get("AlarmDescription", "")):
            yield f"{name}: its description does not end at {page}"
        yield from (f"{name}: {wrong}" for wrong in _who_hears(template, properties, silence=True))


def _shown(template: Template) -> Iterator[str]:
    """The dashboard shows every alarm."""
    for name, board in of_type(template, "AWS::CloudWatch::Dashboard"):
        text = json.dumps(board["Properties"]["DashboardBody"])
        for alarm, _ in of_type(template, "AWS::CloudWatch::Alarm"):
            if f"${{{alarm}.Arn}}" not in text:
                yield f"{name}: does not show {alarm}"


def _undelivered(template: Template) -> Iterator[str]:
    """What a rule cannot deliver, and what it cannot even keep, is heard."""
    watched = [(metric, dimensions.get("RuleName")) for metric, dimensions in _watched(template, "AWS/Events")]
    for name, rule in of_type(template, "AWS::Events::Rule"):
        for metric in STATISTICS["AWS/Events"]:
            if (metric, {"Ref": name}) not in watched and (metric, rule["Properties"].get("Name")) not in watched:
                yield f"{name}: nobody hears {metric}"


def _own_failure(template: Template) -> Iterator[str]:
    """That a topic does not reach somebody is said on another topic."""
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        told = {referred(topic) for topic in alarm["Properties"].get("AlarmActions", [])}
        for dimension in alarm["Properties"]["Dimensions"]:
            if dimension["Name"] == "TopicName" and told <= {referred(dimension["Value"])}:
                yield f"{name}: is said on the topic that it is about"


def _watched(template: Template, namespace: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for _, alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        properties = alarm["Properties"]
        if properties["Namespace"] == namespace:
            yield properties["MetricName"], {one["Name"]: one["Value"] for one in properties["Dimensions"]}


def _last(name: Any) -> str:
    return str(name.get("Fn::Sub", name) if isinstance(name, dict) else name).removeprefix("${AWS::StackName}-")


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (
    _alarms,
    _ages,
    _throttles,
    _together,
    _shown,
    _undelivered,
    _own_failure,
)
