"""Incidents alone in virtual time: problems come, worsen and go, persons act, functions crash, and all is looked at.

What is true outside is kept here; what people hear is read from the letters. A problem's subject carries its name and
a number that grows with everything that is news, so that each letter says which state of which problem it is about.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from suimon.incidents.about import About
from suimon.incidents.ack_snooze_close import Action, ActionError, Verb
from suimon.incidents.incident import Problem, Recovery
from suimon.incidents.inhibition import inhibition_of
from suimon.incidents.kinds import KINDS, IncidentId, Kind, Severity
from suimon.incidents.publisher import Publisher
from suimon.incidents.store import IncidentStore
from suimon.incidents.telling_less_often import STREAK
from tests.simulation.services.sns import Sns
from tests.simulation.services.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.incidents.incident import Incident
    from tests.simulation.services.sns import Letter

TOPIC = "arn:aws:sns:ap-northeast-1:123456789012:alerts"
BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
ZONES = {"": "Asia/Tokyo"}
STEPS = 40
MUTED_FOR = timedelta(days=3)
POOL: tuple[tuple[Kind, About], ...] = (
    (Kind.PAUSED, About(dag_id="etl")),
    *((Kind.QUEUED, About(dag_id=dag_id)) for dag_id in ("etl", "elt", "tle")),
    (Kind.MWAA_AWAY, About(environment="airflow")),
    (Kind.AIRFLOW_SILENT, About()),
    *((Kind.MISSING_FILE, About(dataset="sales", partition=f"2026-11-{day}")) for day in (18, 19, 20, 21)),
    *((Kind.STALE_TABLE, About(dataset=name, table=name)) for name in ("sales", "stock", "staff", "sites")),
    *((Kind.FAILING, About(dataset="sales", error=error)) for error in ("Throttled", "Denied")),
)
_TOKEN = re.compile(r"#(\d+)\.(\d+)")


class CrashError(BaseException):
    """The function is no more."""


class Crashing:
    """A service whose calls may be a function's last, before or after they are made."""

    def __init__(self, of: Any, crash: Callable[[], bool]) -> None:
        self._of = of
        self._crash = crash

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._of, name)
        if name not in {"put_item", "update_item", "publish"}:
            return call

        def risky(**request: Any) -> Any:
            if self._crash():
                raise CrashError
            answer = call(**request)
            if self._crash():
                raise CrashError
            return answer

        return risky


@dataclass
class Truth:
    """A problem outside. version: of all that is news. news_at: since when this version is so."""

    number: int
    kind: Kind
    about: About
    version: int = 0
    is_true: bool = False
    severity: Severity = Severity.WARNING
    news_at: datetime = BEGIN
    ended_at: datetime = BEGIN
    closed_version: int = -1
    snoozed_until: datetime = BEGIN
    snoozes: int = 0

    def problem(self) -> Problem:
        """What a function reports of it."""
        token = f"#{self.number}.{self.version}"
        version = str(self.version)
        return Problem(self.kind, self.about, f"{self.kind} {token}", "body", version, self.severity)


