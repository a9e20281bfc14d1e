"""What single values must be: of no one partition, region or account, names where names belong, sides not swapped."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from local.template_check.reading import in_list, of_type, referred, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
# What a Ref of each is; a GetAtt that ends in Arn is an ARN, any other is none.
ARNS: Final = {"AWS::SNS::Topic", "AWS::IAM::ManagedPolicy", "AWS::Serverless::StateMachine", "AWS::Lambda::Alias"}
NAMES: Final = {
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",  # its URL
    "AWS::Events::EventBus",
    "AWS::Glue::Job",
    "AWS::IAM::Role",
    "AWS::Serverless::Function",
}
# Conditions in which a pattern is meant: folders of a bucket, the stack's own rules and alarms.
PATTERNS: Final = {"s3:prefix", "aws:SourceArn"}
# What narrows an event beyond its source and type would leave out some of a kind: a copy, an upload in parts.
NARROWED: Final = {"bucket"}


def _places(template: Template) -> Iterator[str]:
    """No partition, region or account is written out: the template is everybody's."""
    for name, resource in template["Resources"].items():
        text = json.dumps(resource)
        for literal in re.findall(r"\barn:(aws[a-z-]*):", text):
            yield f"{name}: names the partition {literal}; write ${{AWS::Partition}}"
        for literal in re.findall(r"(?<![\w-])[a-z]{2}(?:-[a-z]+)+-\d\b", text):
            yield f"{name}: names the region {literal}; write ${{AWS::Region}}"
        for literal in re.findall(r"(?<![\w-])\d{12}(?![\w-])", text):
            yield f"{name}: names the account {literal}; write ${{AWS::AccountId}}"
    for name, bucket in of_type(template, "AWS::S3::Bucket"):
        if "AWS::AccountId" not in json.dumps(bucket["Properties"].get("BucketName", "AWS::AccountId")):
            yield f"{name}: a bucket's name is the whole world's; it needs the account's number"


def _forms(template: Template) -> Iterator[str]:
    """A variable or an output has an ARN exactly where its name says so."""
    named = [
        (f"{function}.{variable}", variable.endswith("_ARN"), value)
        for function, resource in of_type(template, "AWS::Serverless::Function")
        for variable, value in _variables(template, resource).items()
    ]
    named += [(f"output {name}", name.endswith("Arn"), output["Value"]) for name, output in template["Outputs"].items()]
    for where, wanted, value in named:
        form = _is_arn(template, value["Fn::If"][1] if isinstance(value, dict) and "Fn::If" in value else value)
        if form is not None and form != wanted:
            yield f"{where}: {'an ARN' if form else 'a name'} where {'an ARN' if wanted else 'a name'} belongs"


def _variables(template: Template, function: dict[str, Any]) -> dict[str, Any]:
    shared = template.get("Globals", {}).get("Function", {}).get("Environment", {}).get("Variables", {})
    return {**shared, **function["Properties"].get("Environment", {}).get("Variables", {})}


def _is_arn(template: Template, value: Any) -> bool | None:
    kind = template["Resources"].get(referred(value), {}).get("Type")
    if kind not in ARNS | NAMES:
        return None
    return kind in ARNS if "Ref" in value else json.dumps(value).rstrip('"}] ').endswith("Arn")


def _sides(template: Template) -> Iterator[str]:
    """An If whose condition says that a parameter is given uses it on that side, and not on the other."""
    given, missing = {}, {}
    for name, condition in template.get("Conditions", {}).items():
        turned = condition.get("Fn::Not", [None])[0]
        if (parameter := _empty(turned)) is not None:
            given[name] = parameter
        elif (parameter := _empty(condition)) is not None:
            missing[name] = parameter
    for name, resource in template["Resources"].items():
        for condition, true, false in _ifs(resource):
            parameter = given.get(condition) or missing.get(condition)
            absent = true if condition in missing else false
            if parameter and re.search(rf'"Ref": "{parameter}"|\$\{{{parameter}\}}', json.dumps(absent)):
                yield f"{name}: uses {parameter} where {condition} says that it is empty"


def _empty(condition: Any) -> str | None:
    match condition:
        case {"Fn::Equals": [{"Ref": name}, ""]}:
            return str(name)
    return None


def _ifs(value: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("Fn::If"), list):
            condition, true, false = value["Fn::If"]
            yield condition, true, false
        for inner in value.values():
            yield from _ifs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ifs(inner)


def _conditions(template: Template) -> Iterator[str]:
    """A condition compares whole values; patterns are for folders and for the stack's own rules and alarms."""
    for name, resource in template["Resources"].items():
        for statement in _all_statements(resource):
            for operator, conditions in statement.get("Condition", {}).items():
                for key, value in conditions.items():
                    values = in_list(value)
                    if key not in PATTERNS and any("*" in one for one in values if isinstance(one, str)):
                        yield f"{name}: {key} by the pattern {value}"
                    given = '"Ref"' in json.dumps(value)
                    refused = statement["Effect"] == "Deny" and not operator.startswith(("StringNot", "ArnNot"))
                    if given and refused and key != "aws:SourceArn":
                        yield f"{name}: {statement.get('Sid')} refuses what the parameters allow"


def _all_statements(resource: Any) -> Iterator[dict[str, Any]]:
    if isinstance(resource, dict):
        if "Statement" in resource:
            yield from statements(resource)
        for inner in resource.values():
            yield from _all_statements(inner)
    elif isinstance(resource, list):
        for inner in resource:
            yield from _all_statements(inner)


def _heard(template: Template) -> Iterator[str]:
    """A rule hears every event of its kind: what it is narrowed by would leave out copies, or uploads in parts."""
    for name, rule in of_type(template, "AWS::Events::Rule"):
        if more := sorted(rule["Properties"]["EventPattern"].get("detail", {}).keys() - NARROWED):
            yield f"{name}: leaves out events by {more}"


def _expiry(template: Template) -> Iterator[str]:
    """What a bucket keeps of older versions ends some day, and so does each folder that has a number of days."""
    days = {name for name in template["Parameters"] if name.endswith("Days")}
    text = json.dumps(template["Resources"])
    for name in sorted(days):
        if f'"Ref": "{name}"' not in text:
            yield f"{name}: nothing expires by it"
    for name, bucket in of_type(template, "AWS::S3::Bucket"):
        rules = bucket["Properties"].get("LifecycleConfiguration", {}).get("Rules", [])
        if not any("NoncurrentVersionExpiration" in rule for rule in rules):
            yield f"{name}: keeps for ever what was overwritten or deleted"


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (
    _places,
    _forms,
    _sides,
    _conditions,
    _heard,
    _expiry,
)
