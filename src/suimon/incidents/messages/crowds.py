"""What is told in a round of the sweep: one message about many incidents of a kind, or about one that was held back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.incidents.email import OF_STACK
from suimon.incidents.incident import Event, Notice, Told, listed
from suimon.incidents.kinds import KINDS, NOTHING, IncidentId, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.incidents.incident import Incident

_WHAT = {
    Kind.REJECTED: "files rejected",
    Kind.MISDATED: "files with wrong dates rejected",
    Kind.GONE: "files deleted before their check",
    Kind.IMPERFECT: "files loaded without some records",
    Kind.UNMATCHED: "kinds of files that no contract matches",
    Kind.SET_CLOSED: "shards for closed sets",
    Kind.RUN_FAILED: "runs failed",
    Kind.MISSING_FILE: "files never came",
    Kind.INCOMPLETE_SET: "sets are not whole",
    Kind.STALE_TABLE: "tables are stale",
    Kind.UNREADABLE_TABLE: "tables cannot be checked",
    Kind.PAUSED: "DAGs are paused",
    Kind.QUEUED: "DAGs have long queues",
    Kind.HANGING: "runs do not end",
    Kind.FAILING: "errors at the gate",
    Kind.STUCK: "datasets with files stuck at the gate",
    Kind.ORPHANED: "datasets without a contract",
    Kind.UNKNOWN_DAG: "DAGs that Airflow does not know",
    Kind.FORBIDDEN_DAG: "DAGs that the gate may not start",
    Kind.LONG_PATH: "DAGs with too long a name",
    Kind.REFUSED_CONF: "runs refused by Airflow",
    Kind.FOREIGN_RUN: "runs that are not ours",
    Kind.SWEEP_FAILED: "parts of the sweep failed",
}
_LISTED = 1_000  # lines, far below what a message takes


def told_alone(incident: Incident, now: datetime) -> tuple[str, str]:
    """Return subject and body of the message about one incident that was held back."""
    lines = [incident.body or incident.subject]
    if incident.told is Told.MUTED and incident.muted_by:
        since = f"{incident.opened_at:%Y-%m-%d %H:%M} UTC"
        lines = [f"Since {since}; not told before, for {incident.muted_by} explained it. That is over.", "", *lines]
    elif incident.told is Told.WORSE:
        lines = [f"It has lasted since {incident.opened_at:%Y-%m-%d %H:%M} UTC and counts as an error now.", "", *lines]
    elif (snoozed := incident.snoozed) and not incident.is_snoozed(now):
        lines = [f"Snoozed by {snoozed.who} until now ({snoozed.reason}); it still stands.", "", *lines]
    return incident.subject, "\n".join(lines)


def told_together(kind: Kind, incidents: Sequence[Incident], in_all: int) -> tuple[str, str]:
    """Return subject and body of the message about incidents of a kind; `in_all`: how many of it are open."""
    datasets = {one.about.dataset for one in incidents}
    of = f"{datasets.pop()}: " if len(datasets) == 1 and "" not in datasets else ""
    more = "" if in_all == len(incidents) else " more"
    subject = f"{of}{len(incidents):,}{more}: {_WHAT.get(kind, kind)}"
    lines = [f"{one.subject}{f' (drop {one.about.drop_id})' if one.about.drop_id else ''}" for one in incidents]
    since = f"{min(one.opened_at for one in incidents):%Y-%m-%d %H:%M} UTC"
    body = (
        f"So many problems of one kind came since {since} that they are told together; {in_all:,} of it are open in "
        f"all.\n\n{listed(lines, _LISTED)}\n\n"
        "What to do: look for one cause, such as a changed format or an outage. "
        f"`suimon incidents --kind {kind}{OF_STACK}` lists all that is open, `suimon explain ID{OF_STACK}` tells of a "
        "drop, its reason and its report. When all of these are over, one more message says so."
    )
    return subject, body


def all_over(kind: Kind) -> Notice:
    """Return the notice that all incidents of a kind that were told together are over."""
    what = _WHAT.get(kind, kind)
    return Notice(
        event=Event.RECOVERED,
        id=IncidentId(kind, ()),
        kind=kind,
        severity=KINDS[kind].severity,
        about=NOTHING,
        subject=f"Recovered: {what}",
        body=f"None of those that were told together is open any longer: {what}.",
    )
