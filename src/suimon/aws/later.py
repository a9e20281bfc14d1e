"""A client of AWS that is made when it is first used: most events of a function need some of its clients only."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

Client = TypeVar("Client")


def later(make: Callable[[], Client]) -> Client:
    """Return what stands for the client that `make` makes; making one takes some milliseconds of a cold start."""
    return cast("Client", _Later(make))


class _Later:
    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _client(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)
