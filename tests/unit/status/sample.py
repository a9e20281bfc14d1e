"""A stack on a bad morning, and its page: docs/sample/status.html (`python -m tests.unit.status.sample`)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from suimon.contract.partition import partition_of
from suimon.drops.wording import Bilingual
from suimon.freshness.expected import FileState
from suimon.freshness.figures import SPANS, Share
from suimon.freshness.forecast import Expected
from suimon.incidents.about import About
from suimon.incidents.incident import ByPerson, Incident, Stage
from suimon.incidents.kinds import Kind, Severity
from suimon.status.overview import Held, overview
from suimon.status.page import page

if TYPE_CHECKING:
    from suimon.contract.file import Language
    from suimon.status.overview import Overview

FILE = Path(__file__).parents[3] / "docs" / "sample" / "status.html"
NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
TODAY = date(2026, 11, 20)
ZONE = "Asia/Tokyo"
S = FileState
# Of each dataset the rows of a day, and the states of the newest dates, the newest first; before them all was in time.
DATASETS: dict[str, tuple[int, list[FileState]]] = {
    "sales": (1_204_331, [S.NOT_DUE, S.REJECTED, S.LOADED, S.LOADED_LATE]),
    "orders": (88_210, [S.NOT_DUE, S.MISSING, S.LOADED, S.LOADED]),
    "inventory": (5_120, [S.NOT_DUE, S.LOADING]),
    "payments": (412_903, [S.NOT_DUE, S.LATE, S.LOADED_LATE, S.LOADED, S.LOADED_LATE]),
    "returns": (961, [S.NOT_DUE, S.HELD, S.HELD]),
    "shipments": (30_448, [S.NOT_DUE, S.NOT_LOADED]),
    "stores": (412, [S.NOT_DUE, S.WAIVED]),
    "user_events": (48_201_559, [S.NOT_DUE, S.LOADED]),
}


def expected(dataset: str, step: int, state: FileState, rows: int, note: str = "") -> Expected:
    """Return the date so many days before today."""
    day = TODAY - timedelta(days=step)
    due = datetime(day.year, day.month, day.day, 6, tzinfo=ZoneInfo(ZONE)) + timedelta(days=1)
    hours = {S.LOADED: -2, S.LOADED_LATE: 3}.get(state)
    return Expected(
        dataset=dataset,
        partition=day.isoformat(),
        key=f"{dataset}/{day}/{dataset}.csv",
        deadline=due,
        time_zone=ZONE,
        state=state,
        note=note,
        loaded_at=due + timedelta(hours=hours) if hours else None,
        rows=rows + 37 * step if hours else None,
    )


def dates() -> list[Expected]:
    """Return ninety days of every dataset."""
    found = []
    for name, (rows, newest) in DATASETS.items():
        for step in range(91):
            state = newest[step] if step < len(newest) else S.LOADED_LATE if step % 29 == len(name) else S.LOADED
            if name != "orders" or (TODAY - timedelta(days=step)).weekday() < 5:
                found.append(expected(name, step, state, rows))
    return found


def of_units() -> list[Expected]:
    """Return the files of datasets that have one an hour, a week or a month."""
    weeks = [f"2026-W{week}" for week in range(42, 48)]
    months = [f"2026-{month:02}" for month in range(5, 12)]
    hours = [f"{TODAY - timedelta(days=back)}T{hour:02}" for back in (2, 1, 0) for hour in range(24)]
    named = {
        "clicks": (hours, {hours[41]: S.MISSING, hours[50]: S.LATE}, 18_204),
        "payroll": (months, {"2026-08": S.LOADED_LATE, "2026-11": S.NOT_DUE}, 1_310),
        "stocktake": (weeks, {"2026-W46": S.REJECTED, "2026-W47": S.NOT_DUE}, 40_771),
    }
    found = []
    for name, (partitions, states, rows) in named.items():
        for partition in partitions:
            waits = name == "clicks" and partition > hours[50]
            state = states.get(partition, S.NOT_DUE if waits else S.LOADED)
            one = expected(name, 0, state, rows)
            ends = partition_of(partition).ends(ZONE)
            due = (ends or NOW).astimezone(ZoneInfo(ZONE)) + timedelta(minutes=45 if name == "clicks" else 6 * 60)
            came = due + timedelta(hours=3 if state is S.LOADED_LATE else -0.5) if one.loaded_at else None
            found.append(replace(one, partition=partition, deadline=due, loaded_at=came))
    return found


def incident(kind: Kind, subject: str, about: About, severity: Severity, *, at_it: bool = False) -> Incident:
    """Return an open incident."""
    opened = NOW - timedelta(hours=3, minutes=29)
    by = ByPerson("arn:aws:iam::1:user/ann", NOW, "asking") if at_it else None
    return Incident(
        kind,
        about,
        Stage.OPEN,
        "",
        subject,
        opened,
        opened,
        severity=severity,
        body="a personal value",
        acknowledged=by,
    )


def incidents() -> list[Incident]:
    """Return what is open, the worst first."""
    error, warning, day = Severity.ERROR, Severity.WARNING, "2026-11-19"
    sales = About(dataset="sales", partition=day, key=f"sales/{day}/sales_data.csv", drop_id="c53e0ef825d8ee2b")
    return [
        incident(
            Kind.REJECTED,
            Bilingual(f"sales {day} rejected: sales_data.csv", f"sales {day} 受け入れ不可: sales_data.csv"),
            sales,
            error,
            at_it=True,
        ),
        incident(
            Kind.MISSING_FILE,
            Bilingual(f"orders {day}: the file never came", f"orders {day}: ファイル未着"),
            About(dataset="orders", partition=day),
            error,
        ),
        incident(
            Kind.RUN_FAILED,
            Bilingual(f"shipments {day}: the run failed", f"shipments {day} 取り込み失敗"),
            About(dataset="shipments", partition=day),
            error,
        ),
        incident(
            Kind.QUEUED,
            Bilingual(
                "payments_etl: a run has waited for two hours",
                "payments_etl: 実行が 2 時間以上 Airflow のキューで待っています",
            ),
            About(dataset="payments"),
            warning,
        ),
    ]


def sample() -> Overview:
    """Return what stands on the page."""
    held = [Held("returns", NOW - timedelta(days=1), None)]
    found = sorted([*dates(), *of_units()], key=lambda one: (one.dataset, one.partition))
    names = sorted({one.dataset for one in found})
    return overview(found, incidents(), held, names, ["catalogue"], [], shares())


def shares() -> dict[str, tuple[Share, ...]]:
    """Return the shares in time as the hourly figures have them."""
    found = {}
    for name in DATASETS:
        due = [one for one in dates() if one.dataset == name and one.deadline <= NOW and one.state is not S.WAIVED]
        spans = [[one for one in due if one.deadline > NOW - timedelta(days=days)] for days in SPANS]
        found[name] = tuple(Share(sum(one.state is S.LOADED for one in span), len(span)) for span in spans)
    return found


def sample_page(language: Language = "en") -> str:
    """Return the page."""
    return page(sample(), "suimon-prod", NOW, language)


if __name__ == "__main__":
    FILE.write_text(sample_page(), encoding="utf-8")
    FILE.with_name("status.ja.html").write_text(sample_page("ja"), encoding="utf-8")
