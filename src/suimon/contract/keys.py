"""Which object keys are a dataset's: a pattern with the time and the parts of a partition, and what else differs."""

import re
from dataclasses import field
from datetime import date, datetime
from itertools import takewhile

from suimon.contract.file import ContractError
from suimon.contract.partition import WRITTEN, Part, Partition, Unit, is_partition, partition_of
from suimon.contract.placeholders import (
    ANY,
    MARK,
    OF_A_STAMP,
    OF_DATE,
    OF_STAMP,
    SHARD,
    STAMP,
    TIME,
    UNITS,
    Field,
    Pieces,
    is_stamp,
    next_places,
    places_of,
    regex_of,
    stamp_as_written,
    stamp_of,
    time_values,
    units_of,
    values_of,
)
from suimon.values import dataclass

# What tools write beside or before the file itself; an empty object with a slash is what consoles call a folder.
IGNORED = (".part", ".tmp", ".filepart", ".crdownload", "_$folder$")


@dataclass(frozen=True, slots=True)
class Misfit:
    """Where a key leaves a pattern: both begin with `fits`, then `found` stands where `expected` should."""

    fits: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """An object key with placeholders where its partition stands, e.g. `sales/{ds}/sales_data.csv`.

    `{ds}` is YYYY-MM-DD, `{ds:yyyyMMdd}` another form; `{hour}`, `{month}` and `{week}` make other partitions, and
    so do the names of `parts`, each with its values. A pattern without any time is of a file that replaces its whole
    table. `{shard}` stands once where the parts of a set differ: `orders/{ds}/part-{shard}.csv`; `{stamp}` is a time of
    which the newest counts; `{any}` tells nothing. A key can be read in one way only.
    """

    text: str
    parts: tuple[Part, ...] = ()
    _pieces: Pieces = field(init=False, repr=False, compare=False)
    _regex: re.Pattern[str] = field(init=False, repr=False, compare=False)
    unit: Unit = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pieces = self._flat()
        names = [piece.name for piece in pieces if isinstance(piece, Field)]
        object.__setattr__(self, "_pieces", pieces)
        object.__setattr__(self, "unit", self._unit(names))
        if names.count("shard") > 1:
            raise ContractError(f"key pattern {self.text!r} holds {SHARD} twice: write it once")
        if missing := [part.name for part in self.parts if part.name not in names]:
            raise ContractError(f"key pattern {self.text!r} lacks {{{missing[0]}}}, which the clause parts names")
        if ANY in self.text and not any(name.startswith(OF_A_STAMP) for name in names):
            raise ContractError(
                f"key pattern {self.text!r} holds {ANY} without {STAMP}: S3 orders the writes of one key only, so "
                "nobody would know which of two files is the later"
            )
        self._refuse_stamp_without_date(names)
        self._refuse_ambiguous()
        object.__setattr__(self, "_regex", re.compile(regex_of(pieces, self.parts)))

    def _unit(self, names: list[str]) -> Unit:
        given = frozenset(names) & frozenset(TIME)
        if (unit := UNITS.get(given)) is not None:
            return unit
        if given & {"YYYY", "ww"}:
            raise ContractError(
                f"key pattern {self.text!r} names no whole week: write {{week}}, or {{YYYY}} and {{ww}}"
            )
        lacks = [f"{{{name}}}" for name in OF_DATE if name not in given]
        raise ContractError(f"key pattern {self.text!r} names no whole date: it lacks {' and '.join(lacks)}")

    def _refuse_stamp_without_date(self, names: list[str]) -> None:
        """Refuse a stamp that begins again from the front while files of one partition still come."""
        given = [name for name in OF_STAMP if f"{OF_A_STAMP}{name}" in names]
        order = list(OF_STAMP)
        if given and (given not in (order[: len(given)], order[3 : 3 + len(given)]) or given in (order[:1], order[:2])):
            raise ContractError(
                f"key pattern {self.text!r}: {STAMP} must hold a whole date (yyyy, MM, dd, then HH, mm, ss), or a time "
                "of the day alone from HH on; else nobody would know which of two files is the later"
            )

    def _refuse_ambiguous(self) -> None:
        """Refuse two places of open length that nothing keeps apart: a key could be read in two ways."""
        open_before, apart = "", True
        for piece in self._pieces:
            if isinstance(piece, str):
                apart = apart or any(mark not in MARK for mark in piece)
            elif self._is_open(piece):
                if not apart:
                    raise ContractError(
                        f"key pattern {self.text!r}: nothing keeps {{{open_before}}} and {{{piece.name}}} apart; "
                        "write a / or a . between them"
                    )
                open_before, apart = piece.name, False

    def _is_open(self, piece: Field) -> bool:
        if piece.name in {"shard", "any"}:
            return True
        return len({len(value) for value in values_of(piece.name, self.parts)}) > 1

    @property
    def has_shards(self) -> bool:
        """Whether a partition has several keys."""
        return SHARD in self.text

    @property
    def has_stamp(self) -> bool:
        """Whether the key says which file of a partition is the newest."""
        return any(isinstance(piece, Field) and piece.name.startswith(OF_A_STAMP) for piece in self._pieces)

    @property
    def has_date_before_shard(self) -> bool:
        """Whether the shards of one partition, and no others, have a prefix in common."""
        before = {piece.name for piece in self._fixed() if isinstance(piece, Field)}
        others = {piece.name for piece in self._pieces if isinstance(piece, Field)} - {"shard", "any"}
        return before == {name for name in others if not name.startswith(OF_A_STAMP)}

    def match(self, key: str) -> str | None:
        """Return the text of the partition if the whole key matches and its time exists, else None."""
        found = self._regex.fullmatch(key)
        if found is None or not is_stamp(found) or not is_partition(text := self._text_of(found)):
            return None
        return text

    def impossible_date(self, key: str) -> str | None:
        """Return what stands in a key in the place of a time and is none, if all else of the key matches."""
        if (found := self._regex.fullmatch(key)) is None:
            return None
        time = self._time_of(found)
        if not is_partition(time):
            return time
        return None if is_stamp(found) else stamp_as_written(found)

    def shape(self, key: str) -> str:
        """Return what the keys of one time have in common, be it a real one or not; the pattern of a key of another."""
        found = self._regex.fullmatch(key)
        return self.filled(self._time_of(found)) if found else self.text

    def shard(self, key: str) -> str:
        """Return the name of the shard in a key that matches; "" where the pattern has none."""
        found = self._regex.fullmatch(key)
        return found["shard"] if found and self.has_shards else ""

    def stamp(self, key: str) -> str:
        """Return the stamp in a key that matches as digits that sort by time; "" where the pattern has none."""
        found = self._regex.fullmatch(key)
        return stamp_of(found) if found and self.has_stamp else ""

    def key_for(self, partition: str, shard: str = SHARD, at: datetime | None = None) -> str:
        """Return the key of a partition, and of a shard or all of them; `at`: in the place of the stamp.

        ValueError if the pattern has no such partition.
        """
        of = self._of_pattern(partition)
        if at is None:
            return self._filled(self._pieces, time_values(of.time), dict(of.parts), shard)
        form = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
        stamp = {f"{OF_A_STAMP}{name}": at.strftime(one) for name, one in form.items()}
        return self._filled(self._pieces, time_values(of.time) | stamp | {"any": "x"}, dict(of.parts), shard)

    def filled(self, time: str, shard: str = SHARD) -> str:
        """Return the pattern with a time in its place, written as a partition's and perhaps in no calendar."""
        return self._filled(self._pieces, time_values(time), {}, shard)

    @property
    def of_zeros(self) -> str:
        """The pattern with zeros for every digit of time, and of each part its first value: what keys look like."""
        zeros = {name: "0" * width for name, width in TIME.items()}
        stamp = {f"{OF_A_STAMP}{name}": "0" * width for name, width in OF_STAMP.items()}
        return self._filled(self._pieces, zeros | stamp, {part.name: part.values[0] for part in self.parts}, SHARD)

    def prefix_for(self, partition: str) -> str:
        """Return what all keys of a partition begin with."""
        of = self._of_pattern(partition)
        return self._filled(self._fixed(), time_values(of.time), dict(of.parts), SHARD)

    def prefix_of_time(self, time: str, made: date) -> str:
        """Return what all keys of a time begin with, whatever their hours and parts are.

        Of whole tables with a stamp: the keys of what was made on a day, for all that ever came would be of one time.
        """
        values = time_values(time)
        if self.unit is Unit.NONE and self.has_stamp:
            day = zip(OF_DATE, (f"{made.year:04d}", f"{made.month:02d}", f"{made.day:02d}"), strict=True)
            values |= {f"{OF_A_STAMP}{name}": text for name, text in day}
        known = {*TIME, *values} - {"HH"}
        pieces = takewhile(lambda piece: isinstance(piece, str) or piece.name in known, self._pieces)
        return self._filled(tuple(pieces), values, {}, SHARD)

    def misfit(self, key: str) -> Misfit:
        """Return where a key that does not match leaves the pattern."""
        pieces: Pieces = ()
        fits, expected = "", "the end of the key"
        for text, unit in units_of(self.text, self.parts):
            pieces = (*pieces, *unit)
            if not (found := re.match(regex_of(pieces, self.parts), key)):
                pairs = zip(text, key[len(fits) :], strict=False) if unit == (text,) else ()
                shared = "".join(mine for mine, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
                fits, expected = fits + shared, text[len(shared) :]
                if values := values_of(text.strip("{}"), self.parts):
                    expected += f" (one of {', '.join(values)})"
                break
            fits = found[0]
        return Misfit(fits, expected, key[len(fits) :])

    def may_meet(self, other: "KeyPattern") -> bool:
        """Return whether some key could match both: place by place, a digit of a date meets any digit.

        Followed is every pair of places that one text can lead to. It may say yes without need, for two dates that
        would have to differ, a shard that would be too long or the values of a part, but never no where there is such a
        key.
        """
        mine, theirs = places_of(self._pieces), places_of(other._pieces)  # noqa: SLF001 of the same class
        todo, seen = [(0, 0)], {(0, 0)}
        while todo:
            one, two = todo.pop()
            if (one, two) == (len(mine), len(theirs)):
                return True
            if one < len(mine) and two < len(theirs) and mine[one] & theirs[two]:
                steps = {(a, b) for a in next_places(mine, one) for b in next_places(theirs, two)} - seen
                seen |= steps
                todo += steps
        return False

    @property
    def partition_form(self) -> str:
        """How people write a partition, such as `date written YYYY-MM-DD`."""
        parts = "".join(f"/{part.name}=…" for part in sorted(self.parts, key=_name))
        return f"{_NOUN[self.unit]} written {WRITTEN[self.unit]}{parts}"

    def _of_pattern(self, partition: str) -> Partition:
        """Read a partition that keys of this pattern may have; ValueError of any other."""
        if not is_partition(partition) or (of := partition_of(partition)).unit is not self.unit:
            raise ValueError(f"partition {partition!r} is not a real {self.partition_form}")
        if {name for name, _ in of.parts} != {part.name for part in self.parts}:
            raise ValueError(f"partition {partition!r} is not a {self.partition_form}")
        for name, value in of.parts:
            if value not in values_of(name, self.parts):
                raise ValueError(f"partition {partition!r}: {name} is none of {', '.join(values_of(name, self.parts))}")
        return of

    def _text_of(self, found: re.Match[str]) -> str:
        parts = sorted((part.name, found[part.name]) for part in self.parts)
        return "/".join([self._time_of(found), *(f"{name}={value}" for name, value in parts)])

    def _time_of(self, found: re.Match[str]) -> str:
        values = found.groupdict()
        match self.unit:
            case Unit.DAY:
                return "{yyyy}-{MM}-{dd}".format(**values)
            case Unit.HOUR:
                return "{yyyy}-{MM}-{dd}T{HH}".format(**values)
            case Unit.MONTH:
                return "{yyyy}-{MM}".format(**values)
            case Unit.WEEK:
                return "{YYYY}-W{ww}".format(**values)
            case Unit.NONE:
                return "all"

    def _fixed(self) -> Pieces:
        """Return the pieces before what differs among the keys of one partition."""
        same = {*TIME, *(part.name for part in self.parts)}
        return tuple(takewhile(lambda piece: isinstance(piece, str) or piece.name in same, self._pieces))

    def _flat(self) -> Pieces:
        return tuple(piece for _, unit in units_of(self.text, self.parts) for piece in unit)

    def _filled(self, pieces: Pieces, values: dict[str, str], parts: dict[str, str], shard: str) -> str:
        known, shown = values | parts | {"shard": shard}, set[str]()
        text = ""
        for piece in pieces:
            if isinstance(piece, str):
                text += piece
            elif piece.name in known:
                text += known[piece.name]
            elif not piece.name.startswith(OF_A_STAMP):
                text += f"{{{piece.name}}}"
            elif "stamp" not in shown:  # of the fields of a stamp nothing is known: it stands there as one
                shown.add("stamp")
                text += STAMP
        return text


_NOUN = {Unit.DAY: "date", Unit.HOUR: "hour", Unit.WEEK: "week", Unit.MONTH: "month", Unit.NONE: "partition"}


def _name(part: Part) -> str:
    return part.name


def is_ignored(key: str, size: int) -> bool:
    """Whether an object that no contract matches is nobody's file: of a tool that is still writing, or a folder."""
    return key.endswith(IGNORED) or (size == 0 and key.endswith("/"))
