"""Promises of template.yaml that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from suimon.contract.odcs.runs import MOST_RUNS_AT_ONCE
from suimon.settings import CLUSTER, DATABASE, NEEDED, OF_ALL, SECRET, TABLE_HOURS, VARIABLES, WORKGROUP
from tests.datasets import release

OPTIONAL = {DATABASE, WORKGROUP, CLUSTER, SECRET, TABLE_HOURS, VARIABLES["chat_topic_arn"], VARIABLES["tag_versions"]}
OPTIONAL |= {"SUIMON_RELEASE"}
ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "template.yaml").read_text(encoding="utf-8")


class Loader(yaml.CSafeLoader):  # that of C, in a tenth of the time
    """YAML with CloudFormation's short forms, each read as {tag: value}."""


def _short_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {suffix: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", _short_form)
TEMPLATE: dict[str, Any] = yaml.load(TEXT, Loader)  # noqa: S506 a SafeLoader, with tags that build plain values
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]


def of_type(kind: str) -> list[str]:
    return [name for name, resource in RESOURCES.items() if resource["Type"] == kind]


def test_no_star_resource_stands_without_a_reason() -> None:
    lines = TEXT.splitlines()
    stars = [number for number, line in enumerate(lines) if re.search(r'Resource: "\*"', line)]
    assert stars
    for number in stars:
        assert any("#" in line for line in lines[number - 4 : number + 1]), f"line {number + 1}: say why"


def statements_of(owner: str) -> list[dict[str, Any]]:
    """Return what a role or a managed policy says, with the statements of both sides of each condition."""
    properties = RESOURCES[owner]["Properties"]
    documents = [one["PolicyDocument"] for one in properties.get("Policies", [properties]) if "PolicyDocument" in one]
    every = [statement for document in documents for statement in document["Statement"]]
    sides = [statement["If"][1:] if "If" in statement else [statement] for statement in every]
    return [one for side in sides for one in _flat(side) if "Effect" in one]


def _flat(side: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for one in side for inner in (_flat(one["If"][1:]) if "If" in one else [one])]


@pytest.mark.parametrize("owner", [*of_type("AWS::IAM::Role"), *of_type("AWS::IAM::ManagedPolicy")])
def test_no_action_is_granted_by_a_pattern(owner: str) -> None:
    statements = statements_of(owner)
    assert statements
    assert "*" not in "".join(str(one["Action"]) for one in statements)


@pytest.mark.parametrize("owner", [*of_type("AWS::IAM::Role"), *of_type("AWS::IAM::ManagedPolicy")])
def test_the_customers_key_is_used_through_a_service_that_holds_data_alone(owner: str) -> None:
    for one in statements_of(owner):
        if "kms:" in str(one["Action"]):
            assert "kms:ViaService" in one["Condition"]["StringEquals"]


@pytest.mark.parametrize("bucket", of_type("AWS::S3::Bucket"))
def test_buckets_refuse_what_does_not_come_over_tls(bucket: str) -> None:
    policies = [RESOURCES[name]["Properties"] for name in of_type("AWS::S3::BucketPolicy")]
    [policy] = [one for one in policies if one["Bucket"] == {"Ref": bucket}]
    statement = policy["PolicyDocument"]["Statement"][0]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("condition", "key", "value"),
    [
        ("StringEquals", "s3:x-amz-storage-class", ["GLACIER", "DEEP_ARCHIVE"]),
        ("Null", "s3:x-amz-server-side-encryption-customer-algorithm", "false"),
        ("Null", "s3:x-amz-server-side-encryption-aws-kms-key-id", "false"),
    ],
)
def test_the_raw_bucket_refuses_what_the_gate_could_never_read(condition: str, key: str, value: Any) -> None:
    statements = RESOURCES["RawBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [statement] = [one for one in statements if one.get("Condition", {}).get(condition) == {key: value}]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:PutObject")
    assert statement["Resource"] == {"Sub": "${RawBucket.Arn}/*"}


def test_every_function_has_a_role_of_its_own() -> None:
    roles = [RESOURCES[name]["Properties"]["Role"]["GetAtt"] for name in of_type("AWS::Serverless::Function")]
    assert len(set(roles)) == len(roles)


def environment_of(function: str) -> set[str]:
    own = RESOURCES[function]["Properties"].get("Environment", {}).get("Variables", {})
    given = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"] | own
    return {name for name in given if name.startswith("SUIMON_")}


def test_functions_are_given_the_variables_that_settings_are_read_from_and_no_others() -> None:
    given = set().union(*map(environment_of, of_type("AWS::Serverless::Function")))
    assert given == {*VARIABLES.values(), *OPTIONAL}


@pytest.mark.parametrize("function", NEEDED)
def test_a_function_needs_every_setting_that_the_template_gives_it(function: str) -> None:
    needed = {VARIABLES[name] for name in (*OF_ALL, *NEEDED[function])}
    assert needed == environment_of(f"{function.title()}Function") - OPTIONAL


