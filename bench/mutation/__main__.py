"""Change the code that decides, one place at a time, and report which changes no test notices.

python -m bench.mutation [decisions|checker] [--mutants 400] [--seed 7] [--only GLOB ...] [--page docs/mutation.md]

mutmut makes the changes and runs, for each, the tests that reach the changed function. It works in a copy of the tree,
on a sample drawn with a seed; --mutants 0 takes all. It changes the bodies of functions only: tables and expressions
at the level of a module stay as they are.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from bench.mutation.page import page
from bench.mutation.subjects import SUBJECTS, Subject

ROOT = Path(__file__).parents[2]
TREE = ROOT / ".suimon" / "mutation"
COPIED = ("src", "tests", "datasets", "docs", "functions", "dags")
KILLED, SURVIVED, UNREACHED = {1, 3}, 0, 33
_TIMEOUTS = {36, 24, 152, -24, 255}


def main() -> None:
    """Copy, change, test, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subject", nargs="?", choices=SUBJECTS, default="decisions")
    parser.add_argument("--mutants", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", nargs="+", default=["*"], help="patterns of mutants' names, such as '*check.tally*'")
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    _copy(SUBJECTS[asked.subject])
    _mutmut("run", "--max-children", "1", "none.*")  # makes the mutants and runs none
    names = sorted(name for name in _results() if any(fnmatch(name, pattern) for pattern in asked.only))
    drawn = random.Random(asked.seed).sample(names, min(asked.mutants or len(names), len(names)))  # noqa: S311 a sample
    _mutmut("run", "--max-children", "1", *drawn)
    results = _results()
    if untried := [name for name in drawn if results[name] is None]:
        raise SystemExit(f"{len(untried)} of {len(drawn)} changes were not tried: see {TREE / 'run.log'}")
    told = {name: _word(results[name]) for name in sorted(drawn)}
    survivors = {name: _mutmut("show", name) for name, word in told.items() if word in {"survived", "unreached"}}
    text = page(told, survivors, made=len(names), seed=asked.seed, subject=asked.subject)
    sys.stdout.write(text)
    if asked.page:
        asked.page.write_text(text, encoding="utf-8")


def _copy(subject: Subject) -> None:
    shutil.rmtree(TREE, ignore_errors=True)
    for name in COPIED:
        shutil.copytree(ROOT / name, TREE / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "ARCHITECTURE.md", TREE)
    shutil.copy(Path(__file__).parent / "in_copy.py", TREE / "tests" / "conftest.py")
    lists = {
        "source_paths": ["src"],
        "only_mutate": [f"src/suimon/{module}.py" for module in subject.modules],
        "also_copy": [*COPIED[1:], "ARCHITECTURE.md"],
        "pytest_add_cli_args_test_selection": subject.tests,
        "pytest_add_cli_args": ["--import-mode=importlib", "-k", subject.without, "-p", "no:cacheprovider"],
    }
    lines = [f"{key} =\n" + "".join(f"    {value}\n" for value in values) for key, values in lists.items()]
    single = "use_git_change_detection = false\ntrack_dependencies = false\n"
    single += "timeout_constant = 5\ntimeout_multiplier = 3\n"
    (TREE / "setup.cfg").write_text("[mutmut]\n" + "".join(lines) + single, encoding="utf-8")


def _mutmut(*words: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *words], cwd=TREE, env=environment, text=True, capture_output=True, check=False
    )
    (TREE / f"{words[0]}.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    if (words[0] == "run" and "FAILED" in done.stdout) or "BadTestExecutionCommandsException: Failed" in done.stderr:
        raise SystemExit(f"the tests fail as it is: see {TREE / words[0]}.log")
    return done.stdout


def _results() -> dict[str, int | None]:
    return dict(_each_result())


def _each_result() -> Iterator[tuple[str, int | None]]:
    for meta in (TREE / "mutants").rglob("*.meta"):
        yield from json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"].items()


def _word(code: int | None) -> str:
    if code in KILLED:
        return "killed"
    if code in _TIMEOUTS:
        return "timeout"
    return {SURVIVED: "survived", UNREACHED: "unreached"}.get(code or 0, "odd") if code is not None else "not run"


if __name__ == "__main__":
    main()
