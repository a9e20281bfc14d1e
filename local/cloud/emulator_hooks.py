"""How the twin adds to MiniStack: at named points of the pinned version, each looked at before it is touched.

A version that has moved on stops the start with the point's name, instead of going on without the behaviour.
"""

import importlib
import inspect
from collections.abc import Callable
from typing import Any


class HookMissingError(Exception):
    """MiniStack is not as the twin knows it: a place where the twin adds something is gone or looks different."""


def module(name: str) -> Any:
    """Import one of MiniStack's modules."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise HookMissingError(f"MiniStack has no module {name}: {error}") from error


def hook(module: Any, name: str, replacement: Callable[..., Any], parameters: tuple[str, ...]) -> None:
    """Replace `module.name` after making sure that it takes the parameters we know."""
    original = getattr(module, name, None)
    if not callable(original):
        raise HookMissingError(f"MiniStack has no {module.__name__}.{name}; the twin adds something there.")
    found = tuple(inspect.signature(original).parameters)
    if found != parameters:
        raise HookMissingError(f"{module.__name__}.{name} takes {found}; the twin knows it with {parameters}.")
    setattr(module, name, replacement)
