"""`python -m local.dashboard FILE`: draw the dashboard of the stack in the twin that is up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from local.dashboard.metrics import PERIOD, curves, take_from_logs
from local.dashboard.picture import Shown, picture
from local.dashboard.widgets import read
from local.twin import NoTwinError, load, runtime_folder

if TYPE_CHECKING:
    from local.twin import Twin

STACK: Final = "suimon-local"
ROOT: Final = Path(__file__).resolve().parents[2]


@click.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--minutes", type=click.IntRange(5, 180), default=15, show_default=True, help="How far back it looks.")
def main(target: Path, minutes: int) -> None:
    """Draw the dashboard of the twin's stack into TARGET, an SVG, by the metrics of the last minutes."""
    try:
        twin = load(runtime_folder(ROOT))
    except NoTwinError as error:
        raise click.ClickException(str(error)) from error
    now, taken = datetime.now(UTC), twin.runtime / "dashboard.taken"
    before = datetime.fromisoformat(taken.read_text(encoding="utf-8")) if taken.exists() else now - timedelta(days=1)
    fill(twin, STACK, before, now)
    taken.write_text(now.isoformat(), encoding="utf-8")  # or a second picture would count everything twice
    end = now.replace(second=0, microsecond=0) + timedelta(seconds=PERIOD)
    drawn = picture(shown(twin, STACK, end, timedelta(minutes=minutes)), f"The dashboard of {STACK}, in the twin")
    target.write_text(drawn, encoding="utf-8")
    click.echo(f"{target}")


def fill(twin: Twin, stack: str, begin: datetime, end: datetime) -> None:
    """Take the metrics from what the functions of a stack have logged in a span of time."""
    session: Any = twin.session()
    logs = session.client("logs")
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"/aws/lambda/{stack}-")
    groups = [one["logGroupName"] for page in pages for one in page["logGroups"]]
    take_from_logs(logs, session.client("cloudwatch"), groups, begin, end)


def shown(twin: Twin, stack: str, end: datetime, span: timedelta) -> Shown:
    """Return what a stack's dashboard in the twin shows of a span of time until `end`."""
    cloudwatch: Any = twin.session().client("cloudwatch")
    widgets = read(cloudwatch.get_dashboard(DashboardName=stack)["DashboardBody"])
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stack}-")
    alarms = {alarm["AlarmName"]: alarm["StateValue"] for page in pages for alarm in page["MetricAlarms"]}
    begin = end - span
    return Shown([(one, curves(cloudwatch, one, begin, span)) for one in widgets], alarms, begin, span)


if __name__ == "__main__":
    main()
