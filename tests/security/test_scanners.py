"""A finding fails `make check` unless somebody has said why not; so does an exception that nothing needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.security_check import scanners
from local.security_check.sbom import lacking

EXCEPTED = {"CKV_AWS_18": (frozenset({"RawBucket"}), "a reason")}


def checkov(*failed: tuple[str, str], passed: int = 90) -> dict[str, Any]:
    found = [{"check_id": check, "resource": f"AWS::X.{name}", "check_name": "?"} for check, name in failed]
    return {"summary": {"passed": passed}, "results": {"failed_checks": found, "parsing_errors": []}}


def test_what_is_excepted_is_no_finding() -> None:
    assert list(scanners.of_checkov(checkov(("CKV_AWS_18", "RawBucket")), EXCEPTED)) == []


@pytest.mark.parametrize("failed", [("CKV_AWS_18", "LakeBucket"), ("CKV_AWS_19", "RawBucket")])
def test_an_exception_is_for_its_check_and_resource_alone(failed: tuple[str, str]) -> None:
    [wrong] = scanners.of_checkov(checkov(("CKV_AWS_18", "RawBucket"), failed), EXCEPTED)
    assert failed[0] in wrong
    assert failed[1] in wrong


def test_an_exception_that_nothing_needs_is_a_finding() -> None:
    assert list(scanners.of_checkov(checkov(), EXCEPTED)) == ["checkov: RawBucket needs no exception from CKV_AWS_18"]


def test_a_scanner_that_looked_at_nothing_has_not_passed() -> None:
    assert list(scanners.of_checkov(checkov(passed=0), {})) == ["checkov: looked at nothing"]
    nothing = {"metrics": {"_totals": {"loc": 0}}, "errors": [], "results": []}
    assert list(scanners.of_bandit(nothing, Path(), {})) == ["bandit: looked at nothing"]


@pytest.mark.parametrize(
    ("text", "excepted", "found"),
    [
        ("x = 1\n", {}, 1),
        ("x = 1  # noqa: S608 names that are quoted\n", {}, 0),
        ("x = 1  # noqa: S607 another rule\n", {}, 1),
        ("# ruff: noqa: S608\nx = 1\n", {}, 0),
        ("x = 1\n", {"src/**": ["S608"]}, 0),
        ("x = 1\n", {"local/**": ["S608"]}, 1),
    ],
)
def test_a_finding_of_bandit_is_excepted_where_ruff_is_told_why(
    tmp_path: Path, text: str, excepted: dict[str, list[str]], found: int
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text(text)
    line = text.splitlines().index(text.splitlines()[-1]) + 1
    one = {"filename": "src/a.py", "test_id": "B608", "line_range": [line], "line_number": line, "issue_text": "SQL"}
    answer = {"metrics": {"_totals": {"loc": 1}}, "errors": [], "results": [one]}
    assert len(list(scanners.of_bandit(answer, tmp_path, excepted))) == found


def test_packages_that_could_not_be_looked_up_are_not_counted_as_sound() -> None:
    answer = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]},
            {"name": "b", "skip_reason": "not found"},
        ]
    }
    found, looked_up = scanners.of_audit("functions.lock.txt", answer)
    assert found == ["pip-audit: functions.lock.txt: a 1: CVE-1, mended in ['2']"]
    assert looked_up == 1


def test_where_a_secret_lies_is_told_and_not_what_it_is() -> None:
    found = {"results": {"a.py": [{"line_number": 3, "type": "AWS Access Key", "hashed_secret": "0f0f"}]}}
    assert list(scanners.of_secrets(found)) == ["detect-secrets: a.py:3: AWS Access Key"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        *(
            (f"-----BEGIN {word}PRIVATE KEY-----", "private key")
            for word in ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ")
        ),
        ("PuTTY-User-Key-File-3" + ": ssh-ed25519", "private key"),
        *((f'key = "{start}{"Q7" * 8}"', "id of an AWS access key") for start in ("AKIA", "ASIA")),
    ],
)
def test_the_first_line_of_a_key_is_found_wherever_it_stands(line: str, kind: str) -> None:
    assert list(scanners.of_keys("a.txt", f"x\n{line}\n")) == [f"keys: a.txt:2: {kind}"]
    assert list(scanners.of_keys("a.txt", f"  # {line}  # pragma: allowlist secret\n")) == []


@pytest.mark.parametrize(
    "line", ["-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----", "AKIA", "MAKIA" + "Q7" * 8]
)
def test_what_is_no_key_is_not_taken_for_one(line: str) -> None:
    assert list(scanners.of_keys("a.txt", line)) == []


@pytest.mark.parametrize(
    ("component", "lacks"),
    [
        ({"name": "duckdb", "version": "2.0.0", "hashes": [{"alg": "SHA-256", "content": "0f"}]}, []),
        ({"name": "duckdb", "version": "1.9.0", "hashes": [{"alg": "SHA-256", "content": "0f"}]}, ["duckdb 2.0.0"]),
        ({"name": "duckdb", "version": "2.0.0"}, ["duckdb 2.0.0"]),
    ],
)
def test_a_bill_of_materials_names_each_package_in_its_version_with_a_hash(
    component: dict[str, Any], lacks: list[str]
) -> None:
    assert lacking("duckdb==2.0.0 \\\n    --hash=sha256:0f\n", {"components": [component]}) == lacks
