"""What the slow reading says of a file: every fault with its place, and whether it is accepted."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from suimon.check.verdict import Code
from suimon.contract.file import Metric

Holds = Callable[..., bool | None]  # a condition over the typed values of the columns it reads


class Place(NamedTuple):
    """One fault: what and where. `value` as a report may show it; `about` is the detail that is the fault's own."""

    code: Code
    line: int | None = None
    record: int | None = None
    column: str | None = None
    value: str | None = None
    about: str | int | None = None


@dataclass(frozen=True)
class Expected:
    """What the verdict must say."""

    accepted: bool
    rows: int
    places: tuple[Place, ...]
    measured: tuple[tuple[Metric, int, bool], ...] = ()  # value, and whether it is kept
    bad_records: int = 0
    set_aside: int = 0
    sound: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # the cells of the records of sound form
    places_of: Mapping[str, int] = field(default_factory=dict)  # in such a record, by column; none of an absent one
    damaged: bool = False  # the compressed bytes are: then nothing else is certain

    @property
    def counts(self) -> Counter[tuple[Code, str | None]]:
        """How many cells break each rule."""
        return Counter((place.code, place.column) for place in self.places)
