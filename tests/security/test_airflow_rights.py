"""What the functions ask of Airflow is no more than docs/airflow-role.md says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "suimon"
PAGE = (ROOT / "docs" / "airflow-role.md").read_text(encoding="utf-8")
READS = {
    ("GET", "/dags/{dag_id}"),
    ("GET", "/dags/{dag_id}/dagRuns/{run}"),
    ("POST", "/dags/~/dagRuns/~/taskInstances/list"),
}
STARTS = {("POST", "/dags/{dag_id}/dagRuns"), ("GET", "path")}  # `path` is that of the run, measured before


def requests_in(module: str) -> set[tuple[str, str]]:
    """Return the method and path of every request that a module makes of Airflow."""
    found = set()
    for node in ast.walk(ast.parse((SOURCE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and re.search(r"(\.call|^_ask)$", ast.unparse(node.func)):
            texts = [ast.unparse(one).removeprefix("f").strip("'\"") for one in node.args]
            method = next((text for text in texts if text in {"GET", "POST", "PATCH", "PUT", "DELETE"}), "")
            if method:
                found.add((method, texts[texts.index(method) + 1]))
    return found


def test_what_reads_airflow_makes_requests_that_change_nothing() -> None:
    assert requests_in("mwaa/airflow.py") == READS


def test_a_check_up_makes_requests_that_change_nothing() -> None:
    assert requests_in("mwaa/check_up.py") == {("GET", "path")}


def test_what_starts_a_run_makes_one_request_that_changes_something() -> None:
    assert requests_in("mwaa/trigger.py") == STARTS


def test_no_other_module_asks_airflow() -> None:
    asking = {
        str(file.relative_to(SOURCE))
        for file in SOURCE.rglob("*.py")
        if "invoke_rest_api" in file.read_text(encoding="utf-8") or "airflow.call(" in file.read_text(encoding="utf-8")
    }
    assert asking == {"mwaa/airflow.py", "mwaa/check_up.py", "mwaa/trigger.py"}


def test_the_page_tells_what_user_may_besides() -> None:
    for word in ("pause", "clear", "delete"):
        assert word in PAGE
