"""The endpoint as the twin runs it: its own process, real signatures and policies, S3 as the COPY role."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

    from local.twin import Twin

REGION = "ap-northeast-1"
WHERE: dict[str, Any] = {"Database": "analytics", "WorkgroupName": "suimon-local", "WaitTimeSeconds": 20}
WORKGROUP = f"arn:aws:redshift-serverless:{REGION}:000000000000:workgroup/6f1d2c8e-3a47-4b0e-9c55-8e2f7d90b1a4"
RUN = ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement", "redshift-serverless:GetCredentials"]
LOOK = ["redshift-data:DescribeStatement", "redshift-data:GetStatementResult", "redshift-data:CancelStatement"]
OWN = {"StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | one for one in statements]})


@pytest.fixture(scope="module")
def endpoint_url(redshift: Twin) -> str:
    return redshift.endpoint("redshift")


def client_for(cloud: Twin, endpoint_url: str, name: str, *statements: dict[str, Any]) -> RedshiftDataAPIServiceClient:
    iam = cloud.session().client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.client(
        "redshift-data",
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


@pytest.fixture(scope="module")
def loader(cloud: Twin, endpoint_url: str) -> RedshiftDataAPIServiceClient:
    """Whoever may run statements and look at its own, as template.yaml lets the DAGs."""
    may_run = {"Action": RUN, "Resource": WORKGROUP}
    may_look = {"Action": LOOK, "Resource": "*", "Condition": OWN}
    return client_for(cloud, endpoint_url, "redshift-loader", may_run, may_look)


def role(cloud: Twin, name: str, service: str, *statements: dict[str, Any]) -> str:
    iam = cloud.session().client("iam")
    trust = document({"Principal": {"Service": service}, "Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
    return arn


@pytest.fixture(scope="module")
def bucket(cloud: Twin) -> str:
    s3 = cloud.session().client("s3")
    name = "redshift-lake"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    body = io.BytesIO()
    pq.write_table(pa.table({"id": ["a", "b"], "n": pa.array([1, 2], pa.int32())}), body)
    s3.put_object(Bucket=name, Key="processed/run.1/part-0.parquet", Body=body.getvalue())
    return name


def copy(role_arn: str, prefix: str = "processed/run.1/") -> str:
    return f"COPY staged FROM 's3://redshift-lake/{prefix}' IAM_ROLE '{role_arn}' FORMAT AS PARQUET"


def load(client: RedshiftDataAPIServiceClient, copy_sql: str) -> dict[str, Any]:
    sqls = ["CREATE TEMP TABLE staged (id VARCHAR(10), n INTEGER)", copy_sql, "SELECT SUM(n) FROM staged"]
    return dict(client.describe_statement(Id=client.batch_execute_statement(Sqls=sqls, **WHERE)["Id"]))


def test_copy_reads_what_its_role_may_read(cloud: Twin, loader: RedshiftDataAPIServiceClient, bucket: str) -> None:
    may_list = {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    may_get = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/processed/*"}
    described = load(loader, copy(role(cloud, "redshift-copy", "redshift.amazonaws.com", may_list, may_get)))
    assert described["Status"] == "FINISHED", described.get("Error")
    result = loader.get_statement_result(Id=f"{described['Id']}:3")
    assert result["Records"] == [[{"longValue": 3}]]


@pytest.mark.usefixtures("bucket")
def test_copy_may_not_read_more_than_its_role(cloud: Twin, loader: RedshiftDataAPIServiceClient) -> None:
    described = load(loader, copy(role(cloud, "redshift-copy-nothing", "redshift.amazonaws.com")))
    assert described["Status"] == "FAILED"
    assert "S3ServiceException:Access Denied,Status 403,Error AccessDenied" in described["Error"]


@pytest.mark.usefixtures("bucket")
def test_copy_needs_a_role_that_trusts_redshift(cloud: Twin, loader: RedshiftDataAPIServiceClient) -> None:
    described = load(loader, copy(role(cloud, "redshift-copy-lambda", "lambda.amazonaws.com")))
    assert described["Status"] == "FAILED"
    assert "Redshift is not authorized to assume IAM Role" in described["Error"]


def test_who_may_look_at_its_own_may_not_look_at_others(
    cloud: Twin, endpoint_url: str, loader: RedshiftDataAPIServiceClient
) -> None:
    statement_id = loader.execute_statement(Sql="SELECT 1", **WHERE)["Id"]
    assert loader.describe_statement(Id=statement_id)["Status"] == "FINISHED"
    stranger = client_for(cloud, endpoint_url, "redshift-stranger", {"Action": LOOK, "Resource": "*", "Condition": OWN})
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.describe_statement(Id=statement_id)
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.execute_statement(Sql="SELECT 1", **WHERE)


def test_an_id_of_before_a_restart_is_not_found_rather_than_denied(loader: RedshiftDataAPIServiceClient) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        loader.describe_statement(Id="11111111-1111-1111-1111-111111111111")


def test_temporary_credentials_are_a_permission_of_their_own(cloud: Twin, endpoint_url: str) -> None:
    client = client_for(cloud, endpoint_url, "redshift-no-credentials", {"Action": RUN[:2], "Resource": WORKGROUP})
    with pytest.raises(ClientError, match="redshift-serverless:GetCredentials"):
        client.execute_statement(Sql="SELECT 1", **WHERE)


def test_a_policy_that_names_the_workgroup_instead_of_its_id_allows_nothing(cloud: Twin, endpoint_url: str) -> None:
    named = f"arn:aws:redshift-serverless:{REGION}:000000000000:workgroup/suimon-local"
    client = client_for(cloud, endpoint_url, "redshift-by-name", {"Action": RUN, "Resource": named})
    with pytest.raises(ClientError, match="AccessDenied"):
        client.execute_statement(Sql="SELECT 1", **WHERE)


def test_a_secret_is_for_those_who_may_read_it(cloud: Twin, endpoint_url: str) -> None:
    text = json.dumps({"username": "loader", "password": "kept for the warehouse"})
    secret = cloud.session().client("secretsmanager").create_secret(Name="redshift/loader", SecretString=text)["ARN"]
    run = {"Action": RUN[0], "Resource": WORKGROUP}
    may_read = {"Action": "secretsmanager:GetSecretValue", "Resource": secret}
    allowed = client_for(cloud, endpoint_url, "redshift-by-secret", run, may_read)
    assert allowed.execute_statement(Sql="SELECT 1", SecretArn=secret, **WHERE)["DbUser"] == "loader"
    denied = client_for(cloud, endpoint_url, "redshift-without-secret", run)
    with pytest.raises(ClientError, match="secretsmanager:GetSecretValue"):
        denied.execute_statement(Sql="SELECT 1", SecretArn=secret, **WHERE)
    with pytest.raises(ClientError, match="cannot be read"):
        client_for(
            cloud, endpoint_url, "redshift-no-secret", run, {**may_read, "Resource": f"{secret}x"}
        ).execute_statement(Sql="SELECT 1", SecretArn=f"{secret}x", **WHERE)
