"""Spark's errors in plain words, without any value of a cell."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped] # it ships no types
from pyspark.errors import PySparkException

from glue.reading import ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a job of ours raises for a cell or a record; it names the place alone.
_OWN = ("ConversionError", "RowCountError", "ContractError")
_RAISED = "[USER_RAISED_EXCEPTION] "
# The name that Spark gives an error: behind it stands what the cell holds, for some.
_CONDITION = re.compile(r"\[([A-Z0-9_.]+)\]")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raise Spark's error in the words of its innermost cause: the last line of the log is what Glue shows."""
    try:
        yield
    except (Py4JJavaError, PySparkException) as error:
        raise ConversionError(innermost(error)) from error


def innermost(error: Py4JJavaError | PySparkException) -> str:
    """Return the first line of the message at the end of Java's chain of causes, without any value of a cell."""
    throwable = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    if throwable is None:
        return _without_values(str(error))
    while throwable.getCause() is not None:
        throwable = throwable.getCause()
    message = str(throwable.getMessage() or throwable.toString()).strip()
    if message.startswith("Traceback"):  # of Python on a worker, whose last line has the error
        name, _, said = message.splitlines()[-1].partition(": ")
        name = name.rpartition(".")[2]
        return said if name in _OWN else f"{name} on a worker: see the job's log"
    return _without_values(message)


def _without_values(message: str) -> str:
    line = message.partition("\n")[0]
    condition = _CONDITION.match(line)
    if condition is None or line.startswith(_RAISED):
        return line
    return f"Spark's {condition[1]}: see the job's log"
