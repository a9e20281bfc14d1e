"""One e-mail of each kind and language, as its reader gets it: what the golden files hold.

`python -m tests.unit.incidents.mails` writes them again; read the difference as somebody who was woken by it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suimon.contract.arrival import Arrival
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.owner import Owner
from suimon.contract.set_rule import SetRule
from suimon.contract.table_freshness import Age, TableFreshness
from suimon.drops.drop import Drop, DropRecord
from suimon.drops.failure import Failure
from suimon.drops.hold import Hold
from suimon.drops.match import Match
from suimon.drops.run_finished_event import RunFinished
from suimon.drops.sets import DropSet, Member
from suimon.drops.states import State as DropState
from suimon.incidents.about import About
from suimon.incidents.grouping import ToldGroup
from suimon.incidents.incident import ByPerson, Event, Notice, Problem, Told
from suimon.incidents.kinds import IncidentId, Kind
from suimon.incidents.lifecycle import notice_about, notice_of, reported
from suimon.incidents.messages import airflow, files, holds, missing_and_stale, sets, sweep
from suimon.incidents.messages.failing import failing
from suimon.incidents.messages.groups import all_over, told_alone, told_together
from suimon.incidents.messages.recoveries import came_back, closed_by_hand, ended_by_itself, file_is_loaded, recovered
from suimon.incidents.messages.reminders import still_open
from suimon.incidents.recipients import Recipients
from suimon.incidents.rendering import Rendered, concern_of, rendered
from suimon.incidents.table_age import TableAge
from suimon.mwaa.not_started import Cause, NotStarted
from suimon.mwaa.run_state import CannotAskError, RunState
from suimon.warehouse.table_state import TableState
from tests.unit.drop_records import NOON, drop_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from suimon.contract.file import Language

GOLDEN = Path(__file__).with_name("golden")
STACK, DAG, TABLE = "suimon-prod", "daily_sales_etl", TableFreshness("sales_fact", "order_date", Age(3))
HOUR = timedelta(hours=1)
KEY = "sales/2026-11-20/sales_data.csv"
FINDINGS: dict[str, str] = {
    "en": "2 faults in 1,204 records:\n  record 17, quantity: “12O” is no whole number\n"
    "  record 301, email: ●●●● has no @",
    "ja": "1,204 件中 2 件の誤り:\n  レコード 17、quantity: 「12O」は整数ではありません\n"
    "  レコード 301、email: ●●●● に @ がありません",
}
DATES = {
    "en": "The file is for 2062-11-20; the contract takes none after 2026-11-24.",
    "ja": "対象日は 2062-11-20 です。契約では 2026-11-24 より後を受け付けません。",
}
VOLUME = {
    "en": "rows: 400, which is 40 % of the median 1,000 of 5 comparable days; the contract takes 50 % or more.",
    "ja": "rows は 400 で、比較できる 5 日の中央値 1,000 の 40 % です。契約では 50 % 以上が必要です。",
}
REPORT = "https://reports.example/2026-11-20/report.html"


def contract(language: str) -> Contract:
    """Return the contract of sales in a language."""
    whole = Contract(
        dataset="sales",
        version="1.0.0",
        table="sales_fact",
        dag_id=DAG,
        key_pattern=KeyPattern("sales/{ds}/sales_data.csv"),
        arrival=Arrival.from_json(
            {"days_after": 1, "deadline": "06:00", "time_zone": "Asia/Tokyo", "lookback_days": 5}
        ),
        owner=Owner("Sales data", "mailto:sales-data@example.com"),
    )
    return replace(whole, language=language)  # type: ignore[arg-type]  # one of two


def record(state: DropState = DropState.VALIDATING, **changes: Any) -> DropRecord:
    """Return the drop that everything is about."""
    return replace(drop_record(state, KEY, version="v1", rows=1_204), **changes)


def _run(committed: bool | None) -> RunFinished:  # noqa: FBT001 as the event has it
    task = "check_quality" if committed else "load_redshift"
    reason = "rate of cancelled orders is 0.31, allowed is 0.05" if committed else "COPY failed: out of disk"
    return RunFinished(
        record().id, 1, DAG, record().run_id, DropState.FAILED, {}, task, reason, "https://logs.example/1", committed
    )


def _misdated() -> DropRecord:
    drop = drop_record(DropState.VALIDATING, "sales/2062-11-20/sales_data.csv", version="v1", rows=0)
    return replace(drop, match=Match("sales", "2062-11-20"))


def _set(language: str) -> tuple[DropSet, SetRule, KeyPattern]:
    del language
    rule = SetRule(shards=3, manifest=None, marker=None, reload=False, complete_within_minutes=60)
    whole = DropSet("sales", "2026-11-20", members={"tokyo": Member("0123", "01")}, waiting_since=NOON)
    return whole, rule, KeyPattern("sales/{ds}/{shard}.csv")


def _failing() -> Problem:
    failure = Failure(DropState.VALIDATING, 1, NOON - HOUR, NOON, 7, "AccessDenied", "User is not allowed: kms:Decrypt")
    return failing("sales", "AccessDenied", [record(failure=failure)])


def _not_started(cause: Cause) -> Callable[[str], Problem]:
    why = NotStarted(cause, "Airflow answers 404: DAG not found")
    return lambda _: airflow.not_triggered("prod-airflow", DAG, record(DropState.ACCEPTED), why)


STALE = {
    TableState.STALE: TableAge(whole=6, counted=4),
    TableState.BEHIND: TableAge(whole=1, counted=1),
    TableState.EMPTY: TableAge(),
    TableState.NO_VALUE: TableAge(),
    TableState.FUTURE: TableAge(whole=-30, counted=-30),
    TableState.AGING: TableAge(whole=3, counted=3),
}
# By the clock: seven hours and twelve minutes.
HOURS = TableFreshness("events", "arrived_at", Age(12, "h"), warn_after=Age(6, "h"))
OLD = TableAge(whole=432, counted=432, by_the_clock=True)


def _stale(state: TableState) -> Callable[[str], Problem]:
    table = replace(TABLE, warn_after=Age(2)) if state is TableState.AGING else TABLE
    return lambda _: _of_sales(missing_and_stale.stale_table(table, state, STALE[state]))


def _by_the_clock(state: TableState, age: TableAge) -> Callable[[str], Problem]:
    return lambda _: _of_sales(missing_and_stale.stale_table(HOURS, state, age))


def _of_sales(problem: Problem) -> Problem:
    """Return the problem as the freshness function reports it: it adds the dataset."""
    return replace(problem, about=replace(problem.about, dataset="sales"))


# A name is a kind, or a kind and which of its messages.
MAILS: dict[str, Callable[[str], Problem]] = {
    "rejected": lambda lang: files.rejected(record(), contract(lang), FINDINGS[lang], f"Report: {REPORT}"),
    "misdated": lambda lang: files.rejected(_misdated(), contract(lang), DATES[lang], f"Report: {REPORT}"),
    "gone": lambda lang: files.gone(record(), contract(lang)),
    "gone.again": lambda lang: files.gone(record(attempt=2), contract(lang)),
    "imperfect": lambda lang: files.imperfect(record(), contract(lang), 2, FINDINGS[lang], "s3://lake/aside/1/bad.csv"),
    "imperfect.warning": lambda lang: files.imperfect(record(), contract(lang), 0, FINDINGS[lang], ""),
    "volume": lambda lang: files.unusual_volume(record(), VOLUME[lang]),
    "unmatched": lambda lang: files.no_contract(
        Drop("raw", "sales/2026-11-20/sale_data.csv", "v1", "e1", 10, "01"), Contracts((contract(lang),)), NOON
    ),
    "unmatched.no-date": lambda lang: files.no_contract(
        Drop("raw", "sales/2026-02-30/sales_data.csv", "v1", "e1", 10, "01"), Contracts((contract(lang),)), NOON
    ),
    "set-closed": lambda lang: sets.closed(record(), _set(lang)[0]),
    "run-failed": lambda _: files.run_failed(record(), _run(committed=False)),
    "run-failed.after-commit": lambda _: files.run_failed(record(), _run(committed=True)),
    "run-failed.unknown": lambda _: files.run_failed(record(), _run(committed=None)),
    "missing-file": lambda lang: missing_and_stale.file_never_came(contract(lang), "2026-11-20", NOON),
    "missing-file.late": lambda lang: missing_and_stale.file_is_late(contract(lang), "2026-11-20", NOON),
    "incomplete-set": lambda lang: sets.incomplete(*_set(lang), NOON + HOUR),
    **{f"stale-table.{state.replace(' ', '-')}": _stale(state) for state in STALE},
    "stale-table.aging-by-the-clock": _by_the_clock(TableState.AGING, OLD),
    "stale-table.by-the-clock": _by_the_clock(TableState.STALE, TableAge(whole=4_000, counted=800, by_the_clock=True)),
    "stale-table.ahead-by-the-clock": _by_the_clock(
        TableState.FUTURE, TableAge(whole=-540, counted=-540, by_the_clock=True)
    ),
    "unreadable-table": lambda _: missing_and_stale.unreadable_table(
        TABLE, "database analytics of workgroup main", "UnfinishedError", "no answer in 60 s"
    ),
    "unreadable-table.locked": lambda _: missing_and_stale.unreadable_table(
        TABLE,
        "database analytics of workgroup main",
        "locked",
        "statement d9b6c0c9 is STARTED and not finished after 60 s: it waits for a lock that another transaction has, "
        "and was cancelled",
    ),
    "paused": lambda _: airflow.paused(DAG),
    "dag-gone": lambda _: airflow.dag_is_gone(DAG),
    "queued": lambda _: airflow.runs_queued(DAG, [record()] * 12, [record()] * 9),
    "hanging": lambda _: airflow.run_hangs(record(), DAG, RunState("running", {}), "airflow.example"),
    "airflow-silent": lambda _: airflow.airflow_silent([record()] * 3, CannotAskError("Airflow answers 503")),
    **{str(cause): _not_started(cause) for cause in Cause},
    "failing": lambda _: _failing(),
    "stuck": lambda _: sweep.stuck_drops("sales", [record()]),
    "orphaned": lambda _: sweep.orphaned_drops("sales", [record(DropState.ACCEPTED)]),
    "held": lambda _: holds.held(
        Hold(dataset="sales", reason="the sender resends November", who="ann", since=NOON, until=NOON + HOUR),
        [record(DropState.ACCEPTED)],
        "Asia/Tokyo",
    ),
    "undeliverable": lambda _: sweep.undeliverable_messages(
        "suimon-prod-reports", ["undeliverable/intake-dead/1.json"], NOON
    ),
    "sweep-failed": lambda _: sweep.sweep_failed("whole bucket", "ClientError: SlowDown"),
    "unexplained": lambda _: sweep.unexplained_left({"lost event": (2, [KEY])}),
    "unusable": lambda _: sweep.left_out({"drop#0123": "KeyError: 'state'"}),
}


def mail_of(problem: Problem, language: Language) -> Rendered:
    """Return what is published of a problem."""
    return published(notice_of(problem, Event.OPENED), language)


def published(notice: Notice, language: Language) -> Rendered:
    """Return what is published of a notice."""
    recipient = Recipients.of(Contracts((contract(language),))).to(concern_of(notice))
    return rendered(notice, recipient, STACK, NOON)


def all_mails() -> Iterator[tuple[str, str]]:
    """Yield the name of each golden file and what it holds."""
    languages: tuple[Language, ...] = ("en", "ja")
    for language in languages:
        for name, build in MAILS.items():
            yield f"{name}.{language}.txt", _written(mail_of(build(language), language))
        problem = MAILS["rejected"](language)
        one = replace(reported(problem, None, Told.ALONE, NOON), opened_at=NOON - HOUR)
        by = ByPerson("ann", NOON, "the sender has been told", NOON + HOUR)
        muted = replace(one, told=Told.MUTED, muted_by="mwaa-away:prod-airflow")
        others = {
            "recovered": notice_about(one, Event.RECOVERED, *recovered(one, NOON, file_is_loaded(record()))),
            "came-back": notice_about(one, Event.REOPENED, *came_back(one)),
            "closed": notice_about(one, Event.CLOSED, *closed_by_hand(replace(one, closed=by))),
            "ended-by-itself": notice_about(one, Event.CLOSED, *ended_by_itself(one)),
            "muted-before": notice_about(muted, Event.OPENED, *told_alone(muted, NOON)),
            "worsened": notice_about(one, Event.WORSENED, *told_alone(replace(one, told=Told.WORSE), NOON)),
            "snoozed-before": notice_about(one, Event.REMINDED, *told_alone(replace(one, snoozed=by), NOON + 2 * HOUR)),
            "together": Notice(
                Event.GROUPED,
                IncidentId(Kind.REJECTED, ("sales",)),
                Kind.REJECTED,
                one.severity,
                About(dataset="sales"),
                *told_together(Kind.REJECTED, [one] * 12, 30),
                (one,) * 12,
            ),
            "all-over": all_over(ToldGroup(Kind.REJECTED, "sales", (one.about,))),
            "all-over.closed": all_over(ToldGroup(Kind.IMPERFECT, "sales", (one.about,)), closed=2, others=3),
            "muted-for-long": notice_about(muted, Event.OPENED, *told_alone(muted, NOON, is_explained=True)),
            "reminder": still_open([one, replace(one, acknowledged=by)], "Asia/Tokyo"),
        }
        for name, notice in others.items():
            yield f"{name}.{language}.txt", _written(published(notice, language))


def _written(sent: Rendered) -> str:
    return f"Subject: {sent.subject}\n\n{sent.mail}"


if __name__ == "__main__":
    for name, text in all_mails():
        (GOLDEN / name).write_text(text, encoding="utf-8")
