"""Which object keys are a dataset's: a pattern with the business date, and perhaps the name of one part of a set."""

import re
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile
from string import ascii_letters, digits

from suimon.contract.file import ContractError

DS, SHARD = "{ds}", "{shard}"
PLACEHOLDERS = "{ds}, {ds:yyyyMMdd} (or any other order of yyyy, MM and dd), {yyyy}, {MM}, {dd} and {shard}"
# The names of a set's shards stand in one item of the ledger's table, which takes 400 KB.
MOST_SHARDS = 1000
_WIDTHS = {"yyyy": 4, "MM": 2, "dd": 2}
_SHARD_REGEX = r"[A-Za-z0-9_-]{1,64}"
_DIGIT, _MARK = frozenset(digits), frozenset(f"{ascii_letters}{digits}_-")


@dataclass(frozen=True, slots=True)
class Field:
    """A place of a pattern that differs from key to key: yyyy, MM, dd or shard."""

    name: str


_Pieces = tuple[str | Field, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """Where a key leaves a pattern: both begin with `fits`, then `found` stands where `expected` should."""

    fits: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """An object key with placeholders where the business date stands, e.g. `sales/{ds}/sales_data.csv`.

    `{ds}` is YYYY-MM-DD, `{ds:yyyyMMdd}` another form; `{yyyy}`, `{MM}` and `{dd}` may stand apart. It may hold
    `{shard}` once, where the parts of a set differ: `orders/{ds}/part-{shard}.csv`. All else of a key has a fixed
    length, so a key can be read in one way only.
    """

    text: str
    _pieces: _Pieces = field(init=False, repr=False, compare=False)
    _regex: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pieces = _flat(self.text)
        names = [piece.name for piece in pieces if isinstance(piece, Field)]
        if not set(names) & set(_WIDTHS):
            raise ContractError(f"key pattern {self.text!r} holds no {DS}: write it where the business date stands")
        if missing := [f"{{{name}}}" for name in _WIDTHS if name not in names]:
            raise ContractError(f"key pattern {self.text!r} names no whole date: it lacks {' and '.join(missing)}")
        if names.count("shard") > 1:
            raise ContractError(f"key pattern {self.text!r} holds {SHARD} twice: write it once")
        object.__setattr__(self, "_pieces", pieces)
        object.__setattr__(self, "_regex", re.compile(_regex(pieces)))

    @property
    def has_shards(self) -> bool:
        """Whether a partition has several keys."""
        return SHARD in self.text

    @property
    def has_date_before_shard(self) -> bool:
        """Whether the shards of one date, and no others, have a prefix in common."""
        return {piece.name for piece in self._before_shard() if isinstance(piece, Field)} == set(_WIDTHS)

    def match(self, key: str) -> str | None:
        """Return the partition (YYYY-MM-DD, a real date) if the whole key matches, else None."""
        day = self._day(key)
        return day if day and is_date(day) else None

    def impossible_date(self, key: str) -> str | None:
        """Return what stands in a key in the date's place and is no real date, if all else of the key matches."""
        day = self._day(key)
        return day if day and not is_date(day) else None

    def shard(self, key: str) -> str:
        """Return the name of the shard in a key that matches; "" where the pattern has none."""
        found = self._regex.fullmatch(key)
        return found["shard"] if found and self.has_shards else ""

    def key_for(self, partition: str, shard: str = SHARD) -> str:
        """Return the key of a partition, and of a shard or all of them; ValueError if it is not a real YYYY-MM-DD."""
        if not is_date(partition):
            raise ValueError(f"partition {partition!r} is not a real date written YYYY-MM-DD")
        return self.filled(partition, shard)

    def filled(self, day: str, shard: str = SHARD) -> str:
        """Return the pattern with a day in its place, written YYYY-MM-DD and perhaps in no calendar."""
        return _filled(self._pieces, day, shard)

    def prefix_for(self, partition: str) -> str:
        """Return what all keys of a partition begin with."""
        return _filled(self._before_shard(), partition, SHARD)

    def misfit(self, key: str) -> Misfit:
        """Return where a key that does not match leaves the pattern."""
        pieces: _Pieces = ()
        fits, expected = "", "the end of the key"
        for text, unit in _units(self.text):
            pieces = (*pieces, *unit)
            if not (found := re.match(_regex(pieces), key)):
                pairs = zip(text, key[len(fits) :], strict=False) if unit == (text,) else ()
                shared = "".join(mine for mine, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
                fits, expected = fits + shared, text[len(shared) :]
                break
            fits = found[0]
        return Misfit(fits, expected, key[len(fits) :])

    def may_meet(self, other: "KeyPattern") -> bool:
        """Return whether some key could match both: place by place, a digit of a date meets any digit.

        Followed is every pair of places that one text can lead to. It may say yes without need, for two dates that
        would have to differ or a shard that would be too long, but never no where there is such a key.
        """
        mine, theirs = _places(_flat(self.text)), _places(_flat(other.text))
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

    def _day(self, key: str) -> str | None:
        found = self._regex.fullmatch(key)
        return "-".join(found[name] for name in _WIDTHS) if found else None

    def _before_shard(self) -> _Pieces:
        names = [piece.name if isinstance(piece, Field) else "" for piece in self._pieces]
        return self._pieces[: names.index("shard")] if "shard" in names else self._pieces


def is_date(text: str) -> bool:
    """Whether a text is a real date written YYYY-MM-DD."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _units(text: str) -> list[tuple[str, _Pieces]]:
    """Return the literal texts and placeholders of a pattern, and what each is made of; ContractError names others."""
    units: list[tuple[str, _Pieces]] = []
    for unit in re.split(r"(\{[^{}]*\})", text):
        if not unit.startswith("{"):
            if stray := set(unit) & set("{}"):
                raise ContractError(f"key pattern {text!r}: {stray.pop()!r} opens or closes no placeholder")
            units += [(unit, (unit,))] if unit else []
        elif unit == DS:
            units.append((unit, _date_pieces("yyyy-MM-dd", unit, text)))
        elif unit.startswith("{ds:"):
            units.append((unit, _date_pieces(unit.removeprefix("{ds:").removesuffix("}"), unit, text)))
        elif (name := unit.strip("{}")) in {*_WIDTHS, "shard"}:
            units.append((unit, (Field(name),)))
        else:
            raise ContractError(f"key pattern {text!r}: {unit} is no placeholder; there are {PLACEHOLDERS}")
    return units


def _flat(text: str) -> _Pieces:
    return tuple(piece for _, unit in _units(text) for piece in unit)


def _date_pieces(form: str, shown: str, text: str) -> _Pieces:
    """Return the pieces of a date's form: yyyy, MM, dd and what stands between, which is no letter and no digit."""
    pieces: list[str | Field] = []
    for piece in re.split(f"({'|'.join(_WIDTHS)})", form):
        if piece in _WIDTHS:
            pieces.append(Field(piece))
        elif any(mark.isalnum() for mark in piece):
            raise ContractError(f"key pattern {text!r}: in {shown}, {piece!r} is none of {', '.join(_WIDTHS)}")
        else:
            pieces += [piece] if piece else []
    return tuple(pieces)


def _regex(pieces: _Pieces) -> str:
    """Return what finds the pieces; a second date in a key must be the same as the first."""
    regex, seen = "", set()
    for piece in pieces:
        if isinstance(piece, str):
            regex += re.escape(piece)
        elif piece.name in seen:
            regex += f"(?P={piece.name})"
        else:
            seen.add(piece.name)
            one = _SHARD_REGEX if piece.name == "shard" else f"[0-9]{{{_WIDTHS[piece.name]}}}"
            regex += f"(?P<{piece.name}>{one})"
    return regex


def _filled(pieces: _Pieces, day: str, shard: str) -> str:
    values = {**dict(zip(_WIDTHS, day.split("-"), strict=True)), "shard": shard}
    return "".join(values[piece.name] if isinstance(piece, Field) else piece for piece in pieces)


def _places(pieces: _Pieces) -> list[frozenset[str]]:
    """Return, place by place, which characters may stand there; the place of a shard may be taken again and again."""
    places: list[frozenset[str]] = []
    for piece in pieces:
        if isinstance(piece, str):
            places += [frozenset(mark) for mark in piece]
        elif piece.name == "shard":
            places.append(_MARK)
        else:
            places += [_DIGIT] * _WIDTHS[piece.name]
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
