"""The runbook: an entry for each kind of incident, and none for a kind that there is not."""

from __future__ import annotations

import pytest

from suimon.incidents.kinds import Kind
from suimon.incidents.messages.facts import runbook_entry
from tests.unit.incidents.runbook import PAGE, PARTS, TO_WRITE, commands, completed, entries

TEXT = PAGE.read_text(encoding="utf-8")


def test_every_kind_has_one_entry_and_every_entry_is_of_a_kind() -> None:
    assert sorted(name for name, _ in entries(TEXT)) == sorted(Kind)


@pytest.mark.parametrize(("name", "text"), entries(TEXT))
def test_an_entry_says_what_it_means_how_to_look_and_what_to_do(name: str, text: str) -> None:
    places = [text.index(part) for part in PARTS]
    assert places == sorted(places), name
    assert TO_WRITE not in text
    assert commands(text)


def test_every_command_stands_where_a_test_finds_and_types_it() -> None:
    assert "`suimon" not in TEXT


def test_a_new_kind_gets_an_entry_that_has_to_be_written() -> None:
    [(_, text)] = [entry for entry in entries(completed("# Runbook\n")) if entry[0] == Kind.HELD]
    assert text.count(TO_WRITE) == len(PARTS)
    assert completed(TEXT) == TEXT


@pytest.mark.parametrize("kind", Kind)
def test_a_message_names_the_entry_of_its_kind(kind: Kind) -> None:
    path, _, anchor = runbook_entry(kind).partition("#")
    assert (PAGE.parents[1] / path).samefile(PAGE)
    assert anchor in {name for name, _ in entries(TEXT)}
