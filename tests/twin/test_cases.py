"""Every case in which the twin was asked what AWS says, its verdict before and now, and what proves it: `cases.csv`."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
PAGE = ROOT / "docs" / "twin.md"
CASES = list(csv.DictReader((FOLDER / "cases.csv").open(encoding="utf-8")))
# What AWS answers; refused by name; not AWS's, but it hides nothing; fails where AWS works; succeeds where AWS fails.
VERDICTS = ("truthful", "refused", "make check", "harmless", "strict", "lenient")
AREAS = {"a": "Redshift", "b": "Glue", "c": "MWAA", "d": "IAM, KMS, policies", "e": "the other services"}


def proven_by(proof: str, case: str) -> bool:
    """Whether the proof is there: a golden case or a call that bears the number, or a test of that name."""
    file, _, other = proof.partition(": ")
    number = other or case
    if file == "traps.txt":
        return f"# {number} " in (FOLDER / "redshift_cases" / file).read_text(encoding="utf-8")
    if file == "cases.jsonl":
        lines = (FOLDER / "emulator_cases" / file).read_text(encoding="utf-8").splitlines()
        return any(json.loads(line)["case"].startswith(f"{number} ") for line in lines)
    return any(f"def {proof}(" in path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("*/test_*.py"))


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case['case']} {case['what'][:40]}") for case in CASES])
def test_what_changed_is_proven(case: dict[str, str]) -> None:
    assert case["after"] in VERDICTS
    assert (case["before"] == case["after"]) or case["proof"] or case["after"] in {"refused", "harmless"}
    assert not case["proof"] or proven_by(case["proof"], case["case"])


def test_a_case_of_sql_is_called_refused_when_the_twin_refuses_it() -> None:
    refused: dict[str, list[bool]] = {}
    for block in (FOLDER / "redshift_cases" / "traps.txt").read_text(encoding="utf-8").split("\n\n"):
        refused.setdefault(block.split()[1], []).append("ERROR: not in the twin" in block)
    of_traps = [case for case in CASES if case["proof"] == "traps.txt" and case["after"] in {"truthful", "refused"}]
    told = {case["case"]: case["after"] == "refused" for case in of_traps}
    assert told == {number: all(refused[number]) for number in told}


def test_no_success_is_left_where_aws_fails() -> None:
    assert [case["case"] for case in CASES if case["after"] == "lenient"] == []


@pytest.mark.parametrize("area", AREAS)
def test_the_page_counts_the_cases_of_each_area(area: str) -> None:
    of_area = [case for case in CASES if case["case"].startswith(area)]
    before, after = (Counter(case[when] for case in of_area) for when in ("before", "after"))
    figures = [str(len(of_area)), *(f"{before[verdict]} → {after[verdict]}" for verdict in VERDICTS)]
    assert f"| {AREAS[area]} | {' | '.join(figures)} |" in PAGE.read_text(encoding="utf-8")


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.(?:py|jsonl|csv|txt))`", PAGE.read_text(encoding="utf-8")))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
