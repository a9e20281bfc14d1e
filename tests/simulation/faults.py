"""What may happen at a point: every call that the code under test makes to a service."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from tests.simulation.world import KilledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.world import World


class Accident(IntEnum):
    """The accidents, the mildest first: a story is shortened towards them."""

    NONE = 0
    OTHERS_FIRST = 1  # everybody else who is ready goes first
    SLOW = 2  # 2 s
    VERY_SLOW = 3  # 40 s
    THROTTLED = 4
    ERROR = 5  # 5xx, nothing was done
    NO_ANSWER = 6  # a timeout, nothing was done
    ANSWER_LOST = 7  # a timeout, and it was done
    SENT_TWICE = 8  # the answer was lost, the client sends the same request again by itself
    KILLED_BEFORE = 9
    KILLED_AFTER = 10
    HANGS = 11  # longer than a function may run, so it is killed there


#                 -  1  2  3  4  5  6  7  8  9 10 11
WEATHERS: tuple[tuple[float, tuple[int, ...]], ...] = (
    (0.02, (9, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0)),  # mixed, few
    (0.10, (9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)),  # mixed, many
    (0.30, (40, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0)),  # races
    (0.08, (4, 0, 0, 0, 0, 0, 0, 0, 4, 4, 1)),  # crashes
    (0.10, (2, 0, 0, 2, 2, 2, 2, 2, 0, 0, 0)),  # errors
    (0.04, (2, 0, 0, 0, 0, 0, 3, 3, 0, 1, 0)),  # ambiguity
)

# What each service calls its throttling and its own failure, as botocore raises it.
_CODES = {
    "dynamodb": ("ProvisionedThroughputExceededException", "InternalServerError"),
    "s3": ("SlowDown", "InternalError"),
    "sqs": ("RequestThrottled", "InternalError"),
    "sns": ("Throttling", "InternalError"),
    "mwaa": ("ThrottlingException", "InternalServerException"),
    "sfn": ("ThrottlingException", "InternalServerError"),
    "redshift": ("ThrottlingException", "InternalServerException"),
    "events": ("ThrottlingException", "InternalException"),
}
_SECONDS = {Accident.OTHERS_FIRST: 0.01, Accident.SLOW: 2.0, Accident.VERY_SLOW: 40.0, Accident.HANGS: 3600.0}
_TOLD = {
    Accident.OTHERS_FIRST: "lets others go first",
    Accident.SLOW: "waits 2 s",
    Accident.VERY_SLOW: "waits 40 s",
    Accident.THROTTLED: "is throttled",
    Accident.ERROR: "meets a 5xx, nothing done",
    Accident.NO_ANSWER: "gets no answer, nothing done",
    Accident.ANSWER_LOST: "gets no answer, yet it is done",
    Accident.SENT_TWICE: "gets no answer and sends it again",
    Accident.KILLED_BEFORE: "is killed before it",
    Accident.KILLED_AFTER: "is killed after it",
    Accident.HANGS: "hangs",
}


class Faulty:
    """A service whose every call is a point. It gives what the service gives, or what may go wrong with it."""

    def __init__(self, world: World, service: Any, kind: str, plain: tuple[str, ...] = ("exceptions", "name")) -> None:
        self._world = world
        self._service = service
        self._kind = kind
        self._plain = plain

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        if name in self._plain:
            made = found
        elif callable(found):
            made = point(self._world, found, self._kind, name)
        else:
            made = Faulty(self._world, found, self._kind, self._plain)
        setattr(self, name, made)  # __getattr__ is asked only once a name
        return made


def point(world: World, call: Callable[..., Any], kind: str, name: str) -> Callable[..., Any]:
    """Make a call a point."""
    choices = world.choices

    def at_point(*args: Any, **kwargs: Any) -> Any:
        process = world.current
        if process is not None and not process.alive:
            raise KilledError  # what is dead does nothing more, not even in its `finally`
        world.points += 1
        index = choices.index
        if index < choices.special:
            if choices.special != _NEVER:
                choices.index = index + 1
            return call(*args, **kwargs)
        choices.index = index + 1
        accident = choices.accident(_KINDS)
        return _happens(world, Accident(accident), call, kind, name, args, kwargs)

    return at_point


_KINDS = len(Accident) - 1
_NEVER = 1 << 60


def _happens(
    world: World,
    accident: Accident,
    call: Callable[..., Any],
    kind: str,
    name: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    if world.tell:
        who = world.current.name if world.current else "-"
        world.tell(world.now, who, _line(kind, name, args, kwargs, accident))
    if accident is Accident.NONE:
        return _told(world, call, args, kwargs)
    world.faults += accident > Accident.VERY_SLOW
    if accident in _SECONDS:
        world.sleep(_SECONDS[accident])
        return _told(world, call, args, kwargs)
    if accident in _UNDONE:
        raise _UNDONE[accident](kind, name)
    if accident is Accident.KILLED_BEFORE:
        world.die()
    try:
        answer = call(*args, **kwargs)
    finally:
        if accident is Accident.KILLED_AFTER:
            world.die()
    # MWAA's client has its retries switched off.
    if accident is Accident.SENT_TWICE and kind != "mwaa":
        return _told(world, call, args, kwargs)
    del answer
    raise ReadTimeoutError(endpoint_url=f"https://{kind}.test")


def _told(world: World, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if not world.tell:
        return call(*args, **kwargs)
    who = world.current.name if world.current else "-"
    try:
        return call(*args, **kwargs)
    except ClientError as error:
        world.tell(world.now, who, f"  refused: {error.response['Error']['Code']}")
        raise


def _throttled(kind: str, name: str) -> Exception:
    return ClientError({"Error": {"Code": _CODES[kind][0], "Message": "slow down"}}, name)


def _error(kind: str, name: str) -> Exception:
    return ClientError({"Error": {"Code": _CODES[kind][1], "Message": "an internal error"}}, name)


def _no_answer(kind: str, name: str) -> Exception:
    del name
    return ConnectTimeoutError(endpoint_url=f"https://{kind}.test")


_UNDONE: dict[Accident, Callable[[str, str], Exception]] = {
    Accident.THROTTLED: _throttled,
    Accident.ERROR: _error,
    Accident.NO_ANSWER: _no_answer,
}


def _line(kind: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], accident: Accident) -> str:
    what = (
        kwargs.get("Key") or (kwargs.get("Item") or {}).get("pk") or kwargs.get("Path") or kwargs.get("Subject") or ""
    )
    if isinstance(what, dict):
        what = what.get("pk", what)
    values = kwargs.get("ExpressionAttributeValues") or {}
    state = values.get(":state") or (kwargs.get("Item") or {}).get("state") or kwargs.get("Method") or ""
    index = kwargs.get("IndexName") or ""
    said = " ".join(str(part) for part in (f"{kind}.{name}", state, what, index, *args[:1]) if part)
    return f"{said}  <- {_TOLD[accident]}" if accident else said
