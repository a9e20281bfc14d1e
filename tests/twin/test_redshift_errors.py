"""What an error of Redshift's says beyond its first line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.redshift.errors import CastError
from tests.twin.redshift_server import Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RULE = "-" * 47


@pytest.fixture
def redshift(tmp_path: Path) -> Iterator[Endpoint]:
    with endpoint(tmp_path) as running:
        assert running.run("CREATE TABLE t (a VARCHAR(400))", "INSERT INTO t VALUES ('28.98')").get("Error") is None
        yield running


def test_a_text_that_is_no_integer_is_told_as_redshift_does(redshift: Endpoint) -> None:
    described = redshift.run("SELECT CAST(a AS INTEGER) FROM t")
    query = described["RedshiftQueryId"]
    assert described["Error"].splitlines() == [
        "ERROR: Invalid digit, Value '.', Pos 2, Type: Integer ",
        "  Detail: ",
        f"  {RULE}",
        "  error:  Invalid digit, Value '.', Pos 2, Type: Integer ",
        "  code:      1207",
        "  context:   28.98",
        f"  query:     {query}",
        "  location:  :0",
        f"  process:   query0_{query}_{query} [pid=0]",
        f"  {RULE}",
    ]


def test_of_a_long_text_no_more_is_promised_than_the_catalogue_keeps(redshift: Endpoint) -> None:
    error = redshift.error("SELECT CAST(a || 'x' || :more AS INTEGER) FROM t", more="水" * 100)
    (context,) = [line for line in error.splitlines() if "context:" in line]
    assert context == f"  context:   28.98x{'水' * 31}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("only 3", "Value 'o', Pos 0"),
        ("-x", "Value 'x', Pos 1"),
        ("-", "Value '-', Pos 0"),
        ("7-", "Value '-', Pos 1"),
        ("--5", "Value '-', Pos 1"),
        ("12\nab", "Value '\n', Pos 2"),
        ("", "Value '', Pos 0"),
    ],
)
def test_the_first_character_that_is_no_digit_is_named_with_its_place(text: str, told: str) -> None:
    assert str(CastError(text, "Integer")) == f"Invalid digit, {told}, Type: Integer "


def test_a_text_of_several_lines_is_looked_at_whole(redshift: Endpoint) -> None:
    error = redshift.error("SELECT CAST(:lines || a AS INTEGER) FROM t", lines="12\nab")
    assert error.startswith("ERROR: Invalid digit, Value '\n', Pos 2, Type: Integer ")
    assert "  context:   12\nab28.98\n" in error


def test_a_piece_of_the_statement_that_duckdb_shows_is_no_error(redshift: Endpoint) -> None:
    error = redshift.error("SELECT 'division by zero' AS said, nothing FROM t")
    assert error == 'ERROR: column "nothing" does not exist in t'
