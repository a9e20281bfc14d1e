"""Requests against botocore's own model: botocore leaves lengths, patterns and enums to the server."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, Final

import botocore.session

from local.endpoints import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import ServiceModel, Shape

_PYTHON_TYPES: Final[dict[str, type]] = {
    "structure": dict, "list": list, "string": str, "boolean": bool, "integer": int, "long": int,
}  # fmt: skip


@functools.cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def validate(service: str, operation: str, request: dict[str, Any]) -> None:
    """Raise AwsError, in AWS's words, for the first constraint of the service's model that `request` breaks."""
    shape = _model(service).operation_model(operation).input_shape
    if shape and (message := next(_complaints(request, shape, ""), None)):
        raise AwsError("ValidationException", message)


def _complaints(value: Any, shape: Any, path: str) -> Iterator[str]:  # noqa: C901 one branch per kind of shape
    wanted = _PYTHON_TYPES.get(shape.type_name)
    if wanted and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
        yield f"{path or 'the request'} must be a {shape.type_name}"
        return
    match shape.type_name:
        case "structure":
            for name in shape.required_members:
                if value.get(name) is None:
                    yield _failed(None, _join(path, name), "Member must not be null")
            for name, member in shape.members.items():
                if value.get(name) is not None:
                    yield from _complaints(value[name], member, _join(path, name))
        case "list":
            yield from _bounds(value, len(value), shape, path, "length")
            for number, item in enumerate(value, start=1):
                yield from _complaints(item, shape.member, f"{path}.{number}.member")
        case "string":
            yield from _bounds(value, len(value), shape, path, "length")
            yield from _wording(value, shape, path)
        case "integer" | "long":
            yield from _bounds(value, value, shape, path, "value")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return the pattern; None for those, such as Glue's, that pair the halves of surrogates, which Python cannot."""
    return None if "uD800" in pattern else re.compile(pattern)


def _wording(value: str, shape: Shape, path: str) -> Iterator[str]:
    pattern, allowed = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if pattern and (compiled := _compiled(pattern)) and not compiled.fullmatch(value):
        yield _failed(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    if allowed and value not in allowed:
        yield _failed(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")


def _bounds(value: Any, size: int, shape: Shape, path: str, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield _failed(value, path, f"Member must have {what} greater than or equal to {least}")
    if most is not None and size > most:
        yield _failed(value, path, f"Member must have {what} less than or equal to {most}")


def _failed(value: Any, path: str, constraint: str) -> str:
    shown = f" '{value}'" if isinstance(value, str | int) else ""
    return f"1 validation error detected: Value{shown} at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    start = name[0].lower() + name[1:]
    return f"{path}.{start}" if path else start
