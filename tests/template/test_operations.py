"""Pages for those who run Suimon say what the template does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from local.template_check.agreement import KEYED
from tests.template.test_template import RESOURCES, TEMPLATE, of_type, statements_of

DOCS = Path(__file__).parents[2] / "docs"
RETENTION = (DOCS / "operations" / "retention.md").read_text(encoding="utf-8")
CUSTOMER_KEY = (DOCS / "customer-key.md").read_text(encoding="utf-8")


def expirations(bucket: str) -> dict[str, str]:
    rules = RESOURCES[bucket]["Properties"]["LifecycleConfiguration"]["Rules"]
    return {rule.get("Prefix", ""): rule["ExpirationInDays"]["Ref"] for rule in rules if "ExpirationInDays" in rule}


def test_every_prefix_has_a_time_of_its_own_and_versions_that_are_not_current_theirs() -> None:
    assert {bucket: expirations(bucket) for bucket in of_type("AWS::S3::Bucket")} == {
        "RawBucket": {"": "RawDays"},
        "LakeBucket": {"accepted/": "AcceptedDays", "aside/": "AsideDays", "processed/": "ProcessedDays"},
        "ReportsBucket": {"": "ReportsDays", "undeliverable/": "UndeliverableDays"},
    }
    for bucket in of_type("AWS::S3::Bucket"):
        [tidy] = [
            rule
            for rule in RESOURCES[bucket]["Properties"]["LifecycleConfiguration"]["Rules"]
            if "NoncurrentVersionExpiration" in rule
        ]
        assert tidy["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Ref": "NoncurrentDays"}}
        assert tidy["ExpiredObjectDeleteMarker"] is True
        assert "Prefix" not in tidy


def test_the_page_on_erasure_names_every_time_with_its_default() -> None:
    days = {name: one["Default"] for name, one in TEMPLATE["Parameters"].items() if name.endswith("Days")}
    told = {name: int(number) for name, number in re.findall(r"`(\w+Days)` \((\d+)\)", RETENTION)}
    assert told == days


def test_what_waits_in_a_queue_is_never_expired_before_its_message() -> None:
    longest = max(RESOURCES[queue]["Properties"]["MessageRetentionPeriod"] for queue in of_type("AWS::SQS::Queue"))
    for name in ("RawDays", "NoncurrentDays", "UndeliverableDays"):
        assert TEMPLATE["Parameters"][name]["MinValue"] * 86_400 >= longest


def test_everything_that_keeps_data_takes_the_customers_key() -> None:
    keyed = {name: KEYED[one["Type"]] for name, one in RESOURCES.items() if one["Type"] in KEYED}
    assert set(KEYED) == {RESOURCES[name]["Type"] for name in keyed}
    for name, key in keyed.items():
        encryption = json.dumps(RESOURCES[name]["Properties"][key])
        condition = "HasKey" if "HasKey" in encryption else RESOURCES[name].get("Condition")
        assert condition == "HasKey", name
        assert "KmsKeyArn" in encryption or "GlueEncryption" in encryption, name


def test_the_topic_is_never_without_a_key_that_alarms_may_use() -> None:
    assert RESOURCES["Alerts"]["Properties"]["KmsMasterKeyId"] == {
        "If": ["HasKey", {"Ref": "KmsKeyArn"}, {"GetAtt": "AlertsKey.Arn"}]
    }
    statements = RESOURCES["AlertsKey"]["Properties"]["KeyPolicy"]["Statement"]
    [alarms] = [one for one in statements if one["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
    assert set(alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_whoever_may_publish_may_encrypt_what_is_published() -> None:
    for owner in ("IntakeRole", "OutcomeRole", "FreshnessRole", "DagPolicy"):
        grants = [str(one) for one in statements_of(owner)]
        assert any("sns:Publish" in one for one in grants)
        assert any("kms:GenerateDataKey" in one and "sns.${AWS::Region}" in one for one in grants)


def test_the_key_policy_of_the_page_lets_the_services_that_use_the_key_for_themselves() -> None:
    block = re.search(r"```json\n(.+?)\n```", CUSTOMER_KEY, re.DOTALL)
    assert block
    policy: dict[str, Any] = json.loads(block.group(1))
    named: set[str] = set()
    for statement in policy["Statement"]:
        services = statement["Principal"].get("Service", [])
        named |= set([services] if isinstance(services, str) else services)
        assert not services or statement["Condition"]
    # Rules put messages into queues, alarms publish, log groups are written; the rest goes by the roles.
    assert named == {"events.amazonaws.com", "cloudwatch.amazonaws.com", "logs.REGION.amazonaws.com"}


def test_the_page_on_alarms_has_a_section_for_each_and_no_other() -> None:
    page = (DOCS / "operations" / "alarms.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (\S+)\n(.+?)(?=^###|\Z)", page, re.DOTALL | re.MULTILINE))
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    names = [RESOURCES[name]["Properties"]["AlarmName"]["Sub"] for kind in kinds for name in of_type(kind)]
    assert sorted(sections) == sorted(name.removeprefix("${AWS::StackName}-") for name in names)
    assert all(len(text.split()) > 3 for text in sections.values())
