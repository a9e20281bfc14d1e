"""Assemble one function's artifact: its app.py, the suimon modules that it imports, what `CARRIED` declares, bytecode.

Called by the SAM CLI through the Makefile. By default for Lambda (Python 3.13 on arm64), cross-installed from wheels;
with SUIMON_BUILD_FOR=<path of a Python> for that one of this machine, which is what the twin runs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from functions.models import shrink
from local.function_python import VERSION, function_python, is_lambdas
from suimon.check.kernel.compile import LAMBDA as LAMBDA_TARGET
from suimon.check.kernel.compile import build as build_kernel
from suimon.check.kernel.compile import target_of_this_machine
from suimon.contract.odcs.parse import compile_contracts
from suimon.dataset.folder import datasets_below, datasets_root
from suimon.values import dataclass

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
PACKAGES = ROOT / ".suimon" / "packages"  # installed for an artifact, kept for the next one
# What Lambda's python3.13 on Amazon Linux 2023 (glibc 2.34) can load.
LAMBDA = ("--python-version", "3.13", "--python-platform", "aarch64-manylinux_2_28", "--only-binary", ":all:")
UNCHECKED = ("--invalidation-mode", "unchecked-hash")
KERNEL = "suimon/check/kernel/kernel.so"  # built for the platform, not copied
SEAL = "suimon/check/kernel/kernel.seal"  # of that build


@dataclass(frozen=True)
class Carried:
    """What an artifact holds beside the function's app.py, the modules that it imports and the compiled contracts."""

    services: frozenset[str]  # of which the function makes clients
    packages: str = "functions"  # the name of the lock file
    files: tuple[str, ...] = ()  # below src/, beside the modules that read them


# tests/template/test_carried.py fails when a function uses what is not here, or does not use what is.
CARRIED = {
    "intake": Carried(
        frozenset({"dynamodb", "events", "mwaa", "s3", "sns", "sqs", "stepfunctions"}),
        packages="intake",
        files=(KERNEL, SEAL),
    ),
    "outcome": Carried(frozenset({"dynamodb", "events", "mwaa", "s3", "sns", "stepfunctions"})),
    "freshness": Carried(
        frozenset({"dynamodb", "events", "mwaa", "redshift-data", "s3", "sns", "sqs", "stepfunctions"}),
        files=("suimon/freshness/newest_value.sql", "suimon/freshness/waits_for_lock.sql"),
    ),
    "replay": Carried(frozenset({"dynamodb", "s3", "sns", "stepfunctions"})),
}


def main(function: str, artifact: Path) -> None:
    """Build `functions/<function>` into the folder `artifact`, which may exist but must be empty."""
    carried = CARRIED[function]
    artifact.mkdir(parents=True, exist_ok=True)
    install(carried.packages, carried.services, artifact)
    app, modules = ROOT / "functions" / function / "app.py", imported_modules(function)
    shutil.copy2(app, artifact)
    shrink(artifact, [app, *modules])
    for file in (*modules, *(SOURCE / name for name in carried.files if name not in {KERNEL, SEAL})):
        target = artifact / file.relative_to(SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    if KERNEL in carried.files and (platform := target_of_this_machine() if for_this_machine() else LAMBDA_TARGET):
        build_kernel(platform, artifact / KERNEL)
    datasets = datasets_below(datasets_root(os.environ, ROOT / "datasets"))
    compile_contracts([folder.contract for folder in datasets], artifact / "contracts.json")
    compile_bytecode(artifact, "app.py", "suimon")


def compile_bytecode(below: Path, *parts: str) -> None:
    """Compile `parts` of an artifact for the Python that will run it; without, each cold start compiles it again.

    Bytecode is never compared with its source, for packing gives files other times, and holds no path of this machine.
    """
    python = Path(os.environ["SUIMON_BUILD_FOR"]) if for_this_machine() else function_python()
    if not for_this_machine() and not is_lambdas():
        sys.stderr.write(f"build: no Python {VERSION} here: without bytecode a cold start takes thrice as long\n")
        return
    subprocess.run(
        [
            str(python),
            "-I",
            "-m",
            "compileall",
            "-q",
            *UNCHECKED,
            "-s",
            str(below),
            "-p",
            "/var/task",
            *(str(below / part) for part in parts),
        ],
        check=True,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"},
    )


def for_this_machine() -> bool:
    """Return whether the artifact is for the twin, not for Lambda."""
    return bool(os.environ.get("SUIMON_BUILD_FOR"))


def install(packages: str, services: frozenset[str], artifact: Path) -> None:
    """Copy the locked packages for the target platform, with the models of these AWS services and no others.

    The models are half the files of an artifact, and a cold start waits until all of it is unpacked; see `models`, too.
    """
    source = installed(packages)
    models = {str(source / name / "data") for name in ("botocore", "boto3")}

    def unwanted(folder: str, names: list[str]) -> set[str]:
        return {one for one in names if Path(folder, one).is_dir()} - services if folder in models else set()

    shutil.copytree(source, artifact, ignore=unwanted, dirs_exist_ok=True)


def installed(packages: str) -> Path:
    """Return the folder of the locked packages for the target platform, compiled: made once for each lock and target.

    one build                    another one at the same time
    installs into a folder       installs into a folder
    renames it                   finds the name taken: uses what stands there
    """
    lock = ROOT / "requirements" / f"{packages}.lock.txt"
    platform = ("--python", os.environ["SUIMON_BUILD_FOR"]) if for_this_machine() else LAMBDA
    made_of = (*platform, *UNCHECKED, str(is_lambdas()), lock.read_text(encoding="utf-8"))
    folder = PACKAGES / f"{packages}-{hashlib.sha256(repr(made_of).encode()).hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    PACKAGES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="making-", dir=PACKAGES) as scratch:
        target = Path(scratch, folder.name)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run(
            [uv, "pip", "install", "-q", "--require-hashes", "--no-deps", *platform, "--target", target, "-r", lock],
            check=True,
        )
        shutil.rmtree(target / "bin", ignore_errors=True)  # scripts with this machine's paths in them
        (target / ".lock").unlink(missing_ok=True)
        compile_bytecode(target, ".")
        try:
            target.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder


# Imports the function, and then what it and its modules would import later, inside functions of theirs.
LIST_MODULES = """
import ast, importlib, importlib.util, pathlib, sys
sys.path.insert(0, sys.argv[1])
import app

def names(node, package):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
    return [origin, *(f"{origin}.{alias.name}" for alias in node.names)]

def is_module(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # what it should be in is no package, but a module that has such a name in it
        return False

seen = set()
while new := {name for name in sys.modules if name == "app" or name.split(".")[0] == "suimon"} - seen:
    seen |= new
    for name in new:
        tree = ast.parse(pathlib.Path(sys.modules[name].__file__).read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        for imported in names(node, sys.modules[name].__package__):
                            if imported.split(".")[0] == "suimon" and is_module(imported):
                                importlib.import_module(imported)
print(*sorted(sys.modules[name].__file__ for name in seen - {"app"}), sep="\\n")
"""


def imported_modules(function: str, root: Path = ROOT) -> list[Path]:
    """List the files of the suimon modules that the function imports, by importing them in a process of its own."""
    # Nothing else of the environment matters to what is imported.
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(root / "src")}
    listed = subprocess.run(
        [sys.executable, "-c", LIST_MODULES, root / "functions" / function],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return [Path(line) for line in listed.stdout.splitlines()]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
