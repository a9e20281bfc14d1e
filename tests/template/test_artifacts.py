"""What `sam build` puts into each function: for arm64 and Python 3.13, within the limit, nothing that is not needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.isolation import clean_environment

ROOT = Path(__file__).parents[2]
FUNCTIONS = ("intake", "outcome", "freshness", "replay")
ELF, AARCH64 = b"\x7fELF", 183  # e_machine of the ELF specification
LIMIT = 250 * 1024 * 1024  # Lambda's quota for the unzipped package


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    built = {}
    for function in FUNCTIONS:
        built[function] = tmp_path_factory.mktemp(function)
        subprocess.run(
            [sys.executable, ROOT / "functions/build.py", function, built[function]],
            check=True,
            env=clean_environment(os.environ),
        )
    return built


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_binary_is_for_lambda_s_processor_and_python(artifacts: dict[str, Path], function: str) -> None:
    binaries = [path for path in artifacts[function].rglob("*") if path.is_file() and path.read_bytes()[:4] == ELF]
    for binary in binaries:
        assert int.from_bytes(binary.read_bytes()[18:20], "little") == AARCH64, binary.name
        assert "cpython-311" not in binary.name
    assert binaries or function != "intake"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_artifact_stays_under_lambda_s_limit(artifacts: dict[str, Path], function: str) -> None:
    assert sum(path.stat().st_size for path in artifacts[function].rglob("*") if path.is_file()) < LIMIT


def test_only_intake_carries_what_reads_files_and_nobody_what_reads_yaml(artifacts: dict[str, Path]) -> None:
    for function, artifact in artifacts.items():
        packages = {path.name for path in artifact.iterdir()}
        for package in ("duckdb", "backports"):
            assert (package in packages) == (function == "intake")
        assert not packages & {"pydantic", "yaml", "rich", "click", "open_data_contract_standard"}
        assert not (artifact / "suimon/contract/odcs").exists()


def test_an_artifact_holds_the_models_of_its_own_services_only(artifacts: dict[str, Path]) -> None:
    models = {
        function: {path.name for path in (artifact / "botocore" / "data").iterdir() if path.is_dir()}
        for function, artifact in artifacts.items()
    }
    assert models["intake"] == {"dynamodb", "mwaa", "s3", "sns", "sqs", "stepfunctions", "xray"}
    assert models["outcome"] == {"dynamodb", "sns", "stepfunctions", "xray"}
    assert models["freshness"] == {"dynamodb", "mwaa", "redshift-data", "s3", "sns", "sqs", "stepfunctions", "xray"}
    assert models["replay"] == {"dynamodb", "xray"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_starts_from_its_artifact_alone_with_tracing_on(function: str, tmp_path: Path) -> None:
    build = [sys.executable, str(ROOT / "functions/build.py"), function, str(tmp_path)]
    subprocess.run(build, check=True, env=clean_environment(os.environ, SUIMON_BUILD_FOR="here"))
    # -I and -S: nothing but the standard library and the artifact; the variables are Lambda's own.
    start = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import app; assert not app.tracer.disabled; app.handler"
    )
    lambda_s_own = {
        "LAMBDA_TASK_ROOT": str(tmp_path),
        "AWS_REGION": "ap-northeast-1",
        "AWS_DEFAULT_REGION": "ap-northeast-1",
    }
    subprocess.run([sys.executable, "-I", "-S", "-c", start], check=True, env=lambda_s_own)


def test_what_a_rejection_needs_is_there_and_slows_no_start(tmp_path: Path) -> None:
    build = [sys.executable, str(ROOT / "functions/build.py"), "intake", str(tmp_path)]
    subprocess.run(build, check=True, env=clean_environment(os.environ, SUIMON_BUILD_FOR="here"))
    start = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import app\n"
        "assert not {'suimon.report.page', 'suimon.report.messages'} & set(sys.modules)\n"
        "import suimon.report.publish, backports.zstd"
    )
    environment = {"POWERTOOLS_TRACE_DISABLED": "1"}
    subprocess.run([sys.executable, "-I", "-S", "-c", start], check=True, env=environment)


def test_contracts_are_compiled_into_what_needs_them(artifacts: dict[str, Path]) -> None:
    compiled = json.loads((artifacts["intake"] / "contracts.json").read_text(encoding="utf-8"))
    assert {contract["dataset"] for contract in compiled["contracts"]} >= {"sales", "user_events", "inventory"}
    assert not (artifacts["outcome"] / "contracts.json").exists()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_artifact_holds_no_path_of_the_machine_that_built_it(artifacts: dict[str, Path], function: str) -> None:
    for path in artifacts[function].rglob("*"):
        if path.is_file() and path.suffix in {".py", ".json", ".txt", ".sql"}:
            assert str(ROOT).encode() not in path.read_bytes(), path
