"""The conf of a run as a value."""

from __future__ import annotations

from typing import Any

from suimon_etl.request import SCHEMAS, Redshift, RunRequest


def test_the_conf_of_the_gate_becomes_a_request(conf: dict[str, Any]) -> None:
    request = RunRequest.from_params(conf)

    assert (request.dataset, request.partition, request.attempt, request.rows) == ("sales", "2026-11-20", 1, 3)
    assert request.redshift == Redshift(database="analytics", workgroup_name="suimon")


def test_every_key_of_the_conf_is_described_and_no_other(conf: dict[str, Any]) -> None:
    assert SCHEMAS.keys() == conf.keys() | {"partition_values"}  # of which a date has none
    assert all(schema["description"] for schema in SCHEMAS.values())
