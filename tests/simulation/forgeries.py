"""In one of eight schedules somebody puts events about ends of runs that did not end so, and a person clears them away.

The draws are apart from the others: a record that was kept before there were forgeries is still the same schedule.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.simulation.plan import MINUTE, REPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.choices import Choices
    from tests.simulation.kept_services import Services

FIRST = -200  # the position of the first draw
MOST = 2
CLAIMS = ("loaded", "failed", "superseded")
# What is wrong beside the claim: nothing, the run, the DAG, an attempt that is over, one that nobody has started.
WRONG = ("nothing", "run", "dag", "old attempt", "next attempt")


@dataclass(frozen=True)
class Forgery:
    """One event: when it is put, about which of the drops that the ledger has by then, what it claims."""

    at: float
    whose: int
    claim: str
    wrong: str

    def detail(self, item: Mapping[str, Any], dag_id: str) -> dict[str, Any]:
        """Return what the event says of a drop, given its item in the ledger."""
        attempt = int(item["attempt"]) + {"old attempt": -1, "next attempt": 1}.get(self.wrong, 0)
        return {
            "drop_id": item["drop_id"],
            "attempt": attempt,
            "dag_id": "other_etl" if self.wrong == "dag" else dag_id,
            "run_id": "zzz" if self.wrong == "run" else f"{item['drop_id']}.{attempt}",
            "outcome": self.claim,
            "rows": {"file": 1, "parquet": 1, "table": 1},
            "failed_task": "load_redshift" if self.claim == "failed" else None,
            "error": "forged" if self.claim == "failed" else None,
            "log_url": None,
        }


def forgeries(choices: Choices) -> tuple[Forgery, ...]:
    """Draw the forged events of a schedule."""
    with choices.apart("forgeries", FIRST):
        count = choices.among((14, 1, 1))
        drawn = []
        for _ in range(MOST):
            at = (0.6, 2.0, 30.0, 3 * MINUTE, 10 * MINUTE)[choices.pick(5)]
            drawn.append(Forgery(at, choices.pick(4), CLAIMS[choices.pick(3)], WRONG[choices.among((4, 1, 1, 1, 1))]))
    return tuple(drawn[:count])


def forge(services: Services, detail: dict[str, Any]) -> None:
    """Put an event on the bus, as whoever may do what a DAG may."""
    entry = {"Source": "suimon.dag", "DetailType": "Run Finished", "Detail": json.dumps(detail)}
    services.events.put_events(Entries=[entry])


def kept(services: Services) -> list[str]:
    """Return the keys of unusable messages that nobody has read yet."""
    return [key for key in services.s3.buckets[REPORTS].keys if key.startswith("undeliverable/")]


def clear_away(services: Services) -> None:
    """Delete what was kept of unusable messages, as a person does who has read it."""
    for key in kept(services):
        del services.s3.buckets[REPORTS].keys[key]
