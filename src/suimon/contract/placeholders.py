"""The placeholders of a key pattern: what they are made of, what finds them, and what stands in their place."""

import re
from collections.abc import Iterator
from datetime import datetime
from string import ascii_letters, digits

from suimon.contract.file import ContractError
from suimon.contract.partition import Part, Unit
from suimon.values import dataclass

DS, SHARD, STAMP, ANY = "{ds}", "{shard}", "{stamp}", "{any}"
PLACEHOLDERS = (
    "{ds}, {ds:yyyyMMdd} (or any other order of yyyy, MM, dd and HH), {yyyy}, {MM}, {dd}, {HH}, {hour}, {month}, "
    "{week}, {shard}, {stamp}, {any}, and what the clause parts names"
)
TIME = {"yyyy": 4, "MM": 2, "dd": 2, "HH": 2, "YYYY": 4, "ww": 2}
OF_DATE = {"yyyy": 4, "MM": 2, "dd": 2}
OF_STAMP = {"yyyy": 4, "MM": 2, "dd": 2, "HH": 2, "mm": 2, "ss": 2}
_SHORT = {"ds": "{yyyy}-{MM}-{dd}", "month": "{yyyy}-{MM}", "week": "{YYYY}-W{ww}", "hour": "{HH}"}
UNITS = {
    frozenset({"yyyy", "MM", "dd"}): Unit.DAY,
    frozenset({"yyyy", "MM", "dd", "HH"}): Unit.HOUR,
    frozenset({"yyyy", "MM"}): Unit.MONTH,
    frozenset({"YYYY", "ww"}): Unit.WEEK,
    frozenset[str](): Unit.NONE,
}
OF_A_STAMP = "stamp_"  # before the name of a field of the stamp
_MARK_REGEX = "[A-Za-z0-9_-]"
_SHARD_REGEX = rf"{_MARK_REGEX}{{1,64}}"
_ANY_REGEX = rf"{_MARK_REGEX}{{1,128}}"
_DIGIT, MARK = frozenset(digits), frozenset(f"{ascii_letters}{digits}_-")
RESERVED_PARTS = frozenset({"ds", "hour", "month", "week", "shard", "stamp", "any", "date", "day", "unit"})


@dataclass(frozen=True, slots=True)
class Field:
    """A place of a pattern that differs from key to key: of the time, of the stamp, a part, shard or any."""

    name: str


Pieces = tuple[str | Field, ...]


def units_of(text: str, parts: tuple[Part, ...]) -> Iterator[tuple[str, Pieces]]:
    """Yield the literal texts and placeholders, and what each is made of; ContractError names others."""
    names = {*TIME, "shard", "any", *(part.name for part in parts)}
    for unit in re.split(r"(\{[^{}]*\})", text):
        name, colon, form = unit.strip("{}").partition(":")
        if not unit.startswith("{"):
            if stray := set(unit) & set("{}"):
                raise ContractError(f"key pattern {text!r}: {stray.pop()!r} opens or closes no placeholder")
            if unit:
                yield unit, (unit,)
        elif name == "ds" and colon:
            yield unit, _form_pieces(form, unit, text, TIME, "")
        elif name == "stamp":
            yield unit, _form_pieces(form if colon else "yyyyMMddHHmmss", unit, text, OF_STAMP, OF_A_STAMP)
        elif colon:
            raise ContractError(f"key pattern {text!r}: {unit} takes no form; {{ds:…}} and {{stamp:…}} do")
        elif name in _SHORT:
            yield (
                unit,
                tuple(
                    Field(one.strip("{}")) if one.startswith("{") else one
                    for one in re.split(r"(\{\w+\})", _SHORT[name])
                    if one
                ),
            )
        elif unit == f"{{{name}}}" and name in names:
            yield unit, (Field(name),)
        else:
            raise ContractError(f"key pattern {text!r}: {unit} is no placeholder; there are {PLACEHOLDERS}")


