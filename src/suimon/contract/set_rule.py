"""When the shards of a partition are a whole set. Pure."""

from suimon.contract.keys import KeyPattern
from suimon.contract.partition import Part
from suimon.values import dataclass

# The names of a set's shards stand in one item of the ledger's table, which takes 400 KB.
MOST_SHARDS = 1000


@dataclass(frozen=True, slots=True)
class SetRule:
    """When the shards of a partition are a whole set, and what becomes of one more. Exactly one of the first three.

    shards: so many different keys. manifest: the key of a JSON file that lists them. marker: the key of a file that
    comes when they are all there. reload: a shard beyond the set (of a marker: after its run was opened) makes a new
    set, which replaces the partition; without it the shard is rejected.
    """

    shards: int | None
    manifest: KeyPattern | None
    marker: KeyPattern | None
    reload: bool
    complete_within_minutes: int

    @property
    def control(self) -> KeyPattern | None:
        """The key of the file that is no shard but says which there are."""
        return self.manifest or self.marker

    def to_json(self) -> dict[str, object]:
        """Return the compiled form."""
        return {
            "shards": self.shards,
            "manifest": self.manifest.text if self.manifest else None,
            "marker": self.marker.text if self.marker else None,
            "reload": self.reload,
            "complete_within_minutes": self.complete_within_minutes,
        }

    @classmethod
    def from_json(cls, raw: dict[str, object], parts: tuple[Part, ...] = ()) -> "SetRule":
        """Read the compiled form; `parts`: of the contract."""
        return cls(
            shards=int(str(raw["shards"])) if raw["shards"] else None,
            manifest=KeyPattern(str(raw["manifest"]), parts) if raw["manifest"] else None,
            marker=KeyPattern(str(raw["marker"]), parts) if raw["marker"] else None,
            reload=bool(raw["reload"]),
            complete_within_minutes=int(str(raw["complete_within_minutes"])),
        )
