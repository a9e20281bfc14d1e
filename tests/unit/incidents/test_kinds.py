"""The table of kinds, and the ids of incidents."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from suimon.incidents.about import About
from suimon.incidents.id_text import ID_CHARACTERS
from suimon.incidents.kinds import KINDS, IncidentId, Kind
from suimon.mwaa.not_started import Cause
from tests.unit.drop_records import NOON
from tests.unit.incidents.page import PAGE, page

PARTS = st.tuples(st.text(max_size=300), st.text(max_size=300))


def test_every_kind_is_in_the_table_and_identified_by_fields_that_there_are() -> None:
    assert KINDS.keys() == set(Kind)
    names = {field.name for field in fields(About)} - {"key", "stamped_slot"} | {"slot"}
    assert all(names >= set(definition.identified_by) for definition in KINDS.values())


def test_every_cause_of_a_missing_run_is_a_kind() -> None:
    assert {str(cause) for cause in Cause} <= {str(kind) for kind in Kind}


def test_an_id_names_its_kind_and_what_tells_it_apart_and_nothing_else() -> None:
    about = About(dataset="sales", partition="2026-11-20", key="sales/a.csv", drop_id="0123", run_id="0123.1")
    assert str(IncidentId.of(Kind.RUN_FAILED, about)) == "run-failed:sales:2026-11-20"
    assert str(IncidentId.of(Kind.AIRFLOW_SILENT)) == "airflow-silent"


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ("a/b 見本 #1…", "a/b 見本 #1…"),
        ("a:b", "a%3Ab"),
        ("100%", "100%25"),
        ("a\nb", "a%0Ab"),
        ("\ud800", "%ED%A0%80"),
    ],
)
def test_a_part_stands_in_the_id_as_it_is_but_for_what_would_be_misread(part: str, shown: str) -> None:
    assert str(IncidentId.of(Kind.UNMATCHED, About(shape=part))) == f"unmatched:{shown}"


@given(PARTS, PARTS)
@example(("a:b", "c"), ("a", "b:c"))
@example(("a" * 300, "b"), ("a" * 300, "c"))
@example(("%3A", ""), (":", ""))
def test_different_incidents_have_different_ids_that_a_pager_takes(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    texts = [str(IncidentId.of(Kind.HANGING, About(dag_id=dag_id, run_id=run_id))) for dag_id, run_id in (one, other)]
    assert (texts[0] == texts[1]) == (one == other)
    assert all(len(text) <= ID_CHARACTERS and text.isprintable() for text in texts)


def test_the_id_of_a_long_key_stays_the_same() -> None:
    # Open incidents are found by their ids in the next release, too.
    text = str(IncidentId.of(Kind.UNMATCHED, About(shape="x" * 1_024)))
    assert text == "unmatched:" + "x" * 228 + "~" + text[-16:]
    assert text.endswith("~df0eb7a065ab4f67")


def test_only_what_passes_by_itself_is_waited_for_in_silence() -> None:
    patient = {kind for kind, definition in KINDS.items() if definition.patience}
    assert patient == {Kind.FAILING, Kind.MWAA_AWAY, Kind.MWAA_BUSY, Kind.UNKNOWN_DAG, Kind.UNREADABLE_TABLE}


def test_a_problem_has_lasted_when_the_patience_with_it_is_used_up() -> None:
    away, denied = KINDS[Kind.MWAA_AWAY], KINDS[Kind.MWAA_DENIED]
    assert away.has_lasted(NOON - away.patience, NOON)
    assert not away.has_lasted(NOON - away.patience + timedelta(seconds=1), NOON)
    # By a clock that is behind another function's, too.
    assert denied.has_lasted(NOON + timedelta(seconds=5), NOON)


def test_the_page_on_incidents_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make states`"


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_says_how_it_opens_and_how_it_ends(kind: Kind) -> None:
    definition = KINDS[kind]
    assert definition.opens
    assert definition.over
    assert definition.grouping.most >= 1
    # What ends by time says so to people.
    assert bool(definition.lapses) == ("else" in definition.over)


def test_what_is_about_one_file_date_or_run_is_told_from_what_stays() -> None:
    lasting = {kind for kind in Kind if not KINDS[kind].is_of_one_thing}
    assert {Kind.PAUSED, Kind.STALE_TABLE, Kind.STUCK, Kind.MWAA_AWAY, Kind.UNUSABLE} <= lasting
    assert not lasting & {Kind.REJECTED, Kind.UNMATCHED, Kind.MISSING_FILE, Kind.HANGING, Kind.REFUSED_CONF}
