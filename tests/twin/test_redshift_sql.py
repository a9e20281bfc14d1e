"""Golden cases: SQL as Redshift takes it, with the rows or the error that Redshift gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.twin.redshift_server import Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = Path(__file__).with_name("redshift_cases")


@dataclass
class Case:
    title: str
    sql: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    error: str = ""


def load(path: Path) -> Iterator[Case]:
    """Blocks between empty lines: `# title`, SQL, `:name value`, `> row`, `! error`; a block of titles is a comment."""
    for block in path.read_text().split("\n\n"):
        case = Case("")
        for line in block.strip().splitlines():
            start, rest = line[:1], line[2:]
            if start == "#":
                case.title = f"{case.title} {rest}".strip()
            elif start == ">":
                case.rows.append(rest)
            elif start == "!":
                case.error = rest
            elif start == ":":
                name, _, value = line[1:].partition(" ")
                case.parameters[name] = value
            else:
                case.sql += line + "\n"
        if case.sql:
            yield case


@pytest.fixture(scope="module")
def redshift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with endpoint(tmp_path_factory.mktemp("redshift")) as running:
        for statement in (CASES / "setup.sql").read_text().rstrip().rstrip(";").split(";\n"):
            assert running.run(statement).get("Error") is None
        yield running


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.title) for path in sorted(CASES.glob("*.txt")) for case in load(path)]
)
def test_the_twin_answers_as_redshift(case: Case, redshift: Endpoint) -> None:
    description = redshift.run(case.sql, **case.parameters)
    if case.error:
        assert description["Status"] == "FAILED"
        assert description["Error"].startswith(case.error)
        return
    assert description["Status"] == "FINISHED", description.get("Error")
    result = redshift.client().get_statement_result(Id=description["Id"])
    heading = " | ".join(f"{column['name']}:{column['typeName']}" for column in result["ColumnMetadata"])
    rows = [
        " | ".join("NULL" if "isNull" in cell else str(next(iter(cell.values()))) for cell in row)
        for row in result["Records"]
    ]
    assert [heading, *rows] == case.rows


def test_what_failed_has_changed_nothing(redshift: Endpoint) -> None:
    assert redshift.rows("SELECT COUNT(*) FROM sales") == [[3]]
    assert redshift.rows("SELECT COUNT(*) FROM words") == [[2]]
