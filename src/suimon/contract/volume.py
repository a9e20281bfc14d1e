"""How much a file should have, as compared with those of comparable days. Standard library only."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from suimon.values import dataclass

Side = Literal["few", "many"]


class Measure(StrEnum):
    """What is compared."""

    ROWS = "rows"
    BYTES = "bytes"
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound to one side, in percent of the median of comparable days; column: of a sum."""

    measure: Measure
    side: Side
    percent: int
    column: str = ""

    @property
    def name(self) -> str:
        """Return what is compared, as people read it."""
        return f"{self.measure}({self.column})" if self.column else str(self.measure)

    def holds(self, found: int | Decimal, median: int | Decimal) -> bool:
        """Whether a file keeps it."""
        return found * 100 >= median * self.percent if self.side == "few" else found * 100 <= median * self.percent


@dataclass(frozen=True, slots=True)
class Volume:
    """The bounds of a file; days: how many comparable days are needed. An error rejects, a warning does not."""

    bounds: tuple[Bound, ...]
    days: int = 5
    severity: Literal["warning", "error"] = "warning"

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of which the sum is compared."""
        return tuple(dict.fromkeys(bound.column for bound in self.bounds if bound.column))

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Volume":
        """Read the compiled form."""
        bounds = tuple(
            Bound(Measure(one["measure"]), one["side"], one["percent"], one["column"]) for one in raw["bounds"]
        )
        return cls(bounds, raw["days"], raw["severity"])

    def to_json(self) -> dict[str, Any]:
        """Return the compiled form."""
        bounds = [
            {"measure": str(one.measure), "side": one.side, "percent": one.percent, "column": one.column}
            for one in self.bounds
        ]
        return {"bounds": bounds, "days": self.days, "severity": self.severity}