def regex_of(pieces: Pieces, parts: tuple[Part, ...]) -> str:
    """Return what finds the pieces; what stands in a key twice must be the same both times."""
    regex, seen = "", set()
    for piece in pieces:
        if isinstance(piece, str):
            regex += re.escape(piece)
        elif piece.name == "any":
            regex += _ANY_REGEX
        elif piece.name in seen:
            regex += f"(?P={piece.name})"
        else:
            seen.add(piece.name)
            regex += f"(?P<{piece.name}>{_one(piece.name, parts)})"
    return regex


def _one(name: str, parts: tuple[Part, ...]) -> str:
    if name == "shard":
        return _SHARD_REGEX
    if values := values_of(name, parts):
        return "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
    return f"[0-9]{{{_width(name)}}}"


def values_of(name: str, parts: tuple[Part, ...]) -> tuple[str, ...]:
    """Return the values of a part; none of any other name."""
    return next((part.values for part in parts if part.name == name), ())


def _width(name: str) -> int:
    return OF_STAMP[name.removeprefix(OF_A_STAMP)] if name.startswith(OF_A_STAMP) else TIME[name]


def _form_pieces(form: str, shown: str, text: str, widths: dict[str, int], before: str) -> Pieces:
    """Return the pieces of a form: its letters, and what stands between, which is no letter and no digit."""
    pieces: list[str | Field] = []
    for piece in re.split(f"({'|'.join(widths)})", form):
        if piece in widths:
            pieces.append(Field(f"{before}{piece}"))
        elif any(mark.isalnum() for mark in piece):
            raise ContractError(f"key pattern {text!r}: in {shown}, {piece!r} is none of {', '.join(widths)}")
        else:
            pieces += [piece] if piece else []
    if not any(isinstance(piece, Field) for piece in pieces):
        raise ContractError(f"key pattern {text!r}: {shown} holds none of {', '.join(widths)}")
    return tuple(pieces)


def time_values(time: str) -> dict[str, str]:
    """Return what stands in the place of each letter for the text of a time, be it a real one or not."""
    if time == "all":
        return {}
    if "-W" in time:
        return dict(zip(("YYYY", "ww"), time.split("-W"), strict=True))
    day, _, hour = time.partition("T")
    values = dict(zip(OF_DATE, day.split("-"), strict=False))
    return values | ({"HH": hour} if hour else {})


def stamp_of(found: re.Match[str]) -> str:
    """Return the stamp in a key as digits that sort by time; what it leaves out is zero."""
    values = found.groupdict()
    return "".join(values.get(f"{OF_A_STAMP}{name}") or "0" * width for name, width in OF_STAMP.items())


def stamp_as_written(found: re.Match[str]) -> str:
    """Return the digits of the stamp in a key, in the order of its pattern."""
    return "".join(value for name, value in found.groupdict().items() if name.startswith(OF_A_STAMP) and value)


def is_stamp(found: re.Match[str]) -> bool:
    """Whether the stamp in a key is a time that there is; what it leaves out is as good as any."""
    given = {
        name.removeprefix(OF_A_STAMP): int(value)
        for name, value in found.groupdict().items()
        if name.startswith(OF_A_STAMP)
    }
    try:
        datetime(  # noqa: DTZ001 the wall of nowhere: it is only compared
            given.get("yyyy", 2000),
            given.get("MM", 1),
            given.get("dd", 1),
            given.get("HH", 0),
            given.get("mm", 0),
            given.get("ss", 0),
        )
    except ValueError:
        return False
    return True


def places_of(pieces: Pieces) -> list[frozenset[str]]:
    """Return, place by place, which characters may stand there; one of open length may be taken again and again."""
    places: list[frozenset[str]] = []
    for piece in pieces:
        if isinstance(piece, str):
            places += [frozenset(mark) for mark in piece]
        elif piece.name in TIME or piece.name.startswith(OF_A_STAMP):
            places += [_DIGIT] * _width(piece.name)
        else:
            places.append(MARK)
    return places


def next_places(places: list[frozenset[str]], place: int) -> tuple[int, ...]:
    """Return where a text may go on from a place."""
    return (place, place + 1) if places[place] is MARK else (place + 1,)
