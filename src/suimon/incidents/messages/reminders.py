"""The message about what has been open for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.foreign_text import shown
from suimon.drops.wording import Bilingual, japanese
from suimon.incidents.about import NOTHING
from suimon.incidents.email import OF_STACK, wall_time
from suimon.incidents.incident import Event, Notice, listed, listed_in_japanese
from suimon.incidents.kinds import IncidentId, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.incidents.incident import Incident

_LISTED = 200


def still_open(incidents: Sequence[Incident], zone: str) -> Notice:
    """Return the reminder of some incidents, the worst first; `zone`: where it is nine o'clock."""
    first = incidents[0]
    errors = sum(one.severity is Severity.ERROR for one in incidents)
    oldest = min(one.opened_at for one in incidents)
    count, lines = f"{len(incidents):,}", [_line(one, str(one.subject), zone) for one in incidents]
    counted = Bilingual(f"{count} problems, {errors:,} of them errors", f"{count} 件（うちエラー {errors:,} 件）")
    if len(incidents) == 1:
        counted = Bilingual(str(first.subject), japanese(first.subject))
    body = Bilingual(
        f"These are open, and nobody has heard of them since yesterday at least (nine o'clock, {zone}):\n\n"
        f"{listed(lines, _LISTED)}\n\n"
        f"What to do: mend the cause; then each ends by itself. `suimon incidents ID{OF_STACK}` shows its message. "
        f"Whoever is at it says so with `suimon ack ID{OF_STACK}`; "
        f"`suimon snooze ID --days 7 --reason …{OF_STACK}` ends reminders for a while; "
        f"`suimon close ID --reason …{OF_STACK}` for good.",
        f"次の問題が未解消のままです（少なくとも昨日から通知していません。{zone} の 9 時時点）。\n\n"
        f"{listed_in_japanese([_line(one, japanese(one.subject), zone) for one in incidents], _LISTED)}\n\n"
        f"対応: 原因を取り除けば、自動的に解消します。`suimon incidents ID{OF_STACK}` で内容を表示できます。"
        f"対応中であれば `suimon ack ID{OF_STACK}`、しばらく通知を止めるには "
        f"`suimon snooze ID --days 7 --reason …{OF_STACK}`、終わりにするには `suimon close ID --reason …{OF_STACK}` "
        "を実行してください。",
    )
    return Notice(
        event=Event.REMINDED,
        id=first.id if len(incidents) == 1 else IncidentId(first.kind, ("still open", zone)),
        kind=first.kind,
        severity=first.severity,
        about=first.about if len(incidents) == 1 else NOTHING,
        subject=Bilingual(
            f"Still open since {oldest:%Y-%m-%d}: {counted}", f"{oldest:%Y-%m-%d} から未解消: {japanese(counted)}"
        ),
        body=body,
        incidents=tuple(incidents),
    )


def _line(one: Incident, subject: str, zone: str) -> str:
    by = f", acknowledged by {shown(one.acknowledged.who)}" if one.acknowledged else ""
    return f"{one.severity.upper():7}  {subject}\n           since {wall_time(one.opened_at, zone)}{by}; {one.id}"
