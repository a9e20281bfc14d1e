"""What somebody may give as a parameter of the stack opens no right to more than one thing that it names."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.template.test_own_parts import KEY, TEMPLATE, TOPIC

ACCOUNT, UUID = "123456789012", "6f1d2c8e-3a47-4b0e-9c55-8e2f7d90b1a4"
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
# Every text that is not chosen from a list, as it may be meant.
MEANT = {
    "AlertEmail": "data-team@company.co.jp",
    "WatchEmail": "on-call@company.co.jp",
    "MwaaEnvironment": "data_pipeline-prod",
    "MwaaExecutionRole": "mwaa-execution",
    "RedshiftDatabase": "analytics",
    "RedshiftWorkgroup": "analytics-dev",
    "RedshiftWorkgroupId": UUID,
    "RedshiftCluster": "analytics-2",
    "RedshiftSecretArn": f"arn:aws:secretsmanager:ap-northeast-1:{ACCOUNT}:secret:suimon/redshift-AbCdEf",
    "ArtifactBucket": "company-artifacts",
    "KmsKeyArn": KEY,
    "SenderKmsKeyArns": KEY,
    "OwnRawBucket": "company-landing",
    "OwnAlertsTopicArn": TOPIC,
    "OwnAlertsKeyArn": KEY,
    **{f"Sender{one}Prefix": "sales/" for one in "123"},
    **{f"Sender{one}Principals": f"arn:aws:iam::{ACCOUNT}:role/shop/sender" for one in "123"},
    "PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/bound",
    "RolePath": "/data/",
    "Release": "0123456789ab",
}
# What would make several of one, another's, or more of a policy.
WIDER = ("*", "?", "${aws:username}", "${AWS::AccountId}", " ", "\n", "\t", '"', "\\", "<", "\x00")
NOT_IN_POLICIES = {"AlertEmail", "WatchEmail", "PermissionsBoundaryArn", "RolePath"}


def takes(name: str, value: str) -> bool:
    return bool(re.fullmatch(PARAMETERS[name]["AllowedPattern"], value))


def test_every_text_is_tried() -> None:
    texts = {name for name, one in PARAMETERS.items() if one["Type"] in {"String", "CommaDelimitedList"}}
    assert texts - MEANT.keys() == {name for name in texts if "AllowedValues" in PARAMETERS[name]}


@pytest.mark.parametrize("name", MEANT)
def test_no_parameter_means_several_things_or_another_s(name: str) -> None:
    meant = MEANT[name]
    assert takes(name, meant)
    if name in NOT_IN_POLICIES:
        return
    # Another's is another whole ARN, which the deployer writes; what stands in it is one name.
    for wider in WIDER:
        for at in range(len(meant) + 1):
            assert not takes(name, meant[:at] + wider + meant[at:]), (wider, at)
    assert not takes(name, "*")
    parts = meant.split(":")
    for at in range(len(parts)):
        assert not takes(name, ":".join([*parts[:at], "*", *parts[at + 1 :]]))
        assert not parts[at] or len(parts) == 1 or not takes(name, ":".join([*parts[:at], "", *parts[at + 1 :]])), at
