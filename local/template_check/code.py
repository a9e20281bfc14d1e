"""What the template says of the code, and the code of the template: handlers, targets, indexes, rights of each call."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.session import Session

from functions.build import CARRIED, LAMBDA, imported_modules
from local.template_check.reading import documents, globals_merged, in_list, of_type, referred, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
ROOT: Final = Path(__file__).parents[2]
RESERVED: Final = ROOT / "src" / "suimon" / "contract" / "reserved.py"
FUNCTION: Final = "AWS::Serverless::Function"
# A method of boto3 -> the rights that it needs, where they are not called like it.
OTHERWISE: Final = {
    "get_object": {"s3:GetObject", "s3:GetObjectVersion"},
    "get_object_tagging": {"s3:GetObjectTagging", "s3:GetObjectVersionTagging"},
    "put_object_tagging": {"s3:PutObjectTagging", "s3:PutObjectVersionTagging"},
    "head_object": {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"},
    "list_objects_v2": {"s3:ListBucket"},
    "list_object_versions": {"s3:ListBucketVersions"},
    "copy_object": {"s3:PutObject"},
    "copy": {"s3:PutObject"},
    "create_multipart_upload": {"s3:PutObject"},
    "upload_part": {"s3:PutObject"},
    "upload_part_copy": {"s3:PutObject"},
    "complete_multipart_upload": {"s3:PutObject"},
    "upload_file": {"s3:PutObject"},
    "upload_fileobj": {"s3:PutObject"},
    "invoke_rest_api": {"airflow:InvokeRestApi"},
    "get_environment": {"airflow:GetEnvironment"},
    "send_message_batch": {"sqs:SendMessage"},
    "delete_message_batch": {"sqs:DeleteMessage"},
    "execute_statement": {"redshift-data:ExecuteStatement"},  # DynamoDB's, of the same name, nobody uses
}
# Calls in modules that functions share, which this one never comes to.
NOT_REACHED: Final = {
    "freshness": {"get_object"},
    "intake": {"send_message_batch", "execute_statement"},
    "outcome": {"execute_statement"},
    "replay": {"execute_statement"},
}
PREFIXES: Final = {"stepfunctions": "states", "mwaa": "airflow"}


def _handlers(template: Template) -> Iterator[str]:
    """Each handler is a function at the top of a module that is there; runtime and processor are those of the build."""
    version = LAMBDA[LAMBDA.index("--python-version") + 1]
    processor = "arm64" if LAMBDA[LAMBDA.index("--python-platform") + 1].startswith("aarch64") else "x86_64"
    for name, function in of_type(template, FUNCTION):
        properties = globals_merged(template, function)
        module, _, called = str(properties.get("Handler")).rpartition(".")
        path = ROOT / str(properties["CodeUri"]) / f"{module}.py"
        found = path.is_file() and {
            node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
        }
        if not found or called not in found:
            yield f"{name}: its handler {properties.get('Handler')} is not in {properties['CodeUri']}"
        if Path(str(properties["CodeUri"])).name != name.removesuffix("Function").lower():
            yield f"{name}: is built of {properties['CodeUri']}"
        if properties.get("Runtime") != f"python{version}":
            yield f"{name}: is built for Python {version} and runs on {properties.get('Runtime')}"
        if properties.get("Architectures", ["x86_64"]) != [processor]:
            yield f"{name}: is built for {processor} and runs on {properties.get('Architectures')}"


def _indexes(template: Template) -> Iterator[str]:
    """The code reads whole records by each index; it asks none that is not there, and policies name the same ones."""
    queried = set(re.findall(r'^BY_\w+(?:: Final)? = "(\w+)"', _text_of(ROOT / "src"), re.MULTILINE))
    there: set[str] = set()
    for name, table in of_type(template, "AWS::DynamoDB::Table"):
        for index in table["Properties"].get("GlobalSecondaryIndexes", []):
            there.add(index["IndexName"])
            if index["Projection"] != {"ProjectionType": "ALL"}:
                yield f"{name}: {index['IndexName']} leaves out attributes that are read by it"
            if index["IndexName"] not in _text_of(ROOT / "src"):
                yield f"{name}: nobody asks {index['IndexName']}"
    for missing in sorted(queried - there) if there else ():
        yield f"the code asks an index {missing}, which no table has"
    for owner, resource in template["Resources"].items():
        for _, document in documents(resource):
            for name in re.findall(r"/index/([\w*]+)", json.dumps(document)):
                if name not in there:
                    yield f"{owner}: names an index {name}, which no table has"


def _index_keys(template: Template) -> Iterator[str]:
    """An index has the keys by which the code asks it."""
    asked = _keys_asked()
    for name, table in of_type(template, "AWS::DynamoDB::Table"):
        for index in table["Properties"].get("GlobalSecondaryIndexes", []):
            keys, wanted = {one["AttributeName"] for one in index["KeySchema"]}, asked.get(index["IndexName"], set())
            if not wanted <= keys:
                yield f"{name}: {index['IndexName']} is asked by {sorted(wanted)} and has {sorted(keys)}"


def _keys_asked() -> dict[str, set[str]]:
    """Return the attributes by which the module that names an index asks it."""
    found = {}
    for path in (ROOT / "src").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if named := re.search(r'^BY_\w+(?:: Final)? = "(\w+)"', text, re.MULTILINE):
            found[named[1]] = set(re.findall(r'\bKey\("(\w+)"\)', text)) - {"pk", "sk"}
    return found


def _prefixes(template: Template) -> Iterator[str]:
    """Whatever expires, or is granted by its prefix, lies where the code puts it."""
    source = _text_of(ROOT / "src") + _text_of(ROOT / "glue") + _text_of(ROOT / "dags")
    for name, bucket in of_type(template, "AWS::S3::Bucket"):
        for rule in bucket["Properties"].get("LifecycleConfiguration", {}).get("Rules", []):
            if (prefix := rule.get("Prefix")) and not (prefix.endswith("/") and _written(prefix, source)):
                yield f"{name}: nothing lies under {prefix}, which is to expire"
            if rule.get("Status") != "Enabled":
                yield f"{name}: its rule {rule.get('Id')} is switched off"
    for owner, resource in template["Resources"].items():
        for _, document in documents(resource):
            for prefix in re.findall(r"Bucket\.Arn}/([a-z_]+/)\*", json.dumps(document)):
                if not _written(prefix, source):
                    yield f"{owner}: nothing lies under {prefix}"


def _written(prefix: str, source: str) -> bool:
    """Return whether the code names a folder, with its slash or among those of the reports bucket."""
    return prefix in source or f'"{prefix.rstrip("/")}"' in RESERVED.read_text(encoding="utf-8")


def _calls(template: Template) -> Iterator[str]:
    """A function's role has a right for each call of AWS that its modules make."""
    for name, function in of_type(template, FUNCTION):
        short = name.removesuffix("Function").lower()
        if short not in CARRIED:
            continue
        role = template["Resources"].get(referred(function["Properties"].get("Role")), {"Type": ""})
        granted = {
            action
            for _, document in documents(role)
            for statement in statements(document)
            if statement["Effect"] == "Allow"
            for action in in_list(statement["Action"])
        }
        for call, rights in sorted(called(short).items()):
            if call not in NOT_REACHED.get(short, ()) and not rights & granted:
                yield f"{name}: calls {call} and has none of {sorted(rights)}"


