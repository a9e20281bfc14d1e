"""A seeded bug, and how it is switched on and off."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Iterator

Change = tuple[Any, str, Any]


@dataclass(frozen=True)
class Bug:
    """`what` is the mistake in a sentence, `breaks` the promises that it must break, each of them.

    `changes` give the objects, the names in them, and the wrong code.
    """

    name: str
    what: str
    breaks: tuple[str, ...]
    changes: tuple[Change, ...]


@contextmanager
def switched_on(bug: Bug) -> Iterator[None]:
    """Put the bug into the code under test."""
    with ExitStack() as stack:
        for target, name, wrong in bug.changes:
            stack.enter_context(patch.object(target, name, wrong))
        yield


def everywhere(name: str, wrong: Any) -> tuple[Change, ...]:
    """Change a function in every module of ours that has imported it by name."""
    modules = [module for key, module in sorted(sys.modules.items()) if key.startswith("suimon.")]
    return tuple((module, name, wrong) for module in modules if name in vars(module))
