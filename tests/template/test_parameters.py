"""A value that would fail late, or deploy and do nothing, is refused where it is given."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.rollout import given
from tests.template.test_template import TEMPLATE

PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
CONFIG = tomllib.loads((Path(__file__).parents[2] / "samconfig.toml").read_text(encoding="utf-8"))
TEXTS = [name for name, one in PARAMETERS.items() if one["Type"] == "String"]
UUID = "6f1d2c8e-3a47-4b0e-9c55-8e2f7d90b1a4"

GOOD = [
    ("AlertEmail", "data-team@company.co.jp"),
    ("AlertEmail", "alerts+suimon@mail.example-shop.com"),
    ("AlertEmail", "a@not-example.com"),
    ("WatchEmail", ""),
    ("WatchEmail", "on-call@company.co.jp"),
    ("MwaaEnvironment", "data_pipeline-prod"),
    ("RedshiftDatabase", "analytics"),
    ("RedshiftWorkgroup", "analytics-dev"),
    ("RedshiftWorkgroupId", UUID),
    ("RedshiftCluster", "analytics-2"),
    ("RedshiftSecretArn", "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:suimon/redshift-AbCdEf"),
    ("ArtifactBucket", "company-artifacts"),
    ("ArtifactBucket", "123456789012"),
    ("RolePath", "/"),
    ("RolePath", "/data/teams/a@b/"),
    ("LogRetentionDays", "14"),
    ("IntakeConcurrency", "8"),
]
BAD = [
    ("AlertEmail", ""),
    ("AlertEmail", "data-alerts@example.com"),
    ("AlertEmail", "data-alerts@mail.example.org"),
    ("AlertEmail", "<address>"),
    ("AlertEmail", "somebody@<company>.com"),
    ("AlertEmail", "two@a.co, three@a.co"),
    ("AlertEmail", "nobody"),
    ("WatchEmail", "on-call@example.com"),
    ("WatchEmail", "two@a.co,three@a.co"),
    ("WatchEmail", "nobody"),
    ("MwaaEnvironment", ""),
    ("MwaaEnvironment", "<environment>"),
    ("MwaaEnvironment", "1st"),
    ("MwaaEnvironment", "a" * 81),
    ("RedshiftDatabase", ""),
    ("RedshiftDatabase", "<database>"),
    ("RedshiftWorkgroup", "Analytics"),
    ("RedshiftWorkgroup", "ab"),
    ("RedshiftWorkgroupId", "00000000-0000-0000-0000-000000000000"),
    ("RedshiftWorkgroupId", f"workgroup/{UUID}"),
    ("RedshiftWorkgroupId", UUID.upper()),
    ("RedshiftCluster", "analytics-"),
    ("RedshiftCluster", "two--hyphens"),
    ("RedshiftSecretArn", "suimon/redshift"),
    ("RedshiftSecretArn", "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:*"),
    ("ArtifactBucket", "s3://company-artifacts"),
    ("ArtifactBucket", "two..dots"),
    ("ArtifactBucket", "192.168.5.4"),
    ("OwnRawBucket", "ours-s3alias"),
    ("AlertEmail", "データ@company.co.jp"),
    ("AlertEmail", "data@company..jp"),
    ("AlertEmail", "data@company.co.jp,"),
    ("RolePath", "/a!b/"),
    ("RolePath", f"/{'a' * 511}/"),
    ("LogRetentionDays", "15"),
    ("LogRetentionDays", "0"),
    ("IntakeConcurrency", "1"),
    ("IntakeConcurrency", "1001"),
]


def takes(name: str, value: str) -> bool:
    return given.takes(PARAMETERS[name], value)


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_value_that_can_be_meant_is_taken(name: str, value: str) -> None:
    assert takes(name, value)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_value_that_cannot_be_meant_is_refused(name: str, value: str) -> None:
    assert not takes(name, value)


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_has_a_pattern_that_refuses_marks_and_says_what_is_wanted(name: str) -> None:
    assert not takes(name, "<fill in>")
    assert not takes(name, "two words")
    if "AllowedValues" not in PARAMETERS[name]:
        assert PARAMETERS[name]["ConstraintDescription"]
    if "Default" in PARAMETERS[name]:
        assert takes(name, PARAMETERS[name]["Default"])


def test_logs_are_kept_for_one_of_the_times_that_cloudwatch_knows() -> None:
    model = boto3.client("logs", region_name="ap-northeast-1").meta.service_model
    told = model.operation_model("PutRetentionPolicy").input_shape.members["retentionInDays"].documentation
    known = {int(number) for number in re.findall(r"\d+", told.partition("Possible values are:")[2])}
    assert set(PARAMETERS["LogRetentionDays"]["AllowedValues"]) == known


def overrides(environment: str) -> dict[str, str]:
    text = CONFIG[environment]["deploy"]["parameters"]["parameter_overrides"]
    return dict(pair.split("=", 1) for pair in text.split(" "))


def test_the_twins_values_are_taken() -> None:
    assert all(takes(name, value) for name, value in overrides("local").items())


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_an_environment_that_nobody_has_filled_in_cannot_be_deployed(environment: str) -> None:
    marked = {name: value for name, value in overrides(environment).items() if value.startswith("<")}
    required = {name for name, parameter in PARAMETERS.items() if "Default" not in parameter}
    assert required <= marked.keys()
    assert not any(takes(name, value) for name, value in marked.items())
