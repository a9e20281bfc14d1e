"""`sources.json`: every watched table with its state, in the form of dbt's artifact of source freshness. Pure.

The form is version 3 of https://schemas.getdbt.com/dbt/sources/v3.json. A table without a newest value (it cannot be
asked, is empty, NULL throughout, or was not asked yet) is a `runtime error` there; none is left out.
"""

from __future__ import annotations

import json
from dataclasses import field
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from suimon.contract.reserved import FRESHNESS
from suimon.values import dataclass
from suimon.warehouse.table_state import TableState

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contract
    from suimon.contract.table_freshness import Age, TableFreshness
    from suimon.freshness.stale_tables import Answer

SCHEMA = "https://schemas.getdbt.com/dbt/sources/v3.json"
KEY = f"{FRESHNESS}/sources.json"
_STATUS = {TableState.FRESH: "pass", TableState.AGING: "warn"}
_PERIOD = {"min": "minute", "h": "hour", "d": "day"}
_PUBLIC = "public"


@dataclass(frozen=True, kw_only=True)
class SeenTable:
    """A watched table as a round found it; state and answer None: nobody has asked it yet. held: its dataset is."""

    contract: Contract
    table: TableFreshness
    state: TableState | None = None
    answer: Answer | None = None
    held: bool = False

    @property
    def unique_id(self) -> str:
        """The id of the table in the form of dbt: two datasets may watch one table."""
        schema, _, name = self.table.table.rpartition(".")
        return f"source.suimon.{self.contract.dataset}.{schema or _PUBLIC}.{name}"


@dataclass(frozen=True)
class SeenTables:
    """The watched tables of the last round."""

    _tables: dict[str, SeenTable] = field(default_factory=dict)

    def begin(self) -> None:
        """Forget the round before."""
        self._tables.clear()

    def note(self, seen: SeenTable) -> None:
        """Note how a table is."""
        self._tables[seen.unique_id] = seen

    def all(self) -> list[SeenTable]:
        """Return the tables by their ids."""
        return [seen for _, seen in sorted(self._tables.items())]


def sources_json(tables: list[SeenTable], now: datetime) -> dict[str, Any]:
    """Return the artifact as of now; ages are as of now too, not as of when a table was asked."""
    return {
        "metadata": {
            "dbt_schema_version": SCHEMA,
            "dbt_version": "suimon",
            "generated_at": _iso(now),
            "invocation_id": None,
            "env": {},
        },
        "results": [_result(seen, now) for seen in tables],
        "elapsed_time": 0.0,
    }


def digest_of(tables: list[SeenTable]) -> str:
    """Return what is the same as long as nothing has changed: ages, which grow by themselves, are no change."""
    facts = [
        [
            *(seen.unique_id, seen.state, seen.held, json.dumps(seen.table.to_json(), sort_keys=True)),
            *((_iso(seen.answer.asked_at), str(seen.answer.newest), seen.answer.error) if seen.answer else ()),
        ]
        for seen in tables
    ]
    return sha256(json.dumps(facts).encode()).hexdigest()


def _result(seen: SeenTable, now: datetime) -> dict[str, Any]:
    answer, state, table = seen.answer, seen.state, seen.table
    if answer is None or state is None:
        return _error(seen, "not asked yet" + (": its dataset is held" if seen.held else ""))
    if answer.newest is None:
        # Redshift's own words may hold a value; they stand in the incident.
        return _error(seen, f"{state}: {answer.error}" if answer.error not in ("", state) else str(state))
    return {
        "unique_id": seen.unique_id,
        "max_loaded_at": _iso(answer.newest),
        "snapshotted_at": _iso(now),
        "max_loaded_at_time_ago_in_s": (now - answer.newest).total_seconds(),
        "status": _STATUS.get(state, "error"),
        "criteria": {
            "warn_after": _time(table.warn_after),
            "error_after": _time(table.error_after),
            "filter": table.where or None,
        },
        "adapter_response": {
            "state": str(state),
            "asked_at": _iso(answer.asked_at),
            "dataset": seen.contract.dataset,
            "held": seen.held,
        },
        "timing": [],
        "thread_id": "suimon",
        "execution_time": 0.0,
    }


def _error(seen: SeenTable, text: str) -> dict[str, str]:
    return {"unique_id": seen.unique_id, "status": "runtime error", "error": text}


def _time(age: Age | None) -> dict[str, Any] | None:
    return {"count": age.count, "period": _PERIOD[age.unit]} if age else None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
