"""Errors of Redshift and Spark as they are told: the cell that they quote stands in none, their reason does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from glue.spark_errors import innermost
from suimon.warehouse import error_text
from suimon_etl import redshift_words
from suimon_etl.load import QuestionError, select
from suimon_etl.request import RunRequest

if TYPE_CHECKING:
    from collections.abc import Callable

RULE = "-----------------------------------------------"


def detailed(message: str, context: str, code: int = 1207) -> str:
    """Return an error as Redshift writes it, with the block that names what it was at."""
    block = f"error:  {message}\n  code:      {code}\n  context:   {context}\n  query:     26301369\n  location:  :0"
    return f"ERROR: {message}\n  Detail: \n  {RULE}\n  {block}\n  process:   query0_1_1 [pid=0]\n  {RULE}"


# The marker is a family name, a number, a text with quotes and breaks, one that is cut off.
VALUES = (
    "Mrk7731",
    "090-7731-0042",
    "7731.5",
    "O'Mrk7731 Ann",
    'Mrk7731 "Ann"',
    "Mrk\n7731",
    "印Mrk7731真香",
    "Mrk7731'",
)
QUOTING: tuple[Callable[[str], str], ...] = (
    lambda value: detailed(f"Invalid digit, Value '{value}', Pos 0, Type: Integer ", value),
    lambda value: detailed("Invalid digit, Value 'M', Pos 0, Type: Integer ", value),
    lambda value: f"ERROR: Invalid digit, Value 'M', Pos 0, Type: Integer context: {value}",
    lambda value: f'ERROR: invalid input syntax for integer: "{value}"',
    lambda value: f'ERROR: invalid input syntax for integer: "{value}',  # cut off
    lambda value: f"ERROR: invalid input syntax for type numeric: '{value}' in column 'amount'",
    lambda value: f'ERROR: date/time field value out of range: "{value}"',
    lambda value: f'ERROR: value "{value}" is out of range for type integer',
    lambda value: (
        f'ERROR: duplicate key value violates unique constraint "k"\n  Detail: Key (id)=({value}) already exists.'
    ),
    lambda value: detailed("Spectrum Scan Error", f"Value '{value}' does not fit", 15001),
    lambda value: detailed("Numeric data overflow (result precision)", f"64 bit overflow of '{value}'", 1058),
    lambda value: f"ERROR: Query cancelled on user's request while reading '{value}'",
)
KEPT = (
    'ERROR: relation "sales_fact" does not exist',
    "ERROR: permission denied for relation sales_fact",
    'ERROR: column "order_date" does not exist in sales_fact',
    "ERROR: Query cancelled on user's request",
    "ERROR: 1023 Serializable isolation violation on table",
)
SPECTRUM = detailed(
    "Spectrum Scan Error",
    "The length of the data column customer is longer than the length defined in the table. Table: 20, Data: 34, "
    "File name: https://s3.us-east-1.amazonaws.com/lake/processed/a.parquet",
    15007,
)
OURS = detailed("Invalid digit, Value 's', Pos 0, Type: Integer ", "staged 2 rows of 3, sum of amount 4.00 of 6.00")
BOTH = pytest.mark.parametrize("masked", [redshift_words.without_values, error_text.without_values])


def parts_of(value: str) -> list[str]:
    return [part for part in ("7731", "Mrk", "Ann", "0042") if part in value]


@BOTH
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("error", QUOTING)
def test_no_quoted_cell_is_told(masked: Callable[[str], str], error: Callable[[str], str], value: str) -> None:
    told = masked(error(value))
    assert [part for part in parts_of(value) if part in told] == []
    assert told.startswith("ERROR: ")
    assert told.split(",")[0].split(":")[1].split("'")[0].split('"')[0].strip()  # the reason is there


@BOTH
@pytest.mark.parametrize("error", KEPT)
def test_names_and_reasons_stay(masked: Callable[[str], str], error: str) -> None:
    assert masked(error) == error


@pytest.mark.parametrize("error", [SPECTRUM, OURS.replace("'s'", "'…'")])
def test_what_a_load_is_mended_by_stays(error: str) -> None:
    assert redshift_words.without_values(error) == error


def test_a_question_that_fails_tells_its_reason_and_no_cell(conf: dict[str, Any]) -> None:
    error = detailed("Invalid digit, Value 'M', Pos 0, Type: Integer ", "Mrk7731")
    answer = {"Id": "1-2", "Status": "FAILED", "Error": error, "QueryString": "SELECT"}

    def fail(**_: Any) -> None:
        raise ValueError(f"Statement 1-2 terminated with status FAILED. Response details: {answer}")

    hook = SimpleNamespace(execute_query=fail, conn=SimpleNamespace(describe_statement=lambda **_: answer))
    with pytest.raises(QuestionError) as raised:
        select(hook, "SELECT", RunRequest.from_params(conf), [])
    assert str(raised.value).startswith("A question ended as FAILED. Redshift: ERROR: Invalid digit, Value '…', Pos 0")
    assert "7731" not in str(raised.value)
    assert (raised.value.__cause__, raised.value.__suppress_context__) == (None, True)  # nor in the log


class Throwable(SimpleNamespace):
    """Java's, as py4j hands it over."""

    def getCause(self) -> Any:  # noqa: N802 Java's name
        return self.cause

    def getMessage(self) -> str:  # noqa: N802 Java's name
        return str(self.message)


def spark(message: str) -> Any:
    return SimpleNamespace(java_exception=Throwable(cause=Throwable(cause=None, message=message), message="outer"))


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "[CAST_INVALID_INPUT] The value 'Mrk7731' of the type \"STRING\" cannot be cast",
            "Spark's CAST_INVALID_INPUT",
        ),
        (
            "[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] 7731 cannot",
            "Spark's NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
        ),
        (
            "Traceback (most recent call last):\n  File\nValueError: invalid literal: 'Mrk7731'",
            "ValueError on a worker",
        ),
        (
            "Traceback (most recent call last):\n  File\nglue.reading.ConversionError: record 2 holds a NUL",
            "record 2 holds",
        ),
        ("[USER_RAISED_EXCEPTION] column id, record 1 is not int", "[USER_RAISED_EXCEPTION] column id, record 1 is"),
        ("column id, record 1 is not int", "column id, record 1 is not int"),
        (
            "Access Denied (Service: Amazon S3; Status Code: 403)",
            "Access Denied (Service: Amazon S3; Status Code: 403)",
        ),
    ],
)
def test_spark_s_error_is_told_without_the_cell(message: str, told: str) -> None:
    said = innermost(spark(message))
    assert said.startswith(told)
    assert "7731" not in said
