"""Every kind of incident in one table, and the id that an incident has. Pure.

Nobody reads an id: what an incident is about stands in fields of its own, `About`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord

# PagerDuty takes 255 characters as the key that tells one incident from another.
# https://developer.pagerduty.com/docs/send-alert-event
ID_CHARACTERS = 255
_DIGEST_CHARACTERS = 16


class Kind(StrEnum):
    """The name of a kind, as it stands in ids, in the ledger and in the runbook."""

    REJECTED = "rejected"
    GONE = "gone"
    IMPERFECT = "imperfect"
    UNMATCHED = "unmatched"
    SET_CLOSED = "set-closed"
    RUN_FAILED = "run-failed"
    MISSING_FILE = "missing-file"
    INCOMPLETE_SET = "incomplete-set"
    STALE_TABLE = "stale-table"
    UNREADABLE_TABLE = "unreadable-table"
    PAUSED = "paused"
    QUEUED = "queued"
    HANGING = "hanging"
    AIRFLOW_SILENT = "airflow-silent"
    MWAA_AWAY = "mwaa-away"
    MWAA_BUSY = "mwaa-busy"
    MWAA_DENIED = "mwaa-denied"
    MWAA_MISSING = "mwaa-missing"
    MWAA_INVALID = "mwaa-invalid"
    UNKNOWN_DAG = "unknown-dag"
    FORBIDDEN_DAG = "forbidden-dag"
    LONG_PATH = "long-path"
    REFUSED_CONF = "refused-conf"
    FOREIGN_RUN = "foreign-run"
    FAILING = "failing"
    STUCK = "stuck"
    ORPHANED = "orphaned"
    UNDELIVERABLE = "undeliverable"
    SWEEP_FAILED = "sweep-failed"
    UNEXPLAINED = "unexplained"
    UNUSABLE = "unusable"


class Severity(StrEnum):
    """How bad it is: an error keeps data from its table, a warning does not, or not yet."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class About:
    """What an incident is about. A field that does not apply is empty."""

    dataset: str = ""
    partition: str = ""
    key: str = ""  # of an object in the raw bucket
    shape: str = ""  # of the keys of several objects
    drop_id: str = ""
    run_id: str = ""
    dag_id: str = ""
    table: str = ""
    environment: str = ""
    part: str = ""  # of the sweep
    error: str = ""  # the name of what a check fails with

    @classmethod
    def drop(cls, record: DropRecord, *, dag_id: str = "", environment: str = "") -> About:
        """Return what there is to say of a drop in its present attempt."""
        return cls(
            dataset=record.dataset,
            partition=record.partition,
            key=record.drop.key,
            drop_id=record.id,
            run_id=record.run_id,
            dag_id=dag_id,
            environment=environment,
        )


NOTHING = About()


@dataclass(frozen=True)
class Crowd:
    """How many incidents of a kind are told one by one within an hour; counted by fields of `About`."""

    most: int
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definition:
    """What is the same for all incidents of a kind.

    identified_by: the fields of `About` that tell two of them apart. over: when they have recovered, for people.
    patience: how long the problem may last before it is reported. lapses: when they end by themselves, after the last
    report and without news; None where only a recovery ends them. crowd: from how many on they are told together; None
    where each is told alone.
    """

    identified_by: tuple[str, ...]
    severity: Severity
    over: str
    patience: timedelta = timedelta()
    lapses: timedelta | None = None
    crowd: Crowd | None = None

    def has_lasted(self, since: datetime, now: datetime) -> bool:
        """Whether a problem that there is since then has to be reported; clocks of functions differ by seconds."""
        return not self.patience or now - since >= self.patience


_ERROR, _WARNING = Severity.ERROR, Severity.WARNING
# Most such problems pass by themselves, and need nobody.
_MOMENT = timedelta(minutes=10)
# For a remark on something that is done: over a weekend, so that it is still there on Monday.
_REMARK = timedelta(days=3)
# A person reads some e-mails about a dataset in an hour, and hundreds never.
_FILES = Crowd(10, ("dataset",))
# A dataset that goes live, or a calendar that is wrong, misses all its dates at once.
_DATES = Crowd(3, ("dataset",))
# One Redshift has many tables.
_TABLES = Crowd(3)
_LOADED = "the last write of its key that has come to an end is loaded"
_TAKEN = "Airflow has taken such a run, or no file waits for one any longer"

