"""The name that the twin's Lambda gives to a function's error is the exception's own."""

import traceback
from collections.abc import Callable

import pytest

from local.cloud.functions import exception_name


class RetryLaterError(Exception):
    """An error of a function."""


def traceback_of(raising: Callable[[], None]) -> str:
    try:
        raising()
    except RetryLaterError:
        return traceback.format_exc()
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("message", ["", "not now", "two\nlines", "a: colon", "  indented\n  twice"])
def test_an_error_is_called_by_its_class(message: str) -> None:
    def raising() -> None:
        raise RetryLaterError(message)

    assert exception_name(f"START\nlog line\n{traceback_of(raising)}") == "RetryLaterError"


def test_the_last_of_chained_errors_counts() -> None:
    def raising() -> None:
        try:
            int("first")
        except ValueError as error:
            raise RetryLaterError("second") from error

    assert exception_name(traceback_of(raising)) == "RetryLaterError"


def test_a_log_without_a_traceback_names_nothing() -> None:
    assert exception_name("REPORT Duration: 3 ms") is None
