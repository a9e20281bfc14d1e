"""What each scanner found, as values; what is not excepted, and exceptions that nothing needs, are complaints."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# Programs are started here, from lists and without a shell; that a list is no text is what ruff looks at.
PROCESSES: Final = frozenset({"B404", "B603"})
# checkov's check -> the resources that it does not fit, and why.
EXCEPTED: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "CKV_AWS_18": (
        frozenset({"RawBucket", "LakeBucket", "ReportsBucket", "DagBucket"}),
        "who reads what is CloudTrail's to record, by data events; a log bucket would need rules of its own",
    ),
    "CKV_AWS_99": (
        frozenset({"GlueEncryption"}),
        "all that the job writes is encrypted; it keeps no bookmarks that could be",
    ),
    "CKV_AWS_115": (
        frozenset({"IntakeFunction", "ReplayFunction"}),
        "intake is bounded by its queue's MaximumConcurrency; replay-plan runs once for each replay",
    ),
    "CKV_AWS_116": (
        frozenset({"IntakeFunction", "OutcomeFunction", "FreshnessFunction", "ReplayFunction"}),
        "failures go to a queue by OnFailure or RedrivePolicy; replay-plan answers the machine that waits for it",
    ),
    "CKV_AWS_117": (
        frozenset({"IntakeFunction", "OutcomeFunction", "FreshnessFunction", "ReplayFunction"}),
        "they talk to AWS's APIs alone, and nothing talks to them; a VPC would add endpoints to pay and to forget",
    ),
    "CKV_AWS_173": (
        frozenset({"IntakeFunction", "OutcomeFunction", "FreshnessFunction", "ReplayFunction"}),
        "variables hold names of resources, and Lambda encrypts them; a secret is named by its ARN and read at its use",
    ),
}


def of_checkov(answer: Any, excepted: Mapping[str, tuple[frozenset[str], str]] = EXCEPTED) -> Iterator[str]:
    """Yield what checkov's JSON finds beyond the exceptions, and exceptions that are not needed any more."""
    reports = answer if isinstance(answer, list) else [answer]
    if not any(report.get("summary", {}).get("passed") for report in reports):
        yield "checkov: looked at nothing"
        return
    needed: dict[str, set[str]] = {check: set() for check in excepted}
    for report in reports:
        for error in report["results"].get("parsing_errors", []):
            yield f"checkov: cannot read {error}"
        for failed in report["results"]["failed_checks"]:
            check, resource = failed["check_id"], str(failed["resource"]).rpartition(".")[2]
            if resource in excepted.get(check, (frozenset(), ""))[0]:
                needed[check].add(resource)
            else:
                yield f"checkov: {resource}: {check} {failed['check_name']}"
    for check, (resources, _) in excepted.items():
        for resource in sorted(resources - needed[check]):
            yield f"checkov: {resource} needs no exception from {check}"


def of_bandit(answer: Any, root: Path, excepted: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield what bandit's JSON finds where ruff, which has the same rules, is not told the reason.

    `excepted`: pyproject's patterns of files with the rules that do not hold there.
    """
    if not answer["metrics"]["_totals"]["loc"]:
        yield "bandit: looked at nothing"
    for error in answer["errors"]:
        yield f"bandit: {error['filename']}: {error['reason']}"
    for found in answer["results"]:
        file, rule = found["filename"].removeprefix("./"), f"S{found['test_id'][1:]}"
        lines = (root / file).read_text(encoding="utf-8").splitlines()
        first, last = min(found["line_range"]), max(found["line_range"])
        of_module = any(re.match(rf"# ruff: noqa: .*\b{rule}\b", line) for line in lines)
        at_line = any(re.search(rf"# noqa: .*\b{rule}\b", line) for line in lines[first - 1 : last + 1])
        of_file = any(rule in rules and fnmatch(file, pattern) for pattern, rules in excepted.items())
        if not (at_line or of_module or of_file or found["test_id"] in PROCESSES):
            yield f"bandit: {file}:{found['line_number']}: {found['test_id']} {found['issue_text']}"


def of_audit(lock: str, answer: Any) -> tuple[list[str], int]:
    """Return the known vulnerabilities in pip-audit's JSON, and how many packages of the lock it could look up."""
    audited = [one for one in answer["dependencies"] if "skip_reason" not in one]
    found = [
        f"pip-audit: {lock}: {one['name']} {one['version']}: {wrong['id']}, mended in {wrong['fix_versions']}"
        for one in audited
        for wrong in one["vulns"]
    ]
    return found, len(audited)


# detect-secrets passes over the first line of a key that stands alone, and knows fewer kinds of ids.
_KEYS: Final = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY|PuTTY-User-Key-File-[23]:"),
    "id of an AWS access key": re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])"),
}


def of_keys(file: str, text: str) -> Iterator[str]:
    """Yield where the first line of a private key or the id of an AWS key stands, never what it is."""
    for number, line in enumerate(text.splitlines(), 1):
        for kind, looks in _KEYS.items():
            if looks.search(line) and "pragma: allowlist secret" not in line:
                yield f"keys: {file}:{number}: {kind}"


def of_secrets(answer: Any) -> Iterator[str]:
    """Yield where detect-secrets sees a credential, never what it is."""
    for file, found in sorted(answer["results"].items()):
        for one in found:
            yield f"detect-secrets: {file}:{one['line_number']}: {one['type']}"
