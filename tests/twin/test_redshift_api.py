"""The Data API's operations through botocore: what it validates, how statements are followed, who may look at them."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from local.redshift.targets import Names
from tests.twin.redshift_server import ACCOUNT, SECRET, WHERE, Endpoint, endpoint, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WORKGROUP_ARN = f"arn:aws:redshift-serverless:ap-northeast-1:{ACCOUNT}:workgroup/6f1d2c8e-3a47-4b0e-9c55-8e2f7d90b1a4"
UNKNOWN_ID = "11111111-1111-1111-1111-111111111111"


@pytest.fixture(scope="module")
def redshift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    names = Names(cluster="analytics-cluster")
    with endpoint(tmp_path_factory.mktemp("redshift"), names, now=None) as running:
        rows = "INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)"
        assert running.run("CREATE TABLE digits (d INTEGER)", rows).get("Error") is None
        yield running


@pytest.fixture(autouse=True)
def _nothing_denied(redshift: Endpoint) -> None:
    redshift.iam.denied.clear()
    redshift.iam.asked.clear()
    redshift.iam.contexts.clear()


def test_health_says_ok(redshift: Endpoint) -> None:
    assert httpx.get(f"{redshift.url}/_health").text == "ok"


def test_a_statement_is_described_from_its_start_to_its_end(redshift: Endpoint) -> None:
    client = redshift.client()
    before = time.time()
    started = client.execute_statement(Sql="SELECT d FROM digits ORDER BY d", **WHERE)
    assert started["Database"] == "analytics"
    assert started["WorkgroupName"] == "suimon-local"
    assert started["DbUser"] == "IAM:loader"
    assert before - 1 < started["CreatedAt"].timestamp() < time.time() + 1
    described = client.describe_statement(Id=started["Id"], WaitTimeSeconds=20)
    assert described["Status"] == "FINISHED"
    assert described["HasResultSet"] is True
    assert described["ResultRows"] == 10
    assert described["ResultSize"] > 0
    assert described["Duration"] > 1000
    assert described["RedshiftPid"] > 0
    assert described["RedshiftQueryId"] > 0
    assert described["QueryString"] == "SELECT d FROM digits ORDER BY d"
    assert "Error" not in described
    assert "SubStatements" not in described


def test_a_statement_without_rows_counts_none(redshift: Endpoint) -> None:
    described = redshift.run("CREATE TABLE without_rows (a INTEGER)")
    assert (described["ResultRows"], described["ResultSize"], described["HasResultSet"]) == (-1, 0, False)
    described = redshift.run("INSERT INTO without_rows VALUES (1), (2)")
    assert (described["ResultRows"], described["ResultSize"], described["HasResultSet"]) == (2, 0, False)


def test_a_failed_statement_keeps_its_error(redshift: Endpoint) -> None:
    described = redshift.run("SELECT 1/0")
    assert described["Status"] == "FAILED"
    assert described["Error"] == "ERROR: Divide by zero"
    assert described["ResultRows"] == -1


def test_waiting_answers_with_the_end(redshift: Endpoint) -> None:
    answer = redshift.client().execute_statement(Sql="SELECT 1", WaitTimeSeconds=20, **WHERE)
    assert answer["Status"] == "FINISHED"
    assert answer["HasResultSet"] is True


def test_a_result_comes_in_pages(redshift: Endpoint) -> None:
    sql = "SELECT a.d * 1000 + b.d * 100 + c.d * 10 + e.d AS n FROM digits a, digits b, digits c, digits e ORDER BY 1"
    statement_id = redshift.run(sql)["Id"]
    pages = list(redshift.client().get_paginator("get_statement_result").paginate(Id=statement_id))
    assert [len(page["Records"]) for page in pages] == [1000] * 10
    assert [row[0]["longValue"] for page in pages for row in page["Records"]] == list(range(10_000))
    assert {page["TotalNumRows"] for page in pages} == {10_000}
    assert pages[0]["ColumnMetadata"][0]["typeName"] == "int4"


def test_a_page_ends_near_one_megabyte(redshift: Endpoint) -> None:
    described = redshift.run("SELECT :text AS text FROM digits, digits b", text="x" * 40_000)
    page = redshift.client().get_statement_result(Id=described["Id"])
    assert 20 <= len(page["Records"]) <= 30
    assert page["NextToken"]


def test_a_page_token_belongs_to_its_statement(redshift: Endpoint) -> None:
    client = redshift.client()
    sql = "SELECT a.d FROM digits a, digits b, digits c, digits e"
    one, other = redshift.run(sql)["Id"], redshift.run(sql)["Id"]
    token = client.get_statement_result(Id=one)["NextToken"]
    assert len(client.get_statement_result(Id=one, NextToken=token)["Records"]) == 1000
    assert refused(lambda: client.get_statement_result(Id=other, NextToken=token))[0] == "ValidationException"
    assert refused(lambda: client.get_statement_result(Id=one, NextToken="never given"))[0] == "ValidationException"


def test_what_gave_no_result_has_none_to_get(redshift: Endpoint) -> None:
    for sql in ("CREATE TABLE IF NOT EXISTS no_result (a INTEGER)", "SELECT nothing FROM nowhere"):
        statement_id = redshift.run(sql)["Id"]
        code, message = refused(partial(redshift.client().get_statement_result, Id=statement_id))
        assert code == "ResourceNotFoundException"
        assert message == "Query does not have result. Please check query status with DescribeStatement."


def test_an_unknown_id_is_not_found(redshift: Endpoint) -> None:
    client = redshift.client()
    for call in (client.describe_statement, client.get_statement_result, client.cancel_statement):
        code, message = refused(partial(call, Id=UNKNOWN_ID))
        assert (code, message) == ("ResourceNotFoundException", "Query does not exist.")
    batch = redshift.run("SELECT 1", "SELECT 2")["Id"]
    assert refused(lambda: client.describe_statement(Id=f"{batch}:3"))[0] == "ResourceNotFoundException"


def test_forty_statements_are_a_batch(redshift: Endpoint) -> None:
    described = redshift.run(*["SELECT 1"] * 40)
    assert described["Status"] == "FINISHED"
    assert len(described["SubStatements"]) == 40


def test_a_database_that_does_not_exist_fails_the_statement(redshift: Endpoint) -> None:
    started = redshift.client().execute_statement(Sql="SELECT 1", WorkgroupName="suimon-local", Database="other")
    described = redshift.ended(started["Id"])
    assert described["Status"] == "FAILED"
    assert described["Error"] == 'FATAL: database "other" does not exist'


def test_the_workgroup_may_be_named_by_its_arn(redshift: Endpoint) -> None:
    started = redshift.client().execute_statement(Sql="SELECT 1", Database="analytics", WorkgroupName=WORKGROUP_ARN)
    assert redshift.ended(started["Id"])["Status"] == "FINISHED"


def test_a_cluster_is_another_way_to_the_same_warehouse(redshift: Endpoint) -> None:
    started = redshift.client().execute_statement(
        Sql="SELECT 1", Database="analytics", ClusterIdentifier="analytics-cluster", DbUser="etl"
    )
    assert started["DbUser"] == "etl"
    assert redshift.ended(started["Id"])["Status"] == "FINISHED"
    assert redshift.iam.asked[1:3] == [
        (
            "redshift-data:ExecuteStatement",
            f"arn:aws:redshift:ap-northeast-1:{ACCOUNT}:cluster:analytics-cluster",
        ),
        (
            "redshift:GetClusterCredentials",
            f"arn:aws:redshift:ap-northeast-1:{ACCOUNT}:dbuser:analytics-cluster/etl",
        ),
    ]


def test_the_same_client_token_runs_a_statement_once(redshift: Endpoint) -> None:
    assert redshift.run("CREATE TABLE once (a INTEGER)").get("Error") is None
    client = redshift.client()
    request: dict[str, Any] = {"Sql": "INSERT INTO once VALUES (1)", "ClientToken": "token-1", **WHERE}
    first, second = client.execute_statement(**request), client.execute_statement(**request)
    assert first["Id"] == second["Id"]
    redshift.ended(first["Id"])
    assert client.execute_statement(**request)["Id"] == first["Id"]
    assert redshift.rows("SELECT COUNT(*) FROM once") == [[1]]
    code, message = refused(lambda: client.execute_statement(**(request | {"Sql": "INSERT INTO once VALUES (2)"})))
    assert code == "ValidationException"
    assert "token-1" in message
    other = redshift.client("user.somebody").execute_statement(**request)
    assert other["Id"] != first["Id"]


def test_a_statement_is_for_who_made_it(redshift: Endpoint) -> None:
    started = redshift.client("role.etl.run-1").execute_statement(Sql="SELECT 1", WaitTimeSeconds=20, **WHERE)
    assert redshift.client("role.etl.run-2").describe_statement(Id=started["Id"])["Status"] == "FINISHED"
    stranger = redshift.client("role.other.run-1")
    assert refused(lambda: stranger.describe_statement(Id=started["Id"]))[0] == "ResourceNotFoundException"
    assert refused(lambda: stranger.get_statement_result(Id=started["Id"]))[0] == "ResourceNotFoundException"
    assert refused(lambda: stranger.cancel_statement(Id=started["Id"]))[0] == "ResourceNotFoundException"


def test_iam_is_told_who_made_the_statement(redshift: Endpoint) -> None:
    started = redshift.client("role.etl.run-1").execute_statement(Sql="SELECT 1", WaitTimeSeconds=20, **WHERE)
    redshift.client("role.etl.run-2").describe_statement(Id=started["Id"])
    asked = list(zip(redshift.iam.asked, redshift.iam.contexts, strict=True))
    key = "redshift-data:statement-owner-iam-userid"
    assert asked == [
        (("sts:GetCallerIdentity", "*"), {}),
        (("redshift-data:ExecuteStatement", WORKGROUP_ARN), {}),
        (("redshift-serverless:GetCredentials", WORKGROUP_ARN), {}),
        (("sts:GetCallerIdentity", "*"), {}),
        (("redshift-data:DescribeStatement", "*"), {key: "AROA:etl.run-1"}),
    ]


@pytest.mark.parametrize(
    "action",
    ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement", "redshift-serverless:GetCredentials"],
)
def test_without_a_permission_nothing_runs(action: str, redshift: Endpoint) -> None:
    redshift.iam.denied.add(action)
    client = redshift.client("user.denied")
    sql = "CREATE TABLE never_made (a INTEGER)"
    call: Callable[[], object] = (
        (lambda: client.batch_execute_statement(Sqls=[sql], **WHERE))
        if "Batch" in action
        else (lambda: client.execute_statement(Sql=sql, **WHERE))
    )
    code, message = refused(call)
    assert code == "AccessDeniedException"
    assert action in message
    redshift.iam.denied.discard(action)
    assert redshift.error("SELECT a FROM never_made") == 'ERROR: relation "never_made" does not exist'


@pytest.mark.parametrize("where", [WHERE, {"ClusterIdentifier": "analytics-cluster", "Database": "analytics"}])
def test_a_secret_stands_for_its_user_and_is_a_permission_of_its_own(tmp_path: Path, where: dict[str, Any]) -> None:
    with endpoint(tmp_path, Names(cluster="analytics-cluster")) as redshift:
        started = redshift.client().execute_statement(Sql="SELECT 1 AS one", SecretArn=SECRET, **where)
        assert (started["DbUser"], started["SecretArn"]) == ("loader", SECRET)
        assert redshift.ended(started["Id"])["Status"] == "FINISHED"
        assert ("secretsmanager:GetSecretValue", SECRET) in redshift.iam.asked
        assert not [action for action, _ in redshift.iam.asked if action.endswith(("GetCredentials", "WithIAM"))]

        redshift.iam.denied.add("secretsmanager:GetSecretValue")
        denied = refused(lambda: redshift.client().execute_statement(Sql="SELECT 1", SecretArn=SECRET, **where))
        assert denied[0] == "AccessDeniedException"


def test_looking_needs_a_permission_too(redshift: Endpoint) -> None:
    client = redshift.client()
    statement_id = redshift.run("SELECT 1")["Id"]
    for name in ("DescribeStatement", "GetStatementResult", "CancelStatement"):
        redshift.iam.denied.add(f"redshift-data:{name}")
    for call in (client.describe_statement, client.get_statement_result, client.cancel_statement):
        assert refused(partial(call, Id=statement_id))[0] == "AccessDeniedException"


def test_ended_statements_cannot_be_cancelled(redshift: Endpoint) -> None:
    statement_id = redshift.run("SELECT 1")["Id"]
    code, message = refused(lambda: redshift.client().cancel_statement(Id=statement_id))
    assert code == "ValidationException"
    assert message == f"Could not cancel a query that is already in FINISHED state with ID: {statement_id}"


def test_a_restarted_endpoint_keeps_the_tables_and_forgets_the_statements(tmp_path: Path) -> None:
    with endpoint(tmp_path) as first:
        first.run("CREATE TABLE kept (word VARCHAR(3))", "INSERT INTO kept VALUES ('abc')")
        statement_id = first.run("SELECT 1")["Id"]
    with endpoint(tmp_path) as second:
        assert second.rows("SELECT word FROM kept") == [["abc"]]
        assert second.error("INSERT INTO kept VALUES ('abcd')").startswith("ERROR: value too long")
        code, _ = refused(lambda: second.client().describe_statement(Id=statement_id))
        assert code == "ResourceNotFoundException"
