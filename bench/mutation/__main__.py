"""Changes the code that decides, one place at a time, and tells which changes no test notices.

python -m bench.mutation [--mutants 200] [--seed 2] [--only GLOB ...] [--page docs/mutation.md]

mutmut makes the changes and runs, for each, the tests that reach the changed function. It works in a copy of the tree,
on a sample drawn with a seed; --mutants 0 takes all, which is hours. It changes the bodies of functions only: tables
and expressions at the level of a module stay as they are.
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

ROOT = Path(__file__).parents[2]
TREE = ROOT / ".suimon" / "mutation"
MODULES = (
    *(
        f"suimon/check/{name}.py"
        for name in (
            "rules_as_sql",
            "grammar",
            "structure",
            "segments",
            "duckdb_input",
            "segment_check",
            "tally",
            "trailer",
            "header",
            "verdict",
        )
    ),
    *(
        f"suimon/drops/{name}.py"
        for name in ("next_step", "duplicate_or_superseded", "sets", "states", "drop", "run_finished_event", "lake")
    ),
    "suimon/intake/run_start.py",
    "suimon/replay/plan.py",
    "suimon/outcome/plan.py",
    *(f"suimon/freshness/{name}.py" for name in ("arrivals", "tables")),
    *(
        f"suimon/sweep/plans/{name}.py"
        for name in (
            "dead_letters",
            "stuck_drops",
            "silent_runs",
            "round",
            "unmatched_drops",
            "lost_events",
            "set_parts",
        )
    ),
    *(f"suimon/incidents/{name}.py" for name in ("kinds", "recovery", "incident", "email", "store")),
    *(f"suimon/contract/odcs/{name}.py" for name in ("dialect", "values", "quality")),
)
# Fast and the same in every run: the searches of Hypothesis in test_oracle and test_properties are neither.
TESTS = (
    *(
        f"tests/unit/check/test_{name}.py"
        for name in ("boundaries", "boundaries_of_text", "structure", "cells", "corpus")
    ),
    *(
        f"tests/unit/contract/test_{name}.py"
        for name in ("boundaries", "dialect", "quality", "columns", "conditions", "odcs")
    ),
    *(f"tests/unit/{name}" for name in ("drops", "replay", "outcome", "freshness", "sweep", "incidents")),
    "tests/functional/intake/test_run_start.py",
    "tests/functional/freshness/test_watch.py",
    "tests/functional/incidents",
    "tests/functional/sweep/test_silent_runs.py",
)
# Of the hostile files one way to cut them is enough here; the last has names by which pytest does not find it again.
WITHOUT = (
    "not (test_a_hostile_file_is_told_of_exactly and (16 or 1000 or 16777216)) and not slow_reading "
    "and not test_what_a_property_says_is_compiled"
)
KILLED, SURVIVED, UNREACHED = {1, 3}, 0, 33
_TIMEOUTS = {36, 24, 152, -24, 255}


def main() -> None:
    """Copy, change, test, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--only", nargs="+", default=["*"], help="patterns of mutants' names, such as '*check.tally*'")
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    _copy()
    _mutmut("run", "--max-children", "1", "none.*")  # makes the mutants and runs none
    names = sorted(name for name in _results() if any(fnmatch(name, pattern) for pattern in asked.only))
    drawn = random.Random(asked.seed).sample(names, min(asked.mutants or len(names), len(names)))  # noqa: S311 a sample
    _mutmut("run", "--max-children", "1", *drawn)
    results = _results()
    told = {name: _word(results[name]) for name in sorted(drawn)}
    survivors = {name: _mutmut("show", name) for name, word in told.items() if word in {"survived", "unreached"}}
    text = page(told, survivors, made=len(names), seed=asked.seed)
    sys.stdout.write(text)
    if asked.page:
        asked.page.write_text(text, encoding="utf-8")


def _copy() -> None:
    shutil.rmtree(TREE, ignore_errors=True)
    for name in ("src", "tests", "contracts", "docs", "functions"):
        shutil.copytree(ROOT / name, TREE / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "ARCHITECTURE.md", TREE)
    shutil.copy(Path(__file__).parent / "in_copy.py", TREE / "tests" / "conftest.py")
    lists = {
        "source_paths": ["src"],
        "only_mutate": [f"src/{module}" for module in MODULES],
        "also_copy": ["tests", "contracts", "docs", "functions", "ARCHITECTURE.md"],
        "pytest_add_cli_args_test_selection": [test for test in TESTS if (TREE / test).exists()],
        "pytest_add_cli_args": ["--import-mode=importlib", "-k", WITHOUT, "-p", "no:cacheprovider"],
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
