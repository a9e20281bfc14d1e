"""Fields of events and messages that others may have written: of the expected type, and within bounds. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from suimon.drops.foreign_text import shown

LARGEST = 2**63 - 1  # what a BIGINT holds, and more than any file has bytes or rows
MOST_ATTEMPTS = 1_000_000
_LONGEST_SHOWN = 60  # characters of a value in an error
_WHOLE = re.compile("[0-9]{1,19}")
_TOKEN = re.compile("[!#-~]+")


class FieldError(Exception):
    """A field that is missing, of another type, or out of bounds; the message names it and shows its value."""


def parsed(body: str) -> dict[str, Any]:
    """Return a message of JSON; FieldError when it is none, or no object."""
    try:
        message = json.loads(body)
    except ValueError as error:
        raise FieldError(f"no JSON: {error}") from error
    except RecursionError:
        raise FieldError("JSON of too many levels within each other") from None
    if not isinstance(message, dict):
        raise FieldError("JSON, but no object")
    return message


def part(of: object, name: str) -> dict[str, Any]:
    """Return a field that holds fields itself."""
    value = _value(of, name)
    if not isinstance(value, dict):
        raise _wrong(name, value, "no object")
    return value


def text(of: object, name: str, longest: int) -> str:
    """Return a text that is not empty, of at most so many bytes of UTF-8."""
    value = _value(of, name)
    if not isinstance(value, str) or not value or not is_text(value) or len(value.encode()) > longest:
        raise _wrong(name, value, f"no text of 1 to {longest} bytes")
    return value


def token(of: object, name: str, longest: int) -> str:
    """Return a text that stands in a header or an address of a request as it is: printable ASCII without blanks.

    The quotes around it are left out; there are none in it.
    """
    value = text(of, name, longest)
    if not _TOKEN.fullmatch(bare := value.strip('"')):
        raise _wrong(name, value, "no printable ASCII without blanks and quotes")
    return bare


def whole(of: object, name: str, least: int = 0, most: int = LARGEST) -> int:
    """Return a whole number within bounds, or one that is written as digits."""
    value = _value(of, name)
    number = int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
        raise _wrong(name, value, f"no whole number from {least} to {most}")
    return number


def is_text(value: str) -> bool:
    """Whether a text can be written as UTF-8; JSON may bring halves of characters, S3 has no key with them."""
    return not any("\ud800" <= char <= "\udfff" for char in value)


def _value(of: object, name: str) -> object:
    if not isinstance(of, dict) or name not in of:
        raise FieldError(f"{name} is missing")
    return of[name]


def _wrong(name: str, value: object, why: str) -> FieldError:
    # A number of thousands of digits has no text in Python.
    said = f"of {value.bit_length()} bits" if isinstance(value, int) and abs(value) > LARGEST else _brief(value)
    return FieldError(f"{name} is {said}, {why}")


def _brief(value: object) -> str:
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return shown(repr(value), _LONGEST_SHOWN)
