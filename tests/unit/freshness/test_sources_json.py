"""sources.json: every watched table in the form of dbt's artifact, written when something has changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from suimon.contract.model import Contract
from suimon.contract.table_freshness import Age, TableFreshness
from suimon.freshness.publishing import SourcesJson
from suimon.freshness.sources_json import KEY, SeenTable, SeenTables, digest_of, sources_json
from suimon.freshness.stale_tables import Answer
from suimon.warehouse.table_state import TableState

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
TABLE = TableFreshness("events", "at", Age(12, "h"), warn_after=Age(30, "min"), where="kind = 'x'")
EVENTS = Contract("events", "1", "events", freshness=TABLE)
ANSWER = Answer(asked_at=NOW - HOUR, newest=NOW - 2 * HOUR, rows=1)
SEEN = SeenTable(contract=EVENTS, table=TABLE, state=TableState.FRESH, answer=ANSWER)


def result(seen: SeenTable) -> dict[str, Any]:
    [found] = sources_json([seen], NOW)["results"]
    return dict(found)


def test_a_table_with_a_newest_value_has_all_that_the_schema_of_dbt_requires_and_no_more() -> None:
    assert result(SEEN) == {
        "unique_id": "source.suimon.events.public.events",
        "max_loaded_at": "2026-11-23T07:00:00.000Z",
        "snapshotted_at": "2026-11-23T09:00:00.000Z",
        "max_loaded_at_time_ago_in_s": 7200.0,
        "status": "pass",
        "criteria": {
            "warn_after": {"count": 30, "period": "minute"},
            "error_after": {"count": 12, "period": "hour"},
            "filter": "kind = 'x'",
        },
        "adapter_response": {
            "state": "fresh",
            "asked_at": "2026-11-23T08:00:00.000Z",
            "dataset": "events",
            "held": False,
        },
        "timing": [],
        "thread_id": "suimon",
        "execution_time": 0.0,
    }


def test_the_artifact_names_the_version_of_its_schema() -> None:
    artifact = sources_json([], NOW)
    assert artifact["metadata"]["dbt_schema_version"] == "https://schemas.getdbt.com/dbt/sources/v3.json"
    assert artifact["metadata"].keys() == {
        "dbt_schema_version",
        "dbt_version",
        "generated_at",
        "invocation_id",
        "env",
    }
    assert artifact.keys() == {"metadata", "results", "elapsed_time"}


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (TableState.FRESH, "pass"),
        (TableState.AGING, "warn"),
        (TableState.STALE, "error"),
        (TableState.BEHIND, "error"),
        (TableState.FUTURE, "error"),
    ],
)
def test_only_what_is_fresh_passes(state: TableState, status: str) -> None:
    assert result(replace(SEEN, state=state))["status"] == status


@pytest.mark.parametrize("state", [*TableState])
def test_a_table_without_a_newest_value_is_an_error_with_its_state_and_without_what_redshift_said(
    state: TableState,
) -> None:
    answer = replace(ANSWER, newest=None, error="WarehouseError", text="secret value")
    assert result(replace(SEEN, state=state, answer=answer)) == {
        "unique_id": "source.suimon.events.public.events",
        "status": "runtime error",
        "error": f"{state}: WarehouseError",
    }


def test_a_table_that_nobody_has_asked_is_not_left_out() -> None:
    unasked = replace(SEEN, state=None, answer=None)
    assert result(unasked)["error"] == "not asked yet"
    assert result(replace(unasked, held=True))["error"] == "not asked yet: its dataset is held"


def test_a_table_has_the_schema_in_which_it_lies() -> None:
    table = TableFreshness("mart.orders", "day", Age(2))
    found = result(replace(SEEN, table=table))
    assert found["unique_id"] == "source.suimon.events.mart.orders"
    assert found["criteria"] == {"warn_after": None, "error_after": {"count": 2, "period": "day"}, "filter": None}


def test_tables_of_the_round_before_are_forgotten_and_the_others_sorted() -> None:
    tables, other = SeenTables(), replace(SEEN, contract=replace(EVENTS, dataset="accounts"))
    tables.note(SEEN)
    tables.begin()
    tables.note(SEEN)
    tables.note(other)
    tables.note(other)
    assert tables.all() == [other, SEEN]


class _S3:
    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []

    def put_object(self, **request: Any) -> None:
        if request["Bucket"] == "away":
            raise ConnectionError
        self.written.append(json.loads(request["Body"]))
        assert (request["Bucket"], request["Key"]) == ("reports", KEY)


class _Checkpoints(dict[str, Any]):
    def get(self, name: str, _default: Any = None) -> Any:
        return super().get(name, {})

    def put(self, name: str, values: dict[str, str]) -> None:
        self[name] = values


def test_it_is_written_when_something_has_changed_and_not_because_time_passes() -> None:
    s3, checkpoints = _S3(), _Checkpoints()
    file = SourcesJson(s3=s3, bucket="reports", checkpoints=checkpoints)  # type: ignore[arg-type]  # fakes
    assert not file.write([], NOW)
    assert file.write([SEEN], NOW)
    assert not file.write([SEEN], NOW + HOUR)
    assert file.write([replace(SEEN, state=TableState.AGING)], NOW + HOUR)
    # The last table that was watched is gone: that is news too.
    assert file.write([], NOW + HOUR)
    assert [[one["status"] for one in artifact["results"]] for artifact in s3.written] == [["pass"], ["warn"], []]


def test_a_write_that_fails_is_made_again() -> None:
    s3, checkpoints = _S3(), _Checkpoints()
    away = SourcesJson(s3=s3, bucket="away", checkpoints=checkpoints)  # type: ignore[arg-type]  # fakes
    with pytest.raises(ConnectionError):
        away.write([SEEN], NOW)
    assert replace(away, bucket="reports").write([SEEN], NOW)


@pytest.mark.parametrize(
    "changed",
    [
        replace(SEEN, state=TableState.STALE),
        replace(SEEN, held=True),
        replace(SEEN, answer=None),
        replace(SEEN, answer=replace(ANSWER, asked_at=NOW)),
        replace(SEEN, answer=replace(ANSWER, newest=NOW)),
        replace(SEEN, answer=replace(ANSWER, error="x")),
        replace(SEEN, table=replace(TABLE, error_after=Age(13, "h"))),
        replace(SEEN, contract=replace(EVENTS, dataset="e")),
    ],
)
def test_everything_that_a_reader_sees_of_a_table_is_a_change(changed: SeenTable) -> None:
    assert digest_of([changed]) != digest_of([SEEN])
