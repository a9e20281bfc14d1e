"""Incidents that no contract asks about any more. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.freshness.observation import Check
from suimon.incidents.incident import of_kind
from suimon.incidents.kinds import Kind
from suimon.incidents.messages.recoveries import NOT_WATCHED

if TYPE_CHECKING:
    from collections.abc import Collection

    from suimon.contract.model import Contracts
    from suimon.incidents.incident import Incident


def unwatched(opened: Collection[Incident], contracts: Contracts) -> list[Check]:
    """Return that all is well with what no contract asks about, such as a dataset that was taken out of service."""
    arrivals = {contract.dataset for contract in contracts.all if contract.arrival}
    sets = {contract.dataset for contract in contracts.all if contract.set_rule}
    tables = {contract.freshness.table for contract in contracts.all if contract.freshness}
    lost = [
        *(one for one in of_kind(opened, Kind.MISSING_FILE) if one.about.dataset not in arrivals),
        *(one for one in of_kind(opened, Kind.INCOMPLETE_SET) if one.about.dataset not in sets),
        *(one for one in of_kind(opened, Kind.STALE_TABLE, Kind.UNREADABLE_TABLE) if one.about.table not in tables),
    ]
    return [Check(one.id, None, NOT_WATCHED) for one in lost]
