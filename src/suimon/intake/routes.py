"""The routes through the gate, one for each role that an object has in its dataset.

`settle` brings a claimed drop to its verdict, `forward` takes an accepted one to its run or its set.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Protocol

from suimon.aws.objects import UnreadableError
from suimon.check.verdict import Code
from suimon.contract.model import Contract, Role
from suimon.drops.drop import Accepted, DropRecord, Membership
from suimon.drops.hold import hold_on
from suimon.drops.next_step import Start, next_start
from suimon.drops.sets import SOURCES, SetError
from suimon.drops.states import Counts, State
from suimon.intake.errors import RetryLaterError
from suimon.ledger.followers import follow
from suimon.ledger.sets import LostSetError
from suimon.report.published import Published
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.intake.admission import Admission
    from suimon.intake.run_start import RunStart
    from suimon.intake.shards import Gathering, Names


class Route(Protocol):
    """The route of one drop. Both steps raise RetryLaterError when they are not possible now."""

    def settle(self, record: DropRecord) -> DropRecord:
        """Bring the claimed drop to its verdict."""

    def forward(self, record: DropRecord) -> DropRecord:
        """Take the accepted drop to its run or its set."""


@dataclass(frozen=True, kw_only=True)
class Stations:
    """What the routes lead through. `advance` brings another drop as far as it goes now."""

    admission: Admission
    gathering: Gathering
    runs: RunStart
    advance: Callable[[DropRecord, Contract], DropRecord]

    def join(self, record: DropRecord, contract: Contract, names: Names) -> DropRecord:
        """Join a part to its set; while the set is whole, every part takes it to its run, whichever came last."""
        try:
            whole = self.gathering.join(record, contract, names)
        except LostSetError as error:
            raise RetryLaterError(str(error)) from error
        except (UnreadableError, SetError) as error:
            return self.admission.refuse(record, contract, error)
        ledger = self.gathering.ledger
        if whole:
            follow(ledger, self.advance(whole, contract), self.gathering.clock())
        return ledger.get(record.id) or record

    def start(self, record: DropRecord, contract: Contract) -> DropRecord:
        """Start the run of an accepted file or set, unless its dataset is held or another write has its place."""
        ledger = self.runs.ledger
        hold = hold_on(record, contract, ledger.holds.of(record.dataset))
        newer = ledger.newer_writes(record) if hold and not record.members else []
        match next_start(record, hold, newer, self.runs.clock()):
            case Start.HOLD:  # mark: dataset-is-held
                return record
            case Start.SUPERSEDE:
                by = next((one.id for one in newer if one.counts is Counts.IN_FORCE), "")
                why = "while it was held, a later file was accepted"
                return self.admission.end(record, State.SUPERSEDED, why, superseded_by=by)
            case Start.RUN:
                if record.retracting and not record.retracting.restores:
                    self.admission.lay_out_nothing(record, contract)
                return self.runs.start(record, contract, hold)


def route_of(record: DropRecord, contract: Contract, stations: Stations) -> Route:
    """Choose the route by the role that the drop's key has in its dataset."""
    match contract.role_of(record.drop.key):
        case Role.FILE:
            return FileRoute(contract, stations)
        case Role.SHARD:
            return ShardRoute(contract, stations)
        case Role.CONTROL:
            # Its content is read once, whichever step asks for it.
            return ControlRoute(contract, stations, cache(partial(stations.gathering.read_names, record, contract)))
        case Role.SET:
            return SetRoute(contract, stations)


@dataclass(frozen=True)
class FileRoute:
    """A file is all of its partition: it is checked, and opens a run of its own."""

    contract: Contract
    stations: Stations

    def settle(self, record: DropRecord) -> DropRecord:
        """Check it. The run id is recorded before it is used: whoever continues after a crash asks for the same run."""
        run_id, dag_id = record.run_id, self.contract.dag_id
        return self.stations.admission.judge(record, self.contract, opened_run=run_id, opened_dag=dag_id)

    def forward(self, record: DropRecord) -> DropRecord:
        """Start its run, if it may start."""
        return self.stations.start(record, self.contract)


@dataclass(frozen=True)
class ShardRoute:
    """A shard is checked like a file, and then waits in its set."""

    contract: Contract
    stations: Stations

    def settle(self, record: DropRecord) -> DropRecord:
        """Check it."""
        return self.stations.admission.judge(record, self.contract, membership=Membership())

    def forward(self, record: DropRecord) -> DropRecord:
        """Join it to its set."""
        return self.stations.join(record, self.contract, frozenset)


@dataclass(frozen=True)
class ControlRoute:
    """A manifest or marker says which shards there are. `names` reads them."""

    contract: Contract
    stations: Stations
    names: Names

    def settle(self, record: DropRecord) -> DropRecord:
        """Accept it if it names a set of a date that the contract allows."""
        if outside := self.contract.dates.broken_by(record.partition, record.received_at):
            from suimon.report.messages import say  # noqa: PLC0415 its words would slow every cold start

            reason = say(Code.DATE_OUT_OF_BOUNDS, outside, self.contract.language)
            found = Published(reason, reason, codes=(str(Code.DATE_OUT_OF_BOUNDS),))
            return self.stations.admission.reject(record, self.contract, found)
        if rejected := self.stations.admission.reject_outside_window(record, self.contract):
            return rejected
        try:
            self.names()
        except (UnreadableError, SetError) as error:
            return self.stations.admission.refuse(record, self.contract, error)
        return self.stations.admission.accept(record, membership=Membership())

    def forward(self, record: DropRecord) -> DropRecord:
        """Join it to its set."""
        return self.stations.join(record, self.contract, self.names)


@dataclass(frozen=True)
class SetRoute:
    """A set's shards have been checked; unless a newer set has been opened, it opens a run for all of them."""

    contract: Contract
    stations: Stations

    def settle(self, record: DropRecord) -> DropRecord:
        """Write what its run reads."""
        if not self.stations.gathering.is_current(record):
            return self.stations.admission.end(record, State.SUPERSEDED)
        amount = self.stations.gathering.lay_out(record, self.contract)
        accepted = Accepted(SOURCES, amount.rows, amount.sums, amount.size)
        return self.stations.admission.accept_set(
            record, self.contract, accepted=accepted, opened_run=record.run_id, opened_dag=self.contract.dag_id
        )

    def forward(self, record: DropRecord) -> DropRecord:
        """Start its run, if it may start."""
        if not self.stations.gathering.is_current(record):
            return self.stations.admission.end(record, State.SUPERSEDED)
        return self.stations.start(record, self.contract)
