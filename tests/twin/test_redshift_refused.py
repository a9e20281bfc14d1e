"""Requests that the Data API refuses, in AWS's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from local.redshift.targets import Names
from tests.twin.redshift_server import WHERE, Endpoint, endpoint, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN_ID = "11111111-1111-1111-1111-111111111111"


@pytest.fixture(scope="module")
def redshift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with endpoint(tmp_path_factory.mktemp("redshift"), Names(cluster="analytics-cluster")) as running:
        yield running


def test_an_operation_that_the_twin_has_not_is_unknown(redshift: Endpoint) -> None:
    code, message = refused(lambda: redshift.client().list_tables(**WHERE))
    assert code == "UnknownOperationException"
    assert "ListTables" in message


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"Sql": "SELECT 1", "Database": "analytics"}, "Either ClusterIdentifier, WorkgroupName or SessionId must be"),
        ({"Sql": "SELECT 1", "ClusterIdentifier": "analytics-cluster", **WHERE}, "Only one of ClusterIdentifier and"),
        ({"Sql": "SELECT 1", "WorkgroupName": "suimon-local"}, "Database must be provided"),
        ({"Sql": "SELECT 1", **WHERE, "WorkgroupName": "other"}, "Redshift endpoint doesn't exist in this region."),
        ({"Sql": "SELECT 1", "ClusterIdentifier": "other", "Database": "a"}, "Redshift endpoint doesn't exist in this"),
        ({"Sql": "SELECT 1", **WHERE, "WorkgroupName": "Not A Name"}, "Member must satisfy regular expression pattern"),
        ({"Sql": "SELECT 1", **WHERE, "DbUser": "admin"}, "DbUser cannot be specified with WorkgroupName"),
        ({"Sql": "SELECT 1", **WHERE, "SecretArn": "empty"}, "The secret empty must hold username and password"),
        ({"Sql": "SELECT 1", **WHERE, "SecretArn": "text"}, "The secret text must hold username and password"),
        ({"Sql": "SELECT 1", **WHERE, "WithEvent": True}, "sends no event"),
        ({"Sql": "SELECT 1", **WHERE, "SessionKeepAliveSeconds": 60}, "keeps no sessions"),
        ({"Sql": "SELECT 1", **WHERE, "SessionId": UNKNOWN_ID}, "keeps no sessions"),
        ({"Sql": "SELECT 1", **WHERE, "ResultFormat": "CSV"}, "JSON only"),
        ({"Sql": "SELECT 1", **WHERE, "StatementName": "nightly"}, "lists no statements"),
        ({"Sqls": ["SELECT 1"], **WHERE, "ExecutionMode": "AUTO_COMMIT"}, "runs a batch as one transaction"),
        ({"Sql": "SELECT 1", **WHERE, "ResultFormat": "XML"}, "Member must satisfy enum value set: [JSON, CSV]"),
        ({"Sql": "SELECT 1", **WHERE, "WaitTimeSeconds": 31}, "Member must have value less than or equal to 30"),
        ({"Sql": "SELECT 1", **WHERE, "ClientToken": "x" * 65}, "Member must have length less than or equal to 64"),
        (
            {"Sql": "SELECT :a", **WHERE, "Parameters": [{"name": "a-b", "value": "1"}]},
            "Member must satisfy regular expression pattern: [0-9a-zA-Z_]+",
        ),
        (
            {"Sql": "SELECT :a", **WHERE, "Parameters": [{"name": name, "value": "1"} for name in "ab"]},
            "Parameters list contains unused parameters. Unused parameters: [b]",
        ),
        (
            {"Sql": "SELECT :a, :b", **WHERE, "Parameters": [{"name": "a", "value": "1"}]},
            "SQL contains parameters without a value: [b]",
        ),
        (
            {"Sql": "SELECT :a", **WHERE, "Parameters": [{"name": "a", "value": "1"}] * 2},
            "Parameters list contains duplicate parameters",
        ),
        ({"Sqls": ["SELECT 1"] * 41, **WHERE}, "Member must have length less than or equal to 40"),
        ({"Sqls": ["SELECT 1"], **WHERE, "ExecutionMode": "BOTH"}, "Member must satisfy enum value set: [TRANSACTION"),
    ],
)
def test_a_request_that_aws_refuses_is_refused(request_: dict[str, Any], expected: str, redshift: Endpoint) -> None:
    client = redshift.client()
    call = client.batch_execute_statement if "Sqls" in request_ else client.execute_statement
    code, message = refused(lambda: call(**request_))
    assert code == "ValidationException"
    assert expected in message


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (
            {"Sql": "SELECT :a", **WHERE, "Parameters": [{"name": "a", "value": ""}]},
            "Value '' at 'parameters.1.member.value' failed to satisfy constraint: Member must have length greater",
        ),
        ({"Sqls": [], **WHERE}, "Value at 'sqls' failed to satisfy constraint: Member must have length greater than"),
        ({**WHERE}, "Value at 'sql' failed to satisfy constraint: Member must not be null"),
        ({"Sql": 1, **WHERE}, "sql must be a string"),
        ({"Sql": "SELECT 1", "WaitTimeSeconds": True, **WHERE}, "waitTimeSeconds must be a integer"),
    ],
)
def test_what_botocore_would_not_send_is_refused_too(
    request_: dict[str, Any], expected: str, redshift: Endpoint
) -> None:
    operation = "BatchExecuteStatement" if "Sqls" in request_ else "ExecuteStatement"
    headers = {
        "X-Amz-Target": f"RedshiftData.{operation}",
        "Authorization": "AWS4-HMAC-SHA256 Credential=user.loader/20261122/ap-northeast-1/redshift-data/aws4_request",
    }
    answer = httpx.post(redshift.url, json=request_, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["x-amzn-errortype"] == "ValidationException"
    assert expected in answer.json()["message"]
