"""What functions/build.py declares of each function is what the function uses, started from its artifact alone."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from bench.cold.worker import HEAVY
from functions.build import CARRIED
from functions.models import TRANSFERS
from local.isolation import clean_environment
from local.template_check.code import called

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]
LAMBDAS_OWN = {"AWS_REGION": "ap-northeast-1", "AWS_DEFAULT_REGION": "ap-northeast-1"}
NAMES = (
    "STACK",
    "LEDGER_TABLE",
    "LAKE_BUCKET",
    "REPORTS_BUCKET",
    "RAW_BUCKET",
    "MWAA_ENVIRONMENT",
    "GLUE_JOB",
    "EVENT_BUS",
)
QUEUES = ("INTAKE_QUEUE", "INTAKE_DEAD_LETTER_QUEUE", "UNDELIVERED_QUEUE")
REDSHIFT = {"SUIMON_REDSHIFT_DATABASE": "analytics", "SUIMON_REDSHIFT_WORKGROUP": "analytics"}
SETTINGS = {
    **{f"SUIMON_{name}": name.lower() for name in NAMES},
    **{f"SUIMON_{name}": f"https://sqs.example.com/1/{name.lower()}" for name in QUEUES},
    **REDSHIFT,
    "SUIMON_ALERTS_TOPIC_ARN": "arn:aws:sns:ap-northeast-1:123456789012:alerts",
    "SUIMON_WATCH_TOPIC_ARN": "arn:aws:sns:ap-northeast-1:123456789012:watch",
    "SUIMON_REDSHIFT_COPY_ROLE_ARN": "arn:aws:iam::123456789012:role/copy",
    "SUIMON_INTAKE_CONCURRENCY": "8",
    "SUIMON_TAG_VERSIONS": "yes",  # all that a deployer may allow
}

# Makes everything that outlives an invocation; lists the services it makes clients of, and the files it names or reads.
USE = """
import ast, json, sys
from pathlib import Path
artifact = Path(sys.argv[1])
sys.path.insert(0, str(artifact))
services, opened = set(), set()
sys.addaudithook(lambda event, given: opened.add(str(given[0])) if event == "open" else None)
import boto3
def recorded(make):
    return lambda service, *given, **named: (services.add(service), make(service, *given, **named))[1]
boto3.client, boto3.resource = recorded(boto3.client), recorded(boto3.resource)
import suimon.aws.later
suimon.aws.later.later = lambda make: make()  # what is made at its first use, too
import app
assert "aws_xray_sdk" not in sys.modules
cached = {name for name, value in vars(app).items() if hasattr(value, "cache_info")}
for name in cached:
    vars(app)[name]()
outside = [
    node.name
    for node in ast.parse(Path(app.__file__).read_text()).body
    if isinstance(node, ast.FunctionDef) and node.name not in cached
    for inner in ast.walk(node)
    if isinstance(inner, ast.Name) and inner.id == "boto3"
]
named = {
    value.relative_to(artifact).as_posix()
    for module in list(sys.modules.values())
    if module.__name__.split(".")[0] == "suimon"
    for value in vars(module).values()
    if isinstance(value, Path) and value.is_relative_to(artifact) and value.suffix  # there or not
}
print(json.dumps({
    "services": sorted(services),
    "files": sorted(named),
    "contracts": str(artifact / "contracts.json") in opened,
    "outside": outside,
    "modules": sorted(sys.modules),
}))
"""


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every artifact for this machine's Python."""
    built = {}
    for function in CARRIED:
        built[function] = tmp_path_factory.mktemp(function)
        build = [sys.executable, "-m", "functions.build", function, str(built[function])]
        subprocess.run(build, check=True, cwd=ROOT, env=clean_environment(os.environ, SUIMON_BUILD_FOR=sys.executable))
    return built


