"""An incident as scripts get it, and the recoveries of what is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from suimon.drops.wording import Bilingual
from suimon.incidents.about import About
from suimon.incidents.email import clock
from suimon.incidents.incident import ByPerson, Told, gone
from suimon.incidents.kinds import KINDS, Kind
from suimon.incidents.messages.airflow import paused
from suimon.incidents.overview import as_json, listing
from tests.unit.incident_values import NOON, incident

HOUR = timedelta(hours=1)
PAUSED = incident(
    Kind.PAUSED,
    About(dag_id="etl"),
    subject="etl is paused",
    body="unpause it",
    updated_at=NOON + HOUR,
    acknowledged=ByPerson("ann", NOON, "at it"),
)


def test_an_incident_is_told_whole_with_what_it_is_about_and_who_has_done_what() -> None:
    assert as_json(PAUSED, [PAUSED], NOON + HOUR) == {
        "id": "paused:etl",
        "kind": "paused",
        "severity": str(PAUSED.severity),
        "standing": str(PAUSED.standing(NOON + HOUR)),
        "subject": "etl is paused",
        "subject_ja": "etl is paused",
        "opened_at": "2026-11-22T12:00:00+00:00",
        "updated_at": "2026-11-22T13:00:00+00:00",
        "told": str(PAUSED.told),
        "told_at": None,
        "about": {"dag_id": "etl"},
        "acknowledged": {"who": "ann", "at": "2026-11-22T12:00:00+00:00", "reason": "at it", "until": None},
        "snoozed": None,
        "closed": None,
        "muted_by": "",
        "muted_why": "",
        "over": KINDS[Kind.PAUSED].over,
        "body": "unpause it",
        "body_ja": "unpause it",
    }


def test_an_incident_is_told_in_both_languages() -> None:
    both = replace(
        PAUSED, subject=Bilingual("etl is paused", "etl が一時停止中"), body=Bilingual("unpause it", "再開してください")
    )
    told = as_json(both, [both], NOON + HOUR)
    assert (told["subject"], told["subject_ja"]) == ("etl is paused", "etl が一時停止中")
    assert (told["body"], told["body_ja"]) == ("unpause it", "再開してください")


def test_all_of_a_sort_are_listed_by_kind_and_by_dataset_where_there_is_one() -> None:
    assert listing("paused", "") == "suimon incidents --kind paused"
    assert listing("rejected", "sales") == "suimon incidents --kind rejected --dataset sales"


def test_times_in_its_body_are_written_in_utc() -> None:
    both = replace(PAUSED, body=Bilingual(f"since {clock(NOON)}", f"{clock(NOON)} から"))
    told = as_json(both, [both], NOON)
    assert (told["body"], told["body_ja"]) == ("since 2026-11-22 12:00 UTC", "2026-11-22 12:00 UTC から")


def test_who_has_snoozed_or_closed_it_is_told_with_until_when() -> None:
    by = ByPerson("ann", NOON, "known", NOON + HOUR)
    told = as_json(replace(PAUSED, snoozed=by), [], NOON)
    assert told["snoozed"] == {
        "who": "ann",
        "at": "2026-11-22T12:00:00+00:00",
        "reason": "known",
        "until": "2026-11-22T13:00:00+00:00",
    }
    assert as_json(replace(PAUSED, closed=by), [], NOON)["closed"] == told["snoozed"]


def test_only_what_is_muted_names_what_mutes_it() -> None:
    cause, about = incident(Kind.PAUSED, About(dag_id="etl")), About(dag_id="etl", run_id="1.1")
    late, told = incident(Kind.QUEUED, about, told=Told.MUTED), incident(Kind.QUEUED, about)
    assert as_json(late, [cause, late], NOON)["muted_by"] == str(cause.id)
    assert as_json(told, [cause, told], NOON)["muted_by"] == ""


def test_what_is_no_longer_there_has_recovered_and_the_rest_has_not() -> None:
    still_paused = paused("a")
    stays, ended = (incident(Kind.PAUSED, About(dag_id=name)) for name in ("a", "b"))
    other = incident(Kind.MISSING_FILE, About(dataset="sales", partition="2026-11-20"))
    found = gone([stays, ended, other], Kind.PAUSED, "unpaused", [still_paused])
    assert [(one.incident_id, one.note) for one in found] == [(ended.id, "unpaused")]
