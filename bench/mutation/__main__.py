"""Change the code that decides, one place at a time, and report which changes no test notices.

python -m bench.mutation [drops runs incidents expectations checker] [--mutants 150] [--seed 7] [--only GLOB ...]
    [--again] [--page docs/mutation.md]

mutmut makes the changes (mutants.py), in a copy of the tree; of each group a sample drawn with a seed is tried
(campaign.py); --mutants 0 takes all. It changes the bodies of functions only: tables and expressions at the level of a
module stay as they are. --again keeps what was noticed by the last run, where the change is the same: for after tests
were written, or when a run was ended.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from bench.mutation import mutants
from bench.mutation.campaign import KILLED, TIMEOUT
from bench.mutation.mutants import ROOT, TREE, Mutant
from bench.mutation.page import Group, page
from bench.mutation.subjects import DECISIONS, SUBJECTS, Subject

VERDICTS, REACH = ROOT / ".suimon" / "mutation-verdicts.jsonl", ROOT / ".suimon" / "mutation-reach"


def main() -> None:
    """Copy, change, test, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", nargs="*", default=DECISIONS, metavar="GROUP", help=", ".join(SUBJECTS))
    parser.add_argument("--mutants", type=int, default=150, help="of each group")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", nargs="+", default=["*"], help="patterns of mutants' names, such as '*check.tally*'")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    subjects = {name: SUBJECTS[name] for name in asked.subjects}
    # All that decides is changed at once, so that what tests reach is measured once for every group of it.
    at_once = [SUBJECTS[name] for name in (DECISIONS if subjects.keys() <= {*DECISIONS} else subjects)]
    commit = _commit()
    made = mutants.make(sorted({module for one in at_once for module in one.modules}))
    drawn = dict[str, dict[str, Mutant]]()
    for name, subject in subjects.items():
        ours = [
            one
            for one in made.values()
            if one.module.replace(".", "/") in subject.modules and any(fnmatch(one.name, form) for form in asked.only)
        ]
        drawn[name] = {one.name: one for one in sorted(ours, key=partial(_rank, asked.seed))[: asked.mutants or None]}
    every = {name: one for each in drawn.values() for name, one in each.items()}
    verdicts = _tried(every, at_once, again=asked.again)
    at_first, groups = _verdicts(every, first=True), []
    for name, each in drawn.items():
        total = sum(one.module.replace(".", "/") in subjects[name].modules for one in made.values())
        now, then = ({one: words[one.name] for one in each.values()} for words in (verdicts, at_first))
        groups.append(Group(name, total, now, then))
    text = page(groups, seed=asked.seed, commit=commit)
    sys.stdout.write(text)
    if asked.page:
        asked.page.write_text(text, encoding="utf-8")


def _rank(seed: int, one: Mutant) -> str:
    """Return where a change stands in the order of a seed: there it stays while others of its module come and go."""
    return hashlib.sha256(f"{seed} {one.name} {one.old} {one.new}".encode()).hexdigest()


def _tried(drawn: Mapping[str, Mutant], subjects: Sequence[Subject], *, again: bool) -> dict[str, str]:
    """Return the verdict on each; `again`: what the last run has noticed is noticed still."""
    known = _verdicts(drawn) if again else {}
    kept = {name: word for name, word in known.items() if word in {KILLED, TIMEOUT}}
    lines = VERDICTS.read_text(encoding="utf-8").splitlines(keepends=True) if kept else []
    VERDICTS.write_text("".join(lines), encoding="utf-8")
    mutants.write({name: one for name, one in drawn.items() if name not in kept}, TREE / "mutants.json")
    _campaign(subjects)
    found = _verdicts(drawn)
    if missing := drawn.keys() - found.keys():
        raise SystemExit(f"{len(missing)} of {len(drawn)} changes were not tried: see {TREE / 'run.log'}")
    return found


def _verdicts(drawn: Mapping[str, Mutant], *, first: bool = False) -> dict[str, str]:
    """Return the last verdict on each of these changes, as it is today, or the first."""
    found = dict[str, str]()
    for line in VERDICTS.read_text(encoding="utf-8").splitlines() if VERDICTS.exists() else ():
        raw = json.loads(line)
        one = drawn.get(raw["name"])
        if one and (one.old, one.new) == (raw["old"], raw["new"]) and not (first and one.name in found):
            found[one.name] = raw["word"]
    return found


def _campaign(subjects: Sequence[Subject]) -> None:
    environment = os.environ | {
        "PYTHONHASHSEED": "0",
        "TMPDIR": str(TREE / "tmp"),  # where DuckDB may read
        "PYTHONPATH": f"{TREE / 'src'}:{TREE}",
        "MUTATION_MUTANTS": str(TREE / "mutants.json"),
        "MUTATION_VERDICTS": str(VERDICTS),
        "MUTATION_REACH": str(REACH),
    }
    tests = sorted({test for subject in subjects for test in subject.tests})
    without = " and ".join(dict.fromkeys(subject.without for subject in subjects))
    options = ["--import-mode=importlib", "-p", "no:cacheprovider", "--capture=sys", "-q", "--tb=native"]
    options += ["--rootdir", str(TREE), "--basetemp", str(TREE / "tmp/pytest"), "-k", without]
    (TREE / "tmp").mkdir()
    with (TREE / "run.log").open("w", encoding="utf-8") as log:
        subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "bench.mutation.campaign", *options, *tests],
            cwd=TREE,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )


def _commit() -> str:
    return subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True, capture_output=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    main()
