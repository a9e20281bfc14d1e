"""The tables of the terminal and of docs/bench-burst.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.burst.course import AIRFLOW_THREADS, WARM_UP
from suimon.mwaa.pace import REQUESTS_PER_SECOND

if TYPE_CHECKING:
    from bench.burst.course import Result

MWAA_PER_SECOND: Final = 10
MEDIAN, TAIL = 1.0, 3.0  # seconds that one file may take from PUT to queued run

_HOW = """\
The benchmark starts a twin of its own (the deployed stack with IAM enforced, real Airflow), pauses the DAG, so that
runs wait in Airflow's queue and what they would do there is not measured, and sends files of sales, each of a day of
its own, with the rights of an upstream system. Times are from before the PUT until the moment that Airflow itself
notes as the run's `queued_at`. Percentiles are nearest ranks.

First come {single} files of {single_size} one by one, each when the one before it has its run; the first of all, which
also starts the function, and the {warm} after it are not counted in. Then come {files:,} files of {size} from
{threads} threads, as fast as S3 takes them. Afterwards three sides are asked separately and held against each other:
every version in the bucket, every drop in the ledger, every run in Airflow.

MWAA takes {mwaa} requests a second, and the gate needs one for each file, so that no gate can be faster; Suimon keeps
to {pace} over all its functions together and leaves one to people. In the burst a file waits for those before it: its
time is the length of the queue. What Airflow takes by itself is measured at the same twin, with the same conf, by
{airflow} connections and {direct} runs. Sender, gate, emulator, Airflow and benchmark share the machine's processors.
No test asserts on a figure."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: every column after the first stands to the right, but for `words` at the end."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 0


def sheets(result: Result) -> tuple[Sheet, ...]:
    """Return what was measured as tables."""
    return (_targets(result), _burst(result), _limits(result), _account(result), _processor(result))


def page(result: Result, machine: str, made_by: str) -> str:
    """Return the page as Markdown."""
    plan = result.plan
    how = _HOW.format(
        single=plan.single,
        single_size=_size(result.single_bytes),
        warm=WARM_UP,
        files=plan.files,
        size=_size(result.file_bytes),
        threads=plan.threads,
        mwaa=MWAA_PER_SECOND,
        pace=REQUESTS_PER_SECOND,
        airflow=AIRFLOW_THREADS,
        direct=plan.direct,
    )
    parts = [
        "# A burst of files",
        f"Made by `{made_by}` on {machine}.",
        "![Files put and runs queued over time](bench-burst.svg)",
        *(f"## {sheet.title}\n\n{_table(sheet)}" for sheet in sheets(result)),
        f"## How it is measured\n\n{how}",
    ]
    return "\n\n".join(parts) + "\n"


def _targets(result: Result) -> Sheet:
    account, single = result.account, result.single
    lost = account.without_record + account.without_run
    rows = (
        (f"{account.files:,} files: none lost", f"{lost:,}", _met(lost == 0)),
        ("none twice", f"{account.twice:,}", _met(account.twice == 0)),
        (f"one file by itself: half within {MEDIAN:.0f} s", f"{single.p50:.2f} s", _met(single.p50 < MEDIAN)),
        (f"one file by itself: 99 of 100 within {TAIL:.0f} s", f"{single.p99:.2f} s", _met(single.p99 < TAIL)),
    )
    return Sheet("Targets", ("target", "measured", ""), rows, words=1)


def _burst(result: Result) -> Sheet:
    burst, single = result.burst, result.single
    rows = (
        ("from the first PUT to the last queued run", f"{burst.seconds:,.0f} s"),
        ("of it until the last PUT", f"{burst.put_seconds:,.0f} s"),
        ("files through the gate, over all", f"{burst.per_second:.2f} a second"),
        ("files through the gate, without the first and the last tenth", f"{burst.in_the_middle:.2f} a second"),
        ("PUT to queued run in the burst, p50", f"{burst.to_queued.p50:,.0f} s"),
        ("PUT to queued run in the burst, p99", f"{burst.to_queued.p99:,.0f} s"),
        ("check and copy in the burst, p50", f"{burst.in_check.p50:.2f} s"),
        ("check and copy in the burst, p99", f"{burst.in_check.p99:.2f} s"),
        ("PUT to queued run, one by one, p50", f"{single.p50:.2f} s"),
        ("PUT to queued run, one by one, p99", f"{single.p99:.2f} s"),
        ("PUT to queued run, the first file of all", f"{result.first:.2f} s"),
    )
    return Sheet(f"{burst.files:,} files of {_size(result.file_bytes)} at once", ("", "measured"), rows)


def _limits(result: Result) -> Sheet:
    burst = result.burst
    rows = tuple(
        (who, f"{rate:.2f}", f"{burst.files / rate:,.0f} s")
        for who, rate in (
            ("Airflow by itself", result.direct_per_second),
            ("MWAA", float(MWAA_PER_SECOND)),
            ("what Suimon allows itself", float(REQUESTS_PER_SECOND)),
            ("what came through the gate", burst.per_second),
        )
    )
    return Sheet("Who sets the limit", ("", "runs a second", f"for {burst.files:,} files"), rows)


def _account(result: Result) -> Sheet:
    account = result.account
    rows = (
        ("versions in the bucket", f"{account.files:,}"),
        ("without a record in the ledger", f"{account.without_record:,}"),
        ("without a run", f"{account.without_run:,}"),
        ("runs beyond one a drop", f"{account.twice:,}"),
        ("runs of no drop", f"{account.foreign:,}"),
        ("drops in another state than TRIGGERED", f"{account.elsewhere:,}"),
        ("messages left in the queues", f"{result.dead_letters:,}"),
    )
    return Sheet("The account", ("", "count"), rows)


def _processor(result: Result) -> Sheet:
    files = result.burst.files
    rows = tuple(
        (name, f"{seconds:,.1f}", f"{seconds / files * 1000:,.0f}")
        for name, seconds in result.processor.items()
        if seconds / files > 0.0005  # noqa: PLR2004 half a millisecond: it would be shown as 0
    )
    header = ("part of the twin", "seconds", "milliseconds a file")
    return Sheet("Where the processors went", header, rows)


def _met(met: bool) -> str:  # noqa: FBT001 the condition is the point
    return "met" if met else "not met"


def _size(number: int) -> str:
    return f"{number / 1_000_000:.1f} MB" if number >= 100_000 else f"{number / 1000:.1f} kB"  # noqa: PLR2004 0.1 MB


def _table(sheet: Sheet) -> str:
    columns = len(sheet.header)
    rule = ["---", *(["---:"] * (columns - 1 - sheet.words)), *(["---"] * sheet.words)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (sheet.header, rule, *sheet.rows))
