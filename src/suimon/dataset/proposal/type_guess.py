"""The type of a column as it seems to be, and doubts about it."""

from dataclasses import field
from typing import Any

from suimon.values import dataclass


@dataclass(slots=True)
class TypeGuess:
    """The fields of Column that follow from its type, and doubts about them."""

    fields: dict[str, Any]
    doubts: dict[str, str] = field(default_factory=dict)
