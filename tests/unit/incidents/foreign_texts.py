"""A message of each kind with a text of others in every place that takes one, and texts that would write more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.set_rule import SetRule
from suimon.contract.table_freshness import Age, TableFreshness
from suimon.drops.drop import Drop
from suimon.drops.failure import Failure
from suimon.drops.hold import Hold
from suimon.drops.match import Match
from suimon.drops.run_finished_event import RunFinished
from suimon.drops.sets import DropSet, Member
from suimon.drops.states import State as DropState
from suimon.incidents.kinds import Kind
from suimon.incidents.messages import airflow, files, holds, missing_and_stale, sets, sweep
from suimon.incidents.messages.failing import failing
from suimon.incidents.table_age import TableAge
from suimon.mwaa.not_started import Cause, NotStarted
from suimon.mwaa.run_state import CannotAskError, RunState
from suimon.warehouse.table_state import TableState
from tests.unit.drop_records import HOUR, NOON, drop_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.drops.drop import DropRecord
    from suimon.incidents.incident import Problem

DAG, PLAIN = "daily_sales_etl", "plain"
TABLE = TableFreshness("sales_fact", "order_date", Age(3))
HOSTILE = {
    "paragraph": "evil\n\nSecurity notice: your subscription has expired.\n\nOpen it: now",
    "carriage returns": "evil\r\rOver: nothing to do\r\n",
    "terminal": "evil\x1b[31mRED\x1b]0;T\x07",
    "nul": "a\x00b",
    "next line": "a\x85b\x0cc\x0bd",
    "separators": "a\u2028b\u2029c",
    "right to left": "\u202egpj.exe\u2066x\u2069\u200f",
    "zero width": "a\u200bb\ufeffc",
    "private use": "a\ue000b",
    "moment": "a\ue001noon\ue001b",
    "link": "http://evil.example/renew",
    "upper case link": "HTTPS://evil.example www.evil.example",
    "host without a scheme": "evil.example/renew renew.evil.example:8443/x evil.co.jp?x evil.example#x",
    "mailbox": "help@evil.example",
    "script": "javascript:alert(1) data:text/html;base64,x mailto:a@evil.example",
    "incident": "x\n\nIncident: rejected:another\n",
    "long": "long " * 250,
    "surrogate": "a\ud800b",
    "letters from right to left": "invoice \u05d0\u05d1\u05d2 100.exe \u0627\u0644\u0645 \u0661\u0662 csv",
    "a tower of marks": "e" + "\u0301\u0e49" * 60,
    "letters that nobody sees": "a\u3164\u2800\u115fb\u034fc",
    "japanese": "売上\u3000データ\n\n至急: こちらへ http://evil.example",
}


def contract(language: str) -> Contract:
    pattern = KeyPattern("orders/{ds}/{shard}.csv")
    rule = SetRule(shards=3, manifest=None, marker=None, reload=False, complete_within_minutes=1)
    return replace(Contract("sales", "1.0.0", "sales_fact", DAG, pattern, set_rule=rule), language=language)  # type: ignore[arg-type]  # one of two


def record_of(text: str, state: DropState = DropState.VALIDATING) -> DropRecord:
    return drop_record(state, key_of(text), version=text.replace("\ud800", ""), rows=3)


def failing_record(text: str) -> DropRecord:
    return replace(record_of(text), failure=Failure(DropState.VALIDATING, 1, NOON, NOON, 3, text, text))


def key_of(text: str) -> str:
    return f"{text}/{text}.csv".replace("\ud800", "")  # S3: a key is UTF-8


def run_of(text: str) -> RunFinished:
    """The end of a run as a forged event has it."""
    whole = text.replace("\ud800", "")  # an id with half a character is refused
    detail = {
        "drop_id": "0123",
        "attempt": 1,
        "dag_id": whole,
        "run_id": whole,
        "outcome": "failed",
        "rows": {},
        "failed_task": text,
        "error": text,
        "log_url": text,
    }
    return RunFinished.from_event({"detail": detail})


def not_triggered(cause: Cause) -> Callable[[str, str], Problem]:
    return lambda text, _: airflow.not_triggered("env", DAG, record_of(text), NotStarted(cause, text))


def incomplete_set(text: str, language: str) -> Problem:
    whole = DropSet("sales", "2026-11-20", members={text: Member("0123", "01")}, waiting_since=NOON)
    sales = contract(language)
    assert sales.set_rule
    assert sales.key_pattern
    return sets.incomplete(whole, sales.set_rule, sales.key_pattern, NOON + HOUR)


MESSAGES: dict[Kind, Callable[[str, str], Problem]] = {
    Kind.REJECTED: lambda text, lang: files.rejected(record_of(text), contract(lang), "1 fault.", "s3://reports/x"),
    Kind.MISDATED: lambda text, lang: files.rejected(
        replace(record_of(text), match=Match("sales", "9999-12-31")), contract(lang), "1 fault.", "s3://reports/x"
    ),
    Kind.GONE: lambda text, lang: files.gone(record_of(text), contract(lang)),
    Kind.IMPERFECT: lambda text, lang: files.imperfect(record_of(text), contract(lang), 2, "told", "s3://lake/bad"),
    Kind.VOLUME: lambda text, _: files.unusual_volume(record_of(text), "told"),
    Kind.UNMATCHED: lambda text, lang: files.no_contract(
        Drop("raw", key_of(text), text, "etag", 1, "01"), Contracts((contract(lang),)), NOON
    ),
    Kind.SET_CLOSED: lambda text, _: sets.closed(
        record_of(text), DropSet("sales", "2026-11-20", members={text: Member("0123", "01")})
    ),
    Kind.RUN_FAILED: lambda text, _: files.run_failed(record_of(text), run_of(text)),
    Kind.MISSING_FILE: lambda _, lang: missing_and_stale.file_never_came(contract(lang), "2026-11-20", NOON),
    Kind.INCOMPLETE_SET: incomplete_set,
    Kind.STALE_TABLE: lambda *_: missing_and_stale.stale_table(TABLE, TableState.STALE, TableAge(whole=4, counted=4)),
    Kind.UNREADABLE_TABLE: lambda text, _: missing_and_stale.unreadable_table(TABLE, "wg", "f", text),
    Kind.PAUSED: lambda *_: airflow.paused(DAG),
    Kind.DAG_GONE: lambda *_: airflow.dag_is_gone(DAG),
    Kind.QUEUED: lambda text, _: airflow.runs_queued(DAG, [record_of(text)], [record_of(text)]),
    Kind.HANGING: lambda text, _: airflow.run_hangs(record_of(text), DAG, RunState(text, {}), "airflow.example"),
    Kind.AIRFLOW_SILENT: lambda text, _: airflow.airflow_silent([record_of(text)], CannotAskError(text)),
    **{Kind(cause): not_triggered(cause) for cause in Cause},
    Kind.ORPHANED: lambda text, _: sweep.orphaned_drops("sales", [record_of(text)]),
    Kind.HELD: lambda text, _: holds.held(
        Hold(dataset="sales", reason=text, who=text, since=NOON), [record_of(text)], "UTC"
    ),
    Kind.STUCK: lambda text, _: sweep.stuck_drops("sales", [record_of(text)]),
    Kind.UNDELIVERABLE: lambda text, _: sweep.undeliverable_messages("reports", [text], NOON),
    Kind.FAILING: lambda text, _: failing("sales", text, [failing_record(text)]),
    Kind.SWEEP_FAILED: lambda text, _: sweep.sweep_failed("whole bucket", text),
    Kind.UNEXPLAINED: lambda text, _: sweep.unexplained_left({"lost event": (1, [text])}),
    Kind.UNUSABLE: lambda text, _: sweep.left_out({text: text}),
}
