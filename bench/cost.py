"""What Suimon costs, in dollars: `python -m bench.cost` writes docs/cost.md, from counts and prices.

The counts are those of one good file of 1 MB (tests/functional/intake/test_requests.py compares); the prices are
AWS's list prices of US East (N. Virginia) as the authors knew them: change PRICES to your region's, and run it again.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "cost.md"
PRICES_OF: Final = "US East (N. Virginia), list prices as known in 2025"
HOURS: Final = 730  # of a month
# Dollars for one of each.
PRICES: Final = {
    "lambda_request": 0.20 / 1e6,
    "lambda_gb_second": 0.0000133334,  # arm64
    "sqs_request": 0.40 / 1e6,
    "s3_event": 1.00 / 1e6,  # an opt-in event of a service, delivered by EventBridge
    "custom_event": 1.00 / 1e6,
    "s3_put": 0.005 / 1e3,  # PUT, COPY, LIST
    "s3_get": 0.0004 / 1e3,
    "ledger_write": 0.625 / 1e6,  # on demand, 1 KB; each is written to two indexes, too
    "ledger_read": 0.125 / 1e6,
    "log_gb": 0.50,
    "alarm_month": 0.10,
    "composite_month": 0.50,
    "key_month": 1.00,
    "metric_month": 0.30,  # of one's own, by the hour in which it is written
    "dashboard_month": 3.00,  # from the account's fourth on
    "trace": 5.00 / 1e6,
    "nat_hour": 0.045,
    "storage_gb_month": 0.023,
    "worker_hour": 0.055,  # one more mw1.small worker of MWAA's, which has five slots
    "dpu_hour": 0.44,
    "rpu_hour": 0.375,
}
SLOTS: Final = 5
ALARMS: Final = 29
# What each round writes (functions/freshness/app.py): found and repaired of nine kinds, and seven more.
METRICS: Final = 2 * 9 + 7
FIGURES: Final = 4  # of a dataset, each hour (suimon.freshness.figures)
MOVES: Final = 4  # of a dataset, in an hour with a file: accepted, triggered, loaded, and how long that took


@dataclass(frozen=True)
class File:
    """Requests for one file that is good and loads, with what they are taken from."""

    name: str
    count: float
    price: str


FILE: Final = (
    File("PUT of the file, copy, contract; reads of the file", 3, "s3_put"),
    File("ranges of the file", 2, "s3_get"),
    File("S3's event", 1, "s3_event"),
    File("queue: send, receive, delete", 3, "sqs_request"),
    File("calls of intake and outcome", 2, "lambda_request"),
    # docs/bench-burst.md: a warm check of 1 MB takes a fifth of a second; outcome a tenth.
    File("intake: 0.4 s of 1.769 GB; outcome: 0.1 s of 0.5 GB", 0.4 * 1.769 + 0.1 * 0.5, "lambda_gb_second"),
    # Each of its states, its pace and marks; in the table and two indexes.
    File("ledger: 9 writes of 2 KB, three times", 9 * 2 * 3, "ledger_write"),
    File("ledger: reads", 20, "ledger_read"),
    File("the end of the run", 1, "custom_event"),
    File("logs: 4 KB", 4 / 1e6, "log_gb"),
    File("traces: all of them, up to one a second", 2, "trace"),
)
STANDING: Final = (
    (f"{ALARMS} alarms, and one of them together", ALARMS * PRICES["alarm_month"] + PRICES["composite_month"]),
    ("the topic's key", PRICES["key_month"]),
    (f"{METRICS} metrics of the rounds", METRICS * PRICES["metric_month"]),
    ("the dashboard", PRICES["dashboard_month"]),
    ("freshness: a round of 5 s every 15 minutes", HOURS * 4 * (5 * 0.5 * PRICES["lambda_gb_second"])),
    ("polling of the queue by Lambda: 5 pollers, 20 s each", HOURS * 3600 / 20 * 5 * PRICES["sqs_request"]),
)
RATES: Final = (1, 100, 10_000)


def per_file() -> float:
    """Return what a file costs in the gate, in dollars."""
    return sum(one.count * PRICES[one.price] for one in FILE)


def per_month(files_an_hour: int) -> float:
    """Return what the gate costs in a month, in dollars."""
    return sum(price for _, price in STANDING) + files_an_hour * HOURS * per_file()


def sensor_per_month(files_an_hour: int, waits_minutes: float) -> float:
    """Return what S3KeySensor's slots cost: each file's sensor holds one while it waits."""
    return files_an_hour * HOURS * waits_minutes / 60 * PRICES["worker_hour"] / SLOTS


def page() -> str:
    """Write the page."""
    rows = [f"| {one.name} | {one.count:g} | {one.count * PRICES[one.price] * 1e6:,.2f} |" for one in FILE]
    months = [
        f"| {rate:,} | {per_month(rate):,.2f} | {sensor_per_month(rate, 30):,.2f} | {sensor_per_month(rate, 5):,.2f} |"
        for rate in RATES
    ]
    glue, wakes = 2 / 60 * PRICES["dpu_hour"], 4 * HOURS * 8 / 60 * PRICES["rpu_hour"]
    figures, moves = (count * PRICES["metric_month"] for count in (FIGURES, MOVES))
    nat = PRICES["nat_hour"] * HOURS
    standing = "; ".join(f"{name} {price:.2f}" for name, price in STANDING)
    return f"""# What it costs

Written by `python -m bench.cost`. Prices: {PRICES_OF}; AWS was not asked.
Counts are of one good file of 1 MB, counted by `tests/functional/intake/test_requests.py`; no bill has been seen.

## The gate, a file

| | count | dollars a million files |
|---|---|---|
{chr(10).join(rows)}
| **together** | | **{per_file() * 1e6:,.2f}** |

So **{per_file() * 1000:.3f} dollars for 1,000 files**. Beside that a month costs
{sum(price for _, price in STANDING):.2f} dollars whatever comes: {standing}.
Each dataset adds {figures:.2f} for its figures, and up to {moves:.2f} for what its files do, if one comes each hour; a
daily file adds a tenth of that. Metrics are what many small datasets pay for: 100 of them {100 * figures:.0f} dollars.

## A month, in dollars

| files an hour | the gate | an `S3KeySensor` each that waits 30 minutes | that waits 5 minutes |
|---|---|---|---|
{chr(10).join(months)}

The sensor's figure is of slots on MWAA's smallest additional worker, {SLOTS} to each, at {PRICES["worker_hour"]}
dollars an hour. An `AssetWatcher` holds no slot: it costs the polling of its queue by the triggerer, which runs anyway,
and checks nothing.

## What costs more than the gate

- **Glue**: a run of two G.1X workers is paid for a minute at least: {glue:.4f} dollars a file, {glue / per_file():,.0f}
  times the gate.
- **MWAA**: the environment itself, some 0.49 dollars an hour for mw1.small. Its logs are kept for ever unless you say
  otherwise ([the environment](environment.md)).
- **The NAT** of the network that `environment.yaml` makes: {nat:.0f} dollars a month, and 45 a TB; S3 goes past it.
- **Redshift Serverless**: for a minute at least from the first second of a query, with 8 RPU: a question every 15
  minutes would cost {wakes:,.0f} dollars a month by itself, which is why a table is asked seldom.
- **Storage**: each file lies in the raw bucket and in the lake, {2 * PRICES["storage_gb_month"]:.3f} dollars a GB and
  month ([retention](operations/retention.md)).
"""


def main() -> int:
    """Write docs/cost.md."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
