"""Runs one target under atheris, which steers by the branches that suimon.check and suimon.contract take.

python -m tests.fuzz.fuzz TARGET --folder FOLDER [--found FOLDER] [--covered LIBRARY] (--runs N | --seconds N)

For the target `kernel` it steers by the branches of C, in the library that `covered` builds.

Same seed, same runs: as far as threads allow it does the same every time.
"""

import argparse
import importlib
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tests.fuzz import covered

SECONDS_PER_INPUT = 20
MEMORY_MB = 2048
LONGEST = {"check": 600, "grammar": 200, "contract": 6000, "compiled": 4000, "kernel": 400}  # bytes


def main() -> None:
    """Fuzz until the runs or the time are over, or a promise is broken: then the input is kept in `--found`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=LONGEST)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--found", type=Path)
    parser.add_argument("--covered", type=Path, help="the kernel as `covered` builds it")
    parser.add_argument("--runs", type=int, default=-1)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    atheris: Any = importlib.import_module("atheris")
    if asked.target == "kernel":
        covered.load(asked.covered)
    steering = [] if asked.target == "kernel" else ["suimon.check", "suimon.contract"]
    with atheris.instrument_imports(include=steering) if steering else nullcontext():
        target = importlib.import_module("tests.fuzz.targets").TARGETS[asked.target]
        seeds = importlib.import_module("tests.fuzz.seeds")
    dictionary = seeds.write(asked.target, asked.folder)
    grown = asked.folder / "grown"
    grown.mkdir(exist_ok=True)
    limits = [f"-runs={asked.runs}", f"-max_total_time={asked.seconds}", f"-max_len={LONGEST[asked.target]}"]
    guards = [f"-timeout={SECONDS_PER_INPUT}", f"-rss_limit_mb={MEMORY_MB}", "-print_final_stats=1", "-len_control=0"]
    found = [f"-artifact_prefix={asked.found or asked.folder}/", f"-dict={dictionary}", f"-seed={asked.seed}"]
    folders = [str(grown), str(asked.folder / "seeds")]
    atheris.Setup([sys.argv[0], *limits, *guards, *found, *folders], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
