"""One message about many incidents of a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.incidents.email import OF_STACK
from suimon.incidents.incident import listed
from suimon.incidents.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.incidents.incident import Incident

_WHAT = {
    Kind.REJECTED: "files rejected",
    Kind.GONE: "files deleted before their check",
    Kind.IMPERFECT: "files loaded without some records",
    Kind.SET_CLOSED: "shards for closed sets",
    Kind.RUN_FAILED: "runs failed",
    Kind.MISSING_FILE: "files never came",
    Kind.STALE_TABLE: "tables are stale",
    Kind.UNREADABLE_TABLE: "tables cannot be checked",
    Kind.UNMATCHED: "kinds of files that no contract matches",
}
_LISTED = 1_000  # lines, far below what a message takes


def told_together(kind: Kind, incidents: Sequence[Incident]) -> tuple[str, str]:
    """Return subject and body of the message about incidents of a kind, the oldest first."""
    datasets = {one.about.dataset for one in incidents}
    of = f"{datasets.pop()}: " if len(datasets) == 1 and "" not in datasets else ""
    count = f"{len(incidents):,} more" if len(incidents) > 1 else "one more"
    subject = f"{of}{count}: {_WHAT.get(kind, kind)}"
    lines = [f"{one.subject}{f' (drop {one.about.drop_id})' if one.about.drop_id else ''}" for one in incidents]
    since = f"{incidents[0].opened_at:%Y-%m-%d %H:%M} UTC"
    body = (
        f"So many problems of one kind came since {since} that they are told together; the first ones were told one by "
        f"one.\n\n{listed(lines, _LISTED)}\n\n"
        "What to do: look for one cause, such as a changed format or an outage. "
        f"`suimon explain ID{OF_STACK}` tells of a drop, its reason and its report. Each of these ends without another "
        "message when its problem is over."
    )
    return subject, body
