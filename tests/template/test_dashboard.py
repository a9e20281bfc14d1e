"""The dashboard shows metrics that exist, of this stack alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bench.cost import ALARMS, PRICES
from local.template_check.alarms import STATISTICS
from local.template_check.reading import of_type, template_of
from suimon.freshness.figures import SPANS

ROOT = Path(__file__).parents[2]
TEMPLATE = template_of(ROOT / "template.yaml")
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
TEXT = str(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
WIDGETS: list[dict[str, Any]] = json.loads(TEXT)["widgets"]
CODE = "".join(
    path.read_text(encoding="utf-8") for place in ("functions", "src") for path in (ROOT / place).rglob("*.py")
)
# MWAA user guide, "Container, queue, and database metrics" and "Airflow metrics".
OF_MWAA = {
    "DAGDurationSuccess",
    "TaskInstanceFailures",
    "ImportErrors",
    "QueuedTasks",
    "RunningTasks",
    "SchedulerHeartbeat",
}
OF_AWS = {name for names in STATISTICS.values() for name in names} | {
    "ExecutionsStarted",
    "ExecutionsSucceeded",
    "Invocations",
}


def shown() -> set[str]:
    """Return the names of all metrics that the dashboard shows."""
    metrics = [one for widget in WIDGETS for one in widget["properties"].get("metrics", [])]
    searched = {
        name for one in metrics for name in re.findall(r'MetricName="(\w+)"', json.dumps(one).replace('\\"', '"'))
    }
    return searched | {one[1] for one in metrics if len(one) > 1 and one[0] != "..." and isinstance(one[1], str)}


def test_every_metric_on_the_dashboard_exists() -> None:
    ours = {f"Drops{state.capitalize()}" for state in re.findall(r'^    (\w+) = "\w+"$', STATES, re.MULTILINE)}
    ours |= set(re.findall(r'"(ArrivalToLoaded|Heartbeat|DeafSubscriptions)"', CODE))
    kinds = re.findall(r'^[A-Z_]+ = "(\w+ \w+)"', SWEEP, re.MULTILINE)
    ours |= {f"{kind.title().replace(' ', '')}Repaired" for kind in kinds}
    ours |= {f"LoadedByDeadline{days}Days" for days in SPANS}
    assert {"DropsTriggered", "DropsRejected", "DropsLoaded", "ArrivalToLoaded"} <= shown()
    assert shown() - ours - OF_AWS - OF_MWAA == set()


SWEEP = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/suimon/sweep").rglob("*.py"))
STATES = (ROOT / "src/suimon/drops/states.py").read_text(encoding="utf-8")


def test_the_dashboard_is_of_one_stack() -> None:
    for widget in WIDGETS:
        for metric in widget["properties"].get("metrics", []):
            if "Suimon" in json.dumps(metric):
                assert "${AWS::StackName}" in json.dumps(metric)


def test_the_dashboard_shows_every_alarm() -> None:
    alarms = {name for name, _ in of_type(TEMPLATE, "AWS::CloudWatch::Alarm")}
    [listed] = [widget["properties"]["alarms"] for widget in WIDGETS if widget["type"] == "alarm"]
    assert {one.removeprefix("${").removesuffix(".Arn}") for one in listed} == alarms


def test_widgets_do_not_lie_over_each_other() -> None:
    cells = [
        (x, y)
        for widget in WIDGETS
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_the_dashboards_price_is_that_of_the_page_on_cost() -> None:
    [widget] = [one for one in WIDGETS if "dollars" in one["properties"]["title"]]
    expression = widget["properties"]["metrics"][0][0]["expression"]
    named = [one[3].strip("${}") for one in widget["properties"]["metrics"][1:] if one[1] == "Duration"]
    for place, function in enumerate(named):
        size = RESOURCES[function]["Properties"]["MemorySize"] / 1000
        assert f"FILL(d{place}, 0) / 1000 * {size:g} * {PRICES['lambda_gb_second']:.10f}" in expression
        assert f"FILL(n{place}, 0) * {PRICES['lambda_request']:.7f}" in expression
    assert {*named} == {name for name, _ in of_type(TEMPLATE, "AWS::Serverless::Function")}
    assert len(list(of_type(TEMPLATE, "AWS::CloudWatch::Alarm"))) == ALARMS