def test_a_message_stays_hidden_for_six_times_as_long_as_the_function_may_run() -> None:
    timeout = RESOURCES["IntakeFunction"]["Properties"]["Timeout"]
    assert RESOURCES["IntakeQueue"]["Properties"]["VisibilityTimeout"] >= 6 * timeout


def test_a_queue_event_reports_what_failed_of_a_batch() -> None:
    event = RESOURCES["IntakeFunction"]["Properties"]["Events"]["Queue"]["Properties"]
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "MaximumConcurrency" in event["ScalingConfig"]


@pytest.mark.parametrize("rule", of_type("AWS::Events::Rule"))
def test_what_a_rule_cannot_deliver_is_kept(rule: str) -> None:
    for target in RESOURCES[rule]["Properties"]["Targets"]:
        assert "DeadLetterConfig" in target


@pytest.mark.parametrize("bucket", of_type("AWS::S3::Bucket"))
def test_buckets_are_versioned_private_and_survive_the_stack(bucket: str) -> None:
    resource = RESOURCES[bucket]
    properties = resource["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_the_glue_job_never_runs_longer_than_the_dag_waits_for_it() -> None:
    pipeline = ast.parse((ROOT / "dags/suimon_etl/pipeline.py").read_text(encoding="utf-8"))
    given = {ast.unparse(node.targets[0]): node.value for node in pipeline.body if isinstance(node, ast.Assign)}
    # Arithmetic of literals, in our own file.
    seconds = eval(ast.unparse(given["GLUE_WAIT_SECONDS"]))  # noqa: S307 see above
    assert RESOURCES["CsvToParquetJob"]["Properties"]["Timeout"] * 60 < seconds


def test_how_many_workers_a_glue_run_has_is_said_at_the_deployment_within_limits() -> None:
    assert RESOURCES["CsvToParquetJob"]["Properties"]["NumberOfWorkers"] == {"Ref": "GlueWorkers"}
    workers = TEMPLATE["Parameters"]["GlueWorkers"]
    # "From 2 to 100 DPUs" for a Spark job (Glue's service model, MaxCapacity); a G.1X worker is one.
    assert (workers["Type"], workers["Default"], workers["MinValue"], workers["MaxValue"]) == ("Number", 2, 2, 100)


def test_glue_may_write_the_marks_of_the_folders_it_makes_and_nothing_else_beside_them() -> None:
    where: dict[str, set[str]] = {}
    for statement in statements_of("GlueRole"):
        actions, resources = statement["Action"], statement["Resource"]
        for action in [actions] if isinstance(actions, str) else actions:
            for resource in resources if isinstance(resources, list) else [resources]:
                text = resource.get("Sub") if isinstance(resource, dict) else resource
                where.setdefault(action, set()).add(str(text))
    own = {"${LakeBucket.Arn}/processed/*", "${LakeBucket.Arn}/processed_$folder$"}
    assert where["s3:PutObject"] == where["s3:DeleteObject"] == own
    # And the gate's copies, and the script.
    assert where["s3:GetObject"] - {"None"} == own | {"${LakeBucket.Arn}/accepted/*"}


def test_glue_reads_its_script_where_it_was_deployed_to_in_this_account_alone() -> None:
    [script] = [one for one in statements_of("GlueRole") if "If" in one["Resource"]]
    buckets = ["${ArtifactBucket}", "aws-sam-cli-managed-default-*"]
    condition, *given = script["Resource"]["If"]
    assert TEMPLATE["Conditions"][condition] == {"Not": [{"Equals": [{"Ref": "ArtifactBucket"}, ""]}]}
    assert given == [{"Sub": f"arn:${{AWS::Partition}}:s3:::{bucket}/*"} for bucket in buckets]
    assert script["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_gate_sees_which_copies_there_are_and_can_read_none() -> None:
    of_the_lake = [one for one in statements_of("IntakeRole") if "LakeBucket" in str(one["Resource"])]
    assert [(one["Action"], one.get("Condition")) for one in of_the_lake] == [
        ("s3:ListBucket", {"StringLike": {"s3:prefix": "accepted/*"}}),
        ("s3:PutObject", None),
    ]


def test_glue_lists_the_lake_by_the_prefixes_it_works_in_or_by_none() -> None:
    lists = [one for one in statements_of("GlueRole") if "s3:ListBucket" in str(one["Action"])]
    prefixes = ["accepted/*", "processed/*", "processed_$folder$"]
    assert lists == [
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": {"GetAtt": "LakeBucket.Arn"},
            # IfExists, for a HEAD has no prefix; without a prefix the whole bucket can be listed, too.
            "Condition": {"StringLikeIfExists": {"s3:prefix": prefixes}},
        }
    ]


def test_all_dags_together_never_ask_for_more_glue_runs_than_the_job_allows() -> None:
    most = RESOURCES["CsvToParquetJob"]["Properties"]["ExecutionProperty"]["MaxConcurrentRuns"]
    assert most == MOST_RUNS_AT_ONCE
    assert 0 < sum(contract.runs_at_once for contract in release().contracts.all) <= most