@dataclass
class Life:
    """One schedule; `broken`: what of the promises did not hold."""

    seed: int
    now: datetime = BEGIN
    crashes: int = 0
    calm: bool = False
    broken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 schedules, no secrets
        self.crashing = self.seed % 2 == 1
        self.table, self.sns = Table(), Sns(self._unix, TOPIC)
        self.sns.on_letter = self._hear
        table, sns = (Crashing(one, self._crash) for one in (self.table, self.sns))
        self.store = IncidentStore(table, Publisher(sns, TOPIC))  # type: ignore[arg-type]  # services in memory
        self.truths = [Truth(number, kind, about) for number, (kind, about) in enumerate(POOL)]
        self.heard: dict[tuple[int, int], list[tuple[datetime, str]]] = {}
        self.reminded: dict[int, datetime] = {}
        self.grouped: dict[str, dict[int, datetime]] = {}  # by the id of a group: its members, and when each was told

    def _unix(self) -> float:
        return self.now.timestamp()

    def _crash(self) -> bool:
        if not self.crashing or self.calm or self.random.random() > 0.03:
            return False
        self.crashes += 1
        return True

    def live(self) -> Life:
        """Run the schedule and look at its end."""
        for _ in range(STEPS):
            self.now += self.random.choice((QUARTER, QUARTER, QUARTER, 5 * HOUR, 26 * HOUR))
            for truth in self.truths:
                self._change(truth)
            self._person()
            self.round()
        self.calm = True
        for wait in (QUARTER, QUARTER, HOUR, HOUR, STREAK):  # in which all that waits is told
            self.now += wait
            self.round()
        self._end()
        return self

    def _change(self, truth: Truth) -> None:
        drawn = self.random.random()
        if not truth.is_true:
            if drawn < 0.12:
                truth.is_true, truth.severity = True, self.random.choice(tuple(Severity))
                truth.snoozed_until = self.now
                self._news(truth)
        elif drawn < 0.1:
            truth.is_true, truth.ended_at = False, self.now
        elif drawn < 0.15 and truth.severity is Severity.WARNING:
            truth.severity = Severity.ERROR
            truth.snoozed_until = self.now
            self._news(truth)
        elif drawn < 0.18 and not truth.snoozed_until > self.now:
            self._news(truth)

    def _news(self, truth: Truth) -> None:
        truth.version, truth.news_at = truth.version + 1, self.now

    def _person(self) -> None:
        opened = self.store.open_incidents()
        if not opened or self.random.random() > 0.3:
            return
        one, verb = self.random.choice(opened), self.random.choice(tuple(Verb))
        truth = self._of(one)
        if f"#{truth.number}.{truth.version}" not in one.subject or not truth.is_true:
            return
        until = self.now + self.random.choice((6 * HOUR, 80 * HOUR))
        with suppress(ActionError, CrashError):
            self.store.act(Action(verb, str(one.id), "ann", "known", until), self.now)
        known = self.store.known(one.id)
        if known and known.closed and not known.is_open:
            truth.closed_version = truth.version
        if known and known.snoozed and known.is_open:
            truth.snoozed_until = until if verb is Verb.SNOOZE else truth.snoozed_until
            truth.snoozes += verb is Verb.SNOOZE  # its end may be told with others

    def _of(self, one: Incident) -> Truth:
        return next(truth for truth in self.truths if (truth.kind, truth.problem().id) == (one.kind, one.id))

    def round(self) -> None:
        """Make one round of the freshness function."""
        try:
            for truth in self.truths:
                if truth.is_true:
                    self.store.report(truth.problem(), self.now)
            over = [truth.problem().id for truth in self.truths if not truth.is_true]
            self.store.recover([Recovery(one) for one in over], self.now)
            self.store.tell_held(self.now)
            self.store.remind(ZONES, self.now)
        except CrashError:
            return
        for one in self.store.open_incidents():
            if one.told == "muted" and self.now - one.opened_at >= MUTED_FOR and not one.is_snoozed(self.now):
                self.broken.add("nothing_is_muted_for_long")

    def _hear(self, _: int, letter: Letter) -> None:
        """Look at a letter when it is published."""
        how, _blank, words = letter.subject.partition("] ")
        subject = {"[RECOVERED": "Recovered: ", "[CLOSED": "Closed: "}.get(how, "") + words
        tokens = {(int(number), int(version)) for number, version in _TOKEN.findall(letter.message + subject)}
        what = next((word for word in ("Recovered", "Still open", "Closed") if subject.startswith(word)), "told")
        if "Snoozed by" in letter.message:
            what = "unsnoozed"
        group = letter.message.rsplit("Incident: ", 1)[1].strip()
        if "that they are told together" in letter.message:
            self.grouped.setdefault(group, {}).update((number, self.now) for number, _ in tokens)
        if not tokens:
            self._look_at_group(group, what)
        for number, version in tokens:
            self.heard.setdefault((number, version), []).append((self.now, what))
            self._look_at(self.truths[number], version, what)

    def _look_at(self, truth: Truth, version: int, what: str) -> None:
        """Compare what is said of a problem with what is true."""
        if what == "Recovered" and truth.is_true:
            self.broken.add("recoveries_are_true")
        if what == "told":
            if version == truth.version:
                self._look_at_silence(truth)
            said = sum(each == "told" for _, each in self.heard[truth.number, version])
            if said > 1 + self.crashes + truth.snoozes + ESCALATES:
                self.broken.add("nothing_is_told_twice")
        if what == "Still open":
            last = self.reminded.get(truth.number)
            if last and not self.crashing and self.now - last < 12 * HOUR:
                self.broken.add("reminders_are_no_storm")
            self.reminded[truth.number] = self.now

    def _look_at_silence(self, truth: Truth) -> None:
        if truth.closed_version == truth.version and truth.is_true:
            self.broken.add("closed_is_closed")
        known = self.store.known(truth.problem().id)
        if known and known.severity is not truth.severity:  # it has lasted so long that it counts as an error
            return
        if truth.snoozed_until > self.now and truth.news_at < self.now and not self.crashing:
            self.broken.add("snoozed_is_silent")

    def _look_at_group(self, group: str, what: str) -> None:
        """Compare the end of a group with what is true: no member is there, but for those that a person has closed.

        One that had recovered and is there again is another incident, and told by itself.
        """
        standing = [
            truth
            for number, told_at in self.grouped.pop(group, {}).items()
            if (truth := self.truths[number]).is_true
            and (known := self.store.known(truth.problem().id))
            and known.opened_at <= told_at
        ]
        if any(one.closed_version != one.version for one in standing) or (standing and what == "Recovered"):
            self.broken.add("recoveries_are_true")

    def _end(self) -> None:
        standing = self.store.open_incidents()
        told = {str(IncidentId(one.kind, (of,) if of else ())) for one in standing for of in _may_be_in(one)}
        if not self.crashing and self.grouped.keys() - told:
            self.broken.add("recoveries_are_sent")
        for truth in self.truths:
            problem, token = truth.problem(), (truth.number, truth.version)
            known = self.store.known(problem.id)
            if not truth.is_true:
                if known and known.stands:
                    self.broken.add("nothing_outlives_its_cause")
                # A crash between a message and its record leaves no record of which anything could recover.
                told_alone = known and known.told == "alone" and not known.closed and not self.crashing
                if told_alone and self._last_words(truth)[-1:] != ["Recovered"]:
                    self.broken.add("recoveries_are_sent")
                continue
            snoozed = known and known.is_snoozed(self.now) and known.subject == problem.subject
            if truth.closed_version == truth.version or snoozed:
                continue
            if inhibition_of(truth.kind, truth.about, standing, self.now):
                continue
            if not any(what in {"told", "unsnoozed"} for _, what in self.heard.get(token, ())):
                self.broken.add("every_problem_is_told")
            since = max(truth.news_at, truth.snoozed_until)
            daily = known and not known.acknowledged and truth.severity is Severity.ERROR and known.is_open
            if daily and not KINDS[truth.kind].lapses and self._last(truth) < self.now - 40 * HOUR > since:
                self.broken.add("errors_are_repeated")

    def _last_words(self, truth: Truth) -> list[str]:
        return [what for (number, _), times in self.heard.items() if number == truth.number for _, what in times]

    def _last(self, truth: Truth) -> datetime:
        return max(
            (at for one, times in self.heard.items() if one[0] == truth.number for at, _ in times), default=BEGIN
        )


def _may_be_in(one: Incident) -> tuple[str, ...]:
    """Return the groups that an incident keeps open: a muted one each that takes it, for a crash may hide its part."""
    return ("", one.about.dataset) if one.told == "muted" else one.groups


# A warning that lasts is told once more, as an error.
ESCALATES = 1
