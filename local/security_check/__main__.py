"""Run the scanners of others over the project: `python -m local.security_check`; exit 1 when one finds something.

They have an environment of their own (requirements/security.in). None is asked to talk to anybody but pip-audit, which
needs a database of vulnerabilities: where it cannot reach one, that is said, and is no failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from local.security_check import scanners

ROOT: Final = Path(__file__).parents[2]
ENVS: Final = ROOT / ".suimon" / "envs"
# What runs in an account; the others run on developers' machines, and Airflow's versions are MWAA's to choose.
SHIPPED: Final = ("functions", "intake")
CODE: Final = ("src", "functions", "glue", "dags", "local")
NOISY: Final = ("HexHighEntropyString", "Base64HighEntropyString", "KeywordDetector")
SECONDS: Final = 1_200  # a scanner that hangs: beside other work one takes minutes


class ScannerError(Exception):
    """A scanner did not come to an answer; the message holds what it said last."""


def main() -> int:
    """Print what the scanners find; return 1 when they find something."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = [wrong for wrongs in pool.map(lambda check: check(), CHECKS) for wrong in wrongs]
    sys.stdout.writelines(f"{wrong}\n" for wrong in found)
    return 1 if found else 0


def checkov() -> list[str]:
    """Look at the templates as CloudFormation sees them; cfn-lint looks at the transformed one, too."""
    transformed = ROOT / ".suimon" / "transformed.json"
    script = ROOT / "local" / "security_check" / "transformed.py"
    _run([ENVS / "sam" / "bin" / "python", script, ROOT / "template.yaml", transformed])
    linted = _run(
        [Path(sys.executable).with_name("cfn-lint"), "--include-checks", "I", "--template", transformed],
        {0, 2, 4, 6, 8},
    )
    found = [
        f"cfn-lint, transformed: {line}" for line in linted.splitlines() if line[:1] in "EWI" and line[1:5].isdigit()
    ]
    files = [part for path in (transformed, ROOT / "environment.yaml") for part in ("--file", path)]
    answer = _run(
        [ENVS / "security" / "bin" / "checkov", *files, "--framework", "cloudformation", "--output", "json"], {0, 1}
    )
    return found + list(scanners.of_checkov(json.loads(answer)))


def bandit() -> list[str]:
    """Look at the code that runs, not at its tests."""
    excepted = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["per-file-ignores"]
    answer = _run([ENVS / "security" / "bin" / "bandit", "--quiet", "--recursive", *CODE, "--format", "json"], {0, 1})
    return list(scanners.of_bandit(json.loads(answer), ROOT, excepted))


def secrets() -> list[str]:
    """Look for credentials in all that git knows but the lock files, which are hashes."""
    files = [name for name in _run(["git", "ls-files"]).splitlines() if not name.endswith(".lock.txt")]
    without = [part for name in NOISY for part in ("--disable-plugin", name)]
    answer = _run([ENVS / "security" / "bin" / "detect-secrets", "scan", "--no-verify", *without, *files])
    return list(scanners.of_secrets(json.loads(answer)))


def keys() -> list[str]:
    """Look for private keys and ids of AWS keys in all that git knows, by eye of our own."""
    names = _run(["git", "ls-files"]).splitlines()
    texts = {name: (ROOT / name).read_text(encoding="utf-8", errors="replace") for name in names}
    return [found for name, text in texts.items() for found in scanners.of_keys(name, text)]


def audit() -> list[str]:
    """Look up what is shipped among the known vulnerabilities."""
    found, looked_up = [], 0
    for name in SHIPPED:
        lock = ROOT / "requirements" / f"{name}.lock.txt"
        command = [ENVS / "security" / "bin" / "pip-audit", "--disable-pip", "--requirement", lock, "--format", "json"]
        try:
            wrong, audited = scanners.of_audit(
                lock.name, json.loads(_run([*command, "--progress-spinner", "off"], {0, 1}))
            )
        except (ScannerError, ValueError):
            continue
        found += wrong
        looked_up += audited
    if not looked_up:
        sys.stderr.write("pip-audit: no database of vulnerabilities can be reached from here; nothing was looked up\n")
    return found


def _run(command: list[Any], expected: set[int] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", ""), "AWS_DEFAULT_REGION": "ap-northeast-1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode not in (expected or {0}):
        raise ScannerError(f"{command[0]} failed (exit {done.returncode}): {done.stderr[-2000:]}")
    return done.stdout


CHECKS: Final = (checkov, secrets, keys, bandit, audit)

if __name__ == "__main__":
    sys.exit(main())