@cache
def called(function: str) -> dict[str, frozenset[str]]:
    """Return the methods of boto3 that the function's own modules name, and the rights of which each needs one."""
    methods = {
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operation).lower(): frozenset(
            {f"{PREFIXES.get(service, service)}:{operation}"}
        )
        for service in CARRIED[function].services
        for operation in _operations(service)
    }
    methods |= {name: frozenset(rights) for name, rights in OTHERWISE.items() if name in methods}
    found = {}
    for path in (ROOT / "functions" / function / "app.py", *imported_modules(function)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in methods and _is_client(node.value):
                found[node.attr] = methods[node.attr]
    return found


def _is_client(value: ast.expr) -> bool:
    """Return whether an expression is called like a client or a table, as the code calls them."""
    name = value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""
    if isinstance(value, ast.Call):
        return _is_client(value.func)
    return name.strip("_") in CLIENTS


CLIENTS: Final = {"s3", "sqs", "sns", "sfn", "mwaa", "table", "redshift", "events", "client", "functions", "states"}


@cache
def _operations(service: str) -> tuple[str, ...]:
    loader = Session().get_component("data_loader")
    return tuple(loader.load_service_model(service, "service-2")["operations"])


@cache
def _text_of(folder: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py")))


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (_handlers, _indexes, _index_keys, _prefixes, _calls)
