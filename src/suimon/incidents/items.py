"""An incident as an item of the ledger: `pk` = `incident#<id>`, `sk` = `incident`."""

from __future__ import annotations

from dataclasses import asdict, fields
from itertools import islice
from typing import TYPE_CHECKING, Any

from suimon.drops.wording import Bilingual, japanese
from suimon.incidents.about import About
from suimon.incidents.incident import ByPerson, Incident, Stage, Told
from suimon.incidents.kinds import KINDS, IncidentId, Kind, Severity
from suimon.ledger.by_state import items_in
from suimon.ledger.items import moment, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table

# What the ledger keeps of a message: enough to send it later, and to show it to whoever has lost the e-mail.
BODY_CHARACTERS = 16_000
PAGE = 100
_BY_PERSONS = ("acknowledged", "snoozed", "closed")


def changed_after(table: Table, after: datetime) -> list[Incident]:
    """Return the incidents that were published or have changed after then, oldest first, a PAGE of each stage at most.

    What is only suspected is left out: it may pass by itself.
    """
    stages = (Stage.OPEN, Stage.CLOSED, Stage.RECOVERED)
    found = (item for stage in stages for item in islice(items_in(table, stage, after=after), PAGE))
    return sorted(map(incident_of, found), key=lambda one: (one.updated_at, str(one.id)))


def key_of(incident_id: IncidentId | str) -> dict[str, str]:
    """Return the key of an incident's item."""
    return {"pk": f"incident#{incident_id}", "sk": "incident"}


def incident_of(item: Mapping[str, Any]) -> Incident:
    """Read an item."""
    kind = Kind(item["kind"])
    return Incident(
        kind=kind,
        about=About(**{field.name: str(item.get(field.name, "")) for field in fields(About)}),
        stage=Stage(item["state"]),
        fingerprint=str(item["fingerprint"]),
        subject=_both(item, "subject"),
        opened_at=moment(item["opened_at"]),
        updated_at=moment(item["updated_at"]),
        revision=int(item["revision"]),
        told=Told(item.get("told", Told.ALONE)),
        severity=Severity(item.get("severity", KINDS[kind].severity)),
        body=_both(item, "body"),
        content=str(item.get("content", "")),
        told_at=moment(item["told_at"]) if item.get("told_at") else None,
        muted_by=str(item.get("muted_by", "")),
        groups=tuple(map(str, item.get("groups", ()))),
        **{name: _person_of(item[name]) for name in _BY_PERSONS if item.get(name)},
    )


def item_of(incident: Incident) -> dict[str, Any]:
    """Write an item, without what is empty."""
    optional = {
        "body": incident.body[:BODY_CHARACTERS],
        "body_ja": _only_japanese(incident.body)[:BODY_CHARACTERS],
        "subject_ja": _only_japanese(incident.subject),
        "content": incident.content,
        "told_at": stamp(incident.told_at) if incident.told_at else "",
        "muted_by": incident.muted_by,
        "groups": list(incident.groups),
        **{name: _item_of(person) for name in _BY_PERSONS if (person := getattr(incident, name))},
        **asdict(incident.about),
    }
    return {
        **key_of(incident.id),
        **{name: value for name, value in optional.items() if value},
        "incident_id": str(incident.id),
        "kind": str(incident.kind),
        "severity": str(incident.severity),
        "state": str(incident.stage),
        "told": str(incident.told),
        "fingerprint": incident.fingerprint,
        "subject": str(incident.subject),
        "opened_at": stamp(incident.opened_at),
        "updated_at": stamp(incident.updated_at),
        "revision": incident.revision,
    }


def _only_japanese(text: str) -> str:
    """Return the Japanese of a text that has one."""
    return found if (found := japanese(text)) != text else ""


def _both(item: Mapping[str, Any], name: str) -> Bilingual:
    """Read a text in both languages."""
    en = str(item.get(name, ""))
    return Bilingual(en, str(item.get(f"{name}_ja", en)))


def _person_of(item: Mapping[str, Any]) -> ByPerson:
    until = item.get("until")
    return ByPerson(str(item["who"]), moment(item["at"]), str(item["reason"]), moment(until) if until else None)


def _item_of(person: ByPerson) -> dict[str, str]:
    until = {"until": stamp(person.until)} if person.until else {}
    return {"who": person.who, "at": stamp(person.at), "reason": person.reason, **until}
