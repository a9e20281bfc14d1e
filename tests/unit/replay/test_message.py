"""The message that sums up a replay, kept as files that people have read (`python -m tests.unit.replay.mails`)."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from suimon.cli.main import main
from suimon.drops.replay_record import FINISHED, STOPPED, Counts
from suimon.incidents.recipients import Recipient
from suimon.incidents.rendering import with_stack
from suimon.replay.message import machine_form, next_commands, severity_of, text_of, told_in_english
from tests.unit.drop_records import NOON
from tests.unit.replay.mails import GOLDEN, STACK, SUMMARIES, all_mails, mail_of, record_of

if TYPE_CHECKING:
    from suimon.contract.file import Language

SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parents[3] / "docs/replay.schema.json").read_text(encoding="utf-8")),
    format_checker=FormatChecker(),
)
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def test_every_summary_is_as_its_golden_file() -> None:
    mails = dict(all_mails())
    assert {path.name for path in GOLDEN.iterdir()} == mails.keys()
    assert [name for name, text in mails.items() if (GOLDEN / name).read_text(encoding="utf-8") != text] == []


@pytest.mark.parametrize("name", SUMMARIES)
def test_an_english_summary_holds_no_japanese_and_a_japanese_one_is_japanese(name: str) -> None:
    assert not JAPANESE.search(mail_of(name, "en"))
    subject, body = mail_of(name, "ja").split("\n\n", 1)
    assert JAPANESE.search(subject)
    assert "Not loaded" not in body


def test_a_japanese_summary_names_states_as_they_are_stored_and_tells_an_error_in_japanese() -> None:
    english, in_japanese = (mail_of("some-failed", language) for language in ("en", "ja"))
    assert "rejected: 1 fault. Report: s3://" in english
    assert "failed: RunFailed" in english
    assert "REJECTED: 1 fault. レポート: s3://" in in_japanese
    assert "FAILED: RunFailed" in in_japanese
    assert "Report" not in in_japanese


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", SUMMARIES)
def test_machines_get_what_the_schema_says(name: str, language: Language) -> None:
    record, rows = record_of(name)
    recipient = Recipient(language)
    form = json.loads(machine_form(record, recipient, STACK, text_of(record, rows, recipient, STACK), NOON))
    SCHEMA.validate(form)
    assert form["counts"]["loaded"] == record.counts.loaded
    assert all(command.endswith(f" --stack {STACK}") for command in form["commands"])


@pytest.mark.parametrize(
    ("counts", "option"),
    [
        (Counts(loaded=3), "suimon status sales"),
        (Counts(loaded=1, remaining=2), "--resume"),
        (Counts(loaded=1, failed=2), "--what failed"),
        (Counts(loaded=1, running=2), "--follow"),
    ],
)
def test_each_end_names_the_command_that_is_next(counts: Counts, option: str) -> None:
    record, _ = record_of("all-loaded")
    assert option in next_commands(replace(record, counts=counts))[0]


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_command_of_a_summary_can_be_typed(name: str) -> None:
    record, _ = record_of(name)
    for command in next_commands(record):
        program, verb, *arguments = shlex.split(with_stack(command, STACK))
        typed = main.get_command(click.Context(main), verb)
        assert program == "suimon"
        assert typed
        assert typed.make_context(verb, arguments).params["stack"] == STACK


@pytest.mark.parametrize(
    ("end", "counts", "severity"),
    [
        (FINISHED, Counts(loaded=1, failed=1), "error"),
        (FINISHED, Counts(loaded=1), "info"),
        (STOPPED, Counts(loaded=1, remaining=9), "info"),  # a person wanted that
        ("TIMED_OUT", Counts(loaded=1, remaining=9), "error"),
        ("States.ItemReaderFailed: no such key", Counts(remaining=9), "error"),
    ],
)
def test_what_failed_or_broke_off_is_an_error(end: str, counts: Counts, severity: str) -> None:
    record, found = record_of("all-loaded")
    record = replace(record, end=end, counts=counts)
    assert severity_of(record) == severity
    head = "[ERROR]" if severity == "error" else "[REPLAY]"
    assert text_of(record, found, Recipient("en"), STACK).subject.startswith(head)


def test_counts_are_told_with_separators_of_thousands() -> None:
    assert told_in_english(Counts(loaded=1_000, remaining=9)) == "1,000 loaded, 9 not begun"
