"""An incident in the ledger."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from suimon.drops.wording import Bilingual, japanese
from suimon.incidents.about import About
from suimon.incidents.incident import ByPerson, Incident, Stage, Told
from suimon.incidents.items import BODY_CHARACTERS, incident_of, item_of, key_of
from suimon.incidents.kinds import KINDS, Kind, Severity
from tests.unit.incident_values import NOON, incident

BY = ByPerson("ann", NOON, "at it", NOON + timedelta(days=1))
FULL = Incident(
    kind=Kind.QUEUED,
    about=About(**{field.name: f"a {field.name}" for field in fields(About)}),
    stage=Stage.OPEN,
    fingerprint="f",
    subject="s",
    opened_at=NOON,
    updated_at=NOON + timedelta(minutes=1),
    revision=7,
    told=Told.MUTED,
    severity=Severity.ERROR,
    body="b",
    content="c",
    told_at=NOON + timedelta(minutes=2),
    acknowledged=replace(BY, until=None),
    snoozed=BY,
    closed=replace(BY, who="bob", until=None),
    muted_by="paused:d",
    groups=("", "sales"),
)


def test_an_incident_is_read_as_it_was_written() -> None:
    assert incident_of(item_of(FULL)) == FULL
    bare = incident(Kind.UNEXPLAINED, About())
    assert incident_of(item_of(bare)) == bare


def test_both_languages_of_a_message_are_kept_and_one_that_has_no_japanese_is_read_as_it_is() -> None:
    both = replace(FULL, subject=Bilingual("late", "遅延"), body=Bilingual("b" * 20_000, "本" * 20_000))
    read = incident_of(item_of(both))
    assert (read.subject, japanese(read.subject)) == ("late", "遅延")
    assert (read.body, japanese(read.body)) == ("b" * BODY_CHARACTERS, "本" * BODY_CHARACTERS)
    plain = incident_of(item_of(FULL))
    assert (japanese(plain.subject), japanese(plain.body)) == ("s", "b")
    assert not {"subject_ja", "body_ja"} & item_of(FULL).keys()


@pytest.mark.parametrize("kind", Kind)
def test_what_an_earlier_release_wrote_is_read_with_what_it_meant(kind: Kind) -> None:
    item = item_of(incident(kind, About(dataset="sales"), severity=KINDS[kind].severity))
    for name in ("told", "severity"):
        del item[name]
    read = incident_of(item)
    assert (read.told, read.severity, read.told_at, read.body) == (Told.ALONE, KINDS[kind].severity, None, "")


def test_nothing_empty_is_written_and_a_long_message_is_cut() -> None:
    item = item_of(replace(incident(Kind.PAUSED, About(dag_id="d")), body="x" * (BODY_CHARACTERS + 1)))
    assert all(value != "" for name, value in item.items() if name not in {"fingerprint", "subject"})
    assert len(item["body"]) == BODY_CHARACTERS
    assert {*item} == {
        *("pk", "sk", "incident_id", "kind", "severity", "state", "told", "fingerprint", "subject"),
        *("opened_at", "updated_at", "revision", "dag_id", "body"),
    }


def test_the_key_is_the_id() -> None:
    assert key_of("paused:d") == key_of(incident(Kind.PAUSED, About(dag_id="d")).id)
    assert item_of(FULL)["pk"] == f"incident#{FULL.id}"
