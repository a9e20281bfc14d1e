"""What somebody brings along takes the place of the stack's own, everywhere, and nothing of it is changed."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.template_check.reading import documents, statements, template_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TEMPLATE = template_of(ROOT / "template.yaml")
TOPIC = "arn:aws:sns:ap-northeast-1:123456789012:company-alerts"
KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/6f1d2c8e-3a47-4b0e-9c55-8e2f7d90b1a4"
NOTHING = object()
# Each with a value that turns its conditions round.
CHOICES = {
    "OwnRawBucket": "company-landing",
    "OwnAlertsTopicArn": TOPIC,
    "OwnAlertsKeyArn": KEY,
    "KmsKeyArn": KEY,
    "ChatTopic": "yes",
    "TagVersions": "yes",
}


def holds(condition: Any, given: dict[str, str]) -> bool:
    """Evaluate a condition of the template with these parameters, the others at their defaults."""
    match condition:
        case {"Fn::Not": [inner]}:
            return not holds(inner, given)
        case {"Fn::And": all_of}:
            return all(holds(one, given) for one in all_of)
        case {"Fn::Equals": [{"Ref": name}, value]}:
            return bool(given.get(name, TEMPLATE["Parameters"][name].get("Default", "given")) == value)
        case {"Fn::Equals": [{"Fn::Join": ["", {"Ref": name}]}, value]}:
            return bool(given.get(name, TEMPLATE["Parameters"][name]["Default"]) == value)
    raise AssertionError(condition)


def resolved(value: Any, given: dict[str, str]) -> Any:
    """Return a part of the template with the chosen side of each If, and parameters filled in."""
    match value:
        case {"Fn::If": [name, true, false]}:
            return resolved(true if holds(TEMPLATE["Conditions"][name], given) else false, given)
        case {"Ref": name} if name == "AWS::NoValue" or name in given:
            return given.get(name, NOTHING)
        case {"Fn::Sub": [text, names]}:
            filled = {name: resolved(one, given) for name, one in names.items()}
            for name, one in filled.items():
                text = text.replace(f"${{{name}}}", one if isinstance(one, str) else f"${{{one['Ref']}}}")
            return {"Fn::Sub": text}
        case dict():
            inner = {name: resolved(one, given) for name, one in value.items()}
            return {name: one for name, one in inner.items() if one is not NOTHING}
        case list():
            return [one for one in (resolved(one, given) for one in value) if one is not NOTHING]
    return value


def made(given: dict[str, str]) -> dict[str, Any]:
    """Return the resources that a stack with these parameters has."""
    return {
        name: resolved(one, given)
        for name, one in TEMPLATE["Resources"].items()
        if "Condition" not in one or holds(TEMPLATE["Conditions"][one["Condition"]], given)
    }


def named(value: Any) -> Iterator[str]:
    text = json.dumps(value)
    yield from re.findall(r'"Ref": "(\w+)"', text)
    yield from re.findall(r'"Fn::GetAtt": \[?"(\w+)', text)
    yield from re.findall(r"\$\{(\w+)[.}]", text)


def test_whatever_is_chosen_nothing_refers_to_what_is_not_made() -> None:
    for chosen in product((False, True), repeat=len(CHOICES)):
        given = {name: value for (name, value), take in zip(CHOICES.items(), chosen, strict=True) if take}
        resources = made(given)
        whole = {**resources, "Outputs": resolved(TEMPLATE["Outputs"], given)}
        assert {name for name in named(whole) if name in TEMPLATE["Resources"]} <= resources.keys(), given


def test_with_a_bucket_of_ones_own_the_stack_makes_none_and_touches_no_policy_of_it() -> None:
    resources = made({"OwnRawBucket": "company-landing"})
    assert TEMPLATE["Resources"].keys() - resources.keys() >= {"RawBucket", "RawBucketPolicy"}
    touched = [one for one in resources.values() if one["Type"] in {"AWS::S3::Bucket", "AWS::S3::BucketPolicy"}]
    assert "company-landing" not in json.dumps(touched)


# Who has a right on the raw bucket.
OF_THE_BUCKET = {"IntakeRole", "FreshnessRole", "UpstreamPolicy", "OperatorPolicy", "ViewerPolicy"}


@pytest.mark.parametrize("given", [{}, {"OwnRawBucket": "company-landing"}], ids=["its own", "the company's"])
def test_rule_functions_and_rights_are_of_the_same_bucket(given: dict[str, str]) -> None:
    resources, bucket = made(given), given.get("OwnRawBucket", {"Ref": "RawBucket"})
    arn = "arn:${AWS::Partition}:s3:::" + given.get("OwnRawBucket", "${RawBucket}")
    assert resources["ObjectCreatedRule"]["Properties"]["EventPattern"]["detail"]["bucket"]["name"] == [bucket]
    for function in ("IntakeFunction", "FreshnessFunction"):
        assert resources[function]["Properties"]["Environment"]["Variables"]["SUIMON_RAW_BUCKET"] == bucket
    for owner in OF_THE_BUCKET:
        assert f'"{arn}' in json.dumps(resources[owner]), owner
    assert resolved(TEMPLATE["Outputs"]["RawBucket"], given) == {"Value": bucket}


def test_a_bucket_that_is_named_must_be_of_this_account() -> None:
    rights = [
        (name, statement)
        for name, one in made({"OwnRawBucket": "company-landing"}).items()
        for kind, document in documents(one)
        for statement in statements(document)
        if kind == "identity" and "company-landing" in json.dumps(statement["Resource"])
    ]
    assert {name for name, _ in rights} == OF_THE_BUCKET
    for name, statement in rights:
        assert statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}, name


@pytest.mark.parametrize("given", [{}, {"OwnAlertsTopicArn": TOPIC}], ids=["its own", "the company's"])
def test_alarms_functions_and_dags_speak_to_the_same_topic(given: dict[str, str]) -> None:
    resources, topic = made(given), given.get("OwnAlertsTopicArn", {"Ref": "Alerts"})
    told = [one["Properties"]["AlarmActions"] for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert all(set(map(str, actions)) <= {str(topic), "{'Ref': 'Watch'}"} for actions in told)
    assert sum(topic in actions for actions in told) > len(told) / 2
    variables = resolved(TEMPLATE["Globals"], given)["Function"]["Environment"]["Variables"]
    assert variables["SUIMON_ALERTS_TOPIC_ARN"] == topic
    for owner in (
        "IntakeRole",
        "OutcomeRole",
        "FreshnessRole",
        "ReplayPlanRole",
        "DagPolicy",
        "OperatorPolicy",
        "ViewerPolicy",
    ):
        assert json.dumps(topic) in json.dumps(resources[owner]), owner
    assert ("AlertsPolicy" in resources, "AlertsByEmail" in resources) == (not given, not given)


def test_the_alarm_on_deaf_alerts_names_the_topic_that_was_given() -> None:
    [dimension] = made({"OwnAlertsTopicArn": TOPIC})["AlertsFailedAlarm"]["Properties"]["Dimensions"]
    assert dimension["Value"] == {"Fn::Select": [5, {"Fn::Split": [":", TOPIC]}]}
    assert TOPIC.split(":")[5] == "company-alerts"


def test_whoever_publishes_may_use_the_key_of_the_topic() -> None:
    resources = made({"OwnAlertsTopicArn": TOPIC, "OwnAlertsKeyArn": KEY})
    for role in ("IntakeRole", "OutcomeRole", "FreshnessRole", "ReplayPlanRole"):
        assert KEY in json.dumps(resources[role]), role


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("OwnRawBucket", "", True),
        ("OwnRawBucket", "company-landing", True),
        ("OwnRawBucket", "<bucket>", False),
        ("OwnRawBucket", "arn:aws:s3:::company-landing", False),
        ("OwnAlertsTopicArn", TOPIC, True),
        ("OwnAlertsTopicArn", "company-alerts", False),
        ("OwnAlertsTopicArn", f"{TOPIC}.fifo", False),
        ("OwnAlertsKeyArn", KEY, True),
        ("OwnAlertsKeyArn", "alias/alerts", False),
    ],
)
def test_what_is_no_name_is_refused(name: str, value: str, *, fits: bool) -> None:
    assert bool(re.fullmatch(TEMPLATE["Parameters"][name]["AllowedPattern"], value)) is fits


def test_senders_of_a_bucket_with_a_policy_of_its_own_are_refused_here() -> None:
    rule = TEMPLATE["Rules"]["OwnBucketOwnPolicy"]
    assert rule["RuleCondition"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "OwnRawBucket"}, ""]}]}
    [assertion] = rule["Assertions"]
    assert holds(assertion["Assert"], {})
    for one in ("1", "2", "3"):
        assert not holds(assertion["Assert"], {f"Sender{one}Prefix": "sales/"})
