"""Counts of drops as metrics: one for each move that the ledger takes, however often its cause is delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from suimon.drops.states import STATES, Awaits, State
from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.aws.event_bus import EventBus
    from suimon.aws.version_tags import VersionTags
    from suimon.drops.drop import DropRecord


@dataclass(frozen=True)
class Moves:
    """Hears of every move of a drop from the ledger: counts it, puts its event on the bus, and tags its version."""

    bus: EventBus
    stack: str
    tags: VersionTags | None = None  # where the deployer allows it

    def heard(self, record: DropRecord) -> None:
        """Count a drop that was entered or has moved, and put its event."""
        self.bus.drop_moved(record)
        if self.tags:
            self.tags.drop_moved(record)
        for name, unit, value in counted(record):
            with single_metric(name=name, unit=MetricUnit(unit), value=value, namespace="Suimon") as metric:
                metric.add_dimension("stack", self.stack)
                metric.add_dimension("dataset", record.match.dataset if record.match else "-")


def counted(record: DropRecord) -> list[tuple[str, str, float]]:
    """Return name, unit and value of what a move adds to the metrics; nothing while the gate must still check it.

    How long it took from its arrival until it was loaded is measured at its first load, and of a first attempt alone: a
    replay comes days later.
    """
    if STATES[record.state].awaits is Awaits.CHECK:
        return []
    found = [(f"Drops{record.state.capitalize()}", "Count", 1.0)]
    if record.state is State.LOADED and record.attempt == 1 and record.loaded_at == record.updated_at:
        found.append(("ArrivalToLoaded", "Seconds", (record.updated_at - record.received_at).total_seconds()))
    return found
