"""Keys and texts of runs are chosen by others: none of them writes an e-mail, whatever the kind and the language."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from suimon.drops.foreign_text import straight
from suimon.drops.run_finished_event import RunFinished
from suimon.incidents.chat import chat_form
from suimon.incidents.email import SUBJECT_CHARACTERS
from suimon.incidents.incident import ByPerson, Event, Incident, Problem, Stage, Text
from suimon.incidents.kinds import Kind
from suimon.incidents.lifecycle import notice_of
from suimon.incidents.messages import files, recoveries
from suimon.incidents.messages.groups import told_alone, told_together
from suimon.incidents.messages.reminders import still_open
from suimon.incidents.recipients import Recipient
from suimon.incidents.rendering import rendered
from suimon.replay.message import text_of as replay_text
from tests.unit.drop_records import HOUR, NOON
from tests.unit.incidents.foreign_texts import HOSTILE, MESSAGES, PLAIN, record_of
from tests.unit.replay.mails import SUMMARIES
from tests.unit.replay.mails import record_of as replay_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.drops.drop import DropRecord

LANGUAGES = ("en", "ja")
# What some mail program or chat makes a link of.
LINKS = re.compile(
    r"(?i)(?:(?<![\w-])(?:https?|ftp|file|data|javascript|mailto):|\bwww\.|\bevil\.[a-z.]+(?:[/?#]|:\d)|@evil\.)\S*"
)
TOWER = re.compile("[\u0300-\u036f\u0e31-\u0e4e]{4}")
ALLOWED_LINKS = ("https://airflow.example/",)
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
    for char in set(subject + body.replace("\n", "")):
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

    like = [recovery(PLAIN, note) for note in RECOVERIES]
    for place, text in enumerate(HOSTILE.values(), list(MESSAGES).index(kind)):
        # Each text meets each kind, and each note with another kind.
        turn = place % len(RECOVERIES)
        assert_is_ours(*recovery(text, RECOVERIES[turn]), *like[turn])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [*MESSAGES])
def test_nor_that_of_a_message_about_many(kind: Kind, language: str) -> None:
    def told(text: str) -> tuple[str, str]:
        problem = MESSAGES[kind](text, language)
        many = [Incident(kind, problem.about, Stage.OPEN, "f", problem.subject, NOON, NOON)] * 2
        return published(problem, language, told_together(kind, many, 2))

    like = told(PLAIN)
    for text in HOSTILE.values():
        subject, body = told(text)
        assert_is_ours(subject, body, *like)
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
