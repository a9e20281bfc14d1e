"""Every kind of incident in one table, and the id that an incident has. Pure.

Nobody reads an id: what an incident is about stands in fields of its own (`about.py`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from suimon.incidents.about import NOTHING
from suimon.incidents.id_text import id_text
from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.incidents.about import About


class Kind(StrEnum):
    """The name of a kind, as it stands in ids, in the ledger and in the runbook."""

    REJECTED = "rejected"
    MISDATED = "misdated"
    GONE = "gone"
    IMPERFECT = "imperfect"
    VOLUME = "volume"
    UNMATCHED = "unmatched"
    SET_CLOSED = "set-closed"
    RUN_FAILED = "run-failed"
    MISSING_FILE = "missing-file"
    INCOMPLETE_SET = "incomplete-set"
    STALE_TABLE = "stale-table"
    UNREADABLE_TABLE = "unreadable-table"
    PAUSED = "paused"
    DAG_GONE = "dag-gone"
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
    HELD = "held"
    UNDELIVERABLE = "undeliverable"
    SWEEP_FAILED = "sweep-failed"
    UNEXPLAINED = "unexplained"
    UNUSABLE = "unusable"


class Severity(StrEnum):
    """How bad it is: an error keeps data from its table, a warning does not, or not yet."""

    ERROR = "error"
    WARNING = "warning"

    def is_worse_than(self, other: Severity) -> bool:
        """Whether it is an error, and the other a warning."""
        return self is Severity.ERROR and other is Severity.WARNING


@dataclass(frozen=True)
class Grouping:
    """How many incidents of a kind are told one by one within an hour; counted by fields of `About`."""

    most: int
    by: tuple[str, ...] = ()


# One or two of most kinds are a problem; more are one problem with many faces.
_SOME = Grouping(3)


@dataclass(frozen=True)
class Definition:
    """What is the same for all incidents of a kind.

    identified_by: what of `About` tells two of them apart. opens, over: when one opens, and when it has
    recovered, for people. patience: how long the problem may last before it is reported. lapses: when they end by
    themselves, after the last report; None where only a recovery ends them. escalates: after how long
    a warning is an error. grouping: from how many on they are told together.
    """

    identified_by: tuple[str, ...]
    severity: Severity
    opens: str
    over: str
    patience: timedelta = timedelta()
    lapses: timedelta | None = None
    escalates: timedelta | None = None
    grouping: Grouping = _SOME

    def has_lasted(self, since: datetime, now: datetime) -> bool:
        """Whether a problem that there is since then has to be reported; clocks of functions differ by seconds."""
        return not self.patience or now - since >= self.patience

    @property
    def is_of_one_thing(self) -> bool:
        """Whether it is about one file, date or run, of which there is another one tomorrow."""
        return not _ONE_OFF.isdisjoint(self.identified_by)

    @property
    def lasting(self) -> tuple[str, ...]:
        """What of its identity is the same tomorrow: a DAG, a table, a dataset."""
        return tuple(name for name in self.identified_by if name not in _ONE_OFF)


_ONE_OFF = frozenset({"slot", "shape", "partition", "run_id", "drop_id"})
_ERROR, _WARNING = Severity.ERROR, Severity.WARNING
# Most such problems pass by themselves, and need nobody.
_MOMENT = timedelta(minutes=10)
# For a remark on something that is done: over a weekend, so that it is still there on Monday.
_REMARK = timedelta(days=3)
_HOURS, _DAY, _WEEK = timedelta(hours=6), timedelta(days=1), timedelta(days=7)
# A person reads some e-mails about a dataset in an hour, and hundreds never.
_FILES = Grouping(10, ("dataset",))
# A dataset that goes live, or a calendar that is wrong, misses all its dates at once; one Redshift has many tables.
_ONE = Grouping(1)
_LOADED = "the last write of its slot that has come to an end is loaded, or no contract knows its dataset"
_TAKEN = "Airflow has taken such a run, or no file waits for one any longer"
_NONE_WAITS = "no file has waited for its run for ten minutes"
_AGED = "its newest value is young enough, or no contract asks for it"

KINDS: dict[Kind, Definition] = {
    Kind.REJECTED: Definition(("slot",), _ERROR, "a file breaks its contract", _LOADED, grouping=_FILES),
    Kind.MISDATED: Definition(
        ("slot",),
        _ERROR,
        "a file has a date in its key that its contract does not take",
        f"{_LOADED}; else after three days, for the right one comes under another key",
        lapses=_REMARK,
        grouping=_FILES,
    ),
    Kind.GONE: Definition(
        ("slot",),
        _ERROR,
        "a file is deleted before its check",
        f"{_LOADED}; else after three days, for nobody may need it",
        lapses=_REMARK,
        grouping=_FILES,
    ),
    Kind.IMPERFECT: Definition(
        ("slot",),
        _WARNING,
        "a file is loaded without some records, or a rule warns",
        "a later file of its slot is accepted without a flaw; else after three days",
        lapses=_REMARK,
        grouping=_FILES,
    ),
    Kind.VOLUME: Definition(
        ("slot",),
        _WARNING,
        "a file has much less or more than those of comparable days",
        "a later file of its slot has as much as usual; else after three days",
        lapses=_REMARK,
        grouping=_FILES,
    ),
    Kind.UNMATCHED: Definition(
        ("shape",),
        _WARNING,
        "a file comes that no contract matches",
        "a contract matches all such files; else a week after the last one",
        lapses=_WEEK,
        grouping=Grouping(10),
    ),
    Kind.SET_CLOSED: Definition(
        ("slot",),
        _WARNING,
        "a shard comes that its set does not take",
        f"{_LOADED}; else after three days",
        lapses=_REMARK,
        grouping=_FILES,
    ),
    Kind.RUN_FAILED: Definition(
        ("dataset", "partition"), _ERROR, "the run of an accepted file fails", _LOADED, grouping=_FILES
    ),
    Kind.MISSING_FILE: Definition(
        ("dataset", "partition"),
        _ERROR,
        "a deadline has passed and no file has come",
        "the file has come, or no contract awaits it",
        grouping=_ONE,
    ),
    Kind.INCOMPLETE_SET: Definition(
        ("dataset", "partition"),
        _ERROR,
        "a set is not whole in time",
        "the set is whole, or no contract awaits it",
        grouping=_ONE,
    ),
    Kind.STALE_TABLE: Definition(
        ("table",), _ERROR, "a table's newest value is too old, in the future, or missing", _AGED, grouping=_ONE
    ),
    Kind.UNREADABLE_TABLE: Definition(
        ("table",),
        _WARNING,
        "a table's age could not be asked, twice",
        "its age could be asked, or no contract asks for it",
        patience=_MOMENT,
        escalates=_DAY,
        grouping=_ONE,
    ),
    Kind.PAUSED: Definition(
        ("dag_id",), _ERROR, "a run waits, and Airflow says that its DAG is paused", "Airflow says that it is active"
    ),
    Kind.DAG_GONE: Definition(
        ("dag_id",),
        _ERROR,
        "a run waits, and Airflow no longer has its DAG",
        "Airflow has the DAG again, or none of its runs waits",
    ),
    Kind.QUEUED: Definition(
        ("dag_id",),
        _WARNING,
        "a run of the DAG has waited for two hours, or its contract's maxRunMinutes",
        "no run of the DAG has waited so long",
        escalates=_DAY,
    ),
    Kind.HANGING: Definition(
        ("dag_id", "run_id"),
        _WARNING,
        "a run has not ended for two hours, or for its contract's maxRunMinutes",
        "the run has ended, or a replay has started another",
        escalates=_DAY,
    ),
    Kind.AIRFLOW_SILENT: Definition(
        (),
        _WARNING,
        "Airflow cannot be asked about runs",
        "Airflow answers, or no run is left to ask about",
        escalates=_HOURS,
    ),
    Kind.MWAA_AWAY: Definition(("environment",), _ERROR, "Airflow does not take runs", _NONE_WAITS, patience=_MOMENT),
    Kind.MWAA_BUSY: Definition(
        ("environment",),
        _WARNING,
        "Airflow takes runs more slowly than files come",
        _NONE_WAITS,
        patience=_MOMENT,
        escalates=_HOURS,
    ),
    Kind.MWAA_DENIED: Definition(("environment",), _ERROR, "the gate may not start runs", _TAKEN),
    Kind.MWAA_MISSING: Definition(("environment",), _ERROR, "there is no such environment", _TAKEN),
    Kind.MWAA_INVALID: Definition(("environment",), _ERROR, "MWAA refuses the gate's request", _TAKEN),
    # A file and its DAG may be deployed together, and Airflow parses new files every few minutes.
    Kind.UNKNOWN_DAG: Definition(("dag_id",), _ERROR, "Airflow does not know the DAG", _TAKEN, patience=_MOMENT),
    Kind.FORBIDDEN_DAG: Definition(("dag_id",), _ERROR, "the gate's role in Airflow may not start the DAG", _TAKEN),
    Kind.LONG_PATH: Definition(("dag_id",), _ERROR, "the DAG's name is too long for MWAA", _TAKEN),
    Kind.REFUSED_CONF: Definition(("dag_id", "drop_id"), _ERROR, "Airflow refuses what a run is given", _TAKEN),
    Kind.FOREIGN_RUN: Definition(("dag_id", "drop_id"), _ERROR, "Airflow has a foreign run of this id", _TAKEN),
    Kind.FAILING: Definition(
        ("dataset", "error"),
        _ERROR,
        "files fail at the gate with one error",
        "no file of the dataset is left that fails with this error",
        patience=_MOMENT,
    ),
    Kind.STUCK: Definition(
        ("dataset",),
        _ERROR,
        "files of the dataset have been stuck for an hour",
        "no file of the dataset has been stuck for an hour",
    ),
    Kind.ORPHANED: Definition(
        ("dataset",),
        _WARNING,
        "accepted files wait, and no contract knows their dataset",
        "a contract knows the dataset again, or somebody has closed its drops",
        escalates=_WEEK,
    ),
    Kind.HELD: Definition(
        ("dataset",),
        _WARNING,
        "a person lets no run of the dataset start",
        "somebody has released it, or its time is over",
    ),
    Kind.UNDELIVERABLE: Definition(
        (), _ERROR, "a message asks for nothing that can be done", "somebody has deleted the messages that were kept"
    ),
    # Reported at the end of a round, behind the part that tells what is held: each part alone, and no more than these.
    Kind.SWEEP_FAILED: Definition(
        ("part",), _ERROR, "a part of the sweep fails", "that part of the sweep was done", grouping=Grouping(12)
    ),
    Kind.UNEXPLAINED: Definition(
        (),
        _ERROR,
        "the sweep finds what it cannot repair or explain",
        "the sweep could repair or explain all that it found",
    ),
    Kind.UNUSABLE: Definition((), _ERROR, "a round cannot use what it reads", "a round could use all that it read"),
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
        return id_text((self.kind, *self.parts))
