"""Refusals as botocore raises them: a ClientError with AWS's code, of the class that the client's model names."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.exceptions import ClientError


class NotModelledError(Exception):
    """Suimon asks for something that these services do not know: extend them and their conformance test first.

    Deliberately no ClientError, so that no code under test can take it for an answer of AWS.
    """


def refusal(operation: str, code: str, message: str = "", status: int = 400, **fields: Any) -> ClientError:
    """Make the error of one call; `fields` stand beside `Error`, as modelled members of an exception do."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0},
        **fields,
    }
    return error_class(code)(response, operation)


@cache
def error_class(code: str) -> type[ClientError]:
    """Return the class of a modelled error: always the same one, so that `except client.exceptions.X` holds."""
    return type(code, (ClientError,), {}) if code.isidentifier() else ClientError


class Exceptions:
    """What a client offers as `client.exceptions`."""

    def __getattr__(self, code: str) -> type[ClientError]:
        return error_class(code)


def only(operation: str, request: dict[str, Any], known: frozenset[str]) -> None:
    """Refuse a parameter that this service would ignore."""
    if not request.keys() <= known:
        raise NotModelledError(f"{operation} has no {', '.join(sorted(request.keys() - known))} here")
