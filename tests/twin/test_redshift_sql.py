"""Golden cases: SQL as Redshift takes it, with the rows or the error that Redshift gives."""

from __future__ import annotations

import re
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
    source: str = ""
    sqls: list[str] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    error: str = ""
    question: str = ""


def load(path: Path) -> Iterator[Case]:
    """Read the blocks between empty lines; README.md beside the cases says what a line may be."""
    source = ""
    for block in path.read_text().split("\n\n"):
        case = Case("", source)
        sql = ""
        for line in block.strip().splitlines():
            start, rest = line[:1], line[2:]
            if start == "#":
                case.title = f"{case.title} {rest}".strip()
            elif start == "@":
                case.source = rest
            elif start == ">":
                case.rows.append(rest)
            elif start == "!":
                case.error = rest
            elif start == "?":
                case.question = rest
            elif start == ":":
                name, _, value = line[1:].partition(" ")
                case.parameters[name] = value
            else:
                sql += line + "\n"
        case.sqls = [statement for statement in sql.split(";\n") if statement.strip()]
        if case.sqls:
            yield case
        else:
            source = case.source


@pytest.fixture(scope="module")
def redshift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with endpoint(tmp_path_factory.mktemp("redshift")) as running:
        for statement in (CASES / "setup.sql").read_text().rstrip().rstrip(";").split(";\n"):
            assert running.run(statement).get("Error") is None
        yield running


CASES_OF_ALL_FILES = [(path.stem, case) for path in sorted(CASES.glob("*.txt")) for case in load(path)]
PAGES = re.compile(
    r"(dg|mgmt|APIReference|postgresql)/[\w.-]+( and (dg|mgmt|postgresql)/[\w.-]+)*|not documented: .{20,}"
)


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{file}: {case.title}") for file, case in CASES_OF_ALL_FILES])
def test_the_twin_answers_as_redshift(case: Case, redshift: Endpoint) -> None:
    described = redshift.run(*case.sqls, **case.parameters)
    if case.error:
        assert described["Status"] == "FAILED"
        assert described["Error"].startswith(case.error)
    else:
        assert described["Status"] == "FINISHED", described.get("Error")
    if case.question:
        described = redshift.run(case.question)
        assert described["Status"] == "FINISHED", described.get("Error")
    if case.rows:
        last = "" if case.question or len(case.sqls) == 1 else f":{len(case.sqls)}"
        assert answer(redshift, described["Id"] + last) == case.rows
    else:
        assert case.error, "a case says what comes of it"


def answer(redshift: Endpoint, statement_id: str) -> list[str]:
    result = redshift.client().get_statement_result(Id=statement_id)
    heading = " | ".join(f"{column['name']}:{column['typeName']}" for column in result["ColumnMetadata"])
    rows = [
        " | ".join("NULL" if "isNull" in cell else str(next(iter(cell.values()))) for cell in row)
        for row in result["Records"]
    ]
    return [heading, *rows]


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{file}: {case.title}") for file, case in CASES_OF_ALL_FILES])
def test_every_case_says_where_it_is_documented_or_that_it_is_not(case: Case) -> None:
    assert PAGES.fullmatch(case.source), case.source


def test_what_failed_has_changed_nothing(redshift: Endpoint) -> None:
    assert redshift.rows("SELECT COUNT(*) FROM sales") == [[3]]
    assert redshift.rows("SELECT COUNT(*) FROM words") == [[2]]
