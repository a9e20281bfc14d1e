"""What is said twice says the same: numbered parameters, ids and days, keys and conditions, names that code writes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from local.template_check.code import ROOT
from local.template_check.reading import in_list, of_type, referred, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
NUMBERED: Final = re.compile(r"(Sender)(\d)")
# What keeps data -> where the key of its encryption stands.
KEYED: Final = {
    "AWS::S3::Bucket": "BucketEncryption",
    "AWS::DynamoDB::Table": "SSESpecification",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::Glue::Job": "SecurityConfiguration",
    "AWS::Glue::SecurityConfiguration": "EncryptionConfiguration",
}
CUSTOMERS: Final = ({"Ref": "KmsKeyArn"}, {"Ref": "GlueEncryption"})
RELEASE: Final = {"Ref": "Release"}
ARCHIVES: Final = {"GLACIER", "DEEP_ARCHIVE"}  # whose objects have to be restored before anybody reads them


def _numbers(template: Template) -> Iterator[str]:
    """What belongs to the second sender is of the second sender alone."""
    for part in ("Conditions", "Rules"):
        for name, value in template.get(part, {}).items():
            if own := NUMBERED.search(name):
                yield from _others(name, own[2], value)
    for name, resource in template["Resources"].items():
        for condition, yes in _chosen(resource):
            if own := NUMBERED.search(condition):
                yield from _others(f"{name}, {condition}", own[2], yes)


def _others(where: str, number: str, value: Any) -> Iterator[str]:
    if others := {found[2] for found in NUMBERED.finditer(json.dumps(value))} - {number}:
        yield f"{where}: speaks of sender {sorted(others)}"


def _chosen(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("Fn::If"), list):
            yield str(value["Fn::If"][0]), value["Fn::If"][1]
        for inner in value.values():
            yield from _chosen(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _chosen(inner)


def _days(template: Template) -> Iterator[str]:
    """A folder expires by the parameter of its name; each bucket ends what was overwritten, and uploads cut off."""
    for name, bucket in of_type(template, "AWS::S3::Bucket"):
        rules = bucket["Properties"].get("LifecycleConfiguration", {}).get("Rules", [])
        for rule in rules:
            by = referred(rule.get("ExpirationInDays")).removesuffix("Days").lower()
            folder = str(rule.get("Prefix", "")).rstrip("/") or name.removesuffix("Bucket").lower()
            if "ExpirationInDays" in rule and by != folder:
                yield f"{name}: {folder} expires by {by or 'a number'} days"
        noncurrent = [rule["NoncurrentVersionExpiration"] for rule in rules if "NoncurrentVersionExpiration" in rule]
        if any(one != {"NoncurrentDays": {"Ref": "NoncurrentDays"}} for one in noncurrent):
            yield f"{name}: what was overwritten goes by another number than NoncurrentDays"
        if not any("AbortIncompleteMultipartUpload" in rule for rule in rules):
            yield f"{name}: keeps for ever what was uploaded by half"


def _customers_key(template: Template) -> Iterator[str]:
    """With a customer's key everything that keeps data is under it; without, under one of AWS's."""
    for name, resource in template["Resources"].items():
        if not (where := KEYED.get(resource["Type"])):
            continue
        value = resource["Properties"].get(where)
        with_key = resource.get("Condition") == "HasKey"
        keys = [value] if with_key else [yes for condition, yes in _chosen({"": value}) if condition == "HasKey"]
        if not any(_within(key, CUSTOMERS) for key in keys):
            yield f"{name}: {where} leaves out the customer's key"


def _within(value: Any, wanted: tuple[Any, ...]) -> bool:
    if value in wanted:
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_within(one, wanted) for one in inner)


def _logs(template: Template) -> Iterator[str]:
    """Every log is kept for as long as whoever deploys says."""
    for name, kept in of_type(template, "AWS::Logs::LogGroup"):
        if kept["Properties"].get("RetentionInDays") != {"Ref": "LogRetentionDays"}:
            yield f"{name}: is kept for other than LogRetentionDays"


def _release(template: Template) -> Iterator[str]:
    """Who asks for a run, and the job that is asked, are of the release that is deployed: else nobody refuses a mix."""
    for name, function in of_type(template, "AWS::Serverless::Function"):
        starts = any(event["Type"] == "SQS" for event in function["Properties"].get("Events", {}).values())
        if starts and function["Properties"]["Environment"]["Variables"].get("SUIMON_RELEASE") != RELEASE:
            yield f"{name}: does not say of which release it is"
    for name, job in of_type(template, "AWS::Glue::Job"):
        if RELEASE not in job["Properties"]["DefaultArguments"].get("--deployed_release", {}).get("Fn::If", []):
            yield f"{name}: does not say of which release it is"


def _ages(template: Template) -> Iterator[str]:
    """What ages in a table does so by the attribute that the code writes."""
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src/suimon/ledger").rglob("*.py")))
    for name, table in of_type(template, "AWS::DynamoDB::Table"):
        ages = table["Properties"].get("TimeToLiveSpecification", {})
        if ages.get("Enabled") is not True or f'"{ages.get("AttributeName")}"' not in source:
            yield f"{name}: nothing ages by {ages.get('AttributeName')}"


def _mails(template: Template) -> Iterator[str]:
    """What is called an address is written to, in plain text."""
    for name, one in of_type(template, "AWS::SNS::Subscription"):
        if "Email" in json.dumps(one["Properties"]["Endpoint"]) and one["Properties"]["Protocol"] != "email":
            yield f"{name}: writes to a person by {one['Properties']['Protocol']}"


def _archives(template: Template) -> Iterator[str]:
    """A file that nobody can read is refused when it is put, whichever archive it is meant for."""
    for name, policy in of_type(template, "AWS::S3::BucketPolicy"):
        for statement in statements(policy["Properties"]["PolicyDocument"]):
            named = statement.get("Condition", {}).get("StringEquals", {}).get("s3:x-amz-storage-class")
            if named is not None and set(in_list(named)) != ARCHIVES:
                yield f"{name}: {statement.get('Sid')} refuses {named}, not {sorted(ARCHIVES)}"


def _numbers_meant(template: Template) -> Iterator[str]:
    """A number that somebody chooses goes where its last word says: days, hours, workers, concurrency."""
    chosen = {name for name, one in template["Parameters"].items() if one["Type"] == "Number"}
    for name, resource in template["Resources"].items():
        for key, number in _referring(resource):
            if number in chosen and re.findall("[A-Z][a-z]+", number)[-1].lower() not in key.lower():
                yield f"{name}: {key} is {number}"


def _referring(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and set(value) == {"Ref"}:
        yield key, value["Ref"]
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _referring(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _referring(inner, key)


def _line(template: Template) -> Iterator[str]:
    """As many share the line of requests to MWAA as may run: each waits by that number for its turn."""
    for name, function in of_type(template, "AWS::Serverless::Function"):
        told = function["Properties"].get("Environment", {}).get("Variables", {}).get("SUIMON_INTAKE_CONCURRENCY")
        for event in function["Properties"].get("Events", {}).values():
            if event["Properties"].get("ScalingConfig", {}).get("MaximumConcurrency") != told:
                yield f"{name}: as many may run as it is not told of"


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (
    _numbers,
    _days,
    _customers_key,
    _logs,
    _release,
    _ages,
    _mails,
    _archives,
    _numbers_meant,
    _line,
)
OF_BOTH: Final = (_customers_key, _numbers_meant)
