"""What a run is opened with: what the gate sends is accepted, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from airflow.api_fastapi.app import create_app
from airflow.sdk.exceptions import ParamValidationError
from fastapi.testclient import TestClient

if TYPE_CHECKING:
    from airflow.sdk import DAG


@pytest.mark.parametrize(
    "redshift",
    [
        {"database": "analytics", "workgroup_name": "w", "cluster_identifier": None, "secret_arn": None},
        {"database": "analytics", "workgroup_name": None, "cluster_identifier": "c", "secret_arn": "arn:secret"},
    ],
)
def test_what_the_gate_sends_is_accepted(dag: DAG, conf: dict[str, Any], redshift: dict[str, Any]) -> None:
    sent = conf | {"redshift": redshift}
    assert {name: dag.params.get_param(name).resolve(value) for name, value in sent.items()} == sent


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dataset", "Sales; DROP"),
        ("dataset", "inventory"),
        ("partition", "2026-02-30"),
        ("partition", "20261120"),
        ("drop_id", "0123"),
        ("attempt", 0),
        ("attempt", "1"),
        ("written", "1.00000000"),
        ("written", "005e7f2a3b4c5d6e7f00000000000000.00000000"),
        ("written", f"{'0' * 32}.00000000 "),
        ("written", f"{'0' * 60}.00000000"),
        ("written", f"{'0' * 32}.00000000.1"),
        ("rows", -1),
        ("rows", 1.5),
        ("source_uri", "/local/file.csv"),
        ("target_uri", "s3://suimon-lake/processed/no-slash"),
        ("target_uri", "s3://suimon-lake/it's/"),
        ("glue_job", ""),
        ("redshift", {"database": "analytics"}),
        ("redshift", {"database": "analytics", "workgroup_name": "w", "cluster_identifier": "c"}),
        ("redshift", {"database": "analytics", "workgroup_name": None, "cluster_identifier": None}),
        ("redshift", {"database": "analytics", "workgroup_name": "w", "password": "x"}),
        ("copy_role_arn", "arn:aws:iam::000000000000:user/x"),
        ("event_bus", "default"),
        ("event_bus", ""),
    ],
)
def test_a_conf_that_does_not_fit_is_refused(dag: DAG, name: str, value: object) -> None:
    with pytest.raises(ParamValidationError):
        dag.params.get_param(name).resolve(value)


def test_airflow_answers_400_to_a_bad_conf_and_opens_a_run_for_a_good_one(dag: DAG, conf: dict[str, Any]) -> None:
    with TestClient(create_app(apps="core")) as client:
        client.headers["Authorization"] = f"Bearer {client.get('/auth/token').json()['access_token']}"
        assert client.patch(f"/api/v2/dags/{dag.dag_id}", json={"is_paused": False}).status_code == 200

        def trigger(sent: dict[str, Any], run_id: str) -> tuple[int, dict[str, Any]]:
            body = {"logical_date": None, "dag_run_id": run_id, "conf": sent}
            answer = client.post(f"/api/v2/dags/{dag.dag_id}/dagRuns", json=body)
            return answer.status_code, answer.json()

        status, answer = trigger(conf | {"attempt": 0}, "0123456789abcdef.0")
        assert status == 400
        assert "attempt" in answer["detail"]
        without_rows = {name: value for name, value in conf.items() if name != "rows"}
        assert trigger(without_rows, "0123456789abcdef.0")[0] == 400
        status, answer = trigger(conf, "0123456789abcdef.1")
        assert (status, answer["state"], answer["conf"]) == (200, "queued", conf)
