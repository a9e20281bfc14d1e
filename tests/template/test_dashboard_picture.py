"""The picture of the dashboard shows what the dashboard shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import boto3
import pytest
from moto import mock_aws

from local.dashboard.metrics import Curve, curves, embedded, reported, take_from_logs
from local.dashboard.picture import Shown, picture
from local.dashboard.widgets import Metric, Search, Sum, Widget, read
from local.template_check.reading import template_of

ROOT = Path(__file__).parents[2]
BODY = template_of(ROOT / "template.yaml")["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LINE = {
    "_aws": {
        "Timestamp": int(NOON.timestamp() * 1000),
        "CloudWatchMetrics": [
            {"Namespace": "Suimon", "Dimensions": [["stack", "dataset"]], "Metrics": [{"Name": "DropsLoaded"}]}
        ],
    },
    "stack": "s",
    "dataset": "sales",
    "DropsLoaded": [1.0, 2.0],
}


def test_every_widget_of_the_template_is_read() -> None:
    widgets = read(BODY)
    assert len(widgets) == len(json.loads(BODY)["widgets"])
    assert all(one.shows or one.alarms for one in widgets)


@pytest.mark.parametrize(
    ("metrics", "names"),
    [
        ([["A", "m", "d", "1"], [".", "n", ".", "."]], [("A", "m", "1"), ("A", "n", "1")]),
        (
            [["A", "m", "d", "1"], ["...", "2"], ["...", {"stat": "p99"}]],
            [("A", "m", "1"), ("A", "m", "2"), ("A", "m", "2")],
        ),
    ],
)
def test_what_repeats_the_metric_before_is_written_out(metrics: list[object], names: list[tuple[str, ...]]) -> None:
    [widget] = read(_body({"title": "t", "metrics": metrics, "stat": "Sum"}))
    assert [(one.namespace, one.name, one.dimensions[0][1]) for one in widget.shows if isinstance(one, Metric)] == names


def _body(properties: dict[str, object]) -> str:
    return json.dumps({"widgets": [{"x": 0, "y": 0, "width": 8, "height": 6, "properties": properties}]})


def test_a_search_finds_metrics_of_just_its_dimensions() -> None:
    search = Search("Suimon", frozenset({"stack", "dataset"}), "DropsLoaded", {"stack": "s"}, "Sum")
    assert search.finds({"stack": "s", "dataset": "sales"})
    assert not search.finds({"stack": "another", "dataset": "sales"})
    assert not search.finds({"stack": "s"})
    assert not search.finds({"stack": "s", "dataset": "sales", "more": "x"})


def test_a_sum_is_worth_what_its_metrics_are_and_nothing_for_those_without_a_value() -> None:
    total = Sum("FILL(d0, 0) / 1000 * 2.0 + FILL(n0, 0) * 0.5", "dollars")
    assert total.value({"d0": 3000.0, "n0": 4.0}) == pytest.approx(8.0)
    assert total.value({"n0": 4.0}) == pytest.approx(2.0)


@pytest.mark.parametrize("line", ["START RequestId: 1", "{", "[]", '{"message": "drop accepted"}'])
def test_other_lines_of_a_log_are_no_metrics(line: str) -> None:
    assert list(embedded(line)) == []


def test_the_last_line_of_an_invocation_says_how_long_it_took() -> None:
    line = "REPORT RequestId: 1-2\tDuration: 7119.5 ms\tBilled Duration: 7120 ms"
    assert {one["MetricName"]: one["Values"] for one in reported(line, "s-intake")} == {
        "Duration": [7119.5],
        "Invocations": [1.0],
    }
    assert list(reported('{"message": "REPORT"}', "s-intake")) == []


@mock_aws
def test_what_functions_log_is_drawn_with_its_dataset_and_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)  # moto answers for AWS's own addresses
    cloudwatch, logs = (boto3.client(name, region_name="ap-northeast-1") for name in ("cloudwatch", "logs"))
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="1")
    event = {"timestamp": int(NOON.timestamp() * 1000), "message": json.dumps(LINE)}
    logs.put_log_events(logGroupName="g", logStreamName="1", logEvents=[event])
    assert take_from_logs(logs, cloudwatch, ["g"], NOON - timedelta(hours=1), NOON + timedelta(hours=1)) == 2
    assert take_from_logs(logs, cloudwatch, ["g"], NOON + timedelta(hours=1), NOON + timedelta(hours=2)) == 0
    search = Search("Suimon", frozenset({"stack", "dataset"}), "DropsLoaded", {"stack": "s"}, "Sum")
    [curve] = curves(cloudwatch, Widget("t", 0, 0, 8, 6, (search,)), NOON - timedelta(minutes=5), timedelta(minutes=10))
    assert curve == Curve("sales DropsLoaded", ((NOON, 3.0),))


def test_the_picture_has_every_widget_and_says_where_there_is_no_value() -> None:
    widgets = read(BODY)
    curve = Curve("<sales> DropsLoaded", ((NOON, 1.0), (NOON + timedelta(minutes=1), 3.0)))
    shown = [(one, [curve] * 6 if one.title.startswith("Files") else []) for one in widgets]
    drawn = picture(Shown(shown, {}, NOON, timedelta(minutes=10)), "a <title>")
    root = ET.fromstring(drawn)  # noqa: S314 our own picture
    texts = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {one.title for one in widgets} <= set(texts)
    assert texts.count("the twin has no value of it") == len(widgets) - 2
    assert "and 3 more" in texts
    assert "<sales> DropsLoaded" in texts
