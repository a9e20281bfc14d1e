"""How a drop is entered into the ledger, by its event, a dead letter or a listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.contract.keys import is_ignored
from suimon.drops.match import Match
from suimon.incidents.messages import files

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contracts
    from suimon.drops.drop import Drop, DropRecord
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.drops import Ledger


def enter(drop: Drop, contracts: Contracts, ledger: Ledger, incidents: IncidentStore, now: datetime) -> DropRecord:
    """Enter a drop under its contract, or report it and enter it as UNMATCHED; return it as the ledger has it."""
    if matched := contracts.match(drop.key):
        contract, partition = matched
        return ledger.receive(drop, Match.of(contract, partition, drop.key), now)
    # People first: once it is in the ledger, nothing looks at it again until there is a contract.
    if not is_ignored(drop.key, drop.size):
        incidents.report(files.no_contract(drop, contracts, now), now)
    return ledger.receive(drop, None, now)
