"""The environment's template: what MWAA asks for, and outputs that are the gate's parameters."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.template_check.reading import documents, statements, template_of
from tests.template.test_template import TEMPLATE

ROOT = Path(__file__).parents[2]
ENVIRONMENT = template_of(ROOT / "environment.yaml")
RESOURCES: dict[str, dict[str, Any]] = ENVIRONMENT["Resources"]
# MWAA user guide, "Execution role": the policy with a key of AWS's.
LEAST = {
    "airflow:PublishMetrics",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:GetAccountPublicAccessBlock",
    "logs:CreateLogStream",
    "logs:CreateLogGroup",
    "logs:PutLogEvents",
    "logs:DescribeLogGroups",
    "cloudwatch:PutMetricData",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey",
    "kms:Encrypt",
}


@pytest.mark.process
def test_cloudformation_takes_it() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), ROOT / "environment.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_its_outputs_are_parameters_of_the_gate() -> None:
    fed = {"MwaaEnvironment", "MwaaExecutionRole"}
    assert fed <= set(ENVIRONMENT["Outputs"])
    assert fed <= set(TEMPLATE["Parameters"])
    assert TEMPLATE["Resources"]["DagPolicy"]["Properties"]["Roles"]["If"][1] == [{"Ref": "MwaaExecutionRole"}]


def test_its_role_may_what_mwaa_documents_and_grants_no_pattern_of_actions() -> None:
    granted = {
        action
        for kind, document in documents(RESOURCES["ExecutionRole"])
        if kind == "identity"
        for statement in statements(document)
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert granted >= LEAST
    assert not [action for action in granted if "*" in action]
    [(_, trust)] = [one for one in documents(RESOURCES["ExecutionRole"]) if one[0] == "trust"]
    assert set(trust["Statement"][0]["Principal"]["Service"]) == {"airflow.amazonaws.com", "airflow-env.amazonaws.com"}


def test_the_bucket_is_private_and_versioned_and_the_subnets_are_private_in_two_zones() -> None:
    bucket = RESOURCES["DagBucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    zones = [RESOURCES[name]["Properties"]["AvailabilityZone"] for name in ("PrivateSubnetA", "PrivateSubnetB")]
    assert zones[0] != zones[1]
    routes = [one["Properties"] for one in RESOURCES.values() if one["Type"] == "AWS::EC2::Route"]
    to_the_world = {json.dumps(route["RouteTableId"]) for route in routes if "GatewayId" in route}
    private = RESOURCES["PrivateRouteOfSubnetA"]["Properties"]["RouteTableId"]
    assert private == RESOURCES["PrivateRouteOfSubnetB"]["Properties"]["RouteTableId"]
    assert json.dumps(private) not in to_the_world


def test_every_airflow_option_is_one_that_this_airflow_has() -> None:
    folder = ROOT / ".suimon" / "envs" / "airflow" / "lib"
    [path] = folder.glob("python3*/site-packages/airflow/config_templates/config.yml")
    known = yaml.safe_load(path.read_text(encoding="utf-8"))
    options = RESOURCES["Environment"]["Properties"]["AirflowConfigurationOptions"]
    assert options
    for option in options:
        section, name = option.split(".")
        # Of the Celery provider, which MWAA's image holds and ours does not.
        assert section == "celery" or name in known[section]["options"], option


def test_the_versions_are_those_that_suimon_is_tested_on() -> None:
    allowed = [str(version) for version in ENVIRONMENT["Parameters"]["AirflowVersion"]["AllowedValues"]]
    tested = {
        re.fullmatch(r"mwaa-(.+)-constraints", path.stem).group(1)  # type: ignore[union-attr]
        for path in (ROOT / "requirements").glob("mwaa-*-constraints.txt")
    }
    assert set(allowed) == tested