KINDS: dict[Kind, Definition] = {
    Kind.REJECTED: Definition(("key",), _ERROR, _LOADED, crowd=_FILES),
    Kind.GONE: Definition(("key",), _ERROR, _LOADED, crowd=_FILES),
    Kind.IMPERFECT: Definition(
        ("key",),
        _WARNING,
        "a later file of its key is accepted without a flaw; else after three days",
        lapses=_REMARK,
        crowd=_FILES,
    ),
    Kind.UNMATCHED: Definition(
        ("shape",),
        _WARNING,
        "a contract matches all such files; else never, for nobody has looked at what is in them",
        crowd=Crowd(10),
    ),
    Kind.SET_CLOSED: Definition(("key",), _WARNING, f"{_LOADED}; else after three days", lapses=_REMARK, crowd=_FILES),
    Kind.RUN_FAILED: Definition(("dataset", "partition"), _ERROR, _LOADED, crowd=_FILES),
    Kind.MISSING_FILE: Definition(
        ("dataset", "partition"), _ERROR, "the file has come, or no contract awaits it", crowd=_DATES
    ),
    Kind.INCOMPLETE_SET: Definition(("dataset", "partition"), _ERROR, "the set is whole, or no contract awaits it"),
    Kind.STALE_TABLE: Definition(
        ("table",), _ERROR, "its newest value is young enough, or no contract asks for it", crowd=_TABLES
    ),
    Kind.UNREADABLE_TABLE: Definition(
        ("table",), _WARNING, "its age could be asked, or no contract asks for it", patience=_MOMENT, crowd=_TABLES
    ),
    Kind.PAUSED: Definition(("dag_id",), _ERROR, "Airflow says that the DAG is active"),
    Kind.QUEUED: Definition(("dag_id",), _WARNING, "no run of the DAG has waited for two hours"),
    Kind.HANGING: Definition(("dag_id", "run_id"), _WARNING, "the run has ended, or a replay has started another"),
    Kind.AIRFLOW_SILENT: Definition((), _WARNING, "Airflow answers, or no run is left to ask about"),
    Kind.MWAA_AWAY: Definition(
        ("environment",), _ERROR, "no file has waited for its run for ten minutes", patience=_MOMENT
    ),
    Kind.MWAA_BUSY: Definition(
        ("environment",), _WARNING, "no file has waited for its run for ten minutes", patience=_MOMENT
    ),
    Kind.MWAA_DENIED: Definition(("environment",), _ERROR, _TAKEN),
    Kind.MWAA_MISSING: Definition(("environment",), _ERROR, _TAKEN),
    Kind.MWAA_INVALID: Definition(("environment",), _ERROR, _TAKEN),
    # A file and its DAG may be deployed together, and Airflow parses new files every few minutes.
    Kind.UNKNOWN_DAG: Definition(("dag_id",), _ERROR, _TAKEN, patience=_MOMENT),
    Kind.FORBIDDEN_DAG: Definition(("dag_id",), _ERROR, _TAKEN),
    Kind.LONG_PATH: Definition(("dag_id",), _ERROR, _TAKEN),
    Kind.REFUSED_CONF: Definition(("dag_id", "drop_id"), _ERROR, _TAKEN),
    Kind.FOREIGN_RUN: Definition(("dag_id", "drop_id"), _ERROR, _TAKEN),
    Kind.FAILING: Definition(
        ("dataset", "error"), _ERROR, "no file of the dataset is left that fails with this error", patience=_MOMENT
    ),
    Kind.STUCK: Definition(("dataset",), _ERROR, "no file of the dataset has been stuck for an hour"),
    Kind.ORPHANED: Definition(
        ("dataset",), _WARNING, "a contract knows the dataset again, or somebody has closed its drops"
    ),
    Kind.UNDELIVERABLE: Definition((), _ERROR, "somebody has deleted the messages that were kept"),
    Kind.SWEEP_FAILED: Definition(("part",), _ERROR, "that part of the sweep was done"),
    Kind.UNEXPLAINED: Definition((), _ERROR, "the sweep could repair or explain all that it found"),
    Kind.UNUSABLE: Definition((), _ERROR, "a round could use all that it read"),
}


@dataclass(frozen=True)
class IncidentId:
    """The identity of an incident: its kind, and the parts that tell it from others of that kind."""

    kind: Kind
    parts: tuple[str, ...]

    @classmethod
    def of(cls, kind: Kind, about: About = NOTHING) -> IncidentId:
        """Return the id of the incident of a kind about something."""
        return cls(kind, tuple(getattr(about, name) for name in KINDS[kind].identified_by))

    def __str__(self) -> str:
        """Return the text of the id: stable, different for different ids, at most ID_CHARACTERS long."""
        text = ":".join((self.kind, *map(_escaped, self.parts)))
        if len(text) <= ID_CHARACTERS:
            return text
        digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]
        return f"{text[: ID_CHARACTERS - 1 - _DIGEST_CHARACTERS]}~{digest}"


def _escaped(part: str) -> str:
    """Escape what separates parts, and what a line of an e-mail cannot show."""
    return "".join(
        char
        if char.isprintable() and char not in "%:~"
        else "".join(f"%{byte:02X}" for byte in char.encode(errors="surrogatepass"))
        for char in part
    )
