"""The message about what has been open for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.incidents.email import OF_STACK
from suimon.incidents.incident import Event, Notice, listed
from suimon.incidents.kinds import NOTHING, IncidentId, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.incidents.incident import Incident

_LISTED = 200


def still_open(incidents: Sequence[Incident], zone: str) -> Notice:
    """Return the reminder of some incidents, the worst first; `zone`: where it is nine o'clock."""
    first = incidents[0]
    errors = sum(one.severity is Severity.ERROR for one in incidents)
    oldest = min(one.opened_at for one in incidents)
    counted = f"{len(incidents):,} problems, {errors:,} of them errors" if len(incidents) > 1 else first.subject
    body = (
        f"These are open, and nobody has heard of them since yesterday at least (nine o'clock, {zone}):\n\n"
        f"{listed([_line(one) for one in incidents], _LISTED)}\n\n"
        f"What to do: mend the cause; then each ends by itself. `suimon incidents ID{OF_STACK}` shows its message. "
        f"Whoever is at it says so with `suimon ack ID{OF_STACK}`; "
        f"`suimon snooze ID --days 7 --reason …{OF_STACK}` ends reminders for a while; "
        f"`suimon close ID --reason …{OF_STACK}` for good."
    )
    return Notice(
        event=Event.REMINDED,
        id=first.id if len(incidents) == 1 else IncidentId(first.kind, ("still open", zone)),
        kind=first.kind,
        severity=first.severity,
        about=first.about if len(incidents) == 1 else NOTHING,
        subject=f"Still open since {oldest:%Y-%m-%d}: {counted}",
        body=body,
        incidents=tuple(incidents),
    )


def _line(one: Incident) -> str:
    by = f", acknowledged by {one.acknowledged.who}" if one.acknowledged else ""
    return f"{one.severity.upper():7}  {one.subject}\n           since {one.opened_at:%Y-%m-%d %H:%M} UTC{by}; {one.id}"
