"""The answers of the freshness function to what `suimon` asks it for a person: by the name that the event has.

    check_up                   what Airflow says of itself and of the contracts' DAGs, and which requests it refuses
    close, retract             {"drop_id", "reason", "who"}: end a drop, take a file back
    hold, release              {"dataset", "reason", "who", "until"}: start no run of a dataset, or again
    expect                     {"dataset", "partition", "reason", "who", "undo"}: a file will not come, or will
    act                        {"verb": "ack", "snooze" or "close", "id", "who", "reason", "until"}: of an incident
    datasets                   those that the release has
    incident                   {"id"}: all of one
    incidents                  {"dataset", "kind", "severity", "all"}: what is open
    forecast, status           {"back", "ahead"}, in days, perhaps {"dataset"}: what is due; with all that may need a
                               person
    page                       {"language": "en" or "ja"}: the stack's page

What is refused is answered as {"refused": {"en": why, "ja": why}, "then": the command to type next}. Whoever calls the
function by its alias for questions gets questions answered and nothing else: that is all that a viewer may call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.contract.model import Contracts
from suimon.drops.refusal import RefusalError
from suimon.freshness.date_facts import DateFacts
from suimon.freshness.forecast import MOST_DAYS, forecast, warnings
from suimon.freshness.hourly_figures import HourlyFigures
from suimon.freshness.waiving import Request, waive
from suimon.incidents.ack_snooze_close import Action
from suimon.incidents.grouping import worst_first
from suimon.incidents.kinds import Kind
from suimon.incidents.overview import as_json, chosen
from suimon.mwaa.check_up import look
from suimon.sweep.closing import Closing, close
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from suimon.drops.hold import Hold
    from suimon.freshness.watch import Watch
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.drops import Ledger
    from suimon.status.overview import Overview
    from suimon.sweep.round import Sweep

REFUSALS = (Kind.MWAA_DENIED, Kind.FORBIDDEN_DAG)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Answers persons. ledger_of: returns the ledger in the hands of somebody. stack: the name that pages show."""

    watch: Watch
    sweep: Sweep
    ledger_of: Callable[[str], Ledger]
    stack: str

    def to(self, name: str, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Answer a request by its name, or return why it was refused."""
        try:
            return ANSWERS[name](self, request, now)
        except RefusalError as error:
            return error.to_json()

    @property
    def _contracts(self) -> Contracts:
        return self.watch.contracts

    @property
    def _incidents(self) -> IncidentStore:
        return self.watch.incidents

    @property
    def _datasets(self) -> list[str]:
        return sorted(one.dataset for one in self._contracts.all)

    def act(self, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Do to an incident what a person asks; return it."""
        found = self._incidents.act(Action.from_request(request), now)
        return as_json(found, self._incidents.standing(), now)

    def check_up(self, _request: dict[str, Any], _now: datetime) -> dict[str, Any]:
        """Return what Airflow says of itself and of the DAGs, and which of the gate's requests it refuses."""
        dags = {one.dag_id for one in self._contracts.all if one.dag_id}
        refused = [str(one.id) for one in self._incidents.open_incidents() if one.kind in REFUSALS]
        return {**look(self.sweep.airflow, sorted(dags)), "denied": refused}

    def close(self, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Close a drop; return its id and state."""
        closing = Closing.from_request(request)
        record = close(self.ledger_of(closing.who or "a person"), self.sweep.run_ends.sfn, closing, now)
        return {"drop_id": record.id, "state": record.state}

    def datasets(self, _request: dict[str, Any], _now: datetime) -> dict[str, Any]:
        """Return the names of the release's datasets."""
        return {"datasets": self._datasets}

    def expect(self, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Record that a file will not come, or will after all; return its state."""
        return dict(waive(self.watch, Request.read(request, self._contracts), now))

    def forecast(self, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Return what is expected when, by dataset and date, and what nobody can know."""
        back, ahead = (min(int(request[name]), MOST_DAYS) for name in ("back", "ahead"))
        of = [one for one in self._contracts.all if request.get("dataset") in (None, "", one.dataset)]
        contracts = Contracts(tuple(of))
        found = forecast(contracts, self.date_facts(now).of, now, back=back, ahead=ahead)
        return {
            "datasets": self._datasets,
            "expected": [one.to_json() for one in found],
            "warnings": warnings(contracts, now, ahead=ahead, back=back),
        }

    def hold(self, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Hold a dataset; return what stands in the ledger now."""
        held = self.sweep.holding().hold(request, now)
        until = held.until and held.until.isoformat()
        return {"dataset": held.dataset, "since": held.since.isoformat(), "until": until}

    def incident(self, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Return an incident."""
        found = self._incidents.find(str(request.get("id")))
        return as_json(found, self._incidents.standing(), now)

    def list_incidents(self, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Return the incidents that a person asks for, the worst first."""
        return {"datasets": self._datasets, "incidents": chosen(self._incidents.standing(), request, now)}

    def page(self, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Return the stack's page in the language that is asked for."""
        from suimon.status.page import page  # noqa: PLC0415 nothing that draws pages slows a cold start

        found = self.overview(self.date_facts(now), now)
        return {"html": page(found, self.stack, now, "ja" if request["language"] == "ja" else "en")}

    def release(self, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Release a dataset; return how many drops are on their way now."""
        held, sent = self.sweep.holding().release(request, now)
        return {"dataset": held.dataset, "sent": sent}

    def retract(self, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Take a file back; return what happens now."""
        return dict(self.sweep.retracting().retract(request, now))

    def status(self, request: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Return what is expected, what has not recovered, and which datasets are held: all that may need a person."""
        return {
            **self.forecast(request, now),
            "incidents": chosen(self._incidents.standing(), {"all": True}, now),
            "held": [_as_json(one) for one in self._holds(now)],
        }

    def overview(self, read: DateFacts, now: datetime) -> Overview:
        """Return what stands on the stack's page."""
        from suimon.status.overview import Held, days_back, overview  # noqa: PLC0415 likewise

        awaited = [one.dataset for one in self._contracts.all if one.arrival]
        back = days_back(len(awaited))
        return overview(
            forecast(self._contracts, read.of, now, back=back, ahead=1),
            worst_first(self._incidents.open_incidents()),
            [Held(one.dataset, one.since, one.until) for one in self._holds(now)],
            awaited,
            sorted({*self._datasets}.difference(awaited)),
            warnings(self._contracts, now, ahead=1, back=back),
            HourlyFigures(self.watch.checkpoints).shares(now),
        )

    def date_facts(self, now: datetime) -> DateFacts:
        """Return what reads each date once, for one round or one question."""
        return DateFacts(self.watch.ledger, self.watch.waivers, now)

    def _holds(self, now: datetime) -> list[Hold]:
        holds = self.watch.ledger.holds.of_all(self._datasets).values()
        return [one for one in holds if one.is_in_force(now)]


def _as_json(held: Hold) -> dict[str, Any]:
    """Return a hold as people and scripts see it."""
    return {
        "dataset": held.dataset,
        "since": held.since.isoformat(),
        "until": held.until and held.until.isoformat(),
        "who": held.who,
        "reason": held.reason,
    }


ANSWERS: dict[str, Callable[[Answers, dict[str, Any], datetime], dict[str, Any]]] = {
    "act": Answers.act,
    "check_up": Answers.check_up,
    "close": Answers.close,
    "datasets": Answers.datasets,
    "expect": Answers.expect,
    "forecast": Answers.forecast,
    "hold": Answers.hold,
    "incident": Answers.incident,
    "incidents": Answers.list_incidents,
    "page": Answers.page,
    "release": Answers.release,
    "retract": Answers.retract,
    "status": Answers.status,
}
