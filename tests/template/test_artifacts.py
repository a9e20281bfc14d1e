"""What `sam build` puts into each function: for arm64 and Python 3.13, within the limit, nothing that is not needed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from functions.build import CARRIED, imported_modules
from local.function_python import VERSION, is_lambdas
from local.isolation import clean_environment
from tests.datasets import DATASETS

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
YAML_READERS = SOURCE / "suimon/contract/odcs"
ELF, AARCH64 = b"\x7fELF", 183  # e_machine of the ELF specification
LIMIT = 250 * 1024 * 1024  # Lambda's quota for the unzipped package


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    built = {}
    for function in CARRIED:
        built[function] = tmp_path_factory.mktemp(function)
        build(function, built[function])
    return built


def build(function: str, folder: Path) -> None:
    command = [sys.executable, "-m", "functions.build", function, str(folder)]
    subprocess.run(command, check=True, cwd=ROOT, env=clean_environment(os.environ))


@pytest.mark.parametrize("function", CARRIED)
def test_every_binary_is_for_lambda_s_processor_and_python(artifacts: dict[str, Path], function: str) -> None:
    binaries = [path for path in artifacts[function].rglob("*") if path.is_file() and path.read_bytes()[:4] == ELF]
    for binary in binaries:
        assert int.from_bytes(binary.read_bytes()[18:20], "little") == AARCH64, binary.name
        assert "cpython-311" not in binary.name
    assert binaries or function != "intake"


@pytest.mark.parametrize("function", CARRIED)
def test_an_artifact_stays_under_lambda_s_limit(artifacts: dict[str, Path], function: str) -> None:
    assert sum(path.stat().st_size for path in artifacts[function].rglob("*") if path.is_file()) < LIMIT


@pytest.mark.skipif(not is_lambdas(), reason=f"no Python {VERSION} here to compile with")
@pytest.mark.parametrize("function", CARRIED)
def test_every_module_comes_compiled_and_is_never_compared_with_its_source(
    artifacts: dict[str, Path], function: str
) -> None:
    # Packing changes the times of files: bytecode that is compared with them would be compiled again at each start.
    unchecked = (1).to_bytes(4, "little")  # PEP 552: by hash, and not to be checked
    sources = list(artifacts[function].rglob("*.py"))
    assert len(sources) > 100
    for source in sources:
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-{VERSION.replace('.', '')}.pyc"
        assert compiled.read_bytes()[4:8] == unchecked, source


def test_the_same_source_gives_the_same_bytes(artifacts: dict[str, Path], tmp_path: Path) -> None:
    build("outcome", tmp_path)
    files = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    first = artifacts["outcome"]
    assert files == {path.relative_to(first): path.read_bytes() for path in first.rglob("*") if path.is_file()}


def test_only_intake_carries_what_reads_files_and_nobody_what_reads_yaml(artifacts: dict[str, Path]) -> None:
    for function, artifact in artifacts.items():
        packages = {path.name for path in artifact.iterdir()}
        for package in ("duckdb", "backports"):
            assert (package in packages) == (function == "intake")
        assert not packages & {"pydantic", "yaml", "rich", "click", "open_data_contract_standard"}
        assert not (artifact / YAML_READERS.relative_to(SOURCE)).exists()
    assert all(find_spec(name) for name in ("duckdb", "backports", "pydantic", "yaml", "rich", "click"))
    assert YAML_READERS.is_dir()


@pytest.mark.parametrize("function", CARRIED)
def test_every_function_carries_the_compiled_contracts(artifacts: dict[str, Path], function: str) -> None:
    compiled = json.loads((artifacts[function] / "contracts.json").read_text(encoding="utf-8"))
    assert {contract["dataset"] for contract in compiled["contracts"]} == set(DATASETS)


@pytest.mark.parametrize("function", CARRIED)
def test_a_function_carries_each_statement_that_its_modules_read(function: str) -> None:
    read = {
        str((module.parent / name).relative_to(SOURCE))
        for module in imported_modules(function)
        for name in re.findall(r'with_name\("(\w+\.sql)"\)', module.read_text(encoding="utf-8"))
    }
    assert read == {name for name in CARRIED[function].files if name.endswith(".sql")}


@pytest.mark.parametrize("function", CARRIED)
def test_an_artifact_holds_no_path_of_the_machine_that_built_it(artifacts: dict[str, Path], function: str) -> None:
    for path in artifacts[function].rglob("*"):
        if path.is_file() and path.suffix in {".py", ".pyc", ".json", ".txt", ".sql"}:
            assert str(ROOT).encode() not in path.read_bytes(), path
