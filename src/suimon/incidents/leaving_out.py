"""One bad object, record or message stops no round: it is left out and noted, and everything else is done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from suimon.aws.passing import passes
from suimon.incidents.store import LostIncidentError
from suimon.ledger.drops import LostClaimError
from suimon.ledger.sets import LostSetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suimon.ledger.unreadable_items import Unusable

_RACES = (LostClaimError, LostSetError, LostIncidentError)


@contextmanager
def leave_out(unusable: Unusable, name: str) -> Iterator[None]:
    """Note an error under a name and go on.

    What passes by itself is raised: AWS away would hit all that follows as well, a lost race is tried again.
    """
    try:
        yield
    except Exception as error:
        if passes(error) or isinstance(error, _RACES):
            raise
        unusable.add(name, f"{type(error).__name__}: {error}")
