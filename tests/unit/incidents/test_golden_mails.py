"""E-mails as their readers get them, kept as files that people have read (`python -m tests.unit.incidents.mails`)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from suimon.contract.model import Contracts
from suimon.drops.wording import Bilingual
from suimon.incidents.about import NOTHING, About
from suimon.incidents.chat import chat_form
from suimon.incidents.incident import Event
from suimon.incidents.kinds import KINDS, Kind
from suimon.incidents.lifecycle import notice_of
from suimon.incidents.messages.facts import effect_of
from suimon.incidents.recipients import Recipient, Recipients
from suimon.incidents.rendering import MACHINE_BYTES, rendered
from tests.unit.drop_records import NOON
from tests.unit.incidents.mails import GOLDEN, MAILS, STACK, all_mails, contract, mail_of

if TYPE_CHECKING:
    from suimon.contract.file import Language

SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parents[3] / "docs/incident.schema.json").read_text(encoding="utf-8")),
    format_checker=FormatChecker(),
)
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
LIMIT = 256 * 1024


def test_every_kind_has_its_mail_in_both_languages() -> None:
    assert {name.partition(".")[0] for name in MAILS} == set(Kind)


def test_every_mail_is_as_its_golden_file() -> None:
    mails = dict(all_mails())
    assert {path.name for path in GOLDEN.iterdir()} == mails.keys()
    different = [name for name, text in mails.items() if (GOLDEN / name).read_text(encoding="utf-8") != text]
    assert different == []


def test_whatever_is_open_ends_with_the_command_that_shows_or_ends_it() -> None:
    opened = {name: text for name, text in all_mails() if text.startswith(("Subject: [ERROR]", "Subject: [WARNING]"))}
    assert len(opened) > len(MAILS)
    label = re.compile(rf"(?m)^(Next|次のコマンド): suimon .* --stack {STACK}$")
    assert [name for name, text in opened.items() if not label.search(text)] == []


@pytest.mark.parametrize("name", MAILS)
def test_every_text_has_its_japanese(name: str) -> None:
    problem = MAILS[name]("ja")
    for text in (problem.subject, problem.body, effect_of(problem.kind)):
        assert isinstance(text, Bilingual)
        assert _JAPANESE.search(text.ja)
        assert text.ja != text


@pytest.mark.parametrize("name", MAILS)
def test_an_english_mail_holds_no_japanese_and_a_japanese_one_no_english_sentence(name: str) -> None:
    english, japanese = mail_of(MAILS[name]("en"), "en"), mail_of(MAILS[name]("ja"), "ja")
    assert not _JAPANESE.search(english.subject + english.mail)
    assert not re.search(r"What to do|\bthe (?!dataset)\w+ (?:is|are|was)\b", japanese.subject + japanese.mail)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", MAILS)
def test_a_subject_says_how_bad_it_is_and_fits_a_phone(name: str, language: Language) -> None:
    problem = MAILS[name](language)
    subject = mail_of(problem, language).subject
    assert subject.startswith(f"[{problem.how_bad.upper()}] ")
    assert len(subject.encode("utf-16-le")) // 2 < 100
    if {"slot", "partition"} & set(KINDS[problem.kind].identified_by):
        head = f"{problem.about.dataset} {problem.about.partition}"
        assert subject.partition("] ")[2].startswith(head)  # what a phone shows of a long line


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", MAILS)
def test_what_machines_get_keeps_its_schema(name: str, language: Language) -> None:
    sent = mail_of(MAILS[name](language), language)
    told = json.loads(sent.message)
    assert told.keys() == {"default", "email", "sms"}
    SCHEMA.validate(json.loads(told["default"]))
    always = {"severity", "state", "event", "kind"}
    assert always <= sent.attributes.keys() <= {*always, "dataset", "owner"}
    assert all(value for values in sent.attributes.values() for value in values)


def test_a_message_about_the_longest_list_is_cut_below_the_limit_of_sns_and_says_so() -> None:
    problem = MAILS["rejected"]("ja")
    for text in ('"\\\n' * 300_000, "水門\t" * 100_000):
        notice = replace(notice_of(problem, Event.OPENED), body=f"It begins so.{text}and ends so.")
        sent = rendered(notice, Recipient("ja"), STACK, NOON)
        size = len(sent.message.encode()) + sum(len(f"{name}String{value}") for name, value in sent.attributes.items())
        assert LIMIT // 2 < size < LIMIT
        assert "(Cut here: the whole text has" in sent.mail
        assert len(json.loads(sent.machine)["text"].encode()) <= MACHINE_BYTES
        assert sent.mail.endswith(f"Incident: {problem.id}\n")


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", MAILS)
def test_chat_gets_the_schema_of_amazon_q_and_one_thread_an_incident(name: str, language: Language) -> None:
    problem = MAILS[name](language)
    notice = replace(notice_of(problem, Event.OPENED), body=f"<!channel> {problem.body}{'x' * 10_000}")
    form = chat_form(notice, Recipient(language), STACK, NOON)
    assert (form["version"], form["source"]) == ("1.0", "custom")
    assert form["content"].keys() == {"textType", "title", "description", "nextSteps", "keywords"}
    assert len(form["content"]["title"]) <= 250
    assert len(form["content"]["description"]) <= 6_000
    assert "(Cut here:" in form["content"]["description"]
    assert "<" not in form["content"]["description"]
    assert form["metadata"]["threadId"] == str(problem.id).translate(str.maketrans("<>", "‹›"))
    assert all(f"--stack {STACK}" in step for step in form["content"]["nextSteps"])
    assert all(isinstance(value, str) and value for value in form["metadata"]["additionalContext"].values())


def test_what_is_of_no_dataset_goes_out_in_the_language_of_all_gated_ones() -> None:
    recipients = Recipients.of(Contracts((contract("ja"),)))
    assert recipients.to(NOTHING).language == "ja"
    assert recipients.to(About(dag_id="daily_sales_etl")).owner == contract("ja").owner
    assert recipients.to(About(table="sales_fact")).time_zone == "Asia/Tokyo"
