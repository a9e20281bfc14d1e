"""The metrics of a stack in the twin: what its functions wrote into their logs, and what the emulator counts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from local.dashboard.widgets import Metric, Search, Sum

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta

    from local.dashboard.widgets import Widget

PERIOD: Final = 60  # seconds; CloudWatch's finest for what AWS services count
BATCH: Final = 20
FED_BY_A_QUEUE: Final = "-intake"  # the emulator counts what is called, and not what a queue feeds
_REPORT: Final = re.compile(r"REPORT RequestId: \S+\s+Duration: ([\d.]+) ms")


@dataclass(frozen=True)
class Curve:
    """What a widget shows of one metric: a label, and values by the beginnings of their periods."""

    label: str
    points: tuple[tuple[datetime, float], ...]


def embedded(line: str) -> Iterator[dict[str, Any]]:
    """Yield what CloudWatch takes from a line of a log in its embedded metric format, as PutMetricData has it."""
    try:
        written = json.loads(line)
    except ValueError:
        return
    if not isinstance(written, dict) or "_aws" not in written:
        return
    at = datetime.fromtimestamp(written["_aws"]["Timestamp"] / 1000, UTC)
    for directive in written["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = [{"Name": name, "Value": str(written[name])} for name in names]
            for metric in directive["Metrics"]:
                values = written[metric["Name"]]
                yield {
                    "Namespace": directive["Namespace"],
                    "MetricName": metric["Name"],
                    "Dimensions": dimensions,
                    "Timestamp": at,
                    "Values": values if isinstance(values, list) else [values],
                }


def reported(line: str, function: str) -> Iterator[dict[str, Any]]:
    """Yield what Lambda counts of an invocation, by the line that it ends the function's log with."""
    if found := _REPORT.match(line):
        at = {"Namespace": "AWS/Lambda", "Dimensions": [{"Name": "FunctionName", "Value": function}]}
        yield at | {"MetricName": "Duration", "Values": [float(found.group(1))]}
        yield at | {"MetricName": "Invocations", "Values": [1.0]}


def take_from_logs(logs: Any, cloudwatch: Any, groups: list[str], begin: datetime, end: datetime) -> int:
    """Put into CloudWatch what AWS takes from log groups by itself, of what was logged in [begin, end); count it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for group in groups:
        function = group.rpartition("/")[2]
        times = {"startTime": _milliseconds(begin), "endTime": _milliseconds(end)}
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **times)
        for page in pages:
            for event in page["events"]:
                at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                lambdas = reported(event["message"], function) if function.endswith(FED_BY_A_QUEUE) else ()
                for one in (*embedded(event["message"]), *({**one, "Timestamp": at} for one in lambdas)):
                    found.setdefault(one.pop("Namespace"), []).append(one)
    for namespace, data in found.items():
        for first in range(0, len(data), BATCH):
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[first : first + BATCH])
    return sum(len(one["Values"]) for data in found.values() for one in data)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def curves(cloudwatch: Any, widget: Widget, begin: datetime, span: timedelta) -> list[Curve]:
    """Return what a widget shows of a span of time; nothing of metrics without a value in it."""
    named = {metric: _values(cloudwatch, metric, begin, span) for metric in _metrics(cloudwatch, widget)}
    drawn = [
        Curve(_label(metric), tuple(sorted(values.items())))
        for metric, values in named.items()
        if metric.visible and values
    ]
    for one in widget.shows:
        if isinstance(one, Sum):
            by_id = {metric.id: values for metric, values in named.items()}
            times = sorted({at for values in by_id.values() for at in values})
            rate = widget.period / PERIOD  # what a whole period of it would come to
            points = tuple(
                (at, rate * one.value({name: of.get(at, 0.0) for name, of in by_id.items()})) for at in times
            )
            drawn += [Curve(one.label, points)] if points else []
    return drawn


def _metrics(cloudwatch: Any, widget: Widget) -> Iterator[Metric]:
    for one in widget.shows:
        if isinstance(one, Metric):
            yield one
        elif isinstance(one, Search):
            for dimensions in _listed(cloudwatch, one):
                yield Metric(one.namespace, one.name, tuple(dimensions.items()), one.stat)


def _listed(cloudwatch: Any, search: Search) -> Iterator[Mapping[str, str]]:
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=search.namespace, MetricName=search.name)
    for page in pages:
        for metric in page["Metrics"]:
            dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
            if search.finds(dimensions):
                yield dimensions


def _values(cloudwatch: Any, metric: Metric, begin: datetime, span: timedelta) -> dict[datetime, float]:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    asked = {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    query = {"Id": "m", "MetricStat": {"Metric": asked, "Period": PERIOD, "Stat": metric.stat}}
    [found] = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=begin, EndTime=begin + span)[
        "MetricDataResults"
    ]
    return dict(zip(found["Timestamps"], found["Values"], strict=True))


def _label(metric: Metric) -> str:
    """Return what tells a metric of a widget from its neighbours: dataset or resource, name, percentile."""
    about = [value for name, value in metric.dimensions if name not in {"stack", "service"}]
    percentile = [metric.stat] if metric.stat.startswith("p") else []
    return " ".join([*about, metric.name, *percentile])
