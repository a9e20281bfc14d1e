"""Which object keys are a dataset's: a pattern with the business date, and perhaps the name of one part of a set."""

import re
from dataclasses import dataclass, field
from datetime import date
from string import ascii_letters, digits

from suimon.contract.file import ContractError

DS, SHARD = "{ds}", "{shard}"
_DS_REGEX = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# The names of a set's shards stand in one item of the ledger's table, which takes 400 KB.
MOST_SHARDS = 1000
_SHARD_REGEX = r"[A-Za-z0-9_-]{1,64}"
_DIGIT, _MARK = frozenset(digits), frozenset(f"{ascii_letters}{digits}_-")
# What a date may be made of, place by place.
_DATE = [*[_DIGIT] * 4, frozenset("-"), *[_DIGIT] * 2, frozenset("-"), *[_DIGIT] * 2]


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """An object key with `{ds}` where the business date stands, e.g. `sales/{ds}/sales_data.csv`.

    It may hold `{shard}` once, where the parts of a set differ: `orders/{ds}/part-{shard}.csv`. All else of a key has a
    fixed length, so a key can be read in one way only.
    """

    text: str
    _regex: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if DS not in self.text:
            raise ContractError(f"key pattern {self.text!r} holds no {DS}: write it where the business date stands")
        rest = self.text.replace(DS, "").replace(SHARD, "", 1)
        if SHARD in rest:
            raise ContractError(f"key pattern {self.text!r} holds {SHARD} twice: write it once")
        if "{" in rest or "}" in rest:
            raise ContractError(f"key pattern {self.text!r}: {DS} and {SHARD} are the only placeholders there are")
        # A second {ds} in one key must be the same date as the first.
        head, _, tail = re.escape(self.text).partition(re.escape(DS))
        regex = f"{head}(?P<ds>{_DS_REGEX}){tail.replace(re.escape(DS), '(?P=ds)')}"
        regex = regex.replace(re.escape(SHARD), f"(?P<shard>{_SHARD_REGEX})")
        object.__setattr__(self, "_regex", re.compile(regex))

    @property
    def has_shards(self) -> bool:
        """Whether a partition has several keys."""
        return SHARD in self.text

    def match(self, key: str) -> str | None:
        """Return the partition (YYYY-MM-DD, a real date) if the whole key matches, else None."""
        found = self._regex.fullmatch(key)
        return found["ds"] if found and is_date(found["ds"]) else None

    def impossible_date(self, key: str) -> str | None:
        """Return what stands in a key in the date's place and is no real date, if all else of the key matches."""
        found = self._regex.fullmatch(key)
        return found["ds"] if found and not is_date(found["ds"]) else None

    def shard(self, key: str) -> str:
        """Return the name of the shard in a key that matches; "" where the pattern has none."""
        found = self._regex.fullmatch(key)
        return found["shard"] if found and self.has_shards else ""

    def key_for(self, partition: str, shard: str = SHARD) -> str:
        """Return the key of a partition, and of a shard or all of them; ValueError if it is not a real YYYY-MM-DD."""
        if not is_date(partition):
            raise ValueError(f"partition {partition!r} is not a real date written YYYY-MM-DD")
        return self.text.replace(DS, partition).replace(SHARD, shard)

    def prefix_for(self, partition: str) -> str:
        """Return what all keys of a partition begin with."""
        return self.key_for(partition).partition(SHARD)[0]

    def may_meet(self, other: "KeyPattern") -> bool:
        """Return whether some key could match both: place by place, a digit of a date meets any digit.

        Followed is every pair of places that one text can lead to. It may say yes without need, for two dates that
        would have to differ or a shard that would be too long, but never no where there is such a key.
        """
        mine, theirs = _places(self.text), _places(other.text)
        todo, seen = [(0, 0)], {(0, 0)}
        while todo:
            one, two = todo.pop()
            if (one, two) == (len(mine), len(theirs)):
                return True
            if one < len(mine) and two < len(theirs) and mine[one] & theirs[two]:
                steps = {(a, b) for a in _next(mine, one) for b in _next(theirs, two)} - seen
                seen |= steps
                todo += steps
        return False


def is_date(text: str) -> bool:
    """Whether a text is a real date written YYYY-MM-DD."""
    if not re.fullmatch(_DS_REGEX, text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _places(text: str) -> list[frozenset[str]]:
    """Return , place by place, which characters may stand there; the place of a shard may be taken again and again."""
    places: list[frozenset[str]] = []
    for piece in re.split(f"({re.escape(DS)}|{re.escape(SHARD)})", text):
        match piece:
            case "{ds}":
                places += _DATE
            case "{shard}":
                places.append(_MARK)
            case _:
                places += [frozenset(mark) for mark in piece]
    return places


def _next(places: list[frozenset[str]], place: int) -> tuple[int, ...]:
    return (place, place + 1) if places[place] is _MARK else (place + 1,)


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
    def from_json(cls, raw: dict[str, object]) -> "SetRule":
        """Read the compiled form."""
        return cls(
            shards=int(str(raw["shards"])) if raw["shards"] else None,
            manifest=KeyPattern(str(raw["manifest"])) if raw["manifest"] else None,
            marker=KeyPattern(str(raw["marker"])) if raw["marker"] else None,
            reload=bool(raw["reload"]),
            complete_within_minutes=int(str(raw["complete_within_minutes"])),
        )