def started(artifact: Path, code: str, **environment: str) -> str:
    # -I and -S: nothing but the standard library and the artifact.
    command = [sys.executable, "-I", "-S", "-c", code, str(artifact)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("function", CARRIED)
def test_a_function_uses_exactly_what_is_declared_for_it(artifacts: dict[str, Path], function: str) -> None:
    environment = {"LAMBDA_TASK_ROOT": str(artifacts[function]), **LAMBDAS_OWN, **SETTINGS}
    used: dict[str, Any] = json.loads(started(artifacts[function], USE, **environment))
    declared = CARRIED[function]

    assert used["services"] == sorted(declared.services)
    assert used["files"] == sorted(declared.files)
    assert used["contracts"]
    assert not {*HEAVY} & {*used["modules"]}, "a start cannot afford it: import it where it is needed"
    assert used["outside"] == [], (
        "a client that is made while handling an event escapes this test: make it in a cached one"
    )


@pytest.mark.parametrize("function", CARRIED)
def test_an_artifact_holds_the_models_of_its_own_services_only(artifacts: dict[str, Path], function: str) -> None:
    models = {path.name for path in (artifacts[function] / "botocore" / "data").iterdir() if path.is_dir()}
    assert models == CARRIED[function].services


# Answers with the operations of each service's model, having followed each to the last of its shapes.
WHOLE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import botocore.session
from pathlib import Path
def follow(shape, seen):
    if shape is None or shape.name in seen:
        return
    seen.add(shape.name)
    members = getattr(shape, "members", {}).values() if shape.type_name == "structure" else []
    inner = [getattr(shape, name) for name in ("member", "key", "value") if hasattr(shape, name)]
    for one in (*members, *inner):
        follow(one, seen)
session, found = botocore.session.get_session(), {}
for folder in sorted(Path(sys.argv[1], "botocore", "data").iterdir()):
    if folder.is_dir():
        model = session.get_service_model(folder.name)
        for name in model.operation_names:
            one, seen = model.operation_model(name), set()
            for shape in (one.input_shape, one.output_shape, *one.error_shapes):
                follow(shape, seen)
        found[folder.name] = sorted(model.operation_names)
print(json.dumps(found))
"""


@pytest.mark.parametrize("function", CARRIED)
def test_an_artifact_holds_the_whole_model_of_each_call_in_the_code(artifacts: dict[str, Path], function: str) -> None:
    found: dict[str, list[str]] = json.loads(started(artifacts[function], WHOLE))
    held = {xform_name(name) for names in found.values() for name in names}
    transfers = {"copy"}  # made of others
    assert called(function).keys() - held <= transfers
    assert "DeleteBucket" not in found["s3"]
    assert "DeleteTable" not in found["dynamodb"]


def test_a_managed_copy_finds_all_that_it_calls(artifacts: dict[str, Path]) -> None:
    found: dict[str, list[str]] = json.loads(started(artifacts["intake"], WHOLE))
    assert set(TRANSFERS["copy"]) <= set(found["s3"])


@pytest.mark.parametrize("function", CARRIED)
def test_a_file_that_no_function_declares_is_in_no_artifact(artifacts: dict[str, Path], function: str) -> None:
    every = [path for path in (artifacts[function] / "suimon").rglob("*") if path.is_file()]
    ours = [path for path in every if path.suffix not in {".py", ".pyc"}]
    assert {path.relative_to(artifacts[function]).as_posix() for path in ours} == set(CARRIED[function].files)


def test_what_a_rejection_needs_is_there_and_slows_no_start(artifacts: dict[str, Path]) -> None:
    later = ("suimon.report.page", "suimon.report.messages", "suimon.report.publish", "backports.zstd")
    start = f"""
import sys; sys.path.insert(0, sys.argv[1]); import app
assert not {{*{later!r}[:2]}} & set(sys.modules)
import importlib
for name in {later!r}: importlib.import_module(name)
"""
    started(artifacts["intake"], start)


@pytest.mark.parametrize("function", CARRIED)
def test_a_start_looks_for_no_garbage_from_its_first_import_on(function: str) -> None:
    app = ast.parse((ROOT / "functions" / function / "app.py").read_text(encoding="utf-8"))
    imports = [node for node in app.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports[:2]] == [
        "from __future__ import annotations",
        "import suimon.aws.cold_start",
    ]
