"""What one error code is called in one language."""

from collections.abc import Mapping

from suimon.values import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One error code for people.

    `say` tells a single fault as a predicate: what it is said of is the value or, where there is none, the place. Its
    keys are the variants of `messages`, its fields the details of the fault. `told` is the remedy in terms of these.
    """

    meaning: str
    remedy: str
    say: Mapping[str, str]
    told: str = ""
