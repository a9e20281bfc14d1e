"""Keys and texts of runs are chosen by others: none of them writes an e-mail, whatever the kind and the language."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.set_rule import SetRule
from suimon.contract.table_freshness import Age, TableFreshness
from suimon.drops.drop import Drop
from suimon.drops.failure import Failure
from suimon.drops.foreign_text import straight
from suimon.drops.hold import Hold
from suimon.drops.match import Match
from suimon.drops.run_finished_event import RunFinished
from suimon.drops.sets import DropSet, Member
from suimon.drops.states import State as DropState
from suimon.incidents.chat import chat_form
from suimon.incidents.email import SUBJECT_CHARACTERS
from suimon.incidents.incident import ByPerson, Event, Incident, Problem, Stage, Text
from suimon.incidents.kinds import Kind
from suimon.incidents.lifecycle import notice_of
from suimon.incidents.messages import airflow, files, holds, missing_and_stale, recoveries, sets, sweep
from suimon.incidents.messages.crowds import told_alone, told_together
from suimon.incidents.messages.failing import failing
from suimon.incidents.messages.reminders import still_open
from suimon.incidents.recipients import Recipient
from suimon.incidents.rendering import rendered
from suimon.incidents.table_age import TableAge
from suimon.mwaa.not_started import Cause, NotStarted
from suimon.mwaa.run_state import CannotAskError, RunState
from suimon.replay.message import text_of as replay_text
from suimon.warehouse.table_state import TableState
from tests.unit.drop_records import HOUR, NOON, drop_record
from tests.unit.replay.mails import SUMMARIES
from tests.unit.replay.mails import record_of as replay_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.drops.drop import DropRecord

DAG, PLAIN = "daily_sales_etl", "plain"
TABLE = TableFreshness("sales_fact", "order_date", Age(3))
LANGUAGES = ("en", "ja")
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
# What some mail program or chat makes a link of.
LINKS = re.compile(
    r"(?i)(?:(?<![\w-])(?:https?|ftp|file|data|javascript|mailto):|\bwww\.|\bevil\.[a-z.]+(?:[/?#]|:\d)|@evil\.)\S*"
)
TOWER = re.compile("[\u0300-\u036f\u0e31-\u0e4e]{4}")
ALLOWED_LINKS = ("https://airflow.example/",)


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
RECOVERIES: tuple[Callable[[DropRecord], str], ...] = (
    recoveries.file_is_loaded,
    recoveries.file_has_no_flaw,
    recoveries.file_has_come,
    recoveries.run_was_started,
)


def published(
    problem: Problem, language: str = "en", text: Text | None = None, event: Event = Event.OPENED, stack: str = "prod"
) -> tuple[str, str]:
    """Return subject and e-mail of a problem, or of another text about it."""
    notice = notice_of(problem, event)
    if text:
        notice = replace(notice, subject=text.subject, body=text.body)
    sent = rendered(notice, Recipient(language), stack, NOON)  # type: ignore[arg-type]  # one of two
    return sent.subject, sent.mail


def is_plain(text: str) -> bool:
    return text.isprintable() and straight(text) == text


def assert_is_ours(subject: str, body: str, *like: str) -> None:
    """Look at an e-mail beside the same one about harmless texts: its lines, characters and links are ours."""
    assert len(subject) <= SUBJECT_CHARACTERS
    assert [bool(line) for line in body.split("\n")] == [bool(line) for line in like[1].split("\n")]
    assert body.split("\n")[-2].startswith("Incident: ")
    assert body.count("\nIncident: ") == 1
    for char in subject + body.replace("\n", ""):
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}, ascii(char)
        assert unicodedata.bidirectional(char) not in {"R", "AL", "AN"}, ascii(char)
    assert not TOWER.search(subject + body)
    links = LINKS.findall(f"{subject}\n{body}")
    assert all(link.startswith(ALLOWED_LINKS) for link in links), links


def test_every_kind_has_its_messages_here() -> None:
    assert MESSAGES.keys() == set(Kind)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MESSAGES)
def test_no_text_of_others_writes_an_e_mail(kind: Kind, language: str) -> None:
    like = published(MESSAGES[kind](PLAIN, language), language)
    for text in HOSTILE.values():
        subject, body = published(MESSAGES[kind](text, language), language)
        assert_is_ours(subject, body, *like)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MESSAGES)
def test_nor_a_message_in_a_chat(kind: Kind, language: str) -> None:
    recipient = Recipient(language)  # type: ignore[arg-type]  # one of two
    for text in HOSTILE.values():
        form = chat_form(notice_of(MESSAGES[kind](text, language), Event.OPENED), recipient, "prod", NOON)
        content, metadata = form["content"], form["metadata"]
        said = [content["title"], content["description"], *content["nextSteps"], *content["keywords"]]
        said += [metadata["summary"], metadata["threadId"], *metadata["additionalContext"].values()]
        for line in "\n".join(said).split("\n"):
            assert line.isprintable() or "\u3000" in line
            assert "<" not in line
            links = LINKS.findall(line)
            assert all(link.startswith(ALLOWED_LINKS) for link in links), links


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MESSAGES)
def test_nor_that_of_a_recovery(kind: Kind, language: str) -> None:
    def recovery(text: str, note: Callable[[DropRecord], str]) -> tuple[str, str]:
        problem = MESSAGES[kind](text, language)
        one = Incident(kind, problem.about, Stage.OPEN, "f", problem.subject, NOON, NOON)
        told = recoveries.recovered(one, NOON + HOUR, note(record_of(text)))
        return published(problem, language, told, Event.RECOVERED)

    for note in RECOVERIES:
        for text in HOSTILE.values():
            assert_is_ours(*recovery(text, note), *recovery(PLAIN, note))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [*MESSAGES])
def test_nor_that_of_a_message_about_many(kind: Kind, language: str) -> None:
    def told(text: str) -> tuple[str, str]:
        problem = MESSAGES[kind](text, language)
        many = [Incident(kind, problem.about, Stage.OPEN, "f", problem.subject, NOON, NOON)] * 2
        return published(problem, language, told_together(kind, many, 2))

    for text in HOSTILE.values():
        subject, body = told(text)
        assert_is_ours(subject, body, *told(PLAIN))
        assert "`suimon explain ID --stack prod`" in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_nor_what_a_person_gives_as_a_name_and_a_reason(language: str) -> None:
    problem = MESSAGES[Kind.STALE_TABLE](PLAIN, language)

    def told(text: str) -> list[tuple[str, str]]:
        by = ByPerson(text, NOON, text, NOON)
        one = Incident(problem.kind, problem.about, Stage.OPEN, "f", problem.subject, NOON, NOON, snoozed=by, closed=by)
        acknowledged = still_open([replace(one, acknowledged=by)], "Asia/Tokyo")
        return [
            published(problem, language, told_alone(one, NOON + HOUR)),
            published(problem, language, recoveries.closed_by_hand(one), Event.CLOSED),
            published(problem, language, recoveries.ended_by_itself(one), Event.CLOSED),
            published(problem, language, Text(acknowledged.subject, acknowledged.body)),
        ]

    for text in HOSTILE.values():
        assert text.split()[0][:3] in "".join(body for _, body in told(text)) or not is_plain(text)
        for sent, like in zip(told(text), told(PLAIN), strict=True):
            assert_is_ours(*sent, *like)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SUMMARIES)
def test_nor_that_of_a_replay(name: str, language: str) -> None:
    record, rows = replay_record(name)
    recipient = Recipient(language)  # type: ignore[arg-type]  # one of two

    def told(text: str) -> str:
        asked = replace(record, who=text, reason=text, end=text)
        return replay_text(asked, [replace(row, error=text) for row in rows], recipient, "prod").body

    for text in HOSTILE.values():
        body, like = told(text), told(PLAIN)
        assert [bool(line) for line in body.split("\n")] == [bool(line) for line in like.split("\n")]
        assert LINKS.findall(body) == []


@pytest.mark.parametrize("kind", [Kind.REJECTED, Kind.GONE, Kind.IMPERFECT, Kind.REFUSED_CONF, Kind.FOREIGN_RUN])
def test_a_subject_takes_only_so_much_of_a_key(kind: Kind) -> None:
    subject = MESSAGES[kind]("Y" * 500, "en").subject
    assert 10 < subject.count("Y") <= 40


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MESSAGES)
def test_every_command_in_an_e_mail_names_the_stack(kind: Kind, language: str) -> None:
    _, body = published(MESSAGES[kind](PLAIN, language), language)
    commands = re.findall(r"\bsuimon (?:replay|reconcile|drops|check|status|doctor)[^`\n]*", body)
    assert all("--stack prod" in command for command in commands), commands
    assert bool(commands) >= (kind in {Kind.RUN_FAILED, Kind.UNEXPLAINED, Kind.ORPHANED})


def test_without_a_stack_a_command_names_none() -> None:
    _, body = published(MESSAGES[Kind.RUN_FAILED](PLAIN, "en"), stack="")
    assert "--to 2026-11-20\n" in body
    assert "--stack" not in body


# ---------------------------------------------------------------- what a forged end of a run says


OWN = "https://a1b2-vpce.c1.ap-northeast-1.airflow.amazonaws.com/dags/plain/runs/plain"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (OWN, True),
        (f"{OWN}/tasks/load_redshift", True),
        ("https://a1b2.airflow.ap-northeast-1.on.aws/dags/plain/runs/plain", True),
        (f"{OWN}/tasks/x?next=http://evil.example", False),
        (f"{OWN}#x", False),
        (OWN.replace("runs/plain", "runs/another"), False),
        (OWN.replace("https", "http"), False),
        (OWN.replace("https://", "https://user:word@"), False),  # pragma: allowlist secret
        (OWN.replace("amazonaws.com", "amazonaws.com.evil.example"), False),
        (OWN.replace("amazonaws.com/", "amazonaws.com:8443/"), False),
        ("https://evil.example/dags/plain/runs/plain", False),
        ("javascript:alert(1)", False),
        (f"{OWN}\nhttp://evil.example", False),
        (17, False),
        (None, False),
    ],
)
def test_a_log_is_linked_if_it_is_a_page_of_this_run_in_mwaa(url: Any, *, kept: bool) -> None:
    detail = {"drop_id": "0", "attempt": 1, "dag_id": PLAIN, "run_id": PLAIN, "outcome": "failed", "rows": {}}
    run = RunFinished.from_event({"detail": {**detail, "log_url": url}})
    assert run.log_url == (url if kept else None)
    assert ("Log: " in files.run_failed(record_of(PLAIN), run).body) == kept


@pytest.mark.parametrize("committed", ["yes", 2, [True], {"a": 1}, None])
def test_whether_rows_were_committed_is_not_known_where_it_is_neither_true_nor_false(committed: Any) -> None:
    detail = {"drop_id": "0", "attempt": 1, "dag_id": PLAIN, "run_id": PLAIN, "outcome": "failed", "rows": {}}
    run = RunFinished.from_event({"detail": {**detail, "committed": committed}})
    assert run.committed is None
    assert "see what the table holds" in files.run_failed(record_of(PLAIN), run).subject
